"""A bar download: asked from the ports in portions within their row limit, sent chunk by chunk."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from grpc_bridge.spans import merged_coverage, portions
from quantgraph.domain.bars import BarRequest, BarSeries, Coverage, Window
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import EpochChanged, GatewayError
from quantgraph.domain.ports import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1.bars_pb2 import DownloadBarsResponse
from quantgraph.wire.downloads import (
    SeriesDone,
    Totals,
    chunk_to_proto,
    done_to_proto,
    failed_to_proto,
    manifest_to_proto,
    rows_per_chunk,
    totals_to_proto,
)


@dataclass(slots=True)
class _Series:
    """One symbol of the download, while its spans come in."""

    symbol: str
    rows: int = 0
    chunks: int = 0
    source: Source | None = None
    fingerprint: str | None = None
    coverage: list[Coverage] = field(default_factory=list[Coverage])
    anchor: int | None = None
    error: GatewayError | None = None

    def add(self, found: BarSeries | GatewayError) -> Iterator[DownloadBarsResponse]:
        """Take the next span; yield its chunks."""
        if isinstance(found, GatewayError):
            self.error = found
            return
        rows = found.columns.length
        if rows and self.rows and self._changed(found):
            self.error = _source_changed(self.symbol)
            return
        if rows or self.source is None:
            self.source, self.fingerprint = found.source, found.fingerprint
        self.anchor = found.anchor
        self.coverage.append(found.coverage)
        step = rows_per_chunk(tuple(found.columns.values))
        for first in range(0, rows, step):
            self.chunks += 1
            columns = found.columns.take(slice(first, min(first + step, rows)))
            yield chunk_to_proto(self.symbol, found.source, columns)
        self.rows += rows

    def _changed(self, found: BarSeries) -> bool:
        return (found.source, found.fingerprint) != (self.source, self.fingerprint)

    def end(self) -> DownloadBarsResponse:
        """Return the frame that closes the symbol."""
        if self.error is not None:
            return failed_to_proto(self.symbol, self.error)
        assert self.source is not None  # noqa: S101 a span was added, or an error
        coverage = merged_coverage(self.coverage)
        done = SeriesDone(self.symbol, self.source, self.rows, coverage, self.anchor)
        return done_to_proto(done)


async def download(gateway: Gateway, request: BarRequest) -> AsyncGenerator[DownloadBarsResponse]:
    """Yield the frames of a download. Errors of the whole request: START_AFTER_END.

    What is held in memory is one portion, whatever the download's size.
    """
    totals = Totals()
    parts = portions(gateway, request, to_ms(gateway.clock.now()))
    yield manifest_to_proto(request)
    async for part in parts:
        series = [_Series(symbol, error=part.failures.get(symbol)) for symbol in part.symbols]
        for each in series:
            if each.error is not None:
                yield each.end()
        async for frame in _portion(gateway, request, series, part.windows):
            yield frame
        for each in series:
            totals = _counted(totals, each)
    yield totals_to_proto(totals)


async def _portion(
    gateway: Gateway, request: BarRequest, series: Sequence[_Series], windows: Sequence[Window]
) -> AsyncGenerator[DownloadBarsResponse]:
    for window in windows:
        alive = [each for each in series if each.error is None]
        if not alive:
            return
        asked = replace(request, symbols=tuple(each.symbol for each in alive), window=window)
        for each, found in zip(alive, await gateway.bars.bars(asked), strict=True):
            for frame in each.add(found):
                yield frame
            # At once, not after the group: the client may let go of the symbol's rows.
            if each.error is not None or window is windows[-1]:
                yield each.end()


def _counted(totals: Totals, series: _Series) -> Totals:
    failed = series.error is not None
    return Totals(
        totals.symbols + (not failed),
        totals.failures + failed,
        totals.chunks + series.chunks,
        totals.rows + series.rows,
    )


def _source_changed(symbol: str) -> GatewayError:
    text = (
        f"The source of {symbol}, or the ex-right events that adjust it, changed during the "
        "download; download it again."
    )
    return EpochChanged(Reason.SOURCE_CHANGED, text, symbol=symbol)

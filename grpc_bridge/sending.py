"""What a download has sent so far, and the frames that come next: symbol by symbol, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from grpc_bridge.hashes import HASHES
from grpc_bridge.spans import merged_coverage
from grpc_bridge.tokens import Position, link
from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Coverage
from quantgraph.domain.errors import EpochChanged, GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1.bars_pb2 import DownloadBarsResponse
from quantgraph.wire.downloads import (
    SeriesDone,
    Totals,
    done_to_proto,
    failed_to_proto,
    rows_per_chunk,
)
from quantgraph.wire.frames import frame_of


@dataclass(slots=True)
class _Series:
    """The symbol under way, as this call has read it; `replay` chunks were sent by another."""

    replay: int = 0
    chain: int = 0
    last: BarSeries | None = None
    coverage: list[Coverage] = field(default_factory=list[Coverage])

    def takes(self, found: BarSeries) -> bool:
        """Return whether a span goes with those before: of one source, adjusted by one list."""
        if not found.columns.length or self.last is None or not self.last.columns.length:
            return True
        return _origin(found) == _origin(self.last)


class Sending:
    """Turns the spans of the request's symbols, one after the other, into frames.

    A symbol that another call left half sent is read anew from its beginning: chunks that were
    sent are only compared with what the token remembers of them.
    """

    def __init__(
        self, request: BarRequest, at: Position, seal: Callable[[Position], bytes]
    ) -> None:
        """Go on behind a position; `seal` makes the token of another."""
        self._symbols = request.symbols
        self._at = at
        self._seal = seal
        self._series = _Series(at.chunks)

    @property
    def totals(self) -> Totals:
        """Return what was sent of the symbols that have ended."""
        return self._at.before

    @property
    def symbol(self) -> int:
        """Return the place of the symbol under way."""
        return self._at.symbol

    def take(self, found: BarSeries | GatewayError, *, last: bool) -> Iterator[bytes]:
        """Yield the frames of the next span; behind the last one, the symbol's end.

        A chunk is made when it is asked for, and is empty where another call has sent it.
        """
        if isinstance(found, GatewayError):
            yield self._failed(found)
            return
        if not self._series.takes(found):
            yield self._failed(self._changed())
            return
        series = self._series
        for bounds in _cut(found.columns):
            frame = self._chunk(found, bounds)
            if not frame and not series.replay and series.chain != self._at.chain:
                yield self._failed(self._changed())
                return
            yield frame
        series.coverage.append(found.coverage)
        if found.columns.length or series.last is None:
            series.last = found
        if last:
            yield self._failed(self._changed()) if series.replay else self._done(series.last)

    def _chunk(self, found: BarSeries, bounds: tuple[int, int]) -> bytes:
        packed, series = HASHES.pack(found.columns, bounds), self._series
        series.chain = link(series.chain, packed.content_hash, _origin(found))
        if series.replay:
            series.replay -= 1
            return b""
        self._at = replace(
            self._at,
            chunks=self._at.chunks + 1,
            rows=self._at.rows + bounds[1] - bounds[0],
            chain=series.chain,
            simulated=self._at.simulated or found.source is Source.SIMULATED,
        )
        return frame_of(found.symbol, found.source, packed, self._seal(self._at))

    def _done(self, last: BarSeries) -> bytes:
        coverage = merged_coverage(self._series.coverage)
        done = SeriesDone(last.symbol, last.source, self._at.rows, coverage, last.anchor)
        return self._ended(done_to_proto(done), failed=False)

    def _failed(self, error: GatewayError) -> bytes:
        return self._ended(failed_to_proto(self._symbols[self._at.symbol], error), failed=True)

    def _ended(self, frame: DownloadBarsResponse, *, failed: bool) -> bytes:
        at, before = self._at, self._at.before
        totals = Totals(
            before.symbols + (not failed),
            before.failures + failed,
            before.chunks + at.chunks,
            before.rows + at.rows,
        )
        self._at = Position(at.symbol + 1, simulated=at.simulated, before=totals)
        self._series = _Series()
        frame.resume_token = self._seal(self._at)
        return frame.SerializeToString()

    def _changed(self) -> GatewayError:
        symbol = self._symbols[self._at.symbol]
        text = (
            f"The bars of {symbol}, their source, or the ex-right events that adjust them, changed "
            "during the download; download it again."
        )
        return EpochChanged(Reason.SOURCE_CHANGED, text, symbol=symbol)


def _cut(columns: BarColumns) -> Iterator[tuple[int, int]]:
    step = rows_per_chunk(tuple(columns.values))
    for first in range(0, columns.length, step):
        yield first, min(first + step, columns.length)


def _origin(found: BarSeries) -> str:
    return f"{found.source.value}:{found.fingerprint}"

"""What a download has sent so far, and the frames that come next: symbol by symbol, in order."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
from quantgraph.wire.frames import frame_of, pack_chunk


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

    def take(self, found: BarSeries | GatewayError, *, last: bool) -> list[bytes]:
        """Return the frames of the next span; behind the last one, the symbol's end."""
        if isinstance(found, GatewayError):
            return [self._failed(found)]
        if not self._series.takes(found):
            return [self._failed(self._changed())]
        frames = self._chunks(found)
        series = self._series
        series.coverage.append(found.coverage)
        if found.columns.length or series.last is None:
            series.last = found
        if frames is None or (last and series.replay):
            return [self._failed(self._changed())]
        return [*frames, self._done(series.last or found)] if last else frames

    def _chunks(self, found: BarSeries) -> list[bytes] | None:
        """Return the frames of a span's chunks; None where what was sent before is not in it."""
        frames: list[bytes] = []
        length = found.columns.length
        step = rows_per_chunk(tuple(found.columns.values))
        for first in range(0, length, step):
            columns = found.columns.take(slice(first, min(first + step, length)))
            frame = self._chunk(found, columns)
            if frame is not None:
                frames.append(frame)
            elif not self._series.replay and self._series.chain != self._at.chain:
                return None
        return frames

    def _chunk(self, found: BarSeries, columns: BarColumns) -> bytes | None:
        """Return the frame of a chunk, None where it was sent before."""
        packed, series = pack_chunk(columns), self._series
        series.chain = link(series.chain, packed.content_hash, _origin(found))
        if series.replay:
            series.replay -= 1
            return None
        self._at = replace(
            self._at,
            chunks=self._at.chunks + 1,
            rows=self._at.rows + columns.length,
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


def _origin(found: BarSeries) -> str:
    return f"{found.source.value}:{found.fingerprint}"

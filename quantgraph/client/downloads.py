"""Downloads on the client: every chunk checked, every symbol whole, the end proven."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from quantgraph.client.resuming import Frame
from quantgraph.client.tables import to_arrow, to_numpy, to_pandas, to_polars
from quantgraph.domain.bars import BarRequest, BarSeries, Column
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import bars_pb2
from quantgraph.wire.downloads import SeriesDone, Totals, done_from_proto, totals_from_proto
from quantgraph.wire.failures import failure_from_proto
from quantgraph.wire.filling import Filling
from quantgraph.wire.frames import ReceivedChunk

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class FailedSymbol:
    """A symbol that the gateway could not send, and why."""

    symbol: str
    error: GatewayError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A download between two symbols: the token to go on with, what was counted, who has ended."""

    token: bytes = b""
    seen: Totals = field(default_factory=Totals)
    ended: frozenset[str] = frozenset()


class DownloadStream:
    """Yields each symbol when it is whole: a BarSeries, or a FailedSymbol.

    Raises Unavailable DOWNLOAD_CORRUPT where a chunk is not what its hash says, and
    DOWNLOAD_INCOMPLETE where the end is missing or does not add up, or where the connection was
    lost for good. `rows` counts what came, `checkpoint` is the place behind the last whole symbol.
    """

    def __init__(
        self, request: BarRequest, frames: Generator[Frame], begin: Checkpoint | None = None
    ) -> None:
        """Read `frames`, the answer to `request`, or what follows a checkpoint of it."""
        self.request = request
        self.checkpoint = begin or Checkpoint()
        self._frames = frames
        self._filling: dict[str, Filling] = {}
        self._room = 0
        self._open = set(request.symbols) - self.checkpoint.ended
        self._seen = self.checkpoint.seen
        self._begun = False

    @property
    def rows(self) -> int:
        """Return how many rows came, those of failed symbols included."""
        return self._seen.rows

    def __iter__(self) -> Iterator[BarSeries | FailedSymbol]:
        """Read to the end."""
        summary: Totals | None = None
        try:
            for frame in self._received():
                if summary is not None:
                    raise _incomplete("something came after its summary")
                if isinstance(frame, ReceivedChunk):
                    self._add(frame)
                    continue
                if frame.HasField("summary"):
                    summary = totals_from_proto(frame.summary)
                yield from self._taken(frame)
        finally:
            self.close()
        self._check(summary)

    def close(self) -> None:
        """Stop the download."""
        self._frames.close()

    def _received(self) -> Iterator[Frame]:
        try:
            for frame in self._frames:
                self._begun = True
                yield frame
        except GatewayError as error:
            if not self._begun or error.reason is Reason.DOWNLOAD_CORRUPT:
                raise
            raise self._cut(error) from error

    def _cut(self, error: GatewayError) -> Unavailable:
        whole, rows = self._seen.symbols, self._seen.rows
        text = (
            f"The download was cut after {rows} rows; {whole} of {len(self.request.symbols)} "
            f"symbols came whole. It could not go on: {error.reason.value}: {error.message}"
        )
        details = {"cause": error.reason.value, "symbols": whole, "rows": rows}
        return Unavailable(Reason.DOWNLOAD_INCOMPLETE, text, details=details)

    def _taken(self, frame: bars_pb2.DownloadBarsResponse) -> Iterator[BarSeries | FailedSymbol]:
        match frame.WhichOneof("frame"):
            case "instrument":
                ended = self._whole(done_from_proto(frame.instrument))
            case "failure":
                ended = self._failed(frame.failure)
            case _:
                return  # manifest, summary, and frames of a later version
        closed = self.checkpoint.ended | {ended.symbol}
        self.checkpoint = Checkpoint(frame.resume_token, self._seen, closed)
        yield ended

    def _add(self, chunk: ReceivedChunk) -> None:
        if not chunk.intact():
            raise _corrupt(chunk.symbol, "has another content than its hash says")
        try:
            columns = chunk.columns(self.request.fields)
        except ValueError as error:
            raise _corrupt(chunk.symbol, f"does not fit together: {error}") from None
        filling = self._filling.get(chunk.symbol)
        if filling is None:
            # Symbols of one request have about the same number of bars.
            filling = Filling(self.request.fields, max(self._room, columns.length))
            self._filling[chunk.symbol] = filling
        filling.add(columns)
        seen = self._seen
        self._seen = replace(seen, chunks=seen.chunks + 1, rows=seen.rows + columns.length)

    def _whole(self, done: SeriesDone) -> BarSeries:
        self._close_symbol(done.symbol)
        filling = self._filling.pop(done.symbol, None) or Filling(self.request.fields, 0)
        columns = filling.whole()
        self._room = columns.length
        if columns.length != done.rows:
            raise _incomplete(f"{done.symbol} has {columns.length} rows of {done.rows}")
        self._seen = replace(self._seen, symbols=self._seen.symbols + 1)
        asked = (self.request.period, self.request.adjustment)
        return BarSeries(done.symbol, *asked, done.source, columns, done.coverage, done.anchor)

    def _failed(self, failure: bars_pb2.InstrumentFailure) -> FailedSymbol:
        self._close_symbol(failure.symbol)
        self._filling.pop(failure.symbol, None)
        self._seen = replace(self._seen, failures=self._seen.failures + 1)
        return FailedSymbol(failure.symbol, failure_from_proto(failure.failure))

    def _close_symbol(self, symbol: str) -> None:
        if symbol not in self._open:
            raise _incomplete(f"{symbol} was not asked for, or ended twice")
        self._open.discard(symbol)

    def _check(self, summary: Totals | None) -> None:
        if summary is None:
            raise _incomplete("it ended without its summary")
        if self._open or self._filling:
            raise _incomplete(f"{', '.join(sorted(self._open | self._filling.keys()))} never ended")
        if summary != self._seen:
            raise _incomplete(f"its summary says {summary}, but {self._seen} came")


@dataclass(frozen=True)
class Download:
    """A whole download: series by symbol in the order asked for, and why others failed."""

    series: Mapping[str, BarSeries]
    failures: Mapping[str, GatewayError] = field(default_factory=dict[str, GatewayError])

    def to_numpy(self) -> Mapping[str, Mapping[str, Column]]:
        """Return arrays by symbol and column; masked arrays where values are missing."""
        return {name: to_numpy(series) for name, series in self.series.items()}

    def to_pandas(self) -> Any:  # noqa: ANN401 pandas may be absent
        """Return one DataFrame of all series, with the columns symbol and time first.

        A missing value is NaN in a column of floats and NA in others.
        """
        return to_pandas(list(self.series.values()))

    def to_polars(self) -> "polars.DataFrame":
        """Return one DataFrame of all series; a missing value is null."""
        return to_polars(list(self.series.values()))

    def to_arrow(self) -> Any:  # noqa: ANN401 pyarrow may be absent
        """Return one pyarrow Table of all series; a missing value is null."""
        return to_arrow(list(self.series.values()))


def collect(stream: DownloadStream) -> Download:
    """Read a stream to its end."""
    series: dict[str, BarSeries] = {}
    failures: dict[str, GatewayError] = {}
    for each in stream:
        if isinstance(each, FailedSymbol):
            failures[each.symbol] = each.error
        else:
            series[each.symbol] = each
    ordered = {name: series[name] for name in stream.request.symbols if name in series}
    return Download(ordered, failures)


def _incomplete(why: str) -> Unavailable:
    return Unavailable(Reason.DOWNLOAD_INCOMPLETE, f"The download is not whole: {why}. Repeat it.")


def _corrupt(symbol: str, why: str) -> Unavailable:
    text = f"A chunk of {symbol} {why}. Repeat the download."
    return Unavailable(Reason.DOWNLOAD_CORRUPT, text, symbol=symbol)

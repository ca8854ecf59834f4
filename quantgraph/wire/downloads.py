"""The frames of a bar download, but for its chunks (see `frames`)."""

from dataclasses import dataclass

from quantgraph.domain.bars import BarRequest, Coverage
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2
from quantgraph.wire.bars import coverage_from_proto, coverage_to_proto
from quantgraph.wire.columns import layout
from quantgraph.wire.enums import ADJUSTMENT, PERIOD, SOURCE
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.fields import ms_from_proto, ms_to_proto

CHUNK_ROWS = 65_536
CHUNK_BYTES = 1 << 20
# Room for symbol, hash, lengths and the resume token.
_FRAME_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class SeriesDone:
    """One symbol of a download, completely sent."""

    symbol: str
    source: Source
    rows: int
    coverage: Coverage
    anchor: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a whole download sent; chunks and rows include those of failed symbols."""

    symbols: int = 0
    failures: int = 0
    chunks: int = 0
    rows: int = 0


def rows_per_chunk(fields: tuple[str, ...]) -> int:
    """Return how many rows of these columns fit a chunk, every one with a bitmap.

    It depends on the columns alone, so the same request is always cut at the same rows.
    """
    columns = layout(bars_pb2.BarColumns)
    bits = sum(columns[name].itemsize * 8 + 1 for name in fields)
    return min(CHUNK_ROWS, (CHUNK_BYTES - _FRAME_BYTES) * 8 // max(bits, 1))


def manifest_to_proto(request: BarRequest) -> bars_pb2.DownloadBarsResponse:
    """Write the first frame."""
    manifest = bars_pb2.DownloadManifest(
        symbol_count=len(request.symbols),
        period=PERIOD.to_proto(request.period),
        adjustment=ADJUSTMENT.to_proto(request.adjustment),
    )
    manifest.read_mask.paths.extend(request.fields)
    return bars_pb2.DownloadBarsResponse(manifest=manifest)


def done_to_proto(done: SeriesDone) -> bars_pb2.DownloadBarsResponse:
    """Write that a symbol is done."""
    instrument = bars_pb2.InstrumentSummary(
        symbol=done.symbol,
        source=SOURCE.to_proto(done.source),
        row_count=done.rows,
        coverage=coverage_to_proto(done.coverage),
        anchor=None if done.anchor is None else ms_to_proto(done.anchor),
    )
    return bars_pb2.DownloadBarsResponse(instrument=instrument)


def done_from_proto(message: bars_pb2.InstrumentSummary) -> SeriesDone:
    """Read that a symbol is done."""
    return SeriesDone(
        message.symbol,
        SOURCE.from_proto(message.source, "source"),
        message.row_count,
        coverage_from_proto(message.coverage),
        ms_from_proto(message.anchor, "anchor") if message.HasField("anchor") else None,
    )


def failed_to_proto(symbol: str, error: GatewayError) -> bars_pb2.DownloadBarsResponse:
    """Write that a symbol has failed."""
    failure = bars_pb2.InstrumentFailure(symbol=symbol, failure=failure_to_proto(error))
    return bars_pb2.DownloadBarsResponse(failure=failure)


def totals_to_proto(totals: Totals) -> bars_pb2.DownloadBarsResponse:
    """Write the last frame."""
    summary = bars_pb2.DownloadSummary(
        symbol_count=totals.symbols,
        failure_count=totals.failures,
        chunk_count=totals.chunks,
        row_count=totals.rows,
    )
    return bars_pb2.DownloadBarsResponse(summary=summary)


def totals_from_proto(message: bars_pb2.DownloadSummary) -> Totals:
    """Read the last frame."""
    counts = (message.symbol_count, message.failure_count)
    return Totals(*counts, message.chunk_count, message.row_count)

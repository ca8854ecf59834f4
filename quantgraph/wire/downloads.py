"""The frames of a bar download; rows travel in twins, whole columns at a time."""

from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2
from quantgraph.wire.bars import coverage_to_proto, twin_to_proto
from quantgraph.wire.columns import content_hash, layout
from quantgraph.wire.enums import ADJUSTMENT, PERIOD, SOURCE
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.fields import ms_to_proto
from quantgraph.wire.twins import twin

CHUNK_ROWS = 16_384
CHUNK_BYTES = 1 << 20
# Room for symbol, hash, lengths and, one day, a resume token.
_FRAME_BYTES = 4_096

Frame: type[bars_pb2.DownloadBarsResponse] = twin(bars_pb2.DownloadBarsResponse)


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


def chunk_to_proto(
    symbol: str, source: Source, columns: BarColumns
) -> bars_pb2.DownloadBarsResponse:
    """Write rows of one symbol, as the twin of a frame."""
    packed = twin_to_proto(columns)
    chunk = twin(bars_pb2.BarChunk)(
        symbol=symbol,
        source=SOURCE.to_proto(source),
        columns=packed,
        content_hash=content_hash(packed, bars_pb2.BarColumns),
    )
    return Frame(chunk=chunk)


def instrument_to_proto(series: BarSeries, rows: int) -> bars_pb2.DownloadBarsResponse:
    """Write that a symbol is done, after so many rows."""
    done = bars_pb2.InstrumentSummary(
        symbol=series.symbol,
        source=SOURCE.to_proto(series.source),
        row_count=rows,
        coverage=coverage_to_proto(series.coverage),
        anchor=None if series.anchor is None else ms_to_proto(series.anchor),
    )
    return bars_pb2.DownloadBarsResponse(instrument=done)


def failure_frame(symbol: str, error: GatewayError) -> bars_pb2.DownloadBarsResponse:
    """Write that a symbol has failed."""
    failure = bars_pb2.InstrumentFailure(symbol=symbol, failure=failure_to_proto(error))
    return bars_pb2.DownloadBarsResponse(failure=failure)

"""Bars: requests, series and coverage."""

from google.protobuf.field_mask_pb2 import FieldMask

from quantgraph.domain.bars import (
    BAR_FIELDS,
    Adjustment,
    BarColumns,
    BarRequest,
    BarSeries,
    Coverage,
    Window,
    window,
)
from quantgraph.v1 import bars_pb2
from quantgraph.wire.columns import (
    Block,
    columns_from_proto,
    columns_to_proto,
    mask_from_proto,
    published,
    twinned,
)
from quantgraph.wire.enums import ADJUSTMENT, PERIOD, SOURCE
from quantgraph.wire.fields import (
    bound_from_proto,
    bound_to_proto,
    date_from_proto,
    date_to_proto,
    invalid_field,
    ms_from_proto,
    ms_to_proto,
    symbol_from_proto,
    symbols_from_proto,
)


def request_to_proto(request: BarRequest) -> bars_pb2.ListBarsRequest:
    """Write the request of one symbol."""
    (symbol,) = request.symbols
    message = bars_pb2.ListBarsRequest(
        symbol=symbol,
        period=PERIOD.to_proto(request.period),
        last=request.window.last,
        adjustment=ADJUSTMENT.to_proto(request.adjustment),
        read_mask=FieldMask(paths=request.fields),
    )
    _write_bounds(request.window, message)
    return message


def request_from_proto(message: bars_pb2.ListBarsRequest) -> BarRequest:
    """Read the request of one symbol."""
    bounds = _read_bounds(message)
    if message.HasField("last") and message.last < 1:
        raise invalid_field("last", f"{message.last} is not a number of bars; ask for 1 or more.")
    return BarRequest(
        (symbol_from_proto(message.symbol, "symbol"),),
        PERIOD.from_proto(message.period, "period"),
        Window(bounds.start, bounds.end, message.last if message.HasField("last") else None),
        adjustment_from_proto(message),
        mask_from_proto(message.read_mask, BAR_FIELDS, "read_mask"),
    )


def download_to_proto(request: BarRequest) -> bars_pb2.DownloadBarsRequest:
    """Write the request of a download; a window without start means from the first bar held."""
    message = bars_pb2.DownloadBarsRequest(
        symbols=request.symbols,
        period=PERIOD.to_proto(request.period),
        adjustment=ADJUSTMENT.to_proto(request.adjustment),
        read_mask=FieldMask(paths=request.fields),
    )
    _write_bounds(request.window, message)
    return message


def download_from_proto(message: bars_pb2.DownloadBarsRequest) -> BarRequest:
    """Read the request of a download. A symbol named twice is refused: its rows would mix."""
    symbols = symbols_from_proto(message.symbols, "symbols")
    first = {symbol: index for index, symbol in reversed(list(enumerate(symbols)))}
    for index, symbol in enumerate(symbols):
        if first[symbol] != index:
            raise invalid_field(f"symbols[{index}]", f"{symbol} is named twice; name it once.")
    return BarRequest(
        symbols,
        PERIOD.from_proto(message.period, "period"),
        _read_bounds(message),
        adjustment_from_proto(message),
        mask_from_proto(message.read_mask, BAR_FIELDS, "read_mask"),
    )


def adjustment_from_proto(
    message: bars_pb2.ListBarsRequest | bars_pb2.DownloadBarsRequest,
) -> Adjustment:
    """Read the adjustment of a request, NONE where it is absent."""
    if not message.HasField("adjustment"):
        return Adjustment.NONE
    return ADJUSTMENT.from_proto(message.adjustment, "adjustment")


def series_to_proto(series: BarSeries) -> bars_pb2.BarSeries:
    """Write a series with the columns it has."""
    return bars_pb2.BarSeries(
        symbol=series.symbol,
        period=PERIOD.to_proto(series.period),
        adjustment=ADJUSTMENT.to_proto(series.adjustment),
        source=SOURCE.to_proto(series.source),
        coverage=coverage_to_proto(series.coverage),
        anchor=None if series.anchor is None else ms_to_proto(series.anchor),
        columns=published(twin_to_proto(series.columns), bars_pb2.BarColumns),
    )


def series_from_proto(
    message: bars_pb2.BarSeries, fields: tuple[str, ...] | None = None
) -> BarSeries:
    """Read a series with the named columns, or with those that came. Columns are read-only."""
    return BarSeries(
        message.symbol,
        PERIOD.from_proto(message.period, "period"),
        ADJUSTMENT.from_proto(message.adjustment, "adjustment"),
        SOURCE.from_proto(message.source, "source"),
        twin_from_proto(twinned(message.columns, bars_pb2.BarColumns), fields),
        coverage_from_proto(message.coverage),
        ms_from_proto(message.anchor, "anchor") if message.HasField("anchor") else None,
    )


def twin_to_proto(columns: BarColumns) -> bars_pb2.BarColumns:
    """Write columns into the twin of BarColumns."""
    block = Block(columns.length, columns.values, columns.valid)
    return columns_to_proto(block, bars_pb2.BarColumns)


def twin_from_proto(
    message: bars_pb2.BarColumns, fields: tuple[str, ...] | None = None
) -> BarColumns:
    """Read columns from the twin of BarColumns. ValueError where they do not fit together."""
    block = columns_from_proto(message, fields, bars_pb2.BarColumns)
    return BarColumns(block.length, block.values, block.valid)


def coverage_to_proto(coverage: Coverage) -> bars_pb2.Coverage:
    """Write what is held of a series."""
    first, last = coverage.held_from, coverage.held_to
    return bars_pb2.Coverage(
        held_from=None if first is None else ms_to_proto(first),
        held_to=None if last is None else ms_to_proto(last),
        complete=coverage.complete,
        missing=coverage.missing,
        missing_dates=[date_to_proto(each) for each in coverage.missing_dates],
        download_id=coverage.download_id,
    )


def coverage_from_proto(message: bars_pb2.Coverage) -> Coverage:
    """Read what is held of a series."""
    return Coverage(
        ms_from_proto(message.held_from, "held_from") if message.HasField("held_from") else None,
        ms_from_proto(message.held_to, "held_to") if message.HasField("held_to") else None,
        message.complete if message.HasField("complete") else None,
        message.missing if message.HasField("missing") else None,
        tuple(date_from_proto(each, "missing_dates") for each in message.missing_dates),
        download_id=message.download_id if message.HasField("download_id") else None,
    )


def _write_bounds(
    span: Window, message: bars_pb2.ListBarsRequest | bars_pb2.DownloadBarsRequest
) -> None:
    if span.start is not None:
        message.start.CopyFrom(bound_to_proto(span.start))
    if span.end is not None:
        message.end.CopyFrom(bound_to_proto(span.end))


def _read_bounds(message: bars_pb2.ListBarsRequest | bars_pb2.DownloadBarsRequest) -> Window:
    start = bound_from_proto(message.start, "start") if message.HasField("start") else None
    end = bound_from_proto(message.end, "end") if message.HasField("end") else None
    return window(start, end)

"""Recordings out of the terminal's cache: snapshots, and what level 2 was received today."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from quantgraph.backends.xtquant.codes import lot_of, to_vendor
from quantgraph.backends.xtquant.data import Data, rows_of
from quantgraph.backends.xtquant.days import instant_digits
from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest

Rows = Any  # a structured array, or a list of dicts
_DECIMALS = 4
_SECOND_MS = 1_000
NO_TRADES = "The terminal records no single trades of level 1; LEVEL2_TRANSACTION has them."

_FUNCTIONS: Mapping[TickKind, str] = {
    TickKind.LEVEL2_QUOTE: "get_l2_quote",
    TickKind.LEVEL2_ORDER: "get_l2_order",
    TickKind.LEVEL2_TRANSACTION: "get_l2_transaction",
}
# Our column → the vendor's field and what it counts; what is not here the vendor does not tell.
_QUOTE: Mapping[str, tuple[str, str]] = {
    "time": ("time", "ms"),
    "last_price": ("lastPrice", "price"),
    "open": ("open", "price"),
    "high": ("high", "price"),
    "low": ("low", "price"),
    "previous_close": ("lastClose", "price"),
    "volume": ("volume", "lots"),
    "amount": ("amount", "money"),
    "trade_count": ("transactionNum", "count"),
}
_FIELDS: Mapping[TickKind, Mapping[str, tuple[str, str]]] = {
    TickKind.SNAPSHOT: _QUOTE,
    TickKind.LEVEL2_QUOTE: _QUOTE,
    TickKind.LEVEL2_ORDER: {
        "time": ("time", "ms"),
        "price": ("price", "price"),
        "quantity": ("volume", "count"),
        "side": ("entrustDirection", "side"),
        "type": ("entrustType", "type"),
        "order_number": ("entrustNo", "count"),
    },
    TickKind.LEVEL2_TRANSACTION: {
        "time": ("time", "ms"),
        "price": ("price", "price"),
        "quantity": ("volume", "count"),
        "amount": ("amount", "money"),
        "side": ("tradeFlag", "taker"),
        "trade_number": ("tradeIndex", "count"),
        "buy_order_number": ("buyNo", "count"),
        "sell_order_number": ("sellNo", "count"),
    },
}
_LADDERS: Mapping[str, tuple[str, str]] = {
    "bid_price": ("bidPrice", "price"),
    "bid_quantity": ("bidVol", "lots"),
    "ask_price": ("askPrice", "price"),
    "ask_quantity": ("askVol", "lots"),
}
# Directions of level-2 orders, takers of trades and types of orders; what is absent is unknown.
_CODES: Mapping[str, Mapping[int, int]] = {
    "side": {1: 1, 2: -1, 3: 1, 4: -1},
    "taker": {1: 1, 2: -1},
    "type": {1: 1, 2: 2, 4: 2, 5: 2, 6: 3, 7: 2},
}


def read_ticks(data: Data, request: TickRequest) -> TickColumns:
    """Return the first `limit` rows of a recording. Errors: TERMINAL_LACKS for TRADE."""
    if request.kind is TickKind.TRADE:
        raise Unsupported(Reason.TERMINAL_LACKS, NO_TRADES, kind=request.kind)
    rows = rows_of(_ask(data, request))
    times = _field(rows, "time").astype(np.int64)
    start, end = request.start, request.end
    asked = np.ones(len(times), np.bool_)
    if start is not None:
        asked &= times >= start
    if end is not None:
        asked &= times <= end
    chosen = np.flatnonzero(asked)[np.argsort(times[asked], kind="stable")][: request.limit]
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name in request.fields:
        column, there = _column(rows, name, request)
        values[name] = column[chosen]
        if not there[chosen].all():
            valid[name] = there[chosen]
    length = len(chosen)
    return TickColumns(request.symbol, request.kind, Source.TERMINAL, length, values, valid)


def _ask(data: Data, request: TickRequest) -> Rows:
    code = to_vendor(request.symbol)
    # Bounds are whole seconds there: one more at the end, cut off again here.
    end = None if request.end is None else request.end + _SECOND_MS
    bounds = (instant_digits(request.start), instant_digits(end))
    if request.kind is TickKind.SNAPSHOT:
        return data.call("get_market_data_ex_ori", [], [code], "tick", *bounds).get(code)
    return data.call(_FUNCTIONS[request.kind], [], code, *bounds)


def _column(rows: Rows, name: str, request: TickRequest) -> tuple[Column, Mask]:
    dtype, lot = TICK_FIELDS[request.kind][name], lot_of(request.symbol)
    known = _FIELDS[request.kind].get(name)
    if known is not None:
        return _read(_field(rows, known[0]), known[1], dtype, lot)
    ladder, _, level = name.rpartition("_")
    if ladder in _LADDERS and level.isdecimal():
        vendor, unit = _LADDERS[ladder]
        return _read(_rung(rows, vendor, int(level) - 1), unit, dtype, lot)
    return np.zeros(len(rows), dtype), np.zeros(len(rows), np.bool_)


def _read(raw: Column, unit: str, dtype: str, lot: int) -> tuple[Column, Mask]:
    there = np.isfinite(raw)
    known = np.where(there, raw, 0)
    return _UNITS[unit](known, there, dtype, lot)


def _prices(raw: Column, there: Mask, dtype: str, lot: int) -> tuple[Column, Mask]:
    del lot
    return raw.round(_DECIMALS).astype(dtype), there & (raw != 0)


def _counts(raw: Column, there: Mask, dtype: str, lot: int) -> tuple[Column, Mask]:
    del lot
    return raw.astype(dtype), there


def _lots(raw: Column, there: Mask, dtype: str, lot: int) -> tuple[Column, Mask]:
    return (raw * lot).round().astype(dtype), there


def _coded(codes: Mapping[int, int]) -> Callable[..., tuple[Column, Mask]]:
    def read(raw: Column, there: Mask, dtype: str, lot: int) -> tuple[Column, Mask]:
        del lot
        found = np.array([codes.get(int(each), 0) for each in raw], dtype)
        return found, there & (found != 0)

    return read


_UNITS: Mapping[str, Callable[..., tuple[Column, Mask]]] = {
    "ms": _counts,
    "price": _prices,
    "money": _counts,
    "count": _counts,
    "lots": _lots,
    "side": _coded(_CODES["side"]),
    "type": _coded(_CODES["type"]),
    "taker": _coded(_CODES["taker"]),
}


def _field(rows: Rows, name: str) -> Column:
    """Return a field of all rows as numbers, NaN where it is absent."""
    cells: Any = _cells(rows, name)
    if cells is None:
        return np.full(len(rows), np.nan)
    if name == "time":
        return np.array([cell or 0 for cell in cells], np.int64)
    return np.array([np.nan if cell is None else cell for cell in cells], np.float64)


def _rung(rows: Rows, name: str, place: int) -> Column:
    """Return one level of a ladder, which is a list in every row; NaN where it is shorter."""
    ladders: Any = _cells(rows, name)
    if ladders is None:
        return np.full(len(rows), np.nan)
    return np.array([each[place] if place < len(each) else np.nan for each in ladders], np.float64)


def _cells(rows: Rows, name: str) -> Any:  # noqa: ANN401 an array or a list
    """Return a field of an array or of dicts; None where it is not told at all."""
    kind: Any = getattr(rows, "dtype", None)
    if kind is not None:
        return rows[name].tolist() if name in (kind.names or ()) else None
    return [row.get(name) for row in rows] if rows and name in rows[0] else None

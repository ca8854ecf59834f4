"""The vendor's bars as our columns: no row becomes a Python object on the way."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, PRICES, BarColumns, Column, Mask, Period
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, Times

VENDOR_FIELDS: Mapping[str, str] = {
    "time": "time",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "amount": "amount",
    "previous_close": "preClose",
    "suspended": "suspendFlag",
}
_MINUTE_MS = 60_000
_OPEN_MINUTE = 9 * 60 + 30
# Ticks have at most four decimals; what stands behind is 11.370000000000001.
_DECIMALS = 4
_SUSPENDED = 1


def asked_fields(fields: tuple[str, ...]) -> list[str]:
    """Return what is asked of the vendor for these fields: the stamps, and no column besides.

    But one price where none is asked: what has no price is no bar.
    """
    names = {"time", *fields}
    if names.isdisjoint(PRICES):
        names.add("close")
    return [VENDOR_FIELDS[name] for name in BAR_FIELDS if name in names]


def read_columns(frame: Any, period: Period, lot: int) -> BarColumns:  # noqa: ANN401 a DataFrame, or arrays by name
    """Return every column of a frame under our names, in our units, stamped at the start.

    Rows without any price are no bars and are left out; the stamps ascend, each once.
    """
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, vendor in VENDOR_FIELDS.items():
        if vendor in frame:
            values[name], valid[name] = _column(name, np.asarray(frame[vendor]), lot)
    values["time"] = _stamps(values["time"], period)
    rows = _bars(values, valid)
    columns = BarColumns(len(values["time"]), values, valid).take(rows)
    columns = _ordered(columns)
    if period is Period.MIN_1:
        columns = _fold_auction(columns)
    return _whole(columns)


def _column(name: str, raw: Column, lot: int) -> tuple[Column, Mask]:
    """Return a column in our unit, and where it has a value; what is under the mask is 0."""
    there = np.isfinite(raw) if raw.dtype.kind == "f" else np.ones(len(raw), np.bool_)
    known = np.where(there, raw, 0)
    if name == "time":
        return known.astype(np.int64), there
    if name == "suspended":
        return known == _SUSPENDED, there
    if name == "volume":
        return (known.astype(np.float64) * lot).round().astype(np.int64), there
    number = known.astype(np.float64)
    if name == "amount":
        return number, there
    # A price of 0 is how the vendor writes that there is none.
    return number.round(_DECIMALS), there & (number != 0)


def _stamps(times: Times, period: Period) -> Times:
    if period is Period.MIN_1:
        return times - _MINUTE_MS
    return (times + OFFSET_MS) // DAY_MS * DAY_MS - OFFSET_MS


def _bars(values: Mapping[str, Column], valid: Mapping[str, Mask]) -> Mask:
    priced = np.logical_or.reduce([valid[name] for name in PRICES if name in valid])
    if "suspended" in values:
        priced = priced | (values["suspended"] & valid["suspended"])
    return priced & valid["time"]


def _ordered(columns: BarColumns) -> BarColumns:
    times = columns.values["time"]
    if bool(np.all(times[1:] > times[:-1])):
        return columns
    _, rows = np.unique(times, return_index=True)
    chosen = {name: column[rows] for name, column in columns.values.items()}
    masks = {name: mask[rows] for name, mask in columns.valid.items()}
    return BarColumns(len(rows), chosen, masks)


def _fold_auction(columns: BarColumns) -> BarColumns:
    """Put the opening auction, which the vendor stamps 09:30, into the minute that it opens."""
    times = columns.values["time"]
    minute = (times + OFFSET_MS) % DAY_MS // _MINUTE_MS
    auction = np.flatnonzero(minute == _OPEN_MINUTE - 1)
    if not len(auction):
        return columns
    last = columns.length - 1
    after = np.minimum(auction + 1, last)
    followed = (auction < last) & (times[after] == times[auction] + _MINUTE_MS)
    values = {name: column.copy() for name, column in columns.values.items()}
    valid = {name: mask.copy() for name, mask in columns.valid.items()}
    # An auction that nothing follows (yet) is the minute's bar so far.
    values["time"][auction[~followed]] += _MINUTE_MS
    first, rest = auction[followed], after[followed]
    for name in values.keys() - {"time", "suspended"}:
        _fold(name, (values[name], valid[name]), (first, rest))
    kept = np.ones(columns.length, np.bool_)
    kept[first] = False
    return BarColumns(columns.length, values, valid).take(kept)


def _fold(name: str, column: tuple[Column, Mask], rows: tuple[Any, Any]) -> None:
    (values, there), (first, rest) = column, rows
    one, other = values[first], values[rest]
    both = there[first] & there[rest]
    only = there[first] & ~there[rest]
    merged = {
        "open": one,
        "previous_close": one,
        "high": np.maximum(one, other),
        "low": np.minimum(one, other),
        "volume": one + other,
        "amount": one + other,
    }.get(name, other)
    values[rest] = np.where(both, merged, np.where(only, one, other))
    there[rest] |= there[first]


def _whole(columns: BarColumns) -> BarColumns:
    """Keep masks only where something is missing."""
    valid = {name: mask for name, mask in columns.valid.items() if not mask.all()}
    return BarColumns(columns.length, columns.values, valid)

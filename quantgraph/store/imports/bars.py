"""Files of daily and minute bars."""

from dataclasses import dataclass

import numpy as np

from quantgraph.domain.bars import BarColumns, Column, Mask, Period
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, Times, TradingCalendar, dates_of
from quantgraph.domain.instruments import InstrumentKind, classify
from quantgraph.store.imports.bounds import check_bounds
from quantgraph.store.imports.codes import group_codes, split_rows
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps
from quantgraph.store.imports.table import import_failed
from quantgraph.store.merge import MergeCount
from quantgraph.store.writer import MarketWriter

_PRICES = ("open", "high", "low", "close")
_MINUTE_MS = 60_000
_SESSIONS = ((9 * 60 + 30, 11 * 60 + 30), (13 * 60, 15 * 60))
# Money over shares must lie between low and high; index points and bond lots do not.
_VALUED = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND})
_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class _Rows:
    columns: BarColumns
    codes: Times
    symbols: list[str]


def read_bars(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of bars; return what was found and the steps that store it, one a symbol."""
    symbols, codes = group_codes(draft.symbols())
    columns = _columns(draft)
    _check(draft, columns, codes, calendar)
    good, bad = draft.good_rows()
    rows = _Rows(columns.take(good), codes[good], symbols)
    _check_values(draft, rows)
    period = draft.layout.period or Period.DAY_1
    days = dates_of(rows.columns.values["time"])
    outcome = Outcome(
        layout=draft.layout.name,
        rows=rows.columns.length,
        symbols=len(np.unique(rows.codes)),
        first=days.min().astype(object) if len(days) else None,
        last=days.max().astype(object) if len(days) else None,
        bad=bad,
        unused=draft.unused(),
    )
    steps = [
        _store(symbols[code], period, part) for code, part in split_rows(rows.columns, rows.codes)
    ]
    return outcome, steps


def _store(symbol: str, period: Period, part: BarColumns) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        return writer.put_bars(symbol, period, part)

    return Step(part.length, put)


def _columns(draft: Draft) -> BarColumns:
    values: dict[str, Column] = {"time": draft.stamps()}
    valid: dict[str, Mask] = {}
    for name in (*_PRICES, "amount", "previous_close"):
        if draft.has(name):
            values[name], valid[name] = draft.cells(name).numbers(draft.factor(name))
    if draft.has("volume"):
        values["volume"], valid["volume"] = draft.cells("volume").whole(draft.factor("volume"))
    if draft.has("suspended"):
        values["suspended"], valid["suspended"] = draft.cells("suspended").flags()
    if draft.has("traded"):
        traded, valid["suspended"] = draft.cells("traded").flags()
        values["suspended"] = ~traded & valid["suspended"]
    if "previous_close" in values:
        # 0 is how vendors write that there was no close before
        valid["previous_close"] &= values["previous_close"] != 0
    return BarColumns(draft.height, values, valid)


def _check(draft: Draft, columns: BarColumns, codes: Times, calendar: TradingCalendar) -> None:
    _check_prices(draft, columns)
    times = columns.values["time"]
    draft.check_sessions(dates_of(times), calendar)
    if draft.layout.period is Period.MIN_1:
        draft.faults.add(~_in_session(times), "it is no minute of a trading session")
    # what is already bad for another reason is repeated by nothing
    good = np.flatnonzero(~draft.faults.bad)
    order = good[np.lexsort((times[good], codes[good]))]
    same = (np.diff(times[order]) == 0) & (np.diff(codes[order]) == 0)
    repeated = np.zeros(draft.height, np.bool_)
    repeated[order[1:][same]] = True
    draft.faults.add(repeated, "its symbol and time stand in an earlier row already")


def _check_prices(draft: Draft, columns: BarColumns) -> None:
    values, faults = columns.values, draft.faults
    for name in _PRICES:
        cells = draft.cells(name)
        cells.require()
        faults.add(values[name] <= 0, f"{name} {{}} is not above zero", cells.text)
        check_bounds(cells, name, values[name])
    for name in ("volume", "amount", "previous_close"):
        if name in values:
            cells = draft.cells(name)
            faults.add(values[name] < 0, f"{name} {{}} is below zero", cells.text)
            check_bounds(cells, name, values[name])
    top = np.maximum(values["open"], values["close"])
    bottom = np.minimum(values["open"], values["close"])
    faults.add(values["high"] < values["low"], "high is below low")
    faults.add(values["high"] < top, "high is below open or close")
    faults.add(values["low"] > bottom, "low is above open or close")


def _in_session(times: Times) -> Mask:
    clock = (times + OFFSET_MS) % DAY_MS
    minute = clock // _MINUTE_MS
    inside = np.zeros(len(times), np.bool_)
    for first, end in _SESSIONS:
        inside |= (minute >= first) & (minute < end)
    return inside & (clock % _MINUTE_MS == 0)


def _check_values(draft: Draft, rows: _Rows) -> None:
    """Refuse a file whose volume and amount say that its prices or units are other ones."""
    values = rows.columns.values
    if "volume" not in values or "amount" not in values:
        return
    valued = np.array(
        [bool(symbol) and classify(symbol)[1] in _VALUED for symbol in rows.symbols], np.bool_
    )
    told = valued[rows.codes] & (values["volume"] > 0) & (values["amount"] > 0)
    if not told.any():
        return
    mean = values["amount"][told] / values["volume"][told]
    low, high = values["low"][told] * (1 - _SLACK), values["high"][told] * (1 + _SLACK)
    inside = (mean >= low) & (mean <= high)
    if inside.mean() < 0.5:
        raise import_failed(
            draft.table.file,
            f"on {np.count_nonzero(~inside)} of {len(inside)} rows amount / volume does not lie "
            "between low and high: its prices are adjusted, or its units are not those of the "
            f"layout {draft.layout.name}.",
        )

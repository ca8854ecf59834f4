"""Files of snapshots, of single trades and of single orders; what is level 2 in them as well."""

from collections.abc import Mapping

import numpy as np

from quantgraph.domain.aggregation import day_bars, minute_bars
from quantgraph.domain.bars import BarColumns, Column, Mask, Period
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, TradingCalendar, dates_of
from quantgraph.domain.ticks import DEPTH, SNAPSHOT_FIELDS, TRADE_FIELDS, TickKind
from quantgraph.store.imports import level2
from quantgraph.store.imports.bounds import check_bounds
from quantgraph.store.imports.codes import group_codes, split_rows
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps
from quantgraph.store.merge import MergeCount
from quantgraph.store.writer import MarketWriter

_TAKERS = {"B": 1, "S": -1, "N": 0}
# from the first order of the auction to the last trade at the fixed price after the close
_TRADED = ((9 * 60 + 15) * 60_000, (15 * 60 + 31) * 60_000)
_NOTE = "Bars of days for which none are imported were made from these trades."


def read_snapshots(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of snapshots; a price of 0 means that there is none."""
    columns = _columns(draft, SNAPSHOT_FIELDS)
    values, valid = dict(columns.values), dict(columns.valid)
    for name, column in values.items():
        if name in ("last_price", "open", "high", "low", "previous_close") or "_price_" in name:
            valid[name] = valid[name] & (column != 0)
    for side in ("bid", "ask"):
        for level in range(1, DEPTH + 1):
            price, quantity = f"{side}_price_{level}", f"{side}_quantity_{level}"
            if price in valid and quantity in valid:
                valid[quantity] = valid[quantity] & valid[price]
    found = {TickKind.SNAPSHOT: BarColumns(columns.length, values, valid)}
    if level2.has_level2(draft, TickKind.SNAPSHOT, TickKind.LEVEL2_QUOTE):
        # read by itself: an auction's quantity without a price is a fact that level 2 keeps
        kind = TickKind.LEVEL2_QUOTE
        found[kind] = level2.read_columns(draft, kind, {"time": values["time"]})
    return _finish(draft, found, calendar)


def read_trades(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of trades; an absent amount is price × quantity."""
    columns = _columns(draft, TRADE_FIELDS)
    values, valid = dict(columns.values), dict(columns.valid)
    for name in ("price", "quantity"):
        cells = draft.cells(name)
        cells.require()
        draft.faults.add(values[name] <= 0, f"{name} {{}} is not above zero", cells.text)
    clock = (values["time"] + OFFSET_MS) % DAY_MS
    odd = (clock < _TRADED[0]) | (clock >= _TRADED[1])
    if draft.has("taker"):
        values["side"], valid["side"] = _sides(draft)
    if draft.has("amount"):
        draft.cells("amount").require()
    else:
        values["amount"] = np.round(values["price"] * values["quantity"], 4)
    draft.faults.add(odd, "it is no time from 09:15 to 15:30")
    found = {TickKind.TRADE: BarColumns(columns.length, values, valid)}
    if level2.has_level2(draft, TickKind.TRADE, TickKind.LEVEL2_TRANSACTION):
        kind = TickKind.LEVEL2_TRANSACTION
        more = level2.read_columns(draft, kind, values)
        found[kind] = BarColumns(more.length, more.values, {**more.valid, **valid})
    outcome, steps = _finish(draft, found, calendar)
    return outcome.noted(_NOTE), steps


def read_orders(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of level-2 orders; a price of 0 means that the order has none."""
    stamps = draft.stamps()
    columns = level2.read_columns(draft, TickKind.LEVEL2_ORDER, {"time": stamps})
    cells = draft.cells("quantity")
    cells.require()
    draft.faults.add(columns.values["quantity"] <= 0, "quantity {} is not above zero", cells.text)
    return _finish(draft, {TickKind.LEVEL2_ORDER: columns}, calendar)


def _columns(draft: Draft, dtypes: Mapping[str, str]) -> BarColumns:
    values: dict[str, Column] = {"time": draft.stamps()}
    valid: dict[str, Mask] = {}
    for name, dtype in dtypes.items():
        if name == "time" or not draft.has(name):
            continue
        cells = draft.cells(name)
        read = cells.numbers if dtype == "float64" else cells.whole
        column, known = read(draft.factor(name))
        values[name], valid[name] = column.astype(dtype), known
        if name != "side":
            draft.faults.add(column < 0, f"{name} {{}} is below zero", cells.text)
            check_bounds(cells, name, column)
    return BarColumns(draft.height, values, valid)


def _sides(draft: Draft) -> tuple[Column, Mask]:
    cells = draft.cells("taker")
    known = cells.text.replace_strict(_TAKERS, default=None)
    bad = known.is_null().to_numpy()
    draft.faults.add(bad, f"{cells.name} {{}} is none of B, S, N", cells.text)
    return known.fill_null(0).to_numpy().astype(np.int8), ~bad


def _finish(
    draft: Draft, recordings: Mapping[TickKind, BarColumns], calendar: TradingCalendar
) -> tuple[Outcome, Steps]:
    """Return what the file came to and how it is stored; all recordings have the same rows."""
    symbols, codes = group_codes(draft.symbols())
    days = dates_of(next(iter(recordings.values())).values["time"])
    draft.check_sessions(days, calendar)
    good, bad = draft.good_rows()
    codes, days = codes[good], days[good]
    outcome = Outcome(
        layout=draft.layout.name,
        rows=len(codes),
        symbols=len(np.unique(codes)),
        first=days.min().astype(object) if len(days) else None,
        last=days.max().astype(object) if len(days) else None,
        bad=bad,
        unused=draft.unused(),
    )
    parts: dict[int, dict[TickKind, BarColumns]] = {}
    for kind, columns in recordings.items():
        for code, part in split_rows(columns.take(good), codes):
            parts.setdefault(code, {})[kind] = part
    return outcome, [_store(symbols[code], part) for code, part in parts.items()]


def _store(symbol: str, parts: Mapping[TickKind, BarColumns]) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        counts = [writer.put_recording(symbol, kind, part) for kind, part in parts.items()]
        trades = parts.get(TickKind.TRADE)
        if trades is not None and counts[0].changed:
            writer.put_made_bars(symbol, Period.MIN_1, minute_bars(trades.values))
            writer.put_made_bars(symbol, Period.DAY_1, day_bars(trades.values))
        # The same rows twice are counted once; a store that had only the plain ones has gained.
        return next((count for count in counts if count.changed), counts[0])

    return Step(next(iter(parts.values())).length, put)

"""Files of itemised ex-right events, per share held."""

from datetime import date

import numpy as np

from quantgraph.domain.bars import Column
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.dividends import Dividend
from quantgraph.store.imports.bounds import check_term
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.records import take_distinct
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps, count_rows
from quantgraph.store.merge import MergeCount
from quantgraph.store.writer import MarketWriter

_ITEMS = ("cash", "bonus", "conversion", "rights", "rights_price")


def read_dividends(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of dividends; an absent item is 0."""
    ex_dates = draft.days()
    draft.check_covered(ex_dates, calendar)
    days: list[date] = ex_dates.tolist()
    columns: list[list[float]] = [column.tolist() for column in _items(draft)]
    rows = [
        Dividend(symbol, day, None, *items)
        for symbol, day, *items in zip(draft.symbols(), days, *columns, strict=True)
    ]
    taken, outcome = take_distinct(draft, rows, [f"{row.symbol} {row.ex_date}" for row in rows])

    def put(writer: MarketWriter) -> MergeCount:
        return count_rows(len(taken), changed=writer.put_dividends(taken))

    return outcome, [Step(len(taken), put)]


def _items(draft: Draft) -> list[Column]:
    items = {name: np.zeros(draft.height) for name in _ITEMS}
    for name in _ITEMS:
        if draft.has(name):
            cells = draft.cells(name)
            items[name], _ = cells.numbers()
            draft.faults.add(items[name] < 0, f"{name} {{}} is below zero", cells.text)
            check_term(cells, items[name])
    paid = np.add.reduce([items[name] for name in _ITEMS[:4]]) > 0
    draft.faults.add(~paid, "it pays nothing: no cash, bonus, conversion or rights")
    unpriced = (items["rights"] > 0) != (items["rights_price"] > 0)
    draft.faults.add(unpriced, "rights and rights_price go together")
    return [items[name] for name in _ITEMS]

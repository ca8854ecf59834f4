"""Files of one financial statement."""

from collections.abc import Mapping, Sequence
from datetime import date

from quantgraph.domain.financials.fields import StatementTable
from quantgraph.domain.financials.tables import STATEMENTS
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.records import read_dates, read_numbers, read_texts, take_distinct
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps
from quantgraph.store.merge import MergeCount
from quantgraph.store.reference import Listing
from quantgraph.store.reports import ReportRow, Value
from quantgraph.store.writer import MarketWriter

_REPORTS_A_STEP = 200


def read_financials(draft: Draft) -> tuple[Outcome, Steps]:
    """Check a file of reports of one statement."""
    rows = _reports(draft)
    keys = [f"{row.symbol} {row.report_date} {row.announce_date} {row.item}" for row in rows]
    taken, outcome = take_distinct(draft, rows, keys)
    starts = range(0, len(taken), _REPORTS_A_STEP)
    steps = [_store(taken[start : start + _REPORTS_A_STEP]) for start in starts]
    names = zip((row.symbol for row in rows), read_texts(draft, "name"), strict=True)
    return outcome, [*steps, _name({symbol: name for symbol, name in names if name})]


def _store(rows: Sequence[ReportRow]) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        changed = sum(writer.reports.put(row) for row in rows)
        return MergeCount(added=changed, unchanged=len(rows) - changed)

    return Step(len(rows), put)


def _name(names: Mapping[str, str]) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        writer.reference.put_names([Listing(symbol, name) for symbol, name in names.items()])
        return MergeCount()

    return Step(0, put)


def _reports(draft: Draft) -> Sequence[ReportRow]:
    statement = draft.layout.statement
    if statement is None:
        raise TypeError(f"the layout {draft.layout.name} has no statement")
    days: list[date] = draft.days().tolist()
    items: list[int] = [0] * draft.height
    if draft.has("item"):
        items = draft.cells("item").whole()[0].tolist()
    values = _values(draft, STATEMENTS[statement])
    columns = (draft.symbols(), days, read_dates(draft, "announce_date"), values, items)
    return [ReportRow(statement, *cells) for cells in zip(*columns, strict=True)]


def _values(draft: Draft, table: StatementTable) -> Sequence[dict[str, Value]]:
    """Return the known fields of each row."""
    rows: list[dict[str, Value]] = [{} for _ in range(draft.height)]
    for name, field in table.fields.items():
        if not draft.has(name):
            continue
        cells = read_texts(draft, name) if field.text else read_numbers(draft, name)
        for row, value in zip(rows, cells, strict=True):
            if value is not None:
                row[name] = value
    return rows

"""Files of instruments: names, listing days, risk warnings."""

from collections.abc import Sequence

from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.records import read_dates, read_texts, take_distinct
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps, count_rows
from quantgraph.store.merge import MergeCount
from quantgraph.store.reference import Listing
from quantgraph.store.writer import MarketWriter


def read_instruments(draft: Draft) -> tuple[Outcome, Steps]:
    """Check a file of instruments."""
    draft.cells("name").require()
    columns = (
        draft.symbols(),
        read_texts(draft, "name"),
        read_dates(draft, "list_date"),
        read_dates(draft, "delist_date"),
        _warnings(draft),
    )
    rows = [Listing(*cells) for cells in zip(*columns, strict=True)]
    taken, outcome = take_distinct(draft, rows, [row.symbol for row in rows])

    def put(writer: MarketWriter) -> MergeCount:
        return count_rows(len(taken), changed=writer.reference.put_listings(taken))

    return outcome, [Step(len(taken), put)]


def _warnings(draft: Draft) -> Sequence[bool | None]:
    if not draft.has("is_st"):
        return [None] * draft.height  # the name tells, see `reference.warned`
    flags, known = draft.cells("is_st").flags()
    pairs = zip(flags.tolist(), known.tolist(), strict=True)
    return [flag if is_known else None for flag, is_known in pairs]

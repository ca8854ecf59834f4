"""Files of index weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.store.imports.codes import parse_index
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.records import read_texts, take_distinct
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps, count_rows
from quantgraph.store.merge import MergeCount
from quantgraph.store.reference import Listing
from quantgraph.store.sectors import SectorRow
from quantgraph.store.writer import MarketWriter

_CATEGORY = "INDEX"


@dataclass(frozen=True, slots=True)
class _Share:
    index: str
    day: date
    symbol: str
    weight: float
    title: str | None
    name: str | None


def read_weights(draft: Draft, calendar: TradingCalendar) -> tuple[Outcome, Steps]:
    """Check a file of weights; an index that it names becomes a sector of its members as well."""
    days = draft.days()
    draft.check_covered(days, calendar)
    columns = (
        _indices(draft),
        days.tolist(),
        draft.symbols(),
        _weights(draft),
        read_texts(draft, "index_name"),
        read_texts(draft, "name"),
    )
    rows = [_Share(*cells) for cells in zip(*columns, strict=True)]
    keys = [f"{row.index} {row.day} {row.symbol}" for row in rows]
    taken, outcome = take_distinct(draft, rows, keys)
    sectors = _sectors(taken)

    def put(writer: MarketWriter) -> MergeCount:
        reference = writer.reference
        shares = [(row.index, row.day, row.symbol, row.weight) for row in taken]
        changes = [reference.put_weights(shares), reference.put_names(_names(taken))]
        changes += [reference.put_sector(sector) for sector in sectors]
        return count_rows(len(taken), changed=any(changes))

    notes = [
        f"The members of {one.code} are also the sector {one.name} "
        f"({one.name} ({_CATEGORY}) where another one has that name)."
        for one in {one.code: one for one in sectors}.values()
    ]
    return outcome.noted(*notes, *_sums(taken)), [Step(len(taken), put)]


def _weights(draft: Draft) -> list[float]:
    cells = draft.cells("weight")
    cells.require()
    weights, _ = cells.numbers()
    draft.faults.add((weights <= 0) | (weights > 100), "weight {} is not in (0, 100]", cells.text)
    shares: list[float] = weights.tolist()
    return shares


def _sectors(rows: Sequence[_Share]) -> Sequence[SectorRow]:
    """Return the members of every date of every named index, in the order of the file."""
    titles = {row.index: row.title for row in rows if row.title}
    members: dict[tuple[str, date], list[str]] = {}
    for row in rows:
        members.setdefault((row.index, row.day), []).append(row.symbol)
    return [
        SectorRow(titles[index], _CATEGORY, index, tuple(symbols), day)
        for (index, day), symbols in members.items()
        if index in titles
    ]


def _names(rows: Sequence[_Share]) -> Sequence[Listing]:
    titles = {row.index: row.title for row in rows if row.title}
    names = {row.symbol: row.name for row in rows if row.name}
    return [Listing(symbol, name) for symbol, name in (titles | names).items()]


def _indices(draft: Draft) -> list[str]:
    cells = draft.cells("index_symbol")
    cells.require()
    symbols = [parse_index(text or "") or "" for text in cells.texts()]
    bad = np.array([not symbol for symbol in symbols], np.bool_)
    draft.faults.add(bad, f"{cells.name} {{}} is not an index symbol like 000300.SH", cells.text)
    return symbols


def _sums(rows: Sequence[_Share]) -> Sequence[str]:
    sums: dict[tuple[str, date], float] = {}
    for row in rows:
        sums[row.index, row.day] = sums.get((row.index, row.day), 0.0) + row.weight
    return [
        f"The weights of {index} on {day} add up to {total:.3f} %."
        for (index, day), total in sums.items()
    ]

"""Rows that are taken or left whole: reading their cells, leaving repetitions out."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import numpy as np

from quantgraph.domain.bars import Mask
from quantgraph.domain.calendar import Dates
from quantgraph.store.imports import times
from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.report import Outcome

Item = TypeVar("Item")


def take_distinct(
    draft: Draft, rows: Sequence[Item], keys: Sequence[str]
) -> tuple[Sequence[Item], Outcome]:
    """Return the rows to take: one that says again what an earlier one said is left out.

    One that says something else about the same key is a fault. Rows that are bad already say
    nothing.
    """
    first: dict[str, int] = {}
    repeats = np.zeros(len(rows), np.bool_)
    differs = np.zeros(len(rows), np.bool_)
    for place in np.flatnonzero(~draft.faults.bad).tolist():
        key = keys[place]
        earlier = first.setdefault(key, place)
        repeats[place] = earlier != place
        differs[place] = earlier != place and rows[earlier] != rows[place]
    draft.faults.add(differs, "an earlier row says something else about the same")
    good, bad = draft.good_rows()
    taken = [rows[place] for place in np.flatnonzero(good & ~repeats).tolist()]
    outcome = Outcome(
        layout=draft.layout.name,
        rows=len(taken),
        repeated=int((good & repeats).sum()),
        bad=bad,
        unused=draft.unused(),
    )
    return taken, outcome


def read_dates(draft: Draft, field: str) -> Sequence[date | None]:
    """Return one of our date fields by row; None where the file does not say."""
    if not draft.has(field):
        return [None] * draft.height
    read: tuple[Dates, Mask] = times.read_days(draft.cells(field))
    days: list[date] = read[0].tolist()
    known: list[bool] = read[1].tolist()
    return [day if is_known else None for day, is_known in zip(days, known, strict=True)]


def read_texts(draft: Draft, field: str) -> Sequence[str | None]:
    """Return one of our text fields by row; None where the file does not say."""
    return draft.cells(field).texts() if draft.has(field) else [None] * draft.height


def read_numbers(draft: Draft, field: str) -> Sequence[float | None]:
    """Return one of our number fields by row; None where the file does not say."""
    numbers, known = draft.cells(field).numbers(draft.factor(field))
    values: list[float] = numbers.tolist()
    there: list[bool] = known.tolist()
    return [value if is_there else None for value, is_there in zip(values, there, strict=True)]

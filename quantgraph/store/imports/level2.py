"""The level-2 columns of recordings: what a file has of them, checked as far as it is explained."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from quantgraph.domain.bars import BarColumns, Column, Mask
from quantgraph.domain.level2 import (
    ENTRUST_SIDES,
    ENTRUST_TYPES,
    PHASES,
    Level2Field,
    QuotePhase,
)
from quantgraph.domain.ticks import LEVEL2_TABLES, TICK_FIELDS, TickKind
from quantgraph.store.imports import times
from quantgraph.store.imports.bounds import check_bounds
from quantgraph.store.imports.cells import Cells
from quantgraph.store.imports.draft import Draft

_SSE_PHASES = {
    "START": QuotePhase.START,
    "OCALL": QuotePhase.OPENING_AUCTION,
    "TRADE": QuotePhase.CONTINUOUS,
    "BREAK": QuotePhase.BREAK,
    "CCALL": QuotePhase.CLOSING_AUCTION,
    "ENDTR": QuotePhase.ENDED,
    "CLOSE": QuotePhase.CLOSED,
    "SUSP": QuotePhase.SUSPENDED,
}
_PHASE_CODES = {member: code for code, member in PHASES.items()}
# What the cells of a column of an enumeration may say, and the code it is held by.
_WORDS: Mapping[str, Mapping[str, int]] = {
    "phase": {
        **{word: _PHASE_CODES[member] for word, member in _SSE_PHASES.items()},
        **{member.value: code for member, code in _PHASE_CODES.items()},
    },
    "type": {member.value: code for code, member in ENTRUST_TYPES.items()},
    "side": {
        **{member.value: code for code, member in ENTRUST_SIDES.items()},
        "B": 1,
        "S": -1,
        "1": 1,
        "-1": -1,
    },
}


def has_level2(draft: Draft, plain: TickKind, kind: TickKind) -> bool:
    """Return whether a file of a plain recording has any column that only level 2 has."""
    return any(draft.has(name) for name in LEVEL2_TABLES[kind] if name not in TICK_FIELDS[plain])


def read_columns(draft: Draft, kind: TickKind, known: Mapping[str, Column]) -> BarColumns:
    """Return the level-2 columns of a file; those of `known` were read (and checked) before."""
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, field in LEVEL2_TABLES[kind].items():
        if name in known:
            values[name] = known[name]
        elif draft.has(name):
            values[name], valid[name] = _column(draft, field)
    return BarColumns(draft.height, values, valid)


def _column(draft: Draft, field: Level2Field) -> tuple[Column, Mask]:
    cells = draft.cells(field.name)
    if field.name == "local_time":
        return _clocks(cells, draft)
    if field.name in _WORDS:
        return _codes(cells, _WORDS[field.name])
    read = cells.numbers if field.dtype == "float64" else cells.whole
    column, there = read(draft.factor(field.name))
    if not field.raw:
        draft.faults.add(column < 0, f"{cells.name} {{}} is below zero", cells.text)
        check_bounds(cells, field.name, column)
    if field.priced:
        there = there & (column != 0)
    return column.astype(field.dtype), there


def _codes(cells: Cells, words: Mapping[str, int]) -> tuple[Column, Mask]:
    upper = cells.text.fill_null("").str.strip_chars().str.to_uppercase()
    found = upper.replace_strict(words, default=None, return_dtype=pl.Int8)
    unknown = found.is_null().to_numpy() & ~cells.missing
    told = ", ".join(words)
    cells.faults.add(unknown, f"{cells.name} {{}} is none of {told}", cells.text)
    return found.fill_null(0).to_numpy().astype(np.int8), ~found.is_null().to_numpy()


def _clocks(cells: Cells, draft: Draft) -> tuple[Column, Mask]:
    """Return instants: clocks are of the file's day, as the rows' own clocks are."""
    if draft.clocked:
        return times.read_clocks(cells, draft.file_date()), ~cells.missing
    return times.read_instants(cells), ~cells.missing

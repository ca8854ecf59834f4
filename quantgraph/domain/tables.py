"""Tables of a terminal: what it calls them, what their columns are, and pages of their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from quantgraph.domain.errors import InvalidRequest, NotFound, bad_request
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

_SHOWN = 40
# Of a row's number: a cursor is no secret, and anybody may make one up.
_DIGITS = 12


class CellKind(StrEnum):
    """What a column holds."""

    INTEGER = "INTEGER"
    NUMBER = "NUMBER"
    TEXT = "TEXT"
    TIME = "TIME"


# What a cell is by its column's kind: int, float, str, epoch ms; None is missing.
Cell: TypeAlias = int | float | str | None


@dataclass(frozen=True, slots=True)
class TableField:
    """A column; `title` and `unit` are the terminal's own words, None where it says nothing."""

    name: str
    kind: CellKind
    title: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class TerminalTable:
    """A table that a terminal knows of, whether or not it has downloaded it."""

    name: str
    title: str | None
    description: str | None
    fields: tuple[TableField, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class TableSearch:
    """Which tables: with this text in name or title; None means any."""

    text: str | None = None

    @property
    def scope(self) -> str:
        """The list's name with its filter: a cursor is good for these alone."""
        return f"tables {self.text or ''}"

    def wants(self, table: TerminalTable) -> bool:
        """Return whether a table matches."""
        text = (self.text or "").casefold()
        return text in table.name.casefold() or text in (table.title or "").casefold()


@dataclass(frozen=True, slots=True)
class TableRequest:
    """Which rows of which columns; empty symbols and fields mean all.

    The days, in Shanghai, are those of the table's own time, both ends included. `after` is the
    place that the page before ended with.
    """

    table: str
    symbols: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    first: int = 50
    after: str | None = None

    @property
    def scope(self) -> str:
        """The rows' name with their filters: a cursor is good for these alone."""
        span = f"{self.start} {self.end}"
        return f"table {self.table} {sorted(self.symbols)} {sorted(self.fields)} {span}"


@dataclass(frozen=True, slots=True)
class TableSlice:
    """Some of the rows that match, in the table's own order.

    `version` changes with the table: places in one version mean nothing in another. `held` False:
    the terminal has downloaded no row of it.
    """

    rows: Sequence[Mapping[str, Cell]] = ()
    total: int = 0
    version: str = "0"
    held: bool = True


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a page; None is missing."""

    name: str
    kind: CellKind
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page of rows as columns, and whether more follow; `total` counts all rows that match.

    `next`: the place that it ends with, None of an empty page. `downloaded` False: the terminal
    has no row of the table yet.
    """

    table: TerminalTable
    columns: tuple[TableColumn, ...]
    rows: int
    total: int
    downloaded: bool
    more: bool
    next: str | None


def columns_of(table: TerminalTable, names: Sequence[str]) -> tuple[TableField, ...]:
    """Return the named columns in the table's order, all for none. Errors: BAD_REQUEST."""
    known = {field.name for field in table.fields}
    for name in names:
        if name not in known:
            text = f"{table.name} has no column {name[:_SHOWN]!r}; `terminalTables` lists them."
            raise bad_request(text, field="fields")
    return tuple(each for each in table.fields if not names or each.name in names)


def page_of(
    table: TerminalTable, request: TableRequest, found: TableSlice, first: int
) -> TablePage:
    """Return the page of a slice that begins at row `first`."""
    columns = tuple(
        TableColumn(each.name, each.kind, tuple(row.get(each.name) for row in found.rows))
        for each in columns_of(table, request.fields)
    )
    last = first + len(found.rows)
    return TablePage(
        table=table,
        columns=columns,
        rows=len(found.rows),
        total=found.total,
        downloaded=found.held,
        more=bool(found.rows) and last < found.total,
        next=f"{found.version}:{last}" if found.rows else None,
    )


def begin_of(request: TableRequest) -> int:
    """Return the row that a page begins with. Errors: INVALID_CURSOR."""
    number = "0" if request.after is None else request.after.rpartition(":")[2]
    if not number.isdecimal() or len(number) > _DIGITS:
        raise InvalidRequest(Reason.INVALID_CURSOR, "No page of a table ends at this cursor.")
    return int(number)


def check_place(request: TableRequest, found: TableSlice) -> None:
    """Raise INVALID_CURSOR where the table is another than the page before was of."""
    if request.after is not None and request.after.rpartition(":")[0] != found.version:
        text = f"{request.table} was downloaded anew meanwhile; begin with its first page again."
        raise InvalidRequest(Reason.INVALID_CURSOR, text)


def unknown_table(name: str) -> NotFound:
    """Say that the terminal knows no table of this name."""
    shown = name[:_SHOWN]
    text = f"The terminal knows no table {shown!r}; `terminalTables` lists them."
    return NotFound(Reason.UNKNOWN_TABLE, text, table=shown)

"""Tables of the terminal: what there is, and pages of their rows."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import strawberry

from quantgraph.domain import tables as domain
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import CellKind
from schema.instruments import PageInfo
from schema.scalars import Long

T = TypeVar("T")
_WORDS = "null where the terminal says nothing."
_OTHERS = "null where the column is of another kind, and for rows without a value"


@strawberry.type(description="A column of a table.")
class TableField:
    name: str = strawberry.field(description="Its name, for `fields`.")
    kind: CellKind = strawberry.field(description="What it holds.")
    title: str | None = strawberry.field(
        description=f"What the terminal calls it, in Chinese; {_WORDS}"
    )
    unit: str | None = strawberry.field(description=f"Its unit, in the terminal's words; {_WORDS}")


@strawberry.type(description="A table that the terminal knows of, downloaded or not (数据表).")
class TerminalTable:
    name: str = strawberry.field(description="Its name, for `table`.")
    title: str | None = strawberry.field(
        description=f"What the terminal calls it, in Chinese; {_WORDS}"
    )
    description: str | None = strawberry.field(
        description=f"What the terminal says of it; {_WORDS}"
    )
    source: Source = strawberry.field(description="Where the table is.")
    table: strawberry.Private[domain.TerminalTable]

    @strawberry.field(description="Its columns, in the table's order.")
    def fields(self) -> list[TableField]:
        return [
            TableField(name=each.name, kind=each.kind, title=each.title, unit=each.unit)
            for each in self.table.fields
        ]

    @classmethod
    def from_domain(cls, table: domain.TerminalTable) -> "TerminalTable":
        """Show a domain table."""
        return cls(
            name=table.name,
            title=table.title,
            description=table.description,
            source=table.source,
            table=table,
        )


@strawberry.type(description="A page of tables, by name.")
class TerminalTableConnection:
    edges: list["TerminalTableEdge"] = strawberry.field(description="The tables with cursors.")
    nodes: list[TerminalTable] = strawberry.field(description="The tables alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="A table in a list.")
class TerminalTableEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: TerminalTable = strawberry.field(description="The table.")


@strawberry.type(
    description="One column of a page. The list of its kind has a value a row, the others are null."
)
class TableColumn:
    name: str = strawberry.field(description="Its name.")
    kind: CellKind = strawberry.field(description="What it holds.")
    column: strawberry.Private[domain.TableColumn]

    @strawberry.field(description=f"INTEGER: whole numbers; {_OTHERS}, or with one beyond 53 bits.")
    def integers(self) -> list[Long | None] | None:
        return self._shown(CellKind.INTEGER, lambda each: Long(int(each)))

    @strawberry.field(description=f"NUMBER: in the unit of the column; {_OTHERS}.")
    def numbers(self) -> list[float | None] | None:
        return self._shown(CellKind.NUMBER, float)

    @strawberry.field(description=f"TEXT: symbols, words, and bytes in base64; {_OTHERS}.")
    def texts(self) -> list[str | None] | None:
        return self._shown(CellKind.TEXT, str)

    @strawberry.field(description=f"TIME: instants; {_OTHERS}.")
    def times(self) -> list[datetime | None] | None:
        return self._shown(CellKind.TIME, lambda each: from_ms(int(each)))

    def _shown(
        self, kind: CellKind, show: Callable[[int | float | str], T]
    ) -> list[T | None] | None:
        if self.kind is not kind:
            return None
        return [None if each is None else show(each) for each in self.column.values]


@strawberry.type(description="A page of a table's rows, as columns of the same length.")
class TablePage:
    table: str = strawberry.field(description="The table's name.")
    title: str | None = strawberry.field(
        description=f"What the terminal calls it, in Chinese; {_WORDS}"
    )
    source: Source = strawberry.field(description="Where its rows come from.")
    downloaded: bool = strawberry.field(
        description="False: the terminal has downloaded no row of it yet."
    )
    row_count: int = strawberry.field(description="Rows on this page.")
    total_count: Long = strawberry.field(description="Rows that match, on all pages together.")
    columns: list[TableColumn] = strawberry.field(
        description="The asked columns, in the table's order."
    )
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")

    @classmethod
    def from_domain(cls, page: domain.TablePage, place: PageInfo) -> "TablePage":
        """Show a domain page that ends there."""
        return cls(
            table=page.table.name,
            title=page.table.title,
            source=page.table.source,
            downloaded=page.downloaded,
            row_count=page.rows,
            total_count=Long(page.total),
            columns=[
                TableColumn(name=each.name, kind=each.kind, column=each) for each in page.columns
            ],
            page_info=place,
        )

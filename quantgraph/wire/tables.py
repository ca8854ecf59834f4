"""Tables of the terminal."""

from collections.abc import Mapping
from typing import Any, cast

from quantgraph.domain.sources import Source
from quantgraph.domain.tables import (
    Cell,
    CellKind,
    TableColumn,
    TablePage,
    TableRequest,
    TableSearch,
    TableSlice,
    TerminalTable,
)
from quantgraph.v1 import catalog_pb2, tables_pb2
from quantgraph.wire.enums import CELL_KIND, SOURCE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    ms_from_proto,
    ms_to_proto,
    symbols_from_proto,
    text_from_proto,
)
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, CellKind: CELL_KIND}
# The list of each kind, and what stands in it for nothing.
_LISTS: Mapping[CellKind, tuple[str, Any]] = {
    CellKind.INTEGER: ("integers", 0),
    CellKind.NUMBER: ("numbers", 0.0),
    CellKind.TEXT: ("texts", ""),
    CellKind.TIME: ("times", 0),
}


def search_from_proto(message: catalog_pb2.ListTerminalTablesRequest) -> TableSearch:
    """Read which tables."""
    return TableSearch(message.search if message.HasField("search") else None)


def table_to_proto(table: TerminalTable) -> tables_pb2.TerminalTable:
    """Write a table's description."""
    return record_to_proto(table, tables_pb2.TerminalTable(), _CODECS)


def table_from_proto(message: tables_pb2.TerminalTable) -> TerminalTable:
    """Read a table's description."""
    return record_from_proto(message, TerminalTable, _CODECS)


def request_from_proto(message: catalog_pb2.ListTableRowsRequest) -> TableRequest:
    """Read which rows, but not which page of them."""
    start = date_from_proto(message.start, "start") if message.HasField("start") else None
    end = date_from_proto(message.end, "end") if message.HasField("end") else None
    return TableRequest(
        text_from_proto(message.table, "table"),
        symbols_from_proto(message.symbols, "symbols") if message.symbols else (),
        tuple(message.fields),
        start,
        end,
    )


def request_to_proto(request: TableRequest, token: str) -> catalog_pb2.ListTableRowsRequest:
    """Write which rows, and the page that a token says."""
    return catalog_pb2.ListTableRowsRequest(
        table=request.table,
        symbols=request.symbols,
        fields=request.fields,
        start=None if request.start is None else date_to_proto(request.start),
        end=None if request.end is None else date_to_proto(request.end),
        page_size=request.first,
        page_token=token,
    )


def slice_from_proto(message: tables_pb2.TablePage, version: str) -> TableSlice:
    """Read the rows of a page, of a version of the table that its tokens tell."""
    columns = [column_from_proto(each) for each in message.columns]
    names = [each.name for each in columns]
    cells = zip(*(each.values for each in columns), strict=True) if columns else ()
    rows = [dict(zip(names, row, strict=True)) for row in cells]
    return TableSlice(rows, message.total_count, version, message.downloaded)


def page_to_proto(page: TablePage) -> tables_pb2.TablePage:
    """Write a page of rows."""
    return tables_pb2.TablePage(
        table=page.table.name,
        title=page.table.title,
        source=SOURCE.to_proto(page.table.source),
        downloaded=page.downloaded,
        row_count=page.rows,
        total_count=page.total,
        columns=[column_to_proto(each) for each in page.columns],
    )


def column_to_proto(column: TableColumn) -> tables_pb2.TableColumn:
    """Write a column; what is missing is named beside the values."""
    name, nothing = _LISTS[column.kind]
    values: list[Any] = [nothing if each is None else each for each in column.values]
    if column.kind is CellKind.TIME:
        values = [ms_to_proto(each) for each in values]
    missing = [row for row, each in enumerate(column.values) if each is None]
    message = tables_pb2.TableColumn(
        name=column.name, kind=CELL_KIND.to_proto(column.kind), missing=missing
    )
    getattr(message, name).extend(values)
    return message


def column_from_proto(message: tables_pb2.TableColumn) -> TableColumn:
    """Read a column."""
    kind = CELL_KIND.from_proto(message.kind, "kind")
    values = list(cast("list[Any]", getattr(message, _LISTS[kind][0])))
    if kind is CellKind.TIME:
        values = [ms_from_proto(each, "times") for each in values]
    missing = frozenset(message.missing)
    held: list[Cell] = [None if row in missing else each for row, each in enumerate(values)]
    return TableColumn(message.name, kind, tuple(held))

"""Answers what the terminal's tables are, and their rows."""

from dataclasses import replace
from datetime import date
from typing import Annotated

import strawberry

from quantgraph.domain.errors import bad_request
from quantgraph.domain.tables import TableRequest, TableSearch
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_batch,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from schema.context import Info
from schema.scalars import Symbol
from schema.tables import (
    TablePage,
    TerminalTable,
    TerminalTableConnection,
    TerminalTableEdge,
)

SymbolsArgument = Annotated[
    list[Symbol] | None,
    strawberry.argument(
        description="Rows of these symbols alone; absent or empty: all. A table without symbols "
        "has the same rows whatever is asked."
    ),
]
FieldsArgument = Annotated[
    list[str] | None,
    strawberry.argument(description="These columns alone, by name; absent or empty: all."),
]
StartArgument = Annotated[
    date | None,
    strawberry.argument(description="First day in Shanghai of the table's own time, included."),
]
EndArgument = Annotated[
    date | None,
    strawberry.argument(
        description="Last such day, included. A table without a time has all rows."
    ),
]


@strawberry.type
class TableQueries:
    @strawberry.field(
        description="The tables that the terminal knows of (数据表), by name: empty as long as it "
        "has not downloaded their list. Errors: INVALID_CURSOR, BAD_REQUEST; TERMINAL_LACKS."
    )
    async def terminal_tables(
        self,
        info: Info,
        search: Annotated[
            str | None,
            strawberry.argument(description="Those with this text in name or title, in any case."),
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> TerminalTableConnection | None:
        wanted = TableSearch(search)
        scope = wanted.scope
        place = key_of(scope, after)
        found, more = await info.context.gateway.lists.tables(wanted, checked_first(first), place)
        nodes = [TerminalTable.from_domain(each) for each in found]
        edges = [TerminalTableEdge(cursor=cursor_of(scope, each.name), node=each) for each in nodes]
        end = place_of([edge.cursor for edge in edges], more=more)
        return TerminalTableConnection(edges=edges, nodes=nodes, page_info=end)

    @strawberry.field(
        description="Rows of one of the terminal's tables, in the table's own order, as far as it "
        "was downloaded: for example what changed of a convertible bond's conversion price. "
        "Errors: UNKNOWN_TABLE, START_AFTER_END, BAD_REQUEST (unknown column), INVALID_CURSOR, "
        "also where the table was downloaded anew since the page before; TERMINAL_LACKS where its "
        "files cannot be read by this gateway."
    )
    async def table_rows(
        self,
        info: Info,
        table: Annotated[
            str, strawberry.argument(description="Its name, as `terminalTables` has it.")
        ],
        symbols: SymbolsArgument = None,
        fields: FieldsArgument = None,
        start: StartArgument = None,
        end: EndArgument = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> TablePage | None:
        for batch in (symbols, fields):
            checked_batch(info, batch or ())
        if not table:
            raise bad_request("table is empty; name one.", field="table")
        only = (tuple(symbols or ()), tuple(fields or ()))
        wanted = TableRequest(table, *only, start, end, checked_first(first))
        request = replace(wanted, after=key_of(wanted.scope, after))
        page = await info.context.gateway.lists.table_rows(request)
        cursors = [] if page.next is None else [cursor_of(wanted.scope, page.next)]
        return TablePage.from_domain(page, place_of(cursors, more=page.more))

"""Answers `instrument` and `instruments`."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from quantgraph.domain import instruments as domain
from quantgraph.domain.errors import bad_request, unknown_symbol
from resolvers.bars import SymbolArgument
from resolvers.pages import checked_batch, checked_first, cursor_of, key_of
from schema.context import Info
from schema.instruments import (
    Instrument,
    InstrumentConnection,
    InstrumentEdge,
    PageInfo,
    load_instrument,
)
from schema.scalars import Symbol


@strawberry.type
class InstrumentQueries:
    @strawberry.field(description="One instrument. Errors: UNKNOWN_SYMBOL.")
    async def instrument(self, info: Info, symbol: SymbolArgument) -> Instrument | None:
        found = await load_instrument(info, symbol)
        if found is None:
            raise unknown_symbol(symbol)
        return found

    @strawberry.field(
        description="Instruments in symbol order: those named, or those found by `search`, or all. "
        "Unknown symbols are left out. Errors: BAD_REQUEST, INVALID_CURSOR."
    )
    async def instruments(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol] | None, strawberry.argument(description="Only these symbols.")
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Start of a code, or any part of a name."),
        ] = None,
        first: Annotated[int, strawberry.argument(description="Page size, 1 to 500.")] = 50,
        after: Annotated[
            str | None, strawberry.argument(description="Cursor to go on behind.")
        ] = None,
    ) -> InstrumentConnection | None:
        checked_first(first)
        key = key_of("instrument", after)
        if symbols is not None and search is not None:
            raise bad_request("Give symbols or search, not both.")
        if symbols is None:
            found, more = await info.context.gateway.reference.search(search, first, key)
            return _page(found, more)
        checked_batch(info, symbols)
        chosen = sorted({each for each in symbols if key is None or each > key})
        known = await info.context.gateway.reference.instruments(chosen)
        listed = [each for each in known if each is not None]
        return _page(listed[:first], len(listed) > first)


def _page(found: Sequence[domain.Instrument], more: bool) -> InstrumentConnection:
    nodes = [Instrument.from_domain(each) for each in found]
    edges = [
        InstrumentEdge(cursor=cursor_of("instrument", node.symbol), node=node) for node in nodes
    ]
    end = edges[-1].cursor if edges else None
    return InstrumentConnection(
        edges=edges, nodes=nodes, page_info=PageInfo(has_next_page=more, end_cursor=end)
    )

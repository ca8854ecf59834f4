"""Answers `instrument` and `instruments`."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from quantgraph.domain import instruments as domain
from quantgraph.domain.errors import bad_request, unknown_symbol
from quantgraph.domain.instruments import Board, InstrumentKind, Market
from quantgraph.domain.searches import InstrumentSearch
from resolvers.bars import SymbolArgument
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
from schema.instruments import (
    Instrument,
    InstrumentConnection,
    InstrumentEdge,
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
        description="Instruments in symbol order that all filters hold for: those named, those "
        "found by `search`, or all. Unknown symbols are left out. Errors: BAD_REQUEST, "
        "INVALID_CURSOR, UNKNOWN_SECTOR."
    )
    async def instruments(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol] | None, strawberry.argument(description="Only these symbols.")
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Start of a code, any part of a name, or of its pinyin initials "
                "(拼音首字母), in any reading: 600519, 茅台 or gzmt."
            ),
        ] = None,
        markets: Annotated[
            list[Market] | None, strawberry.argument(description="Only of these exchanges.")
        ] = None,
        kinds: Annotated[
            list[InstrumentKind] | None, strawberry.argument(description="Only of these kinds.")
        ] = None,
        boards: Annotated[
            list[Board] | None, strawberry.argument(description="Only of these boards.")
        ] = None,
        sector: Annotated[
            str | None, strawberry.argument(description="Only present members of this sector.")
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> InstrumentConnection | None:
        checked_first(first)
        if symbols is not None and search is not None:
            raise bad_request("Give symbols or search, not both.")
        checked_batch(info, symbols or ())
        wanted = InstrumentSearch(
            text=search,
            markets=frozenset(markets or ()),
            kinds=frozenset(kinds or ()),
            boards=frozenset(boards or ()),
            sector=sector,
            symbols=None if symbols is None else frozenset(symbols),
        )
        key = key_of(wanted.scope, after)
        found, more = await info.context.gateway.reference.search(wanted, first, key)
        return _page(found, wanted.scope, more=more)


def _page(found: Sequence[domain.Instrument], scope: str, *, more: bool) -> InstrumentConnection:
    nodes = [Instrument.from_domain(each) for each in found]
    edges = [InstrumentEdge(cursor=cursor_of(scope, node.symbol), node=node) for node in nodes]
    return InstrumentConnection(
        edges=edges, nodes=nodes, page_info=place_of([edge.cursor for edge in edges], more=more)
    )

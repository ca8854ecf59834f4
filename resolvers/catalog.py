"""Answers what a terminal lists besides instruments."""

from datetime import date
from typing import Annotated

import strawberry

from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.instrument_tags import TagRequest
from quantgraph.domain.ipos import IpoRequest
from resolvers.bars import SymbolArgument
from resolvers.pages import checked_batch
from schema.bonds import ConvertibleBond
from schema.context import Info
from schema.etfs import EtfBasket
from schema.futures import MainContract
from schema.instrument_tags import InstrumentTags
from schema.ipos import Ipo
from schema.options import OptionChain
from schema.scalars import Symbol
from schema.selection import picked
from schema.terminal_subscriptions import TerminalSubscription
from schema.treatments import SpecialTreatment

_PRICED = frozenset({"price", "conversionValue", "premium"})


@strawberry.type
class CatalogQueries:
    @strawberry.field(
        description="Listed convertible bonds (可转债) by symbol; unknown ones are left out. "
        "Errors: BAD_REQUEST."
    )
    async def convertible_bonds(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol] | None,
            strawberry.argument(description="These bonds; absent or empty: any."),
        ] = None,
        stocks: Annotated[
            list[Symbol] | None,
            strawberry.argument(description="Bonds of these shares; absent or empty: any."),
        ] = None,
    ) -> list[ConvertibleBond] | None:
        for batch in (symbols, stocks):
            checked_batch(info, batch or ())
        request = BondRequest(
            tuple(symbols or ()),
            tuple(stocks or ()),
            valued=not _PRICED.isdisjoint(picked(info)),
        )
        found = await info.context.gateway.lists.bonds(request)
        return [ConvertibleBond.from_domain(each) for each in found]

    @strawberry.field(
        description="A fund's list of creation and redemption (申购赎回清单) for the present "
        "trading day. Errors: UNKNOWN_SYMBOL, NO_ETF_LIST."
    )
    async def etf_basket(self, info: Info, symbol: SymbolArgument) -> EtfBasket | None:
        return EtfBasket.from_domain(await info.context.gateway.lists.etf_basket(symbol))

    @strawberry.field(
        description="Option contracts (期权链) listed on an underlying on the present day, or on "
        "an earlier one. Errors: UNKNOWN_SYMBOL, BAD_REQUEST (a day to come), DATE_NOT_HELD (no "
        "list of that day is held: a download of OPTION_HISTORY brings them)."
    )
    async def option_chain(
        self,
        info: Info,
        underlying: Annotated[Symbol, strawberry.argument(description="Code with market.")],
        date: Annotated[
            date | None,
            strawberry.argument(
                description="As of this day: what was listed by then and had not expired; "
                "absent: the present one."
            ),
        ] = None,
    ) -> OptionChain | None:
        found = await info.context.gateway.lists.option_chain(underlying, date)
        return OptionChain.from_domain(found)

    @strawberry.field(
        description="The main contract (主力合约) of each trading day, oldest first, up to the "
        "present one; without start and end of the present day alone. Errors: UNKNOWN_PRODUCT, "
        "START_AFTER_END, ROW_LIMIT, CALENDAR_NOT_COVERED."
    )
    async def main_contracts(
        self,
        info: Info,
        product: Annotated[
            str, strawberry.argument(description="Code of the product, for example IF.")
        ],
        start: Annotated[
            date | None, strawberry.argument(description="First day; absent: the last one.")
        ] = None,
        end: Annotated[
            date | None, strawberry.argument(description="Last day; absent: the present one.")
        ] = None,
    ) -> list[MainContract] | None:
        request = MainRequest(product, start, end)
        found = await info.context.gateway.lists.main_contracts(request)
        return [MainContract.from_domain(each) for each in found]

    @strawberry.field(
        description="On which days shares were marked ST, *ST or PT (特别处理): by share in the "
        "order asked for, oldest first; nothing for shares that never were, and for unknown "
        "symbols. Errors: NOT_DOWNLOADED (a download of SPECIAL_TREATMENTS brings them), "
        "ROW_LIMIT, BAD_REQUEST."
    )
    async def special_treatments(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol], strawberry.argument(description="Shares; each counts once.")
        ],
    ) -> list[SpecialTreatment] | None:
        checked_batch(info, symbols)
        found = await info.context.gateway.lists.special_treatments(symbols)
        return [SpecialTreatment.from_domain(each) for each in found]

    @strawberry.field(
        description="Which of the terminal's own tags instruments have, finer than `kind` and "
        "`board`: by symbol in the order asked for; unknown symbols are left out. At most 1,000 "
        "symbols times tags in one request. Errors: BAD_REQUEST; TERMINAL_LACKS in mock."
    )
    async def instrument_tags(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol], strawberry.argument(description="Instruments; each counts once.")
        ],
        tags: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Names of the vendor's constants in xtstocktype without XT_, for "
                "example GE_EXTRA_ETF; absent or empty: all of them, about 370."
            ),
        ] = None,
    ) -> list[InstrumentTags] | None:
        for batch in (symbols, tags):
            checked_batch(info, batch or ())
        request = TagRequest(tuple(symbols), tuple(tags or ()))
        found = await info.context.gateway.lists.instrument_tags(request)
        return [InstrumentTags.from_domain(each) for each in found]

    @strawberry.field(
        description="What the terminal follows for the programs that are connected to it, this "
        "gateway among them, by program and code. Errors: ROW_LIMIT beyond 10,000; TERMINAL_LACKS "
        "in mock, and where the terminal is of no research edition."
    )
    async def terminal_subscriptions(
        self,
        info: Info,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Those with this text in program or code, in any case; absent: all."
            ),
        ] = None,
    ) -> list[TerminalSubscription] | None:
        found = await info.context.gateway.lists.terminal_subscriptions(search)
        return [TerminalSubscription.from_domain(each) for each in found]

    @strawberry.field(
        description="Announced new issues (新股申购) by subscription day and symbol. Errors: "
        "START_AFTER_END, ROW_LIMIT."
    )
    async def ipos(
        self,
        info: Info,
        start: Annotated[
            date | None, strawberry.argument(description="First subscription day, included.")
        ] = None,
        end: Annotated[
            date | None, strawberry.argument(description="Last subscription day, included.")
        ] = None,
    ) -> list[Ipo] | None:
        found = await info.context.gateway.lists.ipos(IpoRequest(start, end))
        return [Ipo.from_domain(each) for each in found]

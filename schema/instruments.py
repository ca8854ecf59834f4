"""Instruments, and the edges that join them to quotes and bars."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from quantgraph.domain import instruments as domain
from quantgraph.domain.bars import Adjustment, Period, window
from quantgraph.domain.instruments import Board, InstrumentKind, Market
from quantgraph.domain.rules.ticks import shown_tick
from quantgraph.domain.sources import Source
from schema.bars import BarSeries, bar_fields
from schema.calendar import DayArgument, SessionDay, find_session
from schema.context import BarKey, Info
from schema.quotes import Quote
from schema.rules import InstrumentRules
from schema.scalars import Symbol, TimeBound

if TYPE_CHECKING:  # a sector's members are instruments: at run time it is looked up late
    from schema.sectors import Sector

Start = Annotated[TimeBound | None, strawberry.argument(description="First bar's stamp, included.")]
End = Annotated[TimeBound | None, strawberry.argument(description="Last bar's stamp, included.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="The newest so many bars (up to `end`). Not together with `start`; 250 where "
        "neither is given."
    ),
]
PeriodArgument = Annotated[Period, strawberry.argument(description="Length of a bar.")]
AdjustmentArgument = Annotated[
    Adjustment, strawberry.argument(description="How to adjust prices for ex-right days.")
]


@strawberry.type(description="A tradable thing.")
class Instrument:
    symbol: Symbol = strawberry.field(description="Code with market.")
    name: str | None = strawberry.field(
        description="Chinese short name; null where no source gave one."
    )
    market: Market = strawberry.field(description="Exchange.")
    kind: InstrumentKind = strawberry.field(description="What sort of thing it is.")
    board: Board | None = strawberry.field(description="Segment; null where it has none.")
    price_tick: Decimal | None = strawberry.field(
        description="Smallest price step, yuan; null where no rule is known."
    )
    list_date: date | None = strawberry.field(description="First trading day; null if unknown.")
    delist_date: date | None = strawberry.field(
        description="First day it no longer trades; null if none is known."
    )
    is_st: bool = strawberry.field(description="Whether it is under risk warning (ST).")
    source: Source = strawberry.field(description="Where these facts come from.")

    @strawberry.field(description="Newest quote; null with an error where there is none.")
    async def quote(self, info: Info) -> Quote | None:
        return Quote.from_domain(await info.context.loaders.quote(self.symbol))

    @strawberry.field(description="Bars of this instrument; see `Query.bars`.")
    async def bars(
        self,
        info: Info,
        period: PeriodArgument = Period.DAY_1,
        start: Start = None,
        end: End = None,
        last: Last = None,
        adjustment: AdjustmentArgument = Adjustment.NONE,
    ) -> BarSeries | None:
        key = BarKey(self.symbol, period, window(start, end, last), adjustment, bar_fields(info))
        return BarSeries.from_domain(await info.context.loaders.bars(key))

    @strawberry.field(description="The sectors that it is in now, by name.")
    async def sectors(
        self, info: Info
    ) -> list[Annotated["Sector", strawberry.lazy(".sectors")]] | None:
        from schema.sectors import Sector as Shown

        found = await info.context.loaders.sectors_of(self.symbol)
        return [Shown.from_domain(each) for each in found]

    @strawberry.field(
        description="What an order must keep to on a day: price step, lot and price band. Errors: "
        "CALENDAR_NOT_COVERED."
    )
    async def rules(self, info: Info, date: DayArgument = None) -> InstrumentRules | None:
        return InstrumentRules.from_domain(await info.context.loaders.rules(self.symbol, date))

    @strawberry.field(
        description="What its exchange does at which time of a day. Errors: CALENDAR_NOT_COVERED, "
        "RULE_UNKNOWN."
    )
    async def session_phases(self, info: Info, date: DayArgument = None) -> SessionDay | None:
        return await find_session(info, domain.Segment(self.market, self.kind, self.board), date)

    @classmethod
    def from_domain(cls, found: domain.Instrument) -> "Instrument":
        """Show a domain instrument."""
        return cls(
            symbol=Symbol(found.symbol),
            name=found.name,
            market=found.market,
            kind=found.kind,
            board=found.board,
            price_tick=shown_tick(found),
            list_date=found.list_date,
            delist_date=found.delist_date,
            is_st=found.is_st,
            source=found.source,
        )


async def load_instrument(info: Info, symbol: str) -> Instrument | None:
    """Answer an edge to an instrument through the operation's loader."""
    found = await info.context.loaders.instrument(symbol)
    return None if found is None else Instrument.from_domain(found)


@strawberry.type(description="Where a page of a list ends.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more items follow.")
    end_cursor: str | None = strawberry.field(
        description="Give this as `after` for the next page; null on an empty page."
    )


@strawberry.type(description="An instrument in a list.")
class InstrumentEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Instrument = strawberry.field(description="The instrument.")


@strawberry.type(description="A page of instruments in symbol order.")
class InstrumentConnection:
    edges: list[InstrumentEdge] = strawberry.field(description="The instruments with cursors.")
    nodes: list[Instrument] = strawberry.field(description="The instruments alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")

"""What an account risks and what its strategies earn."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from quantgraph.domain import portfolio as domain
from schema.context import Info
from schema.instruments import Instrument, PageInfo, load_instrument
from schema.scalars import Long, Symbol

_WEIGHT = "Share of the gross exposure, 0 to 1, six decimals; null where that is not known or 0."


@strawberry.type(description="A symbol that could not be valued, and why.")
class Unvalued:
    symbol: Symbol = strawberry.field(description="Code with market.")
    code: str = strawberry.field(
        description="Stable code: PRICE_UNKNOWN, FILLS_MISMATCH, or that of the quote's failure."
    )
    message: str = strawberry.field(description="The reason in words; English.")
    message_zh: str = strawberry.field(description="The same in Chinese (中文说明).")

    @classmethod
    def from_domain(cls, each: domain.Unvalued) -> "Unvalued":
        """Show why a symbol has no value."""
        return cls(
            symbol=Symbol(each.symbol),
            code=each.code,
            message=each.message,
            message_zh=each.message_zh,
        )


@strawberry.type(description="One holding at the newest price, yuan.")
class Exposure:
    symbol: Symbol = strawberry.field(description="What is held.")
    quantity: Long = strawberry.field(description="Shares held.")
    price: Decimal | None = strawberry.field(
        description="Last price, before the first trade of the day the previous close; null if not "
        "known."
    )
    market_value: Decimal | None = strawberry.field(
        description="Quantity at that price, to the cent; null without a price."
    )
    weight: Decimal | None = strawberry.field(description=_WEIGHT)

    @strawberry.field(description="The instrument; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, each: domain.Exposure) -> "Exposure":
        """Show a holding's exposure."""
        return cls(
            symbol=Symbol(each.symbol),
            quantity=Long(each.quantity),
            price=each.price,
            market_value=each.market_value,
            weight=each.weight,
        )


@strawberry.type(description="Holdings of one sector together, yuan.")
class SectorExposure:
    sector: str | None = strawberry.field(
        description="Name of the sector; null for the holdings that are in no sector."
    )
    category: str | None = strawberry.field(
        description="Group that the sector belongs to; null if it has none."
    )
    symbols: list[Symbol] = strawberry.field(description="The holdings that are in it.")
    market_value: Decimal | None = strawberry.field(
        description="Their market values together; null where one is not known."
    )
    weight: Decimal | None = strawberry.field(description=_WEIGHT)

    @classmethod
    def from_domain(cls, each: domain.SectorExposure) -> "SectorExposure":
        """Show a sector's exposure."""
        return cls(
            sector=each.sector,
            category=each.category,
            symbols=[Symbol(symbol) for symbol in each.symbols],
            market_value=each.market_value,
            weight=each.weight,
        )


@strawberry.type(
    description="How much hangs on few holdings; null figures where nothing is held or a value is "
    "not known."
)
class Concentration:
    largest_symbol: Symbol | None = strawberry.field(
        description="The holding of the largest market value."
    )
    largest_weight: Decimal | None = strawberry.field(
        description="Its share of the gross exposure, 0 to 1, six decimals."
    )
    hhi: Decimal | None = strawberry.field(
        description="Herfindahl-Hirschman index: the sum of all squared weights, 0 to 1, six "
        "decimals. 1 is one holding alone, 1/n are n equal ones."
    )


@strawberry.type(
    description="Profit of one day after fees, yuan: what is held and was received, less what was "
    "held when the day began (at the previous close) and what was paid. Positions and fills are "
    "read one after the other: in the moment of a trade the figures may miss it."
)
class DayProfit:
    trading_day: date = strawberry.field(description="The day, a date in Asia/Shanghai.")
    realized: Decimal | None = strawberry.field(
        description="Of the shares sold: received less their previous close; shares bought on the "
        "day come last and count at the day's average cost. Null where a previous close is not "
        "known."
    )
    unrealized: Decimal | None = strawberry.field(
        description="Of the shares held: the change since the previous close, or since they were "
        "bought on the day. Null where a price is not known."
    )
    total: Decimal | None = strawberry.field(
        description="Both together; null where a price is not known."
    )


@strawberry.type(description="Risk of an account at one moment, yuan.")
class Risk:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    time: datetime = strawberry.field(description="The market's time that the figures are of.")
    buying_power: Decimal = strawberry.field(
        description="What buys may cost now, fees included: the free cash. Nothing is lent."
    )
    gross_exposure: Decimal | None = strawberry.field(
        description="Sum of the market values of all holdings; null where one cannot be valued."
    )
    exposures: list[Exposure] = strawberry.field(
        description="The holdings, the largest market value first."
    )
    sectors: list[SectorExposure] = strawberry.field(
        description="The holdings by sector, by name, those in no sector last. A symbol counts in "
        "each of its sectors: these may add up to more than the gross exposure."
    )
    concentration: Concentration = strawberry.field(description="How much hangs on few holdings.")
    day_profit: DayProfit = strawberry.field(description="Profit of the present day.")
    unvalued: list[Unvalued] = strawberry.field(
        description="The symbols whose price or trades are not known, each with the reason. A "
        "figure that needs one of them is null, never 0."
    )

    @classmethod
    def from_domain(cls, risk: domain.Risk) -> "Risk":
        """Show an account's risk."""
        few, day = risk.concentration, risk.day_profit
        largest = few.largest_symbol
        return cls(
            account_id=strawberry.ID(risk.account_id),
            time=risk.time,
            buying_power=risk.buying_power,
            gross_exposure=risk.gross_exposure,
            exposures=[Exposure.from_domain(each) for each in risk.exposures],
            sectors=[SectorExposure.from_domain(each) for each in risk.sectors],
            concentration=Concentration(
                largest_symbol=None if largest is None else Symbol(largest),
                largest_weight=few.largest_weight,
                hhi=few.hhi,
            ),
            day_profit=DayProfit(
                trading_day=day.trading_day,
                realized=day.realized,
                unrealized=day.unrealized,
                total=day.total,
            ),
            unvalued=[Unvalued.from_domain(each) for each in risk.unvalued],
        )


@strawberry.type(
    description="What the orders of one strategy did, out of the durable log; yuan, after fees. "
    "The cost of shares is the moving average of what the strategy itself bought, fees included."
)
class Strategy:
    name: str | None = strawberry.field(
        description="The label of its orders; null for the orders without one."
    )
    orders: Long = strawberry.field(description="Orders with this label.")
    open_orders: Long = strawberry.field(description="Those of them that are not final.")
    filled_quantity: Long = strawberry.field(description="Shares traded, bought and sold.")
    turnover: Decimal = strawberry.field(description="Money traded, bought and sold, without fees.")
    fees: Decimal = strawberry.field(
        description="Commission, stamp duty and transfer fees paid; handling and regulatory fees "
        "too where the commission does not include them."
    )
    realized_profit: Decimal = strawberry.field(
        description="Received for shares sold less their average cost."
    )
    unrealized_profit: Decimal | None = strawberry.field(
        description="Shares still held of those it bought, at the newest price, less their average "
        "cost; null where a price is not known."
    )
    unmatched_quantity: Long = strawberry.field(
        description="Shares sold that the strategy had not bought: their cost is not known, so "
        "they are in no profit."
    )
    unvalued: list[Unvalued] = strawberry.field(
        description="The symbols whose price is not known, each with the reason."
    )

    @classmethod
    def from_domain(cls, each: domain.Strategy) -> "Strategy":
        """Show what a strategy did."""
        return cls(
            name=each.name,
            orders=Long(each.orders),
            open_orders=Long(each.open_orders),
            filled_quantity=Long(each.filled_quantity),
            turnover=each.turnover,
            fees=each.fees,
            realized_profit=each.realized_profit,
            unrealized_profit=each.unrealized_profit,
            unmatched_quantity=Long(each.unmatched_quantity),
            unvalued=[Unvalued.from_domain(hidden) for hidden in each.unvalued],
        )


@strawberry.type(description="A page of strategies, by name.")
class StrategyConnection:
    edges: list["StrategyEdge"] = strawberry.field(description="The strategies with cursors.")
    nodes: list[Strategy] = strawberry.field(description="The strategies alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="A strategy in a list.")
class StrategyEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Strategy = strawberry.field(description="The strategy.")

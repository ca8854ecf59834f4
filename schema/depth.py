"""Deep order books, and whose money moved a symbol today."""

from datetime import datetime

import strawberry

from quantgraph.domain import depth as domain
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.sources import Source
from schema.quotes import Level
from schema.scalars import Long, Symbol

_TOLD = "null where the terminal does not tell it"
_UNIT = f"{_TOLD}, or not in what unit"


@strawberry.type(description="The present order book (盘口) of a symbol, deeper than a quote's.")
class OrderBook:
    symbol: Symbol = strawberry.field(description="Whose book this is.")
    time: datetime = strawberry.field(description="When it stood like this.")
    last_price: float | None = strawberry.field(
        description="Last traded price, yuan; null before the first trade of the day."
    )
    bids: list[Level] = strawberry.field(
        description="Up to 20 buying levels, best first; ten of the simulated market."
    )
    asks: list[Level] = strawberry.field(
        description="Up to 20 selling levels, best first; ten of the simulated market."
    )
    source: Source = strawberry.field(description="Where the book comes from.")

    @classmethod
    def from_domain(cls, book: domain.OrderBook) -> "OrderBook":
        """Show a domain book."""
        return cls(
            symbol=Symbol(book.symbol),
            time=from_ms(book.time),
            last_price=book.last_price,
            bids=[Level(price=each.price, quantity=Long(each.quantity)) for each in book.bids],
            asks=[Level(price=each.price, quantity=Long(each.quantity)) for each in book.asks],
            source=book.source,
        )


@strawberry.type(description="Money and shares since the opening of the day.")
class Flow:
    amount: float | None = strawberry.field(description=f"Money, yuan; {_TOLD}.")
    quantity: Long | None = strawberry.field(description=f"Shares; {_UNIT}.")
    amount_change: float | None = strawberry.field(
        description=f"Money that came with the last update, yuan; {_TOLD}."
    )
    quantity_change: Long | None = strawberry.field(
        description=f"Shares that came with the last update; {_UNIT}."
    )

    @classmethod
    def from_domain(cls, flow: domain.Flow) -> "Flow":
        """Show a domain flow."""
        return cls(
            amount=flow.amount,
            quantity=_long(flow.quantity),
            amount_change=flow.amount_change,
            quantity_change=_long(flow.quantity_change),
        )


@strawberry.type(
    description="A flow by the size of the orders that made it; the terminal draws the lines."
)
class SizedFlow:
    extra_large: Flow = strawberry.field(description="Of the largest orders (特大单).")
    large: Flow = strawberry.field(description="Of large orders (大单).")
    medium: Flow = strawberry.field(description="Of medium orders (中单).")
    small: Flow = strawberry.field(description="Of small orders (小单).")
    total: Flow = strawberry.field(description="Of all of them (累计).")

    @classmethod
    def from_domain(cls, flow: domain.SizedFlow) -> "SizedFlow":
        """Show a domain flow."""
        return cls(
            extra_large=Flow.from_domain(flow.extra_large),
            large=Flow.from_domain(flow.large),
            medium=Flow.from_domain(flow.medium),
            small=Flow.from_domain(flow.small),
            total=Flow.from_domain(flow.total),
        )


@strawberry.type(
    description="What came in less what went out (净流入), by the size of the orders; below zero "
    "where more went out."
)
class NetFlow:
    extra_large: Flow = strawberry.field(description="Of the largest orders (超大单).")
    large: Flow = strawberry.field(description="Of large orders (大单).")
    medium: Flow = strawberry.field(description="Of medium orders (中单).")
    small: Flow = strawberry.field(description="Of small orders (小单).")

    @classmethod
    def from_domain(cls, flow: domain.NetFlow) -> "NetFlow":
        """Show a domain flow."""
        return cls(
            extra_large=Flow.from_domain(flow.extra_large),
            large=Flow.from_domain(flow.large),
            medium=Flow.from_domain(flow.medium),
            small=Flow.from_domain(flow.small),
        )


@strawberry.type(
    description="Whose orders traded a symbol today (资金流向, 逐笔成交统计), as the terminal "
    "counts level-2 trades. The vendor names no unit of volumes: they are shares here where the "
    "day's prices tell it, null where they do not."
)
class MoneyFlow:
    symbol: Symbol = strawberry.field(description="Whose flows these are.")
    time: datetime = strawberry.field(description="When the terminal counted last.")
    active_buys: SizedFlow = strawberry.field(description="Buy orders that took (主买).")
    active_sells: SizedFlow = strawberry.field(description="Sell orders that took (主卖).")
    passive_buys: SizedFlow = strawberry.field(description="Buy orders that waited (被动买).")
    passive_sells: SizedFlow = strawberry.field(description="Sell orders that waited (被动卖).")
    net_inflow: NetFlow = strawberry.field(description="Buys less sells, by size.")
    buy_count: Long | None = strawberry.field(
        description=f"Number of buy orders that took; {_TOLD}."
    )
    sell_count: Long | None = strawberry.field(
        description=f"Number of sell orders that took; {_TOLD}."
    )
    buy_count_change: Long | None = strawberry.field(
        description=f"How many of these buys came with the last update; {_TOLD}."
    )
    sell_count_change: Long | None = strawberry.field(
        description=f"How many of these sells came with the last update; {_TOLD}."
    )
    trade_count_change: Long | None = strawberry.field(
        description=f"Number of trades that came with the last update; {_TOLD}."
    )
    net_order_quantity: Long | None = strawberry.field(
        description=f"Net quantity of waiting orders (净挂单量), shares; {_UNIT}."
    )
    net_withdrawn_quantity: Long | None = strawberry.field(
        description=f"Net quantity withdrawn (净撤单量), shares; {_UNIT}."
    )
    withdrawn_buy_quantity: Long | None = strawberry.field(
        description=f"Quantity of buy orders withdrawn (总撤买量), shares; {_UNIT}."
    )
    withdrawn_sell_quantity: Long | None = strawberry.field(
        description=f"Quantity of sell orders withdrawn (总撤卖量), shares; {_UNIT}."
    )
    ddx: float | None = strawberry.field(
        description=f"DDX (大单动向) as the terminal reckons it; {_TOLD}."
    )
    ddy: float | None = strawberry.field(
        description=f"DDY (涨跌动因) as the terminal reckons it; {_TOLD}."
    )
    ddz: float | None = strawberry.field(
        description=f"DDZ (大单差分) as the terminal reckons it; {_TOLD}."
    )
    source: Source = strawberry.field(description="Where the flows come from.")

    @classmethod
    def from_domain(cls, flow: domain.MoneyFlow) -> "MoneyFlow":
        """Show domain flows."""
        return cls(
            symbol=Symbol(flow.symbol),
            time=from_ms(flow.time),
            active_buys=SizedFlow.from_domain(flow.active_buys),
            active_sells=SizedFlow.from_domain(flow.active_sells),
            passive_buys=SizedFlow.from_domain(flow.passive_buys),
            passive_sells=SizedFlow.from_domain(flow.passive_sells),
            net_inflow=NetFlow.from_domain(flow.net_inflow),
            buy_count=_long(flow.buy_count),
            sell_count=_long(flow.sell_count),
            buy_count_change=_long(flow.buy_count_change),
            sell_count_change=_long(flow.sell_count_change),
            trade_count_change=_long(flow.trade_count_change),
            net_order_quantity=_long(flow.net_order_quantity),
            net_withdrawn_quantity=_long(flow.net_withdrawn_quantity),
            withdrawn_buy_quantity=_long(flow.withdrawn_buy_quantity),
            withdrawn_sell_quantity=_long(flow.withdrawn_sell_quantity),
            ddx=flow.ddx,
            ddy=flow.ddy,
            ddz=flow.ddz,
            source=flow.source,
        )


def _long(value: int | None) -> Long | None:
    return None if value is None else Long(value)


@strawberry.type(description="The single orders that wait at one price.")
class OrderQueue:
    level: int | None = strawberry.field(
        description="1 the best price of its side; null where the terminal does not number it."
    )
    price: float = strawberry.field(description="Price, yuan.")
    quantities: list[Long] = strawberry.field(
        description="What waits of each order, shares, the first one to trade first; as many as "
        "the exchange publishes."
    )

    @classmethod
    def from_domain(cls, queue: domain.OrderQueue) -> "OrderQueue":
        """Show a domain queue."""
        sizes = [Long(each) for each in queue.quantities]
        return cls(level=queue.level, price=queue.price, quantities=sizes)


@strawberry.type(description="The queues (委托队列) of a symbol in the book of a thousand levels.")
class OrderQueues:
    symbol: Symbol = strawberry.field(description="Whose queues these are.")
    time: datetime = strawberry.field(description="When they stood like this.")
    bids: list[OrderQueue] = strawberry.field(description="Buying levels, as the terminal lists.")
    asks: list[OrderQueue] = strawberry.field(description="Selling levels, as the terminal lists.")
    source: Source = strawberry.field(description="Where the queues come from.")

    @classmethod
    def from_domain(cls, queues: domain.OrderQueues) -> "OrderQueues":
        """Show domain queues."""
        return cls(
            symbol=Symbol(queues.symbol),
            time=from_ms(queues.time),
            bids=[OrderQueue.from_domain(each) for each in queues.bids],
            asks=[OrderQueue.from_domain(each) for each in queues.asks],
            source=queues.source,
        )


@strawberry.type(description="Where an order stands among those that wait.")
class OrderRank:
    symbol: Symbol = strawberry.field(description="Whose book this is.")
    price_rank: Long | None = strawberry.field(
        description="The terminal's rank of the order at its price (价内排名), in its own count; "
        "null where it cannot tell."
    )
    source: Source = strawberry.field(description="Where the rank comes from.")

    @classmethod
    def from_domain(cls, rank: domain.OrderRank) -> "OrderRank":
        """Show a domain rank."""
        return cls(
            symbol=Symbol(rank.symbol), price_rank=_long(rank.price_rank), source=rank.source
        )

"""Recorded market data finer than bars: snapshots and single trades."""

from datetime import datetime
from typing import Any, cast

import strawberry

from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TRADE_SIDES, TickColumns, TradeSide
from schema.level2 import shown
from schema.rows import RowList
from schema.scalars import Long, Symbol

_MISSING = "null where the recording has no value."


def _price(words: str) -> Any:  # noqa: ANN401 strawberry's own
    return strawberry.field(description=f"{words}, yuan; {_MISSING}")


def _count(words: str) -> Any:  # noqa: ANN401 strawberry's own
    return strawberry.field(description=f"{words}; {_MISSING}")


@strawberry.type(description="State of a symbol as the exchange published it at one instant.")
class Tick:
    time: datetime = strawberry.field(description="When.")
    last_price: float | None = _price("Price of the last trade")
    open: float | None = _price("First price of the day")
    high: float | None = _price("Highest price of the day so far")
    low: float | None = _price("Lowest price of the day so far")
    previous_close: float | None = _price("Reference price of the day")
    volume: Long | None = _count("Quantity traded that day so far, shares")
    amount: float | None = _price("Money traded that day so far")
    trade_count: Long | None = _count("Number of trades that day so far")
    bid_price_1: float | None = _price("Best buy price")
    bid_quantity_1: Long | None = _count("Quantity at the best buy price, shares")
    bid_price_2: float | None = _price("Second buy price")
    bid_quantity_2: Long | None = _count("Quantity at the second buy price, shares")
    bid_price_3: float | None = _price("Third buy price")
    bid_quantity_3: Long | None = _count("Quantity at the third buy price, shares")
    bid_price_4: float | None = _price("Fourth buy price")
    bid_quantity_4: Long | None = _count("Quantity at the fourth buy price, shares")
    bid_price_5: float | None = _price("Fifth buy price")
    bid_quantity_5: Long | None = _count("Quantity at the fifth buy price, shares")
    ask_price_1: float | None = _price("Best sell price")
    ask_quantity_1: Long | None = _count("Quantity at the best sell price, shares")
    ask_price_2: float | None = _price("Second sell price")
    ask_quantity_2: Long | None = _count("Quantity at the second sell price, shares")
    ask_price_3: float | None = _price("Third sell price")
    ask_quantity_3: Long | None = _count("Quantity at the third sell price, shares")
    ask_price_4: float | None = _price("Fourth sell price")
    ask_quantity_4: Long | None = _count("Quantity at the fourth sell price, shares")
    ask_price_5: float | None = _price("Fifth sell price")
    ask_quantity_5: Long | None = _count("Quantity at the fifth sell price, shares")


@strawberry.type(description="One deal between two orders.")
class Trade:
    time: datetime = strawberry.field(description="When.")
    price: float | None = _price("Price")
    quantity: Long | None = _count("Quantity, shares")
    amount: float | None = _price("Price times quantity")
    side: TradeSide | None = _count("Who took")
    trade_number: Long | None = _count("Number given by the exchange")


@strawberry.type(description="Recorded snapshots of one symbol, oldest first.")
class TickSeries:
    symbol: Symbol = strawberry.field(description="Whose snapshots these are.")
    source: Source = strawberry.field(description="Where they come from.")
    row_count: int = strawberry.field(description="Number of snapshots.")
    ticks: strawberry.Private[TickColumns]

    @strawberry.field(description="The snapshots; pick the fields you need, no more is read.")
    def rows(self) -> list[Tick]:
        return cast("list[Tick]", RowList(_tick, shown(self.ticks, {})))


@strawberry.type(description="Recorded trades of one symbol, oldest first.")
class TradeSeries:
    symbol: Symbol = strawberry.field(description="Whose trades these are.")
    source: Source = strawberry.field(description="Where they come from.")
    row_count: int = strawberry.field(description="Number of trades.")
    ticks: strawberry.Private[TickColumns]

    @strawberry.field(description="The trades; pick the fields you need, no more is read.")
    def rows(self) -> list[Trade]:
        return cast("list[Trade]", RowList(_trade, shown(self.ticks, {"side": TRADE_SIDES})))


def _nothing(record: type) -> dict[str, Any]:
    return dict.fromkeys(record.__annotations__)


def _tick(**values: Any) -> Tick:  # noqa: ANN401 every field has its own type
    return Tick(**(_NO_TICK | values))


def _trade(**values: Any) -> Trade:  # noqa: ANN401 every field has its own type
    return Trade(**(_NO_TRADE | values))


_NO_TICK, _NO_TRADE = _nothing(Tick), _nothing(Trade)

"""Plain Strawberry: strawberry.asgi.GraphQL, dataclass rows, no extension, the same scalars.

python -m bench.graphql.peers.plain_strawberry PORT FOLDER
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from bench.graphql.columns import FIELDS
from bench.graphql.peers import serving
from schema.scalars import SCALARS, Long, Symbol

_PORT, _COLUMNS = serving.arguments()
_SHANGHAI = timezone(timedelta(hours=8))


@strawberry.enum
class Period(Enum):
    MIN_1 = "MIN_1"
    DAY_1 = "DAY_1"


@strawberry.enum
class Mode(Enum):
    MOCK = "mock"
    PROD = "prod"


@strawberry.enum
class Side(Enum):
    BUY = "BUY"
    SELL = "SELL"


@strawberry.enum
class OrderState(Enum):
    WORKING = "WORKING"
    FILLED = "FILLED"


@strawberry.type
class Bar:
    time: datetime
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: Long | None
    amount: float | None


@strawberry.type
class BarSeries:
    symbol: Symbol
    period: Period
    rows: list[Bar]


@strawberry.type
class ServerInfo:
    version: str
    mode: Mode


@strawberry.type
class Order:
    id: strawberry.ID
    client_order_id: strawberry.ID | None
    state: OrderState
    quantity: Long
    limit_price: Decimal | None


@strawberry.type
class SubmitOrderSuccess:
    order: Order
    replayed: bool


@strawberry.type
class OrderRejected:
    code: str
    message: str


@strawberry.input
class SubmitOrderInput:
    account_id: strawberry.ID
    client_order_id: strawberry.ID
    symbol: Symbol
    side: Side
    quantity: Long
    limit_price: Decimal | None = None


def bars_of(last: int) -> list[Bar]:
    lists = [_COLUMNS[name][-last:].tolist() for name in FIELDS]
    lists[0] = [datetime.fromtimestamp(ms / 1000, _SHANGHAI) for ms in lists[0]]
    return [Bar(**dict(zip(FIELDS, row, strict=True))) for row in zip(*lists, strict=True)]


@strawberry.type
class Query:
    @strawberry.field
    async def bars(
        self, symbol: Symbol, period: Period = Period.DAY_1, last: int = 250
    ) -> BarSeries | None:
        return BarSeries(symbol=symbol, period=period, rows=bars_of(last))

    @strawberry.field
    async def server_info(self) -> ServerInfo:
        return ServerInfo(version="1", mode=Mode.MOCK)


_orders: dict[str, Order] = {}


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def submit_order(
        self,
        input: SubmitOrderInput,  # noqa: A002 the contract names it
    ) -> Annotated[SubmitOrderSuccess | OrderRejected, strawberry.union("SubmitOrderResult")]:
        known = _orders.get(input.client_order_id)
        if known is not None:
            return SubmitOrderSuccess(order=known, replayed=True)
        order = Order(
            id=strawberry.ID(f"order_{len(_orders) + 1}"),
            client_order_id=input.client_order_id,
            state=OrderState.WORKING,
            quantity=input.quantity,
            limit_price=input.limit_price,
        )
        _orders[input.client_order_id] = order
        return SubmitOrderSuccess(order=order, replayed=False)


if __name__ == "__main__":
    schema = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS))
    serving.run(GraphQL(schema), _PORT)

"""Orders that an operator ends because nobody can tell what became of them."""

from typing import Annotated

import strawberry

from quantgraph.domain import orders as domain
from schema.orders import Order
from schema.problems import OrderNotFound, OrderRejected, RateLimited, TradingDisabled


@strawberry.input(description="Which order to write off, by exactly one of the two ids, and why.")
class WriteOffOrderInput:
    account_id: strawberry.ID = strawberry.field(description="The order's account.")
    id: strawberry.ID | None = strawberry.field(default=None, description="Our id of the order.")
    client_order_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its submitter's key."
    )
    reason: str = strawberry.field(
        description="Why, for the order and the audit log: 1 to 200 printable characters."
    )

    def to_domain(self) -> domain.OrderKey:
        """Return the key that the services take."""
        return domain.OrderKey(self.account_id, self.id, self.client_order_id)


@strawberry.type(description="The order ended EXPIRED, with `rejectCode` WRITTEN_OFF.")
class WriteOffOrderSuccess:
    order: Order = strawberry.field(description="The order as it stands now.")


WriteOffOrderResult = Annotated[
    WriteOffOrderSuccess | OrderRejected | OrderNotFound | TradingDisabled | RateLimited,
    strawberry.union("WriteOffOrderResult", description="What became of a write-off."),
]

"""Orders that wait for a second key."""

from typing import Annotated

import strawberry

from quantgraph.domain import orders as domain
from schema.orders import Order
from schema.problems import OrderNotFound, OrderRejected, RateLimited, TradingDisabled


@strawberry.input(description="Which order to decide upon: exactly one of the two ids.")
class DecideOrderInput:
    account_id: strawberry.ID = strawberry.field(description="The order's account.")
    id: strawberry.ID | None = strawberry.field(default=None, description="Our id of the order.")
    client_order_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its submitter's key."
    )

    def to_domain(self) -> domain.OrderKey:
        """Return the key that the services take."""
        return domain.OrderKey(self.account_id, self.id, self.client_order_id)


@strawberry.type(description="The order was approved and is on its way.")
class ApproveOrderSuccess:
    order: Order = strawberry.field(description="The order as it stands now.")


@strawberry.type(description="The order ended REJECTED; it was never sent.")
class RejectOrderSuccess:
    order: Order = strawberry.field(description="The order as it stands now.")


ApproveOrderResult = Annotated[
    ApproveOrderSuccess | OrderRejected | OrderNotFound | TradingDisabled | RateLimited,
    strawberry.union("ApproveOrderResult", description="What became of an approval."),
]
RejectOrderResult = Annotated[
    RejectOrderSuccess | OrderRejected | OrderNotFound | RateLimited,
    strawberry.union("RejectOrderResult", description="What became of a refusal."),
]

"""Several orders at once: inputs, and what became of each."""

from datetime import datetime

import strawberry

from quantgraph.domain import batches as domain
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Side
from schema.orders import Order, SubmitOrderInput
from schema.problems import Problem
from schema.scalars import Symbol


@strawberry.type(description="Why an order is not taken, or not canceled.")
class OrderProblem(Problem):
    retry_at: datetime | None = strawberry.field(
        description="The first instant, by the gateway's clock, at which it may succeed; null "
        "where nobody knows."
    )

    @classmethod
    def from_domain(cls, error: GatewayError) -> "OrderProblem":
        """Show a domain error."""
        return cls(
            code=error.reason.value,
            message=error.message,
            message_zh=error.message_zh,
            retryable=error.retryable,
            retry_at=error.retry_at,
        )


@strawberry.type(description="What became of one order of a batch.")
class OrderOutcome:
    client_order_id: strawberry.ID | None = strawberry.field(
        description="The caller's key; null on EXTERNAL orders."
    )
    order: Order | None = strawberry.field(
        description="The order as it stands now; null where nothing was recorded."
    )
    replayed: bool = strawberry.field(
        description="True where the key was known: nothing new was sent."
    )
    problem: OrderProblem | None = strawberry.field(
        description="Why it was not taken, or not canceled; null where it was."
    )

    @classmethod
    def from_domain(cls, outcome: domain.OrderOutcome) -> "OrderOutcome":
        """Show what became of an order."""
        key, order, problem = outcome.client_order_id, outcome.order, outcome.problem
        return cls(
            client_order_id=None if key is None else strawberry.ID(key),
            order=None if order is None else Order.from_domain(order),
            replayed=outcome.replayed,
            problem=None if problem is None else OrderProblem.from_domain(problem),
        )


@strawberry.input(description="Several orders of one account, each under a key of its own.")
class SubmitOrdersInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account to trade for; every order names the same."
    )
    orders: list[SubmitOrderInput] = strawberry.field(
        description="The orders, 1 to `limits.batch_orders` of config.toml (50)."
    )

    def to_domain(self) -> domain.Batch:
        """Return the batch that the services take."""
        return domain.Batch(self.account_id, tuple(each.to_domain() for each in self.orders))


@strawberry.input(description="Which open orders to cancel.")
class CancelAllOrdersInput:
    account_id: strawberry.ID = strawberry.field(description="The account of the orders.")
    symbol: Symbol | None = strawberry.field(
        default=None, description="Only orders of this symbol; null: of all."
    )
    side: Side | None = strawberry.field(
        default=None, description="Only buys or only sells; null: both."
    )

    def to_domain(self) -> domain.CancelSweep:
        """Return the sweep that the services take."""
        return domain.CancelSweep(self.account_id, self.symbol, self.side)


@strawberry.type(description="What became of each order.")
class OrderOutcomes:
    results: list[OrderOutcome] = strawberry.field(
        description="One per order: of a submit in the order given, of a cancel the oldest first."
    )

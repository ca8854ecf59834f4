"""Approves and refuses orders that wait for a second key."""

from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from resolvers.access import require_account
from resolvers.problems import problem_of
from schema.approvals import (
    ApproveOrderResult,
    ApproveOrderSuccess,
    DecideOrderInput,
    RejectOrderResult,
    RejectOrderSuccess,
)
from schema.context import Info
from schema.orders import Order

OrderArgument = Annotated[DecideOrderInput, strawberry.argument(description="Which order.")]


@strawberry.type
class ApprovalMutations:
    @strawberry.mutation(
        description="Send an order that waits for approval (PENDING_APPROVAL): one of more value "
        "than `trading.limits.approval_above`. It takes another key than the submitter's and is "
        "judged anew; after a refusal it waits on, until `approvalUntil`."
    )
    async def approve_order(self, info: Info, input: OrderArgument) -> ApproveOrderResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            order = await info.context.gateway.trading.approve(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("approveOrder", error)
        return ApproveOrderSuccess(order=Order.from_domain(order))

    @strawberry.mutation(
        description="End an order that waits for approval: REJECTED (APPROVAL_REFUSED), never "
        "sent. Its submitter withdraws it by `cancelOrder`."
    )
    async def reject_order(self, info: Info, input: OrderArgument) -> RejectOrderResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            order = await info.context.gateway.trading.reject(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("rejectOrder", error)
        return RejectOrderSuccess(order=Order.from_domain(order))

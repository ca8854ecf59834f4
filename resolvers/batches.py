"""Answers `tradingLimits`; submits and cancels several orders at once."""

from typing import Annotated

import strawberry

from quantgraph.domain.access import Scope
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from schema.batches import CancelAllOrdersInput, OrderOutcome, OrderOutcomes, SubmitOrdersInput
from schema.context import Info
from schema.limits import TradingLimits


@strawberry.type
class LimitQueries:
    @strawberry.field(
        description="What an account may do, as its operator has set it, and what it has used of "
        "that. Errors: UNKNOWN_ACCOUNT; PRICE_UNKNOWN where an open order cannot be valued."
    )
    async def trading_limits(self, info: Info, account_id: AccountArgument) -> TradingLimits | None:
        require_account(info, account_id)
        found = await info.context.gateway.allowances.allowance(account_id)
        return TradingLimits.from_domain(found)


@strawberry.type
class BatchMutations:
    @strawberry.mutation(
        description="Submit several orders at once, each as `submitOrder` does: one refusal stops "
        "no other, none is tried again, and a repeat of the batch is answered with the earlier "
        "orders. Errors: UNKNOWN_ACCOUNT, BATCH_LIMIT, BAD_REQUEST; then nothing was submitted."
    )
    async def submit_orders(
        self,
        info: Info,
        input: Annotated[SubmitOrdersInput, strawberry.argument(description="Which orders.")],
    ) -> OrderOutcomes:
        require_account(info, input.account_id, Scope.TRADE)
        done = await info.context.gateway.batches.submit_all(input.to_domain())
        return OrderOutcomes(results=[OrderOutcome.from_domain(each) for each in done])

    @strawberry.mutation(
        description="Ask for the cancel of every order that is open now, those of unknown fate and "
        "those that a cancel was asked of included. Waits for room within the account's limit per "
        "second, up to 20 seconds; repeat it for what is RATE_LIMITED then. Errors: "
        "UNKNOWN_ACCOUNT."
    )
    async def cancel_all_orders(
        self,
        info: Info,
        input: Annotated[CancelAllOrdersInput, strawberry.argument(description="Which orders.")],
    ) -> OrderOutcomes:
        require_account(info, input.account_id, Scope.TRADE)
        done = await info.context.gateway.batches.cancel_all(input.to_domain())
        return OrderOutcomes(results=[OrderOutcome.from_domain(each) for each in done])

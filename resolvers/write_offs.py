"""Ends orders that nobody can tell the fate of."""

from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from resolvers.access import require_account
from resolvers.problems import problem_of
from schema.context import Info
from schema.orders import Order
from schema.write_offs import WriteOffOrderInput, WriteOffOrderResult, WriteOffOrderSuccess


@strawberry.type
class WriteOffMutations:
    @strawberry.mutation(
        description="End an UNKNOWN order that the terminal, asked right then, does not list: "
        "EXPIRED (WRITTEN_OFF). It no longer counts towards limits; should the terminal list it "
        "later, its word counts and the account is halted. A repeat returns it as it is. Scope "
        "admin."
    )
    async def write_off_order(
        self,
        info: Info,
        input: Annotated[WriteOffOrderInput, strawberry.argument(description="Which, and why.")],
    ) -> WriteOffOrderResult:
        try:
            require_account(info, input.account_id, Scope.ADMIN)
            order = await info.context.gateway.trading.write_off(input.to_domain(), input.reason)
        except errors.GatewayError as error:
            return problem_of("writeOffOrder", error)
        return WriteOffOrderSuccess(order=Order.from_domain(order))

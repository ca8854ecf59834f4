"""Answers `accounts` and `positions`."""

from typing import Annotated

import strawberry

from resolvers.access import require_account
from schema.accounts import Account, Position
from schema.context import Info

AccountArgument = Annotated[
    strawberry.ID, strawberry.argument(description="An account from `accounts`.")
]


@strawberry.type
class AccountQueries:
    @strawberry.field(description="The accounts that this key may see.")
    async def accounts(self, info: Info) -> list[Account] | None:
        found = await info.context.gateway.accounts.accounts()
        sees = info.context.principal.sees
        return [Account.from_domain(each) for each in found if sees(each.id)]

    @strawberry.field(description="Holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT.")
    async def positions(self, info: Info, account_id: AccountArgument) -> list[Position] | None:
        require_account(info, account_id)
        held = await info.context.gateway.accounts.positions(account_id)
        return [Position.from_domain(each) for each in held]

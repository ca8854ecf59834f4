"""Answers `accounts`, `accountsPage`, `positions` and `positionsPage`."""

from dataclasses import replace
from typing import Annotated

import strawberry

from quantgraph.domain import accounts as domain
from quantgraph.domain.accounts import (
    AccountQuery,
    AccountStatus,
    PositionQuery,
    account_page,
    position_page,
)
from resolvers.access import require_account
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_batch,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from schema.accounts import (
    Account,
    AccountConnection,
    AccountEdge,
    Position,
    PositionConnection,
    PositionEdge,
)
from schema.context import Info
from schema.futures_positions import FuturesPositionStatistics
from schema.ipos import IpoQuota
from schema.scalars import Symbol

AccountArgument = Annotated[
    strawberry.ID, strawberry.argument(description="An account from `accounts`.")
]

FuturesAccountArgument = Annotated[
    strawberry.ID, strawberry.argument(description="An account of futures.")
]


IdsFilter = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only these accounts.")
]
TerminalFilter = Annotated[
    str | None, strawberry.argument(description="Only accounts of this terminal.")
]
StatusFilter = Annotated[
    AccountStatus | None, strawberry.argument(description="Only accounts of this status.")
]


@strawberry.type
class AccountQueries:
    @strawberry.field(
        description="The accounts that this key may see and that match every filter given, by id."
    )
    async def accounts(
        self,
        info: Info,
        ids: IdsFilter = None,
        terminal: TerminalFilter = None,
        status: StatusFilter = None,
    ) -> list[Account] | None:
        query = AccountQuery(_chosen(ids), terminal, status)
        page = account_page(await _seen(info), query)
        return [Account.from_domain(each) for each in page.accounts]

    @strawberry.field(
        description="How many shares of one new issue an account may subscribe (新股申购额度) on "
        "the present day, by part of the market. Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE, "
        "TERMINAL_LACKS."
    )
    async def ipo_quotas(self, info: Info, account_id: AccountArgument) -> list[IpoQuota] | None:
        require_account(info, account_id)
        found = await info.context.gateway.ipo_quotas.ipo_quotas(account_id)
        return [IpoQuota.from_domain(each) for each in found]

    @strawberry.field(
        description="What an account of futures holds, by contract and direction, as the terminal "
        "adds it up (期货持仓统计); empty for an account for shares. Such an account is not among "
        "`accounts`, which are those that orders are sent for: its id is the one of its login. "
        "Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE, TIMED_OUT, TERMINAL_LACKS."
    )
    async def futures_position_statistics(
        self, info: Info, account_id: FuturesAccountArgument
    ) -> list[FuturesPositionStatistics] | None:
        require_account(info, account_id)
        port = info.context.gateway.futures_position_statistics
        found = await port.futures_position_statistics(account_id)
        return [FuturesPositionStatistics.from_domain(each) for each in found]

    @strawberry.field(
        description="The same accounts, a page at a time. Errors: BAD_REQUEST, "
        "INVALID_CURSOR (repeat the filters of the page before)."
    )
    async def accounts_page(
        self,
        info: Info,
        ids: IdsFilter = None,
        terminal: TerminalFilter = None,
        status: StatusFilter = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> AccountConnection | None:
        wanted = AccountQuery(_chosen(ids), terminal, status, checked_first(first))
        scope = wanted.scope()
        page = account_page(await _seen(info), replace(wanted, after=key_of(scope, after)))
        nodes = [Account.from_domain(each) for each in page.accounts]
        edges = [AccountEdge(cursor=cursor_of(scope, node.id), node=node) for node in nodes]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        return AccountConnection(edges=edges, nodes=nodes, page_info=place)

    @strawberry.field(description="Holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT.")
    async def positions(self, info: Info, account_id: AccountArgument) -> list[Position] | None:
        require_account(info, account_id)
        held = await info.context.gateway.accounts.positions(account_id)
        return [Position.from_domain(each) for each in held]

    @strawberry.field(
        description="Holdings of an account, by symbol, a page at a time. Errors: UNKNOWN_ACCOUNT, "
        "BAD_REQUEST, INVALID_CURSOR (repeat the filter of the page before)."
    )
    async def positions_page(
        self,
        info: Info,
        account_id: AccountArgument,
        symbols: Annotated[
            list[Symbol] | None, strawberry.argument(description="Only these symbols.")
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> PositionConnection | None:
        require_account(info, account_id)
        checked_batch(info, symbols or ())
        chosen = None if symbols is None else frozenset[str](symbols)
        wanted = PositionQuery(account_id, chosen, checked_first(first))
        query = replace(wanted, after=key_of(wanted.scope(), after))
        page = position_page(await info.context.gateway.accounts.positions(account_id), query)
        nodes = [Position.from_domain(each) for each in page.positions]
        scope = query.scope()
        edges = [PositionEdge(cursor=cursor_of(scope, node.symbol), node=node) for node in nodes]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        return PositionConnection(edges=edges, nodes=nodes, page_info=place)


async def _seen(info: Info) -> list[domain.Account]:
    sees = info.context.principal.sees
    return [each for each in await info.context.gateway.accounts.accounts() if sees(each.id)]


def _chosen(ids: list[strawberry.ID] | None) -> frozenset[str] | None:
    return None if ids is None else frozenset[str](ids)

"""Answers `risk` and `strategies`."""

import strawberry

from quantgraph.domain.portfolio import StrategyQuery
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from resolvers.pages import (
    AfterArgument,
    FirstArgument,
    checked_first,
    cursor_of,
    key_of,
    place_of,
)
from schema.context import Info
from schema.portfolio import Risk, Strategy, StrategyConnection, StrategyEdge


@strawberry.type
class PortfolioQueries:
    @strawberry.field(
        description="What an account risks now: exposure, concentration, the day's profit, buying "
        "power. Errors: UNKNOWN_ACCOUNT."
    )
    async def risk(self, info: Info, account_id: AccountArgument) -> Risk | None:
        require_account(info, account_id)
        return Risk.from_domain(await info.context.gateway.portfolio.risk(account_id))

    @strawberry.field(
        description="What the orders of each strategy did, by name, the orders without one first. "
        "Errors: UNKNOWN_ACCOUNT, BAD_REQUEST, INVALID_CURSOR; ROW_LIMIT where the account has "
        "traded under more than 50,000 pairs of strategy and symbol."
    )
    async def strategies(
        self,
        info: Info,
        account_id: AccountArgument,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> StrategyConnection | None:
        require_account(info, account_id)
        scope = StrategyQuery(account_id).scope()
        query = StrategyQuery(account_id, checked_first(first), key_of(scope, after))
        page = await info.context.gateway.portfolio.strategies(query)
        edges = [
            StrategyEdge(cursor=cursor_of(scope, each.key), node=Strategy.from_domain(each))
            for each in page.strategies
        ]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        nodes = [edge.node for edge in edges]
        return StrategyConnection(edges=edges, nodes=nodes, page_info=place)

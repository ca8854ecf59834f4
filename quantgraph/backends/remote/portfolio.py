"""What the agent's accounts risk, and what their strategies earn."""

from quantgraph.backends.remote.line import DeskLine
from quantgraph.domain.portfolio import Risk, StrategyPage, StrategyQuery
from quantgraph.v1 import portfolio_pb2
from quantgraph.wire.pages import token_of
from quantgraph.wire.portfolio import risk_from_proto, strategy_from_proto


class AgentPortfolio:
    """Implements `Portfolio`: the agent adds up its journal and its prices."""

    def __init__(self, line: DeskLine) -> None:
        """Ask nothing yet."""
        self._line = line

    async def risk(self, account_id: str) -> Risk:
        """Return the risk of an account now; see `ports.Portfolio`."""
        answer = await self._line.call(
            "PortfolioService/GetRisk",
            portfolio_pb2.GetRiskRequest(account_id=account_id),
            portfolio_pb2.GetRiskResponse,
        )
        return risk_from_proto(answer.risk)

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        """Return a page of an account's strategies, by name; see `ports.Portfolio`."""
        token = "" if query.after is None else token_of(query.scope(), query.after)
        request = portfolio_pb2.ListStrategiesRequest(
            account_id=query.account_id, page_size=query.first, page_token=token
        )
        answer = await self._line.call(
            "PortfolioService/ListStrategies", request, portfolio_pb2.ListStrategiesResponse
        )
        found = tuple(strategy_from_proto(each) for each in answer.strategies)
        return StrategyPage(found, bool(answer.next_page_token))

"""Answers PortfolioService; the call's frame has checked the account already."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.portfolio import StrategyQuery
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import portfolio_pb2
from quantgraph.v1.portfolio_pb2_grpc import PortfolioServiceServicer
from quantgraph.wire.pages import after_token, page_size, token_of
from quantgraph.wire.portfolio import risk_to_proto, strategy_to_proto

_PAGE = 50


class PortfolioServicer(PortfolioServiceServicer):
    """PortfolioService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._portfolio = gateway.portfolio

    async def GetRisk(
        self, request: portfolio_pb2.GetRiskRequest, context: object
    ) -> portfolio_pb2.GetRiskResponse:
        risk = await self._portfolio.risk(request.account_id)
        return portfolio_pb2.GetRiskResponse(risk=risk_to_proto(risk))

    async def ListStrategies(
        self, request: portfolio_pb2.ListStrategiesRequest, context: object
    ) -> portfolio_pb2.ListStrategiesResponse:
        scope = StrategyQuery(request.account_id).scope()
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(scope, request.page_token)
        page = await self._portfolio.strategies(StrategyQuery(request.account_id, size, after))
        token = token_of(scope, page.strategies[-1].key) if page.more else ""
        return portfolio_pb2.ListStrategiesResponse(
            strategies=[strategy_to_proto(each) for each in page.strategies], next_page_token=token
        )

"""Risk and strategies: the same on both wires, for the same fixture."""

from typing import Any

from grpc import aio

from quantgraph.domain.portfolio import StrategyQuery
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import portfolio_pb2
from quantgraph.v1.portfolio_pb2_grpc import PortfolioServiceStub
from quantgraph.wire.portfolio import risk_from_proto, strategy_from_proto
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.world import World
from tests.resolvers.asking import ask_world

UNVALUED = "unvalued { symbol code message messageZh }"


def shown(value: Any) -> str | None:
    return None if value is None else format(value, "f")


def reasons(unvalued: Any) -> list[dict[str, str]]:
    return [
        {"symbol": x.symbol, "code": x.code, "message": x.message, "messageZh": x.message_zh}
        for x in unvalued
    ]


async def test_risk_is_the_same_on_both_wires(channel: aio.Channel, world: World):
    ask = portfolio_pb2.GetRiskRequest(account_id="sim-1")
    risk = risk_from_proto((await PortfolioServiceStub(channel).GetRisk(ask)).risk)
    assert risk == await world.gateway.portfolio.risk("sim-1")
    answer = await ask_world(
        world,
        """{ risk(accountId: "sim-1") { accountId time buyingPower grossExposure
          exposures { symbol quantity price marketValue weight }
          sectors { sector category symbols marketValue weight }
          concentration { largestSymbol largestWeight hhi }
          dayProfit { tradingDay realized unrealized total } UNVALUED } }""".replace(
            "UNVALUED", UNVALUED
        ),
    )
    few, day = risk.concentration, risk.day_profit
    assert answer["data"]["risk"] == {
        "accountId": "sim-1",
        "time": "2024-03-01T10:00:00+08:00",
        "buyingPower": shown(risk.buying_power),
        "grossExposure": None,
        "exposures": [
            {
                "symbol": x.symbol, "quantity": x.quantity, "price": shown(x.price),
                "marketValue": shown(x.market_value), "weight": shown(x.weight),
            }
            for x in risk.exposures
        ],
        "sectors": [
            {
                "sector": x.sector, "category": x.category, "symbols": list(x.symbols),
                "marketValue": shown(x.market_value), "weight": shown(x.weight),
            }
            for x in risk.sectors
        ],
        "concentration": {
            "largestSymbol": few.largest_symbol,
            "largestWeight": shown(few.largest_weight),
            "hhi": shown(few.hhi),
        },
        "dayProfit": {
            "tradingDay": "2024-03-01", "realized": shown(day.realized),
            "unrealized": None, "total": None,
        },
        "unvalued": reasons(risk.unvalued),
    }  # fmt: skip


async def test_strategies_are_the_same_on_both_wires(channel: aio.Channel, world: World):
    stub = PortfolioServiceStub(channel)
    ask = portfolio_pb2.ListStrategiesRequest(account_id="sim-1", page_size=2)
    found = []
    while True:
        page = await stub.ListStrategies(ask)
        found += [strategy_from_proto(each) for each in page.strategies]
        if not page.next_page_token:
            break
        ask.page_token = page.next_page_token
    whole = await world.gateway.portfolio.strategies(StrategyQuery("sim-1"))
    assert tuple(found) == whole.strategies
    answer = await ask_world(
        world,
        """{ strategies(accountId: "sim-1") { nodes { name orders openOrders filledQuantity turnover
          fees realizedProfit unrealizedProfit unmatchedQuantity UNVALUED } } }""".replace(
            "UNVALUED", UNVALUED
        ),
    )
    assert answer["data"]["strategies"]["nodes"] == [
        {
            "name": x.name, "orders": x.orders, "openOrders": x.open_orders,
            "filledQuantity": x.filled_quantity, "turnover": shown(x.turnover),
            "fees": shown(x.fees), "realizedProfit": shown(x.realized_profit),
            "unrealizedProfit": shown(x.unrealized_profit),
            "unmatchedQuantity": x.unmatched_quantity, "unvalued": reasons(x.unvalued),
        }
        for x in found
    ]  # fmt: skip


async def test_a_token_of_another_accounts_strategies_is_refused(channel: aio.Channel):
    stub = PortfolioServiceStub(channel)
    first = await stub.ListStrategies(
        portfolio_pb2.ListStrategiesRequest(account_id="sim-1", page_size=1)
    )
    ask = portfolio_pb2.ListStrategiesRequest(
        account_id="sim-2", page_size=1, page_token=first.next_page_token
    )
    assert (await refused(stub.ListStrategies(ask))).reason is Reason.INVALID_CURSOR


async def test_an_unknown_account_has_no_risk(channel: aio.Channel):
    ask = portfolio_pb2.GetRiskRequest(account_id="x")
    refusal = await refused(PortfolioServiceStub(channel).GetRisk(ask))
    assert refusal.reason is Reason.UNKNOWN_ACCOUNT

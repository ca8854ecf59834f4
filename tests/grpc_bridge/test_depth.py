"""Books, flows and queues of a terminal that has them, on both wires."""

from decimal import Decimal

import pytest
from grpc import aio

from api.callers import Caller
from api.execution import Executor
from api.requests import GraphQLRequest
from api.slots import KeptTexts
from quantgraph.config import LimitsConfig
from quantgraph.domain.depth import QueueRequest, RankRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Side
from quantgraph.domain.ports.depth import NoDepth
from quantgraph.domain.reasons import Reason
from quantgraph.services.access import LOCAL
from quantgraph.v1 import depth_pb2
from quantgraph.v1.depth_pb2_grpc import DepthServiceStub
from quantgraph.wire.depth import (
    book_from_proto,
    flow_from_proto,
    queue_request_to_proto,
    queues_from_proto,
    rank_from_proto,
    rank_request_to_proto,
)
from resolvers.root import graphql_schema
from tests.grpc_bridge.memory.depth import book, flow
from tests.grpc_bridge.world import World

SYMBOLS = ["600519.SH", "999999.SH", "000001.SZ"]
FLOW = "{ amount quantity amountChange quantityChange }"
QUERY = f"""query($s: [Symbol!]!) {{ moneyFlows(symbols: $s) {{ symbol time
  activeBuys {{ large {FLOW} total {FLOW} }} activeSells {{ small {FLOW} }}
  netInflow {{ extraLarge {FLOW} }} tradeCountChange netOrderQuantity withdrawnBuyQuantity ddx ddz
  source }} }}"""


async def graphql(world: World, query: str, **variables: object):
    executor = Executor(graphql_schema, world.gateway, LimitsConfig(), KeptTexts(0))
    request, caller = GraphQLRequest(query, variables), Caller(LOCAL, "depth")
    return await executor.run(await executor.prepare(request, caller), request, caller)


@pytest.fixture
async def stub(channel: aio.Channel) -> DepthServiceStub:
    return DepthServiceStub(channel)


async def test_a_book_or_its_failure_stands_at_its_symbols_place(stub: DepthServiceStub):
    results = (await stub.ListOrderBooks(depth_pb2.ListOrderBooksRequest(symbols=SYMBOLS))).results
    assert [each.symbol for each in results] == SYMBOLS
    assert book_from_proto(results[0].book) == book("600519.SH")
    assert results[1].failure.code == "UNKNOWN_SYMBOL"


async def test_flows_or_their_failure_stand_at_their_symbols_place(stub: DepthServiceStub):
    results = (await stub.ListMoneyFlows(depth_pb2.ListMoneyFlowsRequest(symbols=SYMBOLS))).results
    assert [each.symbol for each in results] == SYMBOLS
    assert flow_from_proto(results[2].flow) == flow("000001.SZ")
    assert results[1].failure.code == "UNKNOWN_SYMBOL"
    # What nothing is told of is there all the same, as it is in GraphQL.
    assert results[0].flow.active_buys.HasField("total")
    assert not results[0].flow.active_buys.total.HasField("amount")


async def test_too_many_symbols_are_refused(stub: DepthServiceStub):
    many = ["600519.SH"] * 1_001
    for call in (
        stub.ListOrderBooks(depth_pb2.ListOrderBooksRequest(symbols=many)),
        stub.ListMoneyFlows(depth_pb2.ListMoneyFlowsRequest(symbols=many)),
    ):
        with pytest.raises(aio.AioRpcError) as refused:
            await call
        assert refused.value.code().name == "INVALID_ARGUMENT"


async def test_graphql_tells_the_same_flows(world: World):
    answer = await graphql(world, QUERY, s=SYMBOLS)
    shown, nobody, _ = answer["data"]["moneyFlows"]
    assert nobody is None
    told = flow("600519.SH")
    assert shown["activeBuys"]["large"] == {
        "amount": 2.0, "quantity": 200, "amountChange": -1.5, "quantityChange": None,
    }  # fmt: skip
    assert set(shown["activeBuys"]["total"].values()) == {None}
    assert shown["activeSells"]["small"]["quantity"] == told.active_sells.small.quantity
    assert shown["netInflow"]["extraLarge"]["amount"] == told.net_inflow.extra_large.amount
    figures = ("tradeCountChange", "netOrderQuantity", "withdrawnBuyQuantity", "ddx", "ddz")
    assert [shown[name] for name in figures] == [3, -100, None, 0.5, None]
    assert (shown["time"], shown["source"]) == ("2023-11-15T06:13:20+08:00", "TERMINAL")


async def test_queues_and_ranks_are_asked_for_alike_on_both_wires(
    stub: DepthServiceStub, world: World
):
    asked = QueueRequest("600519.SH", prices=(Decimal("9.99"),))
    queues = (await stub.GetOrderQueues(queue_request_to_proto(asked))).queues
    assert queues_from_proto(queues) == await world.gateway.depth.order_queues(asked)
    order = RankRequest("600519.SH", Side.BUY, 1_700_000_000_123, Decimal("9.99"), 500, 100)
    rank = (await stub.GetOrderRank(rank_request_to_proto(order))).rank
    assert rank_from_proto(rank).price_rank == 500
    answer = await graphql(
        world,
        """{ orderQueues(symbol: "600519.SH", prices: ["9.99"]) {
          bids { level price quantities } asks { price } time }
        buys: orderRank(symbol: "600519.SH", side: BUY, time: "2023-11-15T00:00:00Z",
          price: "9.99", quantity: 500, openQuantity: 100) { priceRank }
        sells: orderRank(symbol: "600519.SH", side: SELL, time: "2023-11-15T00:00:00Z",
          price: "9.99", quantity: 500, openQuantity: 100) { priceRank } }""",
    )
    assert answer["data"] == {
        "orderQueues": {
            "bids": [
                {"level": 1, "price": 10.0, "quantities": [100, 300]},
                {"level": None, "price": 9.99, "quantities": []},
            ],
            "asks": [],
            "time": "2023-11-15T06:13:20+08:00",
        },
        "buys": {"priceRank": 500},
        "sells": {"priceRank": None},
    }


@pytest.mark.parametrize(
    "arguments",
    ["", "levels: 0", "levels: 101", 'levels: 1, prices: ["9"]', 'prices: ["0"]', "prices: []"],
)
async def test_queues_of_no_levels_or_too_many_are_refused(world: World, arguments: str):
    given = f'(symbol: "600519.SH", {arguments})'
    answer = await graphql(world, f"{{ orderQueues{given} {{ time }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    many = QueueRequest("600519.SH", prices=(Decimal(9),) * 101)
    with pytest.raises(GatewayError):
        await world.gateway.depth.order_queues(many)


@pytest.mark.parametrize(("price", "whole", "left"), [("0", 1, 1), ("9", 1, 0), ("9", 1, 2)])
async def test_the_rank_of_no_order_is_refused(
    stub: DepthServiceStub, price: str, whole: int, left: int
):
    order = RankRequest("600519.SH", Side.BUY, 0, Decimal(price), whole, left)
    with pytest.raises(aio.AioRpcError) as refused:
        await stub.GetOrderRank(rank_request_to_proto(order))
    assert refused.value.code().name == "INVALID_ARGUMENT"


async def test_a_terminal_that_tells_nothing_of_it_says_so():
    none, order = NoDepth(), RankRequest("600519.SH", Side.BUY, 0, Decimal(9), 1, 1)
    for asking in (
        none.order_books(SYMBOLS),
        none.money_flows(SYMBOLS),
        none.order_queues(QueueRequest("600519.SH", 1)),
        none.order_rank(order),
    ):
        with pytest.raises(GatewayError) as refused:
            await asking
        assert refused.value.reason is Reason.TERMINAL_LACKS

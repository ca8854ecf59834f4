"""Books and flows of a terminal that has them, on both wires."""

import pytest
from grpc import aio

from api.callers import Caller
from api.execution import Executor
from api.requests import GraphQLRequest
from api.slots import KeptTexts
from quantgraph.config import LimitsConfig
from quantgraph.services.access import LOCAL
from quantgraph.v1 import depth_pb2
from quantgraph.v1.depth_pb2_grpc import DepthServiceStub
from quantgraph.wire.depth import book_from_proto, flow_from_proto
from resolvers.root import graphql_schema
from tests.grpc_bridge.memory.depth import book, flow
from tests.grpc_bridge.world import World

SYMBOLS = ["600519.SH", "999999.SH", "000001.SZ"]
FLOW = "{ amount quantity amountChange quantityChange }"
QUERY = f"""query($s: [Symbol!]!) {{ moneyFlows(symbols: $s) {{ symbol time
  activeBuys {{ large {FLOW} total {FLOW} }} activeSells {{ small {FLOW} }}
  netInflow {{ extraLarge {FLOW} }} tradeCountChange netOrderQuantity withdrawnBuyQuantity ddx ddz
  source }} }}"""


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
    executor = Executor(graphql_schema, world.gateway, LimitsConfig(), KeptTexts(0))
    request, caller = GraphQLRequest(QUERY, {"s": SYMBOLS}), Caller(LOCAL, "depth")
    response = await executor.run(await executor.prepare(request, caller), request, caller)
    shown, nobody, _ = response["data"]["moneyFlows"]
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

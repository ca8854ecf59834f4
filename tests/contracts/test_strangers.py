"""Somebody orders by hand in the terminal: both wires show it, and neither takes it for ours."""

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import grpc
import httpx
import pytest

from quantgraph.v1 import orders_pb2, simulation_pb2, types_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.simulation_pb2_grpc import SimulationServiceStub
from tests.contracts.test_incidents import Wires
from tests.grpc_bridge.calls import Refusal
from tests.resolvers.test_orders import CANCEL, low_price

INJECT = """mutation($input: InjectOrderInput!) { injectOrder(input: $input) { __typename
  ... on InjectOrderSuccess { injected { orderId brokerOrderId time } }
  ... on Problem { code message messageZh } } }"""
ORDER = """query($id: ID!) { order(accountId: "sim-1", id: $id) { clientOrderId brokerOrderId symbol
  side quantity filledQuantity limitPrice state origin } }"""
FILLS = """query($id: ID!) { fills(accountId: "sim-1", orderId: $id) { nodes { orderId quantity } }
}"""
USED = '{ tradingLimits(accountId: "sim-1") { used { openValue actionsToday } } }'


class Operated(Wires):
    """A gateway whose terminal somebody sits at."""

    def __init__(self, running: Any, channel: grpc.Channel, client: httpx.Client) -> None:
        super().__init__(running, channel, client)
        self.operator = SimulationServiceStub(channel)


@pytest.fixture(scope="module")
def wires(start_gateway: Any, tmp_path_factory: Any) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("strangers")
    with (
        start_gateway(folder, trading={"compare_seconds": 1}) as running,
        grpc.insecure_channel(running.addresses.grpc) as channel,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
    ):
        yield Operated(running, channel, client)


def inject(wires: Operated, like: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = ("accountId", "symbol", "side", "quantity", "limitPrice")
    given = {name: like[name] for name in names} | changes
    return wires.ask(INJECT, input=given)["injectOrder"]


def inject_rpc(wires: Operated, like: dict[str, Any], remark: str | None = None) -> Any:
    return wires.operator.InjectOrder(
        simulation_pb2.InjectOrderRequest(
            account_id=like["accountId"],
            symbol=like["symbol"],
            side=orders_pb2.SIDE_BUY,
            quantity=like["quantity"],
            limit_price=types_pb2.Decimal(value=like["limitPrice"]),
            remark=remark,
        )
    ).injected


def seen(
    wires: Operated, order_id: str, wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Ask until an order is as it is wanted; it is heard of a moment after it was placed."""
    end = time.monotonic() + 20
    while not ((found := wires.ask(ORDER, id=order_id)["order"]) and wanted(found)):
        assert time.monotonic() < end, found
    return found


def used(wires: Operated) -> tuple[Decimal, int]:
    told = wires.ask(USED)["tradingLimits"]["used"]
    return Decimal(told["openValue"]), told["actionsToday"]


def test_an_equal_order_by_hand_is_never_taken_for_ours(wires: Operated) -> None:
    log = wires.begin("LOST_ORDER times=1")
    wanted = wires.buy() | {"limitPrice": low_price(wires.ask)}
    ours = wires.submit(wanted)["order"]
    assert ours["state"] == "UNKNOWN"
    value, acts = used(wires)
    assert value == Decimal(wanted["limitPrice"]) * 100
    by_hand = inject(wires, wanted)["injected"]  # symbol, side, size and price are equal
    assert by_hand["orderId"] == f"ext_{by_hand['brokerOrderId']}"
    theirs = seen(wires, by_hand["orderId"], lambda each: each["state"] == "WORKING")
    assert theirs == {
        **{name: wanted[name] for name in ("symbol", "side", "quantity", "limitPrice")},
        "brokerOrderId": by_hand["brokerOrderId"],
        "clientOrderId": None,
        "filledQuantity": 0,
        "state": "WORKING",
        "origin": "EXTERNAL",
    }
    assert used(wires) == (value * 2, acts)  # it counts in exposure, and is no act of ours
    assert wires.submit_rpc(wanted).order.state == orders_pb2.ORDER_STATE_UNKNOWN
    asked = wires.ask(CANCEL, input={"accountId": "sim-1", "id": by_hand["orderId"]})
    assert asked["cancelOrder"]["__typename"] == "CancelOrderSuccess"
    told = wires.ended(log, "CANCELED")
    assert told[-1][1] == by_hand["orderId"]
    assert wires.told_rpc(log, len(told)) == told
    assert used(wires)[0] == value
    still = seen(wires, ours["id"], lambda each: True)
    assert (still["state"], still["brokerOrderId"], still["origin"]) == ("UNKNOWN", None, "OURS")


def test_its_fills_are_its_own_whichever_wire_injected_it(wires: Operated) -> None:
    log = wires.begin()
    wanted = wires.buy()  # trades as soon as it gets there
    ids = [inject(wires, wanted)["injected"]["orderId"]]
    seen(wires, ids[0], lambda each: each["state"] == "FILLED")
    ids.append(inject_rpc(wires, wires.buy(), "午后再看").order_id)
    seen(wires, ids[1], lambda each: each["state"] == "FILLED")
    stub: OrderServiceStub = wires.orders
    for each in ids:
        order = stub.GetOrder(orders_pb2.GetOrderRequest(account_id="sim-1", id=each)).order
        assert (order.origin, order.filled_quantity) == (orders_pb2.ORDER_ORIGIN_EXTERNAL, 100)
        fills = wires.ask(FILLS, id=each)["fills"]["nodes"]
        assert [fill["orderId"] for fill in fills] == [each] * len(fills)
        assert sum(fill["quantity"] for fill in fills) == 100
        request = orders_pb2.ListFillsRequest(account_id="sim-1", order_id=each)
        assert [fill.order_id for fill in stub.ListFills(request).fills] == [each] * len(fills)
    told = wires.ended(log, "FILLED")
    assert {each[1] for each in told} == {ids[0]}


def test_what_the_counter_would_refuse_is_refused_by_both_wires(wires: Operated) -> None:
    wanted = wires.buy() | {"limitPrice": "0.01"}
    refused = inject(wires, wanted)
    assert (refused["__typename"], refused["code"]) == ("SimulationRefused", "PRICE_BAND")
    with pytest.raises(grpc.RpcError) as caught:
        inject_rpc(wires, wanted)
    assert Refusal(caught.value).info.reason == "PRICE_BAND"
    nobody = inject(wires, wires.buy(), accountId="nobody")
    assert nobody["code"] == "UNKNOWN_ACCOUNT"

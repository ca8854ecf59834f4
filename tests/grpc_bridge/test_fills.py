"""Fills and filtered lists: the same on both wires, for the same fixture."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from grpc import aio

from quantgraph.domain.orders import Fill, OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import accounts_pb2, orders_pb2, types_pb2
from quantgraph.v1.accounts_pb2_grpc import AccountServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.wire.orders import fill_from_proto, order_from_proto
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.memory.system import NOW
from tests.grpc_bridge.world import World
from tests.resolvers.asking import ask_world


def fill(number: int, **changes: Any) -> Fill:
    wanted = {
        "id": f"f{number}", "order_id": f"mock_order_{number % 2}", "account_id": "sim-1",
        "symbol": "600519.SH" if number % 2 else "000001.SZ", "side": Side.SELL,
        "quantity": 100 + number, "price": Decimal("10.01"), "amount": Decimal("1001.00"),
        "fee": Decimal("5.13"), "time": NOW + timedelta(seconds=number),
    }  # fmt: skip
    return Fill(**{**wanted, **changes})


@pytest.fixture
def filled(world: World) -> World:
    world.fills.held = [fill(n) for n in range(5)] + [fill(9, account_id="sim-2")]
    return world


async def test_fills_are_the_same_on_both_wires(channel: aio.Channel, filled: World):
    stub = OrderServiceStub(channel)
    ask = orders_pb2.ListFillsRequest(account_id="sim-1", page_size=2)
    seen: list[Fill] = []
    while True:
        page = await stub.ListFills(ask)
        seen += [fill_from_proto(each) for each in page.fills]
        if not page.next_page_token:
            break
        ask.page_token = page.next_page_token
    assert seen == filled.fills.held[4::-1]
    shown = await ask_world(
        filled,
        """{ fills(accountId: "sim-1") { nodes {
          id orderId accountId symbol side quantity price amount fee time } } }""",
    )
    assert [
        {
            "id": each.id, "orderId": each.order_id, "accountId": "sim-1", "symbol": each.symbol,
            "side": "SELL", "quantity": each.quantity, "price": "10.01", "amount": "1001.00",
            "fee": "5.13", "time": f"2024-03-01T10:00:0{each.id[1:]}+08:00",
        }
        for each in seen
    ] == shown["data"]["fills"]["nodes"]  # fmt: skip


async def test_filters_and_tokens_of_fills_belong_together(channel: aio.Channel, filled: World):
    stub = OrderServiceStub(channel)
    ask = orders_pb2.ListFillsRequest(account_id="sim-1", symbol="000001.SZ", page_size=1)
    first = await stub.ListFills(ask)
    assert [each.id for each in first.fills] == ["f4"]
    ask.page_token = first.next_page_token
    ask.order_id = "mock_order_0"
    refusal = await refused(stub.ListFills(ask))
    assert (refusal.reason, refusal.fields) == (Reason.INVALID_CURSOR, ["page_token"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbol": "nothing"}, "symbol"),
        ({"page_size": -1}, "page_size"),
        ({"account_id": ""}, "account_id"),
        ({"start": types_pb2.TimeBound()}, "start"),
    ],
    ids=str,
)
async def test_a_wrong_field_of_a_fill_request_is_named(
    channel: aio.Channel, change: dict[str, Any], field: str
):
    ask = orders_pb2.ListFillsRequest(**{"account_id": "sim-1", **change})
    assert (await refused(OrderServiceStub(channel).ListFills(ask))).fields == [field]


async def test_orders_are_filtered_and_a_side_of_zero_is_refused(
    channel: aio.Channel, world: World
):
    stub = OrderServiceStub(channel)
    await world.submit(client_order_id="c1", side=Side.BUY)
    await world.submit(client_order_id="c2", side=Side.SELL)
    ask = orders_pb2.ListOrdersRequest(account_id="sim-1", side=orders_pb2.SIDE_SELL)
    assert [each.client_order_id for each in (await stub.ListOrders(ask)).orders] == ["c2"]
    ask.side = orders_pb2.SIDE_UNSPECIFIED
    assert (await refused(stub.ListOrders(ask))).fields == ["side"]
    day = types_pb2.Date(year=2024, month=1, day=2)
    swapped = orders_pb2.ListOrdersRequest(account_id="sim-1")
    swapped.start.date.CopyFrom(day)
    swapped.end.date.CopyFrom(types_pb2.Date(year=2024, month=1, day=1))
    assert (await refused(stub.ListOrders(swapped))).reason is Reason.START_AFTER_END


async def test_holdings_come_all_at_once_or_a_page_at_a_time(channel: aio.Channel, world: World):
    stub = AccountServiceStub(channel)
    [held] = await world.gateway.accounts.positions("sim-1")
    symbols = ["000001.SZ", "000858.SZ", "600519.SH"]

    async def positions(account_id: str) -> list[Any]:
        return [replace(held, symbol=each) for each in symbols]

    world.gateway.accounts.positions = positions
    whole = await stub.ListPositions(accounts_pb2.ListPositionsRequest(account_id="sim-1"))
    assert [each.symbol for each in whole.positions] == symbols
    ask = accounts_pb2.ListPositionsRequest(account_id="sim-1", page_size=2)
    first = await stub.ListPositions(ask)
    ask.page_token = first.next_page_token
    second = await stub.ListPositions(ask)
    assert [each.symbol for page in (first, second) for each in page.positions] == symbols
    ask.symbols.append("600519.SH")
    assert (await refused(stub.ListPositions(ask))).reason is Reason.INVALID_CURSOR
    ask.page_token = ""
    assert [each.symbol for each in (await stub.ListPositions(ask)).positions] == ["600519.SH"]


async def test_a_refused_order_is_rejected_on_both_wires(world: World, channel: aio.Channel):
    order = await world.submit()
    words = {"reject_code": "TICK_SIZE", "reject_message": "No.", "reject_message_zh": "不"}
    world.trading.held[order.id] = replace(order, state=OrderState.REJECTED, **words)
    found = await OrderServiceStub(channel).GetOrder(
        orders_pb2.GetOrderRequest(account_id="sim-1", id=order.id)
    )
    assert order_from_proto(found.order) == world.trading.held[order.id]
    assert found.order.state == orders_pb2.ORDER_STATE_REJECTED
    picked = "state rejectCode rejectMessage rejectMessageZh"
    shown = await ask_world(
        world, f'{{ order(accountId: "sim-1", id: "{order.id}") {{ {picked} }} }}'
    )
    assert shown["data"]["order"] == {
        "state": "REJECTED",
        "rejectCode": "TICK_SIZE",
        "rejectMessage": "No.",
        "rejectMessageZh": "不",
    }
    refused = await OrderServiceStub(channel).ListOrders(
        orders_pb2.ListOrdersRequest(account_id="sim-1", states=[orders_pb2.ORDER_STATE_ACCEPTED])
    )
    assert list(refused.orders) == []

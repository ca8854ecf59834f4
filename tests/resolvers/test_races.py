"""A thousand submits at once, through both wires: of one key, and against a halt."""

import asyncio
import json
from contextlib import AsyncExitStack
from decimal import Decimal

import grpc
import pytest
from websockets.asyncio.client import connect

from quantgraph.services import failpoints
from quantgraph.v1 import controls_pb2, controls_pb2_grpc, orders_pb2, orders_pb2_grpc
from tests.resolvers.test_connections import asker
from tests.resolvers.test_controls import RESUME

COUNT, SOCKETS = 1_000, 20
SYMBOL = "510300.SH"
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { replayed order { id state } } ... on Problem { code } } }"""
QUOTE = f'{{ quote(symbol: "{SYMBOL}") {{ previousClose }} }}'


@pytest.fixture(scope="module")
def own(tmp_path_factory, start_gateway):
    """A gateway whose limits let all of them through."""
    with start_gateway(tmp_path_factory.mktemp("races"), mock={"open_orders": 10_000}) as running:
        yield running


@pytest.fixture
def ask(own):
    ask = asker(own)
    yield ask
    ask(RESUME, input={"accountId": None})


@pytest.fixture
def calls(monkeypatch):
    """What the terminal has answered, as the gateway goes on from each call."""
    reached = []
    monkeypatch.setattr(failpoints, "hook", reached.append)
    return lambda name="after_call": reached.count(name)


@pytest.fixture
def price(ask):
    """A price that buys nothing today."""
    close = ask(QUOTE)["quote"]["previousClose"]
    return f"{Decimal(repr(close)) * Decimal('0.95'):.3f}"


async def by_socket(own, price, keys):
    """Submit each key over WebSockets, as many operations at a time as there are keys."""
    url = own.addresses.http.replace("http", "ws") + "/graphql"
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(connect(url, subprotocols=["graphql-transport-ws"]))
            for _ in range(SOCKETS)
        ]
        for socket in sockets:
            await socket.send('{"type": "connection_init"}')
            await socket.recv()
        parts = (keys[first::SOCKETS] for first in range(SOCKETS))
        asked = (_ask(*each, price) for each in zip(sockets, parts, strict=True))
        return [each for part in await asyncio.gather(*asked) for each in part]


async def _ask(socket, keys, price):
    for number, key in enumerate(keys):
        order = {
            "accountId": "sim-1", "clientOrderId": key, "symbol": SYMBOL, "side": "BUY",
            "quantity": 100, "limitPrice": price,
        }  # fmt: skip
        payload = {"query": SUBMIT, "variables": {"input": order}}
        message = {"id": str(number), "type": "subscribe", "payload": payload}
        await socket.send(json.dumps(message))
    answers = []
    while len(answers) < len(keys):
        message = json.loads(await socket.recv())
        if message["type"] == "next":
            done = message["payload"]["data"]["submitOrder"]
            order = done.get("order") or {"id": None}
            answers.append((done.get("code"), order["id"], done.get("replayed")))
    return answers


async def by_rpc(own, price, keys):
    """Submit each key by an rpc of its own, all on one channel."""
    async with grpc.aio.insecure_channel(own.addresses.grpc) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)

        async def submit(key):
            request = orders_pb2.SubmitOrderRequest(
                account_id="sim-1", client_order_id=key, symbol=SYMBOL,
                side=orders_pb2.SIDE_BUY, quantity=100,
                price_type=orders_pb2.PRICE_TYPE_LIMIT, limit_price={"value": price},
            )  # fmt: skip
            try:
                done = await stub.SubmitOrder(request)
            except grpc.aio.AioRpcError as error:
                return error.details(), None, None
            return None, done.order.id, done.replayed

        return await asyncio.gather(*(submit(key) for key in keys))


WIRES = pytest.mark.parametrize("wire", [by_socket, by_rpc])


@WIRES
async def test_a_thousand_submits_of_one_key_are_one_order_and_999_replays(own, price, calls, wire):
    answers = await wire(own, price, [f"one-{wire.__name__}"] * COUNT)
    assert {code for code, _, _ in answers} == {None}
    assert len({order for _, order, _ in answers}) == 1
    assert sum(replayed for _, _, replayed in answers) == COUNT - 1
    assert calls() == 1


@WIRES
async def test_of_a_thousand_racing_submits_none_is_sent_once_halt_has_returned(
    own, ask, price, calls, wire
):
    # A quick server may have sent all before the halt arrives: then the race is run again.
    for lap in range(10):
        before = calls()
        done, sent, answers = await _race(own, price, calls, (wire, lap))
        assert done.unanswered == 0
        assert calls() == sent
        placed = [code for code, _, _ in answers if code is None]
        assert len(placed) == sent - before
        refusals = {code for code, _, _ in answers if code is not None}
        assert all("halt" in code.lower() for code in refusals), refusals
        if refusals:
            return
        ask(RESUME, input={"accountId": None})
    pytest.fail("no halt came before the last of a thousand submits")


async def _race(own, price, calls, named):
    """Halt while a thousand submits are on their way; tell what was sent when it returned."""
    wire, lap = named
    keys = [f"race-{wire.__name__}-{lap}-{n}" for n in range(COUNT)]
    async with grpc.aio.insecure_channel(own.addresses.grpc) as channel:
        controls = controls_pb2_grpc.ControlServiceStub(channel)
        await channel.channel_ready()
        begun = calls("before_intent")
        racing = asyncio.create_task(wire(own, price, keys))
        while calls("before_intent") == begun:
            await asyncio.sleep(0)
        done = await controls.HaltTrading(controls_pb2.HaltTradingRequest())
        return done, calls(), await racing

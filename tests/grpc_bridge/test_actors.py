"""What lies below the wires can tell whose act it is, by which wire and from where."""

import asyncio

import httpx
import pytest
from grpc import aio

from api.app import build_app
from quantgraph.domain.access import GATEWAY, Actor, Wire, present_actor
from quantgraph.loading import load_config
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from resolvers.root import graphql_schema
from tests.grpc_bridge.world import World

CANCEL = """mutation { cancelOrder(input: {accountId: "sim-1", clientOrderId: "c1"}) {
  __typename } }"""


@pytest.fixture
async def seen(world: World) -> list[Actor]:
    """Who canceled, as a task that the port begins sees it."""
    order, actors = await world.submit(), []

    async def cancel(_):
        await asyncio.create_task(look())
        return order

    async def look():
        actors.append(present_actor())

    world.trading.cancel = cancel
    return actors


async def test_a_grpc_call_names_its_key_and_its_peer(channel: aio.Channel, seen: list[Actor]):
    request = orders_pb2.CancelOrderRequest(account_id="sim-1", client_order_id="c1")
    await OrderServiceStub(channel).CancelOrder(request, metadata=(("x-api-key", "trader"),))
    (actor,) = seen
    assert (actor.key_id, actor.wire) == ("k2", Wire.GRPC)
    assert actor.peer.startswith("ipv4:127.0.0.1:")


async def test_a_mutation_names_its_key_and_its_peer(world: World, seen: list[Actor]):
    app = build_app(graphql_schema, world.gateway, load_config(None, {"mode": "mock"}))
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    headers = {"x-api-key": "trader"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        await http.post("/graphql", json={"query": CANCEL}, headers=headers)
    assert seen == [Actor("k2", Wire.GRAPHQL, "192.0.2.7:4711")]


async def test_what_nobody_asked_for_is_the_gateways_own_act(world: World, seen: list[Actor]):
    await world.trading.cancel(None)
    assert seen == [GATEWAY]

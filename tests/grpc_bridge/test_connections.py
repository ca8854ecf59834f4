"""Accounts are connected, disconnected and told of by gRPC, as over GraphQL."""

from typing import Any

import grpc
import pytest
from grpc import aio

from quantgraph.domain.reasons import Reason
from quantgraph.v1 import accounts_pb2, streams_pb2
from quantgraph.v1.accounts_pb2_grpc import AccountServiceStub
from quantgraph.wire.accounts import event_from_proto
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.memory.system import NOW
from tests.grpc_bridge.world import World
from tests.resolvers.asking import ask_world

OFF, ON = accounts_pb2.ACCOUNT_STATUS_DISCONNECTED, accounts_pb2.ACCOUNT_STATUS_CONNECTED
KEY = (("x-api-key", "one"),)
DISCONNECT = """mutation { disconnectAccount(input: {accountId: "sim-1"}) { __typename
  ... on DisconnectAccountSuccess { changed account { id name terminal status } }
  ... on Problem { code } } }"""


async def test_a_repeat_changes_nothing_and_says_so_on_both_wires(
    channel: aio.Channel, world: World
):
    stub = AccountServiceStub(channel)
    ask = accounts_pb2.DisconnectAccountRequest(account_id="sim-1")
    first = await stub.DisconnectAccount(ask)
    again = await stub.DisconnectAccount(ask)
    assert (first.changed, again.changed) == (True, False)
    assert first.account == again.account
    shown = (await ask_world(world, DISCONNECT))["data"]["disconnectAccount"]
    assert shown == {
        "__typename": "DisconnectAccountSuccess",
        "changed": False,
        "account": {
            "id": first.account.id, "name": first.account.name,
            "terminal": first.account.terminal, "status": "DISCONNECTED",
        },
    }  # fmt: skip
    assert first.account.status == OFF
    back = await stub.ConnectAccount(accounts_pb2.ConnectAccountRequest(account_id="sim-1"))
    assert (back.changed, back.account.status) == (True, ON)


async def test_a_status_log_is_replayed_then_live(channel: aio.Channel, world: World):
    stub = AccountServiceStub(channel)
    await world.connections.disconnect("sim-1")
    ask = accounts_pb2.StreamAccountEventsRequest(account_id="sim-1", after_sequence=0)
    call = stub.StreamAccountEvents(ask)
    update, caught = [event_from_proto((await call.read()).event) for _ in range(2)]
    assert (update.sequence, update.account.status, update.time) == (1, "DISCONNECTED", NOW)
    assert (caught.kind, caught.account, caught.sequence) == ("CAUGHT_UP", None, 1)
    await world.connections.connect("sim-1")
    assert event_from_proto((await call.read()).event).account.status == "CONNECTED"
    call.cancel()
    fresh = stub.StreamAccountEvents(accounts_pb2.StreamAccountEventsRequest(account_id="sim-1"))
    assert (await fresh.read()).event.kind == streams_pb2.STREAM_KIND_SNAPSHOT
    fresh.cancel()


async def test_a_cursor_of_another_epoch_is_refused(channel: aio.Channel):
    ask = accounts_pb2.StreamAccountEventsRequest(account_id="sim-1", epoch="x", after_sequence=1)
    refusal = await refused(AccountServiceStub(channel).StreamAccountEvents(ask).read())
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, Reason.EPOCH_CHANGED)


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [
        ("ConnectAccount", accounts_pb2.ConnectAccountRequest),
        ("DisconnectAccount", accounts_pb2.DisconnectAccountRequest),
    ],
)
async def test_the_account_of_another_cannot_be_switched(
    channel: aio.Channel, world: World, rpc: str, request_: Any
):
    ask = request_(account_id="sim-2")
    refusal = await refused(getattr(AccountServiceStub(channel), rpc)(ask, metadata=KEY))
    assert refusal.reason is Reason.UNKNOWN_ACCOUNT
    assert world.connections.log == []


async def test_too_many_status_streams_on_one_connection_are_refused(
    channel: aio.Channel, world: World
):
    ask = accounts_pb2.StreamAccountEventsRequest(account_id="sim-1")
    stub = AccountServiceStub(channel)
    calls = [stub.StreamAccountEvents(ask) for _ in range(world.gateway.limits.subscriptions)]
    for call in calls:
        await call.read()
    refusal = await refused(stub.StreamAccountEvents(ask).read())
    assert refusal.reason is Reason.SUBSCRIPTION_LIMIT
    for call in calls:
        call.cancel()

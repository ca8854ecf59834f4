"""Every rpc asks for a key with the scope it needs, and hides the accounts of others."""

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc import aio

from grpc_bridge import access
from grpc_bridge.access import SCOPES, credential_of
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import accounts_pb2, orders_pb2, system_pb2
from quantgraph.v1.accounts_pb2_grpc import AccountServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.grpc_bridge.calls import call, empty_request, methods, path, refused
from tests.grpc_bridge.world import World
from tests.resolvers.asking import ask_world

EVERY = pytest.mark.parametrize("method", methods(), ids=path)
BOUND = [each for each in methods() if "account_id" in each.input_type.fields_by_name]


def key(text: str) -> Any:
    return (("x-api-key", text),)


def test_the_table_is_the_contract():
    ours = {name for name in SCOPES if name.startswith("/quantgraph.")}
    assert ours == {path(each) for each in methods()}


def test_only_probes_are_open():
    assert {name.split("/")[1] for name, scope in SCOPES.items() if scope is None} == {
        "grpc.health.v1.Health"
    }


def test_what_changes_anything_needs_the_trade_scope():
    trading = {name.split("/")[2] for name, scope in SCOPES.items() if scope is Scope.TRADE}
    assert trading == {
        "SubmitOrder",
        "SubmitOrders",
        "CancelAllOrders",
        "CancelOrder",
        "ConnectAccount",
        "DisconnectAccount",
        "HaltTrading",
        "ApproveOrder",
        "RejectOrder",
        "DisarmTrading",
        "SetDeadMan",
        "CreateSector",
        "RenameSector",
        "AddSectorMembers",
        "RemoveSectorMembers",
        "DeleteSector",
        "StartDownload",
        "CancelDownload",
    }


@EVERY
async def test_no_key_no_answer(channel: aio.Channel, world: World, method: MethodDescriptor):
    world.access.closed = True
    refusal = await refused(call(channel, method, b""))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.UNAUTHENTICATED,
        Reason.UNAUTHENTICATED,
    )


@EVERY
async def test_a_wrong_key_is_refused_even_where_none_is_needed(
    channel: aio.Channel, method: MethodDescriptor
):
    refusal = await refused(call(channel, method, b"", metadata=key("wrong")))
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED


@EVERY
async def test_an_rpc_without_a_scope_is_denied(
    channel: aio.Channel, monkeypatch: pytest.MonkeyPatch, method: MethodDescriptor
):
    rest = {name: scope for name, scope in SCOPES.items() if name != path(method)}
    monkeypatch.setattr(access, "SCOPES", rest)
    refusal = await refused(call(channel, method, b""))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.FORBIDDEN,
    )


@EVERY
async def test_the_scope_of_the_table_is_the_scope_that_counts(
    channel: aio.Channel, monkeypatch: pytest.MonkeyPatch, method: MethodDescriptor
):
    monkeypatch.setattr(access, "SCOPES", {**SCOPES, path(method): Scope.ADMIN})
    refusal = await refused(call(channel, method, b"", metadata=key("trader")))
    assert refusal.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "rpc", ["SubmitOrder", "CancelOrder", "ConnectAccount", "DisconnectAccount"]
)
async def test_a_reading_key_cannot_trade(channel: aio.Channel, world: World, rpc: str):
    method = next(each for each in methods() if each.name == rpc)
    request = empty_request(method)
    request.account_id = "sim-1"
    raw = request.SerializeToString()
    refusal = await refused(call(channel, method, raw, metadata=key("reader")))
    assert refusal.code is grpc.StatusCode.PERMISSION_DENIED
    assert (world.trading.log, world.connections.log) == ([], [])


@pytest.mark.parametrize("method", BOUND, ids=path)
async def test_the_account_of_another_does_not_exist(
    channel: aio.Channel, method: MethodDescriptor
):
    request = empty_request(method)
    found = []
    for account in ("sim-2", "nobody"):
        request.account_id = account
        raw = request.SerializeToString()
        refusal = await refused(call(channel, method, raw, metadata=key("ruler")))
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.NOT_FOUND,
            Reason.UNKNOWN_ACCOUNT,
        )
        found.append(refusal.error.message.replace(account, ""))
    assert found[0] == found[1]


@pytest.mark.parametrize("method", BOUND, ids=path)
async def test_an_empty_account_is_named_as_the_wrong_field(
    channel: aio.Channel, method: MethodDescriptor
):
    request = empty_request(method)
    request.account_id = ""  # where it may be absent, this is not
    refusal = await refused(call(channel, method, request.SerializeToString()))
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == ["account_id"]


@pytest.mark.parametrize("rpc", ["HaltTrading", "ResumeTrading", "DisarmTrading"])
async def test_the_whole_gateway_is_switched_by_keys_of_every_account_alone(
    channel: aio.Channel, world: World, rpc: str
):
    method = next(each for each in methods() if each.name == rpc)
    refusal = await refused(call(channel, method, b"", metadata=key("ruler")))
    assert refusal.code is grpc.StatusCode.PERMISSION_DENIED
    query = f"mutation {{ {rpc[0].lower()}{rpc[1:]}(input: {{}}) {{ __typename }} }}"
    shown = await ask_world(world, query, key="ruler")
    assert shown["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert world.gate.control(None) is None


async def test_a_key_sees_its_own_accounts_only(channel: aio.Channel):
    stub = AccountServiceStub(channel)
    ask = accounts_pb2.ListAccountsRequest()
    everything = await stub.ListAccounts(ask, metadata=key("reader"))
    assert [each.id for each in everything.accounts] == ["sim-1", "sim-2"]
    own = await stub.ListAccounts(ask, metadata=key("one"))
    assert [each.id for each in own.accounts] == ["sim-1"]


async def test_a_trading_key_trades_on_its_account(channel: aio.Channel, world: World):
    ticket = orders_pb2.SubmitOrderRequest(
        account_id="sim-1",
        client_order_id="c1",
        symbol="600519.SH",
        side=orders_pb2.SIDE_BUY,
        quantity=100,
    )
    answer = await OrderServiceStub(channel).SubmitOrder(ticket, metadata=key("one"))
    assert answer.order.id in world.trading.held


@pytest.mark.parametrize(
    "metadata",
    [
        (("x-api-key", "reader"),),
        (("authorization", "Bearer reader"),),
        (("authorization", "bearer reader"),),
        (("x-api-key", "reader"), ("authorization", "Basic whatever")),
    ],
)
async def test_a_key_is_read_from_either_place(channel: aio.Channel, world: World, metadata: Any):
    world.access.closed = True
    stub = SystemServiceStub(channel)
    assert (await stub.GetServerInfo(system_pb2.GetServerInfoRequest(), metadata=metadata)).info


@pytest.mark.parametrize("text", ["Basic abc", "Bearer", "Bearer ", "reader"])
def test_another_authorization_than_bearer_is_refused(text: str):
    with pytest.raises(Unauthenticated, match="authorization must read"):
        credential_of(aio.Metadata(("authorization", text)))

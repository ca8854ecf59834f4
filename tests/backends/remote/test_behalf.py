"""Whose act it is that a gateway passes on: the agent believes a gateway's key, and no other."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from quantgraph.domain.access import Actor, Naming, Scope, Terms, Wire, acting
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import OrderKey
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import orders_pb2
from quantgraph.wire.actors import HEADER, actor_from_headers, actor_to_headers
from tests.api.real import ACCOUNT, make_keys
from tests.backends.remote.agents import prod_agent
from tests.backends.remote.test_desk import ARM, fronted
from tests.grpc_bridge.calls import Refusal

OWN = Actor("k", Wire.GRPC)
GATEWAY = Terms(names=Naming.BELOW)
TRADING = {"programmatic_trading_reported": True, "limits": {"approval_above": "1000.00"}}
APPROVE = """mutation($id: ID!) { approveOrder(input: { accountId: "%s", id: $id }) { __typename
  ... on ApproveOrderSuccess { order { submittedBy approvedBy } }
  ... on Problem { code } } }""".replace("%s", ACCOUNT)  # fmt: skip


@asynccontextmanager
async def asked_by_two(terminal, folder, *, gateway):
    """Open an armed agent that wants approvals, a gateway over it, and a second key there."""
    async with prod_agent(terminal, folder / "agent", trading=TRADING) as beside:
        ring, terms = make_keys(folder / "agent", "prod")[0], GATEWAY if gateway else Terms()
        shown = ring.create(Scope.ADMIN, None, terms)
        (folder / "shown.key").write_text(shown)
        async with fronted(beside.agent, folder / "here", folder / "shown.key") as front:
            done = await front.ask(ARM, secret=beside.secret)
            assert done["armTrading"]["__typename"] == "ArmTradingSuccess"
            second = make_keys(folder / "here", "prod")[0].create(Scope.TRADE, None)
            yield beside, front, second, shown


def key_id(key):
    return key.split("_")[1]


async def test_two_people_behind_one_gateway_submit_and_approve(terminal, tmp_path):
    async with asked_by_two(terminal, tmp_path, gateway=True) as (beside, front, second, shown):
        made, _ = await front.submit("k1")
        refused = await front.ask(APPROVE, id=made)
        assert refused["approveOrder"]["code"] == "APPROVER_IS_SUBMITTER"
        asker = front._asker
        data, codes = await asker.ask(front.assembly, APPROVE, {"id": made}, second)
        assert codes == []
        names = [f"{key_id(shown)}/{key_id(each)}" for each in (front._key, second)]
        assert data["approveOrder"]["order"] == {
            "submittedBy": names[0],
            "approvedBy": names[1],
        }
        (listed,) = await terminal.counter.orders_today(ACCOUNT)
        far = await beside.agent.assembly.gateway.trading.order(OrderKey(ACCOUNT, made))
        assert far.broker_order_id == listed.broker_order_id


async def test_nobody_approves_an_order_of_his_own_under_a_name(terminal, tmp_path):
    async with asked_by_two(terminal, tmp_path, gateway=False) as (beside, front, second, shown):
        made, _ = await front.submit("k1")
        data, _ = await front._asker.ask(front.assembly, APPROVE, {"id": made}, second)
        assert data["approveOrder"]["code"] == "APPROVER_IS_SUBMITTER"
        far = await beside.agent.assembly.gateway.trading.order(OrderKey(ACCOUNT, made))
        assert far.submitted_by == key_id(shown)


async def test_a_name_that_is_none_is_refused(terminal, tmp_path):
    async with asked_by_two(terminal, tmp_path, gateway=True) as (beside, _, _, shown):
        request = orders_pb2.CancelOrderRequest(account_id=ACCOUNT, id="none")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{beside.agent.port}") as channel:
            cancel = channel.unary_unary(
                "/quantgraph.v1.OrderService/CancelOrder",
                orders_pb2.CancelOrderRequest.SerializeToString,
            )
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await cancel(request, metadata=(("x-api-key", shown), (HEADER, "a b")))
        assert Refusal(caught.value).reason.value == "BAD_REQUEST"


@pytest.mark.parametrize("names", list(Naming))
@pytest.mark.parametrize("name", ["", "/", "a/", "a b", "a\n", "键", "a" * 65, "a/b/c/d/e"])
def test_what_is_no_name_of_a_key_is_refused(name, names):
    with pytest.raises(GatewayError, match="key ids"):
        acting(OWN, Actor(name, Wire.GRAPHQL), names)


def test_names_join_over_gateways_and_other_keys_speak_for_themselves():
    named = Actor("g/u", Wire.GRAPHQL, "10.0.0.1:7")
    assert acting(OWN, named, Naming.BELOW) == replace(named, key_id="k/g/u")
    assert acting(OWN, named, Naming.OWN) == named
    assert acting(OWN, named, None) == OWN == acting(OWN, None, Naming.BELOW)


@given(st.builds(Actor, st.text(), st.sampled_from(Wire), st.text()))
def test_an_actor_survives_its_header(actor):
    headers = actor_to_headers(actor)
    assert actor_from_headers((("x-other", "1"), *headers)) == (actor if headers else None)
    assert all(value.isascii() and value.isprintable() for _, value in headers)


def test_a_gateways_key_stays_one_when_it_is_rotated(tmp_path):
    store = KeyStore(tmp_path / "keys.sqlite")
    plain, far = store.create(Scope.TRADE, None), store.create(Scope.TRADE, None, GATEWAY)
    new = store.rotate(key_id(far), timedelta())
    assert [getattr(store.check(each).terms, "names", None) for each in (plain, new)] == [
        None,
        Naming.BELOW,
    ]
    assert store.check(far) is None


def test_the_command_line_makes_a_gateways_key_and_lists_it(tmp_path):
    runner, where = CliRunner(), ["--data-dir", str(tmp_path)]
    far, plain = (
        key_id(runner.invoke(app, ["keys", "create", *options, *where]).stdout.split()[0])
        for options in (["--gateway", "--scope", "trade"], [])
    )
    lines = runner.invoke(app, ["keys", "list", *where]).stdout.splitlines()
    assert {line.split()[0]: line.endswith("gateway") for line in lines} == {
        far: True,
        plain: False,
    }

"""Trading is halted, reduced and resumed through both wires; it lasts, and cancels stay open."""

import json
from contextlib import ExitStack, contextmanager

import grpc
import pytest
from typer.testing import CliRunner
from websockets.sync.client import connect

from api.cli import app
from quantgraph.v1 import controls_pb2, controls_pb2_grpc, orders_pb2, orders_pb2_grpc, system_pb2
from tests.resolvers.test_connections import asker, order
from tests.resolvers.test_orders import CANCEL

STATUS = "status { accountId state cause reason since by armedUntil deadManAt }"
HALT = f"""mutation($input: HaltTradingInput!) {{ haltTrading(input: $input) {{ __typename
  ... on HaltTradingSuccess {{ changed unanswered {STATUS} }}
  ... on Problem {{ code message messageZh retryable }} }} }}"""
RESUME = f"""mutation($input: ResumeTradingInput!) {{ resumeTrading(input: $input) {{ __typename
  ... on ResumeTradingSuccess {{ changed {STATUS} }}
  ... on Problem {{ code message messageZh retryable }} }} }}"""
INFO = "{ serverInfo { tradingState trading { state cause reason by since } } }"
UPDATES = "subscription { tradingUpdates { kind status { state reason } } }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("controls")


@pytest.fixture(scope="module")
def own(folder, start_gateway):
    """A gateway of this module's own: no other test meets its halts."""
    with start_gateway(folder) as running:
        yield running


@pytest.fixture
def ask(own):
    ask = asker(own)
    yield ask
    for account in (None, "sim-1"):
        ask(RESUME, input={"accountId": account})


@contextmanager
def updates(running):
    url = running.addresses.http.replace("http", "ws") + "/graphql"
    with ExitStack() as stack:
        socket = stack.enter_context(connect(url, subprotocols=["graphql-transport-ws"]))
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(timeout=20))["type"] == "connection_ack"
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": UPDATES}}))

        def events():
            while (message := json.loads(socket.recv(timeout=20)))["type"] == "next":
                event = message["payload"]["data"]["tradingUpdates"]
                if event["kind"] != "HEARTBEAT":
                    yield event

        yield events()


def test_a_halt_stops_orders_of_both_wires_and_cancels_go_on(own, ask):
    live = order(ask, "h-live")["order"]["id"]
    done = ask(HALT, input={"reason": "too fast"})["haltTrading"]
    assert (done["changed"], done["unanswered"]) == (True, 0)
    status = done["status"]
    assert (status["state"], status["cause"], status["by"]) == ("HALTED", "OPERATOR", "local")
    assert (status["accountId"], status["reason"]) == (None, "too fast")
    assert status["since"].endswith("+08:00")
    refused = order(ask, "h-new")
    assert (refused["__typename"], refused["code"]) == ("TradingDisabled", "TRADING_HALTED")
    assert order(ask, "h-live")["replayed"]
    with grpc.insecure_channel(own.addresses.grpc) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)
        ticket = orders_pb2.SubmitOrderRequest(
            account_id="sim-1", client_order_id="h-rpc", symbol="000001.SZ",
            side=orders_pb2.SIDE_SELL, quantity=100, price_type=orders_pb2.PRICE_TYPE_OWN_BEST,
        )  # fmt: skip
        with pytest.raises(grpc.RpcError) as caught:
            stub.SubmitOrder(ticket)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "too fast" in caught.value.details()
    info = ask(INFO)["serverInfo"]
    assert info["tradingState"] == info["trading"]["state"] == "HALTED"
    assert ask('{ tradingStatus(accountId: "sim-1") { state } }')["tradingStatus"] == {
        "state": "HALTED"
    }
    canceled = ask(CANCEL, input={"accountId": "sim-1", "id": live})["cancelOrder"]
    assert canceled["__typename"] == "CancelOrderSuccess"


def test_an_account_may_only_reduce_until_it_is_resumed_by_grpc(own, ask):
    with grpc.insecure_channel(own.addresses.grpc) as channel:
        stub = controls_pb2_grpc.ControlServiceStub(channel)
        done = stub.HaltTrading(controls_pb2.HaltTradingRequest(account_id="sim-1", reducing=True))
        assert done.status.state == system_pb2.TRADING_STATE_REDUCING
        assert order(ask, "r-buy")["code"] == "TRADING_REDUCING"
        sold = order(ask, "r-sell", side="SELL", priceType="OPPOSITE_BEST", limitPrice=None)
        assert sold["__typename"] == "SubmitOrderSuccess"
        more = order(
            ask, "r-more", side="SELL", quantity=900_000, priceType="OWN_BEST", limitPrice=None
        )
        assert more["code"] == "INSUFFICIENT_SHARES"
        asked = controls_pb2.GetTradingStatusRequest(account_id="sim-1")
        assert stub.GetTradingStatus(asked).status == done.status
        back = stub.ResumeTrading(controls_pb2.ResumeTradingRequest(account_id="sim-1"))
        assert (back.changed, back.status.state) == (True, system_pb2.TRADING_STATE_ACTIVE)
    assert order(ask, "r-buy")["__typename"] == "SubmitOrderSuccess"


def test_a_change_is_told_at_once(own, ask):
    with updates(own) as events:
        assert next(events) == {"kind": "SNAPSHOT", "status": {"state": "ACTIVE", "reason": None}}
        ask(HALT, input={"reason": "now"})
        halted = next(events)
        assert halted == {"kind": "UPDATE", "status": {"state": "HALTED", "reason": "now"}}
        ask(RESUME, input={})
        assert next(events)["status"]["state"] == "ACTIVE"


def test_nobody_has_no_trading_to_halt(ask):
    for query, field in ((HALT, "haltTrading"), (RESUME, "resumeTrading")):
        refused = ask(query, input={"accountId": "nobody"})[field]
        assert (refused["__typename"], refused["code"]) == ("AccountNotFound", "UNKNOWN_ACCOUNT")


def test_a_halt_survives_a_restart(tmp_path, start_gateway):
    with start_gateway(tmp_path) as running:
        asker(running)(HALT, input={"accountId": "sim-1", "reason": "overnight"})
    with start_gateway(tmp_path) as running:
        ask = asker(running)
        refused = order(ask, "s-1")
        assert (refused["code"], "overnight" in refused["message"]) == ("TRADING_HALTED", True)
        assert ask(RESUME, input={"accountId": "sim-1"})["resumeTrading"]["changed"]
        assert order(ask, "s-1")["__typename"] == "SubmitOrderSuccess"


ARM = f"""mutation($input: ArmTradingInput!) {{ armTrading(input: $input) {{ __typename
  ... on ArmTradingSuccess {{ changed {STATUS} }}
  ... on Problem {{ code message messageZh retryable }} }} }}"""
DISARM = f"""mutation {{ disarmTrading(input: {{reason: "lunch"}}) {{ __typename
  ... on DisarmTradingSuccess {{ changed unanswered {STATUS} }} }} }}"""
TIMER = f"""mutation($input: SetDeadManInput!) {{ setDeadMan(input: $input) {{ __typename
  ... on SetDeadManSuccess {{ changed {STATUS} }}
  ... on Problem {{ code message messageZh retryable }} }} }}"""


def test_trading_that_must_be_armed_is_armed_with_the_second_secret(tmp_path, start_gateway):
    made = CliRunner().invoke(app, ["keys", "arming-secret", "--data-dir", str(tmp_path)])
    secret = made.stdout.split()[0]
    with start_gateway(tmp_path, trading={"require_arming": True}) as running:
        ask = asker(running)
        info = ask(INFO)["serverInfo"]["trading"]
        assert (info["state"], info["by"], info["cause"]) == ("DISARMED", "gateway", None)
        assert order(ask, "a-1")["code"] == "TRADING_DISARMED"
        wrong = ask(ARM, input={"secret": secret[:-1] + "x"})["armTrading"]
        assert (wrong["__typename"], wrong["code"]) == ("ControlRefused", "ARMING_SECRET_WRONG")
        assert secret[:-1] not in wrong["message"]
        done = ask(ARM, input={"secret": secret, "minutes": 30})["armTrading"]
        assert (done["changed"], done["status"]["state"]) == (True, "ACTIVE")
        assert done["status"]["armedUntil"].endswith("+08:00")
        assert order(ask, "a-1")["__typename"] == "SubmitOrderSuccess"
        gone = ask(DISARM)["disarmTrading"]
        assert (gone["status"]["state"], gone["status"]["reason"]) == ("DISARMED", "lunch")
        with grpc.insecure_channel(running.addresses.grpc) as channel:
            stub = controls_pb2_grpc.ControlServiceStub(channel)
            with pytest.raises(grpc.RpcError) as caught:
                stub.ArmTrading(controls_pb2.ArmTradingRequest(secret="qga_x"))
            assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
            armed = stub.ArmTrading(controls_pb2.ArmTradingRequest(secret=secret))
            assert armed.changed
    # Who armed trading is on record, with what is not.
    audit = (tmp_path / "mock" / "audit.sqlite").read_bytes()
    assert b"armTrading" in audit
    assert secret.encode() not in audit
    with start_gateway(tmp_path, trading={"require_arming": True}) as running:
        assert asker(running)(INFO)["serverInfo"]["tradingState"] == "DISARMED"


def test_a_dead_mans_timer_halts_and_cancels(own, ask):
    live = order(ask, "d-1")["order"]["id"]
    set_ = ask(TIMER, input={"accountId": "sim-1", "seconds": 1})["setDeadMan"]
    assert set_["changed"]
    assert set_["status"]["deadManAt"] is not None
    with grpc.insecure_channel(own.addresses.grpc) as channel:
        stub = controls_pb2_grpc.ControlServiceStub(channel)
        asked = controls_pb2.StreamTradingStatusRequest(account_id="sim-1")
        for each in stub.StreamTradingStatus(asked, timeout=20):
            if each.event.status.state == system_pb2.TRADING_STATE_HALTED:
                break
        assert each.event.status.cause == system_pb2.HALT_CAUSE_DEAD_MAN
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        events = orders.StreamOrderEvents(
            orders_pb2.StreamOrderEventsRequest(account_id="sim-1", after_sequence=0), timeout=20
        )
        canceled = orders_pb2.ORDER_STATE_CANCELED
        assert any(e.event.order.id == live and e.event.order.state == canceled for e in events)
    refused = ask(TIMER, input={"accountId": "nobody", "seconds": 1})["setDeadMan"]
    assert refused["code"] == "UNKNOWN_ACCOUNT"

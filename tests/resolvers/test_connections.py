"""Accounts are disconnected and connected through the wire; it lasts, and stops orders alone."""

import json
import uuid
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from websockets.sync.client import connect

from tests.resolvers.test_orders import CANCEL, SUBMIT, low_price

SWITCH = """mutation { %s(input: {accountId: "%s"}) { __typename
  ... on ConnectAccountSuccess { changed account { id status } }
  ... on DisconnectAccountSuccess { changed account { id status } }
  ... on Problem { code message messageZh retryable } } }"""
UPDATES = """subscription($epoch: ID, $after: Long) {
  accountUpdates(accountId: "sim-1", epoch: $epoch, afterSequence: $after) {
    kind epoch sequence time account { id status } source { connected } } }"""


def asker(running):
    def ask(query, **variables):
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{running.addresses.http}/graphql", json=body, timeout=20).json()
        assert "errors" not in answer, answer
        return answer["data"]

    return ask


def switch(ask, field, account="sim-1"):
    on, off = "ConnectAccountSuccess", "DisconnectAccountSuccess"
    query = SWITCH % (field, account)
    unused = off if field == "connectAccount" else on
    query = "\n".join(line for line in query.splitlines() if unused not in line)
    return ask(query)[field]


def order(ask, key, **changes):
    wanted = {"accountId": "sim-1", "clientOrderId": key, "symbol": "000001.SZ", "side": "BUY"}
    wanted |= {"quantity": 100, "limitPrice": low_price(ask), **changes}
    return ask(SUBMIT, input=wanted)["submitOrder"]


@contextmanager
def updates(running, **cursor):
    """The events of `accountUpdates` over a WebSocket, without heartbeats."""
    url = running.addresses.http.replace("http", "ws") + "/graphql"
    with ExitStack() as stack:
        socket = stack.enter_context(connect(url, subprotocols=["graphql-transport-ws"]))
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(timeout=20))["type"] == "connection_ack"
        payload = {"query": UPDATES, "variables": cursor}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

        def events():
            while (message := json.loads(socket.recv(timeout=20)))["type"] == "next":
                event = message["payload"]["data"]["accountUpdates"]
                if event["kind"] != "HEARTBEAT":
                    yield event
            yield message

        yield events()


@pytest.fixture
def own(start_gateway, tmp_path):
    """A gateway of the test's own: no other test meets its disconnected account."""
    with start_gateway(tmp_path) as running:
        yield running


def test_a_disconnected_account_takes_no_order_and_everything_else_goes_on(own):
    ask = asker(own)
    waiting = order(ask, "before")["order"]["id"]
    done = switch(ask, "disconnectAccount")
    assert done == {
        "__typename": "DisconnectAccountSuccess",
        "changed": True,
        "account": {"id": "sim-1", "status": "DISCONNECTED"},
    }
    key = uuid.uuid4().hex
    refused = order(ask, key)
    assert (refused["__typename"], refused["code"]) == ("TradingDisabled", "ACCOUNT_DISCONNECTED")
    assert "断开" in refused["messageZh"]
    # Known keys are answered, the account is read, its open order can be cancelled.
    again = order(ask, "before")
    assert (again["replayed"], again["order"]["id"]) == (True, waiting)
    found = ask("""{ accounts { status asset { cash } } positions(accountId: "sim-1") { symbol }
      risk(accountId: "sim-1") { buyingPower } fills(accountId: "sim-1") { nodes { id } } }""")
    assert found["accounts"][0]["status"] == "DISCONNECTED"
    assert found["accounts"][0]["asset"]["cash"]
    assert found["positions"]
    canceled = ask(CANCEL, input={"accountId": "sim-1", "id": waiting})["cancelOrder"]
    assert canceled["__typename"] == "CancelOrderSuccess"
    assert switch(ask, "connectAccount")["changed"] is True
    # The refusal consumed no key: the same order goes out now.
    assert order(ask, key)["replayed"] is False


def test_a_disconnect_outlives_a_restart_and_its_log_goes_on(start_gateway, tmp_path):
    with start_gateway(tmp_path) as running:
        switch(asker(running), "disconnectAccount")
        with updates(running, after=0) as events:
            first = next(events)
            assert (first["kind"], first["sequence"]) == ("UPDATE", 1)
            assert first["account"] == {"id": "sim-1", "status": "DISCONNECTED"}
    with start_gateway(tmp_path) as running:
        ask = asker(running)
        assert ask("{ accounts { status } }")["accounts"][0]["status"] == "DISCONNECTED"
        assert order(ask, "k")["code"] == "ACCOUNT_DISCONNECTED"
        assert switch(ask, "disconnectAccount")["changed"] is False
        with updates(running, after=1, epoch=first["epoch"]) as events:
            assert next(events)["kind"] == "CAUGHT_UP"
            switch(ask, "connectAccount")
            second = next(events)
        assert (second["sequence"], second["account"]["status"]) == (2, "CONNECTED")
        with updates(running) as events:
            snapshot = next(events)
        assert (snapshot["kind"], snapshot["sequence"]) == ("SNAPSHOT", 2)
        assert snapshot["time"] == second["time"]
        with updates(running, after=1, epoch="another") as events:
            error = next(events)
        assert error["payload"][0]["extensions"]["code"] == "EPOCH_CHANGED"


@pytest.mark.parametrize("field", ["connectAccount", "disconnectAccount"])
def test_an_account_that_is_not_there_is_never_connected(ask_mock, field):
    refused = switch(ask_mock, field, "anything")
    assert (refused["__typename"], refused["code"]) == ("AccountNotFound", "UNKNOWN_ACCOUNT")
    assert refused["retryable"] is False
    assert [each["id"] for each in ask_mock("{ accounts { id } }")["accounts"]] == ["sim-1"]


def test_connecting_what_is_connected_changes_nothing(ask_mock):
    done = switch(ask_mock, "connectAccount")
    assert (done["changed"], done["account"]["status"]) == (False, "CONNECTED")

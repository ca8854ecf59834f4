"""What a key holds open, as both wires of a running gateway tell it."""

import json
from contextlib import ExitStack

import grpc
import httpx
import pytest
from websockets.sync.client import connect

from quantgraph.v1 import quotes_pb2, system_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub

HELD = """{ mySubscriptions(first: 500) { id operation own openedAt accountId symbolCount
    deliveredCount conflatedCount waitingCount } }"""
SYMBOLS = '["600519.SH", "000001.SZ", "000858.SZ"]'


class Socket:
    """A WebSocket that subscribes and asks."""

    def __init__(self, gateway, stack):
        url = gateway.addresses.http.replace("http", "ws") + "/graphql"
        opened = connect(url, subprotocols=["graphql-transport-ws"], max_queue=None)
        self.socket = stack.enter_context(opened)
        self.say({"type": "connection_init"})
        assert self.hear()["type"] == "connection_ack"

    def say(self, message):
        self.socket.send(json.dumps(message))

    def hear(self):
        return json.loads(self.socket.recv(timeout=20))

    def start(self, name, query):
        self.say({"id": name, "type": "subscribe", "payload": {"query": query}})

    def next(self, name):
        while True:
            message = self.hear()
            if message["id"] == name and message["type"] == "next":
                return message["payload"]["data"]

    def held(self):
        self.start("q", HELD)
        return self.next("q")["mySubscriptions"]


@pytest.fixture
def sockets(gateway):
    with ExitStack() as stack:
        yield lambda: Socket(gateway, stack)


def listed(ask, operation):
    return [each for each in ask(HELD)["mySubscriptions"] if each["operation"] == operation]


def test_a_connection_is_told_what_it_holds_and_how_it_keeps_up(sockets, ask_mock):
    one, other = sockets(), sockets()
    one.start("1", f"subscription {{ quotes(symbols: {SYMBOLS}) {{ kind symbol }} }}")
    for _ in range(3):
        assert one.next("1")["quotes"]["kind"] == "SNAPSHOT"
    one.start("2", 'subscription { bars(symbol: "600519.SH", period: DAY_1) { kind } }')
    assert one.next("2")["bars"]["kind"] == "SNAPSHOT"
    mine = {each["operation"]: each for each in one.held() if each["own"]}
    assert mine.keys() == {"quotes", "bars"}
    quotes, bars = mine["quotes"], mine["bars"]
    assert (quotes["symbolCount"], quotes["accountId"]) == (3, None)
    assert quotes["deliveredCount"] >= 3
    assert (bars["symbolCount"], bars["deliveredCount"] >= 1) == (1, True)
    ids = {each["id"] for each in mine.values()}
    assert {each["id"] for each in other.held() if not each["own"]} >= ids
    assert {each["id"] for each in ask_mock(HELD)["mySubscriptions"]} >= ids
    one.say({"id": "1", "type": "complete"})
    while any(each["id"] == quotes["id"] for each in one.held()):
        pass


def test_who_joins_readers_in_step_begins_to_count_then(sockets, ask_mock):
    text = 'subscription { quotes(symbols: ["600000.SH"]) { kind sequence } }'
    early, late = sockets(), sockets()
    early.start("1", text)
    while early.next("1")["quotes"]["kind"] != "UPDATE":
        pass
    late.start("1", text)
    for _ in range(3):
        late.next("1")
    counts = [each["deliveredCount"] for each in listed(ask_mock, "quotes")][:2]
    assert counts[0] < counts[1]


def test_a_log_is_told_with_its_account_and_its_lag(sockets, ask_mock):
    socket = sockets()
    socket.start("1", 'subscription { orderUpdates(accountId: "sim-1") { kind } }')
    while socket.next("1")["orderUpdates"]["kind"] != "CAUGHT_UP":
        pass
    found = listed(ask_mock, "orderUpdates")[0]
    assert (found["accountId"], found["symbolCount"]) == ("sim-1", None)
    assert (found["conflatedCount"], found["waitingCount"]) == (0, 0)


def test_who_follows_the_trading_state_is_counted_too(sockets, ask_mock, gateway):
    socket = sockets()
    socket.start("1", 'subscription { tradingUpdates(accountId: "sim-1") { kind } }')
    assert socket.next("1")["tradingUpdates"]["kind"] == "SNAPSHOT"
    found = listed(ask_mock, "tradingUpdates")[0]
    assert (found["accountId"], found["symbolCount"]) == ("sim-1", None)
    assert (found["deliveredCount"], found["waitingCount"]) == (1, 0)
    assert found["conflatedCount"] is None
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        held = SystemServiceStub(channel).ListSubscriptions(system_pb2.ListSubscriptionsRequest())
    [same] = [each for each in held.streams if each.id == found["id"]]
    assert (same.delivered_count, same.HasField("conflated_count")) == (1, False)


def test_the_streams_of_both_wires_are_told_by_both(gateway, ask_mock):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        watched = quotes_pb2.WatchQuotesRequest(symbols={"symbols": ["600519.SH"]})
        call = QuoteServiceStub(channel).WatchQuotes(watched, timeout=30)
        next(call)
        found = listed(ask_mock, "QuoteService/WatchQuotes")[0]
        assert (found["own"], found["symbolCount"]) == (False, 1)
        ask = system_pb2.ListSubscriptionsRequest()
        told = SystemServiceStub(channel).ListSubscriptions(ask, timeout=30).streams
        (same,) = [each for each in told if each.id == found["id"]]
        assert same.own
        assert same.delivered_count >= found["deliveredCount"] >= 1
        call.cancel()


def test_a_wrong_number_is_refused(ask_mock, gateway):
    for first in (0, 501):
        query = {"query": f"{{ mySubscriptions(first: {first}) {{ id }} }}"}
        answer = httpx.post(gateway.addresses.http + "/graphql", json=query).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

"""Every incident of a real terminal as both wires tell it: submitted by one, repeated by the other.

The gateway runs at 200 times real time, so that delays of minutes take a second.
"""

import random
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Any

import grpc
import httpx
import pytest

from quantgraph.domain.incidents import Incident
from quantgraph.v1 import orders_pb2, streams_pb2, system_pb2, types_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.grpc_bridge.calls import Refusal
from tests.resolvers.test_orders import SUBMIT, Log

SYMBOL = "000001.SZ"
QUOTE = """query($of: Symbol!) { quote(symbol: $of) { asks { price } }
  serverInfo { tradingState backends { connected } } }"""
SWITCH = """mutation($settings: [String!]!) { setFaults(input: { settings: $settings }) {
  __typename ... on Problem { code } } }"""
RESUME = 'mutation { resumeTrading(input: { accountId: "sim-1" }) { __typename } }'
DONE = ["ACCEPTED", "SENT", "WORKING", "FILLED"]
DOUBT = ["ACCEPTED", "SENT", "UNKNOWN", "FILLED"]
LATE = ["ACCEPTED", "SENT", "UNKNOWN", "WORKING", "FILLED"]
LOST = ["ACCEPTED", "SENT", "UNKNOWN", "REJECTED"]
REFUSED = ["ACCEPTED", "SENT", "WORKING", "REJECTED"]
# What the order goes through, as `orderUpdates` tells it; a state that only timing decides is left
# out where it may come in between.
WAYS = {
    Incident.CALLBACK_FIRST: DONE,
    Incident.DUPLICATE_CALLBACKS: DONE,
    Incident.REORDERED_CALLBACKS: DONE,
    Incident.LOST_CALLBACK: DONE,
    Incident.STATUS_UNKNOWN: DONE,
    Incident.REJECTED_TWICE: REFUSED,
    Incident.ERROR_WITHOUT_IDS: REFUSED,
    Incident.MINUS_ONE: DONE,
    Incident.LATE_EXECUTION: LATE,
    Incident.LOST_ORDER: LOST,
    Incident.SLOW_ANSWER: DONE,
    Incident.DISCONNECT: DOUBT,
    Incident.SLOW_LIST: DONE,
    Incident.NO_STRATEGY_NAME: DONE,
    Incident.UNLISTED_STATUS: DONE,
}


class Told(Log):
    QUERY = """subscription($epoch: ID, $after: Long) {
      orderUpdates(accountId: "sim-1", epoch: $epoch, afterSequence: $after) {
      kind epoch sequence order { id state } fill { id } source { connected } } }"""


class Wires:
    """A gateway with an incident, asked by both wires."""

    def __init__(self, running: Any, channel: grpc.Channel, client: httpx.Client) -> None:
        self.running, self.client = running, client
        self.orders, self.system = OrderServiceStub(channel), SystemServiceStub(channel)

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def buy(self) -> dict[str, Any]:
        """A buy that trades as soon as it gets there: a percent above the asks, inside the cage."""
        asks = self.ask(QUOTE, of=SYMBOL)["quote"]["asks"]
        price = (Decimal(str(asks[0]["price"])) * Decimal("1.01")).quantize(Decimal("0.01"))
        return {
            "accountId": "sim-1",
            "clientOrderId": uuid.uuid4().hex,
            "symbol": SYMBOL,
            "side": "BUY",
            "quantity": 100,
            "limitPrice": str(price),
            "strategy": "alpha",
        }

    def submit(self, order: dict[str, Any]) -> Any:
        return self.ask(SUBMIT, input=order)["submitOrder"]

    def submit_rpc(self, order: dict[str, Any]) -> Any:
        return self.orders.SubmitOrder(
            orders_pb2.SubmitOrderRequest(
                account_id=order["accountId"],
                client_order_id=order["clientOrderId"],
                symbol=order["symbol"],
                side=orders_pb2.SIDE_BUY,
                quantity=order["quantity"],
                limit_price=types_pb2.Decimal(value=order["limitPrice"]),
                strategy=order["strategy"],
            )
        )

    def submit_either(self, order: dict[str, Any]) -> tuple[str, str]:
        """Repeat an order by both wires; return its id, or why it was refused, of each."""
        done = self.submit(order)
        said = done["order"]["id"] if "order" in done else done["code"]
        try:
            return said, self.submit_rpc(order).order.id
        except grpc.RpcError as error:
            return said, Refusal(error).info.reason

    def state(self) -> dict[str, Any]:
        """Money, shares and orders of the account."""
        found = self.ask(STATE)
        account = next(each for each in found["accounts"] if each["id"] == "sim-1")
        asset = account["asset"]
        (held,) = [each for each in account["positions"] if each["symbol"] == SYMBOL]
        orders = found["orders"]["nodes"]
        return {
            "money": Decimal(asset["cash"]) + Decimal(asset["frozenCash"]),
            "held": held["quantity"],
            "sellable": held["sellable"],
            "orders": orders,
            "ids": {each["id"] for each in orders},
        }

    def begin(self, *faults: str) -> tuple[str, int]:
        """Switch incidents on, long before the day ends; return the end of the log."""
        self.ask(SWITCH, settings=[])
        if self.ask("{ serverInfo { clock { now } } }")["serverInfo"]["clock"]["now"][11:] > "13":
            self.ask(
                'mutation { jumpClock(input: { nextDay: true, time: "09:30" }) { __typename } }'
            )
        # An incident before this one may have halted the account.
        self.ask(RESUME)
        self.ask(SWITCH, settings=list(faults))
        with Told(self.running) as updates:
            end = next(each for each in updates.events() if each["kind"] == "CAUGHT_UP")
            return end["epoch"], end["sequence"]

    def told(self, after: tuple[str, int], last: str) -> list[tuple[Any, ...]]:
        """What GraphQL's log says after a sequence until an order is in its last state."""
        return self.ended(after, last)

    def ended(self, after: tuple[str, int], *last: str) -> list[tuple[Any, ...]]:
        """The same until it is in one of some states."""
        told: list[tuple[Any, ...]] = []
        with Told(self.running, epoch=after[0], after=after[1]) as updates:
            for event in updates.events():
                if event["kind"] != "UPDATE":
                    continue
                order, fill = event["order"], event["fill"]
                told.append((event["sequence"], order["id"], order["state"], fill and fill["id"]))
                if order["state"] in (last or ("FILLED", "REJECTED")):
                    return told
        raise AssertionError(told)

    def told_rpc(self, after: tuple[str, int], count: int) -> list[tuple[Any, ...]]:
        """What gRPC's log says after a sequence, as many events."""
        request = orders_pb2.StreamOrderEventsRequest(
            account_id="sim-1", epoch=after[0], after_sequence=after[1]
        )
        told: list[tuple[Any, ...]] = []
        stream = self.orders.StreamOrderEvents(request, timeout=20)
        for response in stream:
            event = response.event
            if event.HasField("order"):
                state = orders_pb2.OrderState.Name(event.order.state).removeprefix("ORDER_STATE_")
                fill = event.fill.id if event.HasField("fill") else None
                told.append((event.sequence, event.order.id, state, fill))
            if len(told) == count:
                break
        stream.cancel()
        return told


@pytest.fixture(scope="module")
def wires(start_gateway: Any, tmp_path_factory: Any) -> Iterator[Wires]:
    mock = {"speed": 200, "quote_interval_ms": 1000}
    folder = tmp_path_factory.mktemp("incidents")
    with (
        start_gateway(folder, mock=mock, trading={"compare_seconds": 1}) as running,
        grpc.insecure_channel(running.addresses.grpc) as channel,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
    ):
        yield Wires(running, channel, client)


@pytest.mark.parametrize("incident", Incident)
def test_both_wires_tell_what_became_of_an_order_once(wires: Wires, incident: Incident) -> None:
    before = wires.begin(f"{incident} times=1")
    order, way = wires.buy(), WAYS[incident]
    done = wires.submit(order)
    told = wires.told(before, way[-1])
    assert [each[0] for each in told] == [before[1] + n + 1 for n in range(len(told))]
    assert len({each[1] for each in told}) == 1
    states = [each[2] for each in told]
    assert [each for each in dict.fromkeys(states) if each in way] == way, states
    assert len(set(told)) == len(told)
    assert wires.told_rpc(before, len(told)) == told
    fills = [each[3] for each in told if each[3]]
    assert len(fills) == len(set(fills))
    if way is REFUSED or way is LOST:
        check_refused(wires, order, "TERMINAL_REFUSED" if way is REFUSED else "NOT_AT_TERMINAL")
        return
    assert done["__typename"] == "SubmitOrderSuccess"
    again = wires.submit_rpc(order)
    assert (again.replayed, again.order.id) == (True, done["order"]["id"])
    assert (again.order.filled_quantity, again.order.strategy) == (100, "alpha")
    nodes = wires.ask('{ orders(accountId: "sim-1") { nodes { clientOrderId } } }')["orders"][
        "nodes"
    ]
    assert [each["clientOrderId"] for each in nodes].count(order["clientOrderId"]) == 1


def check_refused(wires: Wires, order: dict[str, Any], code: str) -> None:
    again = wires.submit(order)
    assert (again["__typename"], again["code"]) == ("OrderRejected", code)
    assert ("废单" in again["messageZh"]) is (code == "TERMINAL_REFUSED")
    with pytest.raises(grpc.RpcError) as caught:
        wires.submit_rpc(order)
    assert Refusal(caught.value).info.reason == code


# Each incident alone, and some of the pairs.
PAIRS = random.Random(7).sample(list(combinations(Incident, 2)), 6)
MIXES = [*((each,) for each in Incident), *PAIRS]
STATE = """{ accounts { id asset { cash frozenCash } positions { symbol quantity sellable } }
  orders(accountId: "sim-1", first: 100) { nodes { id clientOrderId state filledQuantity quantity
    fills { id quantity amount fee } } } }"""


@pytest.mark.parametrize("mix", MIXES, ids="-".join)
def test_no_incident_breaks_a_promise(wires: Wires, mix: tuple[Incident, ...]) -> None:
    log = wires.begin(*(f"{each} times=1" for each in mix))
    before = wires.state()
    order = wires.buy()
    wires.submit(order)
    repeats = [wires.submit_either(order) for _ in range(2)]  # S1, S5: while its fate is open, too
    check_conflict(wires, {**order, "quantity": 200})
    check_expired(wires, {**order, "clientOrderId": uuid.uuid4().hex})
    told = wires.ended(log)
    states = [each[2] for each in told]
    # S3: the intent is in the log before all else; S4: what has doubts is not called refused
    assert states[0] == "ACCEPTED"
    assert len({each[1] for each in told}) == 1
    assert states.count("REJECTED") <= 1
    assert not {"FILLED", "REJECTED"} <= set(states)
    assert wires.told_rpc(log, len(told)) == told
    assert all(each in (told[0][1], "TERMINAL_REFUSED") for pair in repeats for each in pair)
    check_books(before, wires.state(), order)


def check_conflict(wires: Wires, changed: dict[str, Any]) -> None:
    """S2: the same key with another body is told so, and nothing is sent."""
    assert wires.submit(changed)["code"] == "IDEMPOTENCY_CONFLICT"
    with pytest.raises(grpc.RpcError) as caught:
        wires.submit_rpc(changed)
    assert Refusal(caught.value).info.reason == "IDEMPOTENCY_CONFLICT"


# What comes first of: the link that broke, the account that an incident has halted, the time.
STOPPED = ("ORDER_EXPIRED", "TERMINAL_DISCONNECTED", "TRADING_HALTED")


def check_expired(wires: Wires, order: dict[str, Any]) -> None:
    """S6: what is over is not sent."""
    late = {**order, "expiresAt": "2020-01-01T00:00:00Z"}
    assert wires.submit(late)["code"] in STOPPED


def check_books(before: Any, after: Any, order: dict[str, Any]) -> None:
    """S1, S7, S8: one order of the key, each fill once, and money and shares as they say."""
    new = [each for each in after["orders"] if each["id"] not in before["ids"]]
    assert [each["clientOrderId"] for each in new] == [order["clientOrderId"]]
    (found,) = new
    fills = found["fills"]
    assert len({each["id"] for each in fills}) == len(fills)
    filled = sum(each["quantity"] for each in fills)
    assert filled == found["filledQuantity"] <= found["quantity"]
    assert filled == (100 if found["state"] == "FILLED" else 0)
    paid = sum(Decimal(each["amount"]) + Decimal(each["fee"]) for each in fills)
    assert after["money"] == before["money"] - paid
    assert after["held"] == before["held"] + filled
    assert after["sellable"] == before["sellable"] >= 0  # T+1


def check_lost(updates: Told, stream: Any) -> None:
    """Both wires' streams of orders say that the terminal is away, and not that nothing happens."""
    beat = (streams_pb2.STREAM_KIND_HEARTBEAT, False)
    assert any((each.event.kind, each.event.source.connected) == beat for each in stream)
    stream.cancel()
    while (event := updates.read()["payload"]["data"]["orderUpdates"])["kind"] != "HEARTBEAT":
        pass
    assert event["source"] == {"connected": False}


def test_a_broken_link_is_told_by_both_wires_and_refuses_orders(wires: Wires) -> None:
    wires.ask("mutation { setClock(input: { speed: 1 }) { __typename } }")
    wires.begin("DISCONNECT times=1 delay_ms=3600000")
    first = wires.buy()
    request = orders_pb2.StreamOrderEventsRequest(account_id="sim-1")
    with Told(wires.running) as updates:
        next(each for each in updates.events() if each["kind"] == "CAUGHT_UP")
        stream = wires.orders.StreamOrderEvents(request, timeout=20)
        next(each for each in stream if each.event.kind == streams_pb2.STREAM_KIND_CAUGHT_UP)
        began = time.monotonic()
        assert wires.submit(first)["order"]["state"] == "UNKNOWN"
        check_lost(updates, stream)
        assert time.monotonic() - began < 5  # S23
    info = wires.ask(QUOTE, of=SYMBOL)["serverInfo"]
    assert info == {"tradingState": "DISCONNECTED", "backends": [{"connected": False}]}
    assert wires.ask("{ accounts { status } }")["accounts"] == [{"status": "DISCONNECTED"}]
    told = wires.system.GetServerInfo(system_pb2.GetServerInfoRequest()).info
    assert told.trading_state == system_pb2.TRADING_STATE_DISCONNECTED
    assert not told.backends[0].connected
    assert wires.client.get("/health/ready").status_code == 503
    refused = wires.submit(wires.buy())
    assert (refused["__typename"], refused["code"]) == ("TradingDisabled", "TERMINAL_DISCONNECTED")
    assert refused["retryable"]
    with pytest.raises(grpc.RpcError) as caught:
        wires.submit_rpc(wires.buy())
    assert Refusal(caught.value).info.reason == "TERMINAL_DISCONNECTED"
    assert wires.submit(first)["replayed"]
    assert wires.submit_rpc(first).replayed
    wires.ask("mutation { setClock(input: { speed: 200 }) { __typename } }")
    wires.begin()


def test_a_status_in_no_list_halts_the_account_until_somebody_has_looked(wires: Wires) -> None:
    log = wires.begin("UNLISTED_STATUS times=1")
    wires.submit(wires.buy())
    wires.ended(log)
    stands = '{ tradingStatus(accountId: "sim-1") { state cause reason } }'
    status = wires.ask(stands)["tradingStatus"]
    assert (status["state"], status["cause"]) == ("HALTED", "UNLISTED_STATUS")
    assert "status 58" in status["reason"]
    assert wires.submit(wires.buy())["code"] == "TRADING_HALTED"
    wires.begin()
    assert wires.ask(stands)["tradingStatus"]["state"] == "ACTIVE"

"""Logs cut at every sequence: on each transport what was read joins to the whole."""

import json

import grpc
import httpx
import pytest
from websockets.sync.client import connect

from quantgraph.domain.streams import OrderEvent
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.wire import fills, orders
from tests.api.events import records
from tests.api.sockets import ACK, INIT, PROTOCOL, Socket

FIELDS = {
    "orderUpdates": "{ kind sequence epoch order { id state } fill { id } }",
    "fills": "{ kind sequence epoch fill { id orderId quantity price } }",
}


def document(name):
    arguments = 'accountId: "sim-1", epoch: $epoch, afterSequence: $after'
    return f"subscription($epoch: ID, $after: Long) {{ {name}({arguments}) {FIELDS[name]} }}"


@pytest.fixture(scope="module")
def traded(gateway):
    """Some orders that wait, and two that trade."""

    def ask(query, **variables):
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{gateway.addresses.http}/graphql", json=body).json()
        assert "errors" not in answer
        return answer["data"]

    quote = ask('{ quote(symbol: "000001.SZ") { lastPrice } }')["quote"]
    prices = [quote["lastPrice"] * part for part in (0.95, 1.01, 0.96, 1.01)]
    for number, price in enumerate(prices):
        order = {"accountId": "sim-1", "clientOrderId": f"resuming-{number}", "side": "BUY"}
        order |= {"symbol": "000001.SZ", "quantity": 100, "limitPrice": f"{price:.2f}"}
        ask("mutation($i: SubmitOrderInput!) { submitOrder(input: $i) { __typename } }", i=order)
    filled = '{ orders(accountId: "sim-1", states: [FILLED]) { nodes { id } } }'
    while len(ask(filled)["orders"]["nodes"]) < 2:
        pass


@pytest.fixture(scope="module", params=FIELDS)
def log(request, gateway, traded):
    """A log by its name: its epoch, and its events by sequence."""
    events = WebSockets(gateway, request.param).read(None, 0, until="CAUGHT_UP")
    updates = [each for each in events if each["kind"] == "UPDATE"]
    return request.param, events[0]["epoch"], updates


class WebSockets:
    def __init__(self, gateway, name):
        self.name = name
        self.url = gateway.addresses.http.replace("http", "ws") + "/graphql"

    def read(self, epoch, after, count=None, until=None):
        with connect(self.url, subprotocols=[PROTOCOL], max_queue=None) as raw:
            client = Socket(raw)
            client.send(INIT)
            assert client.read() == ACK
            client.subscribe("1", document(self.name), variables={"epoch": epoch, "after": after})
            told = (client.read()["payload"]["data"][self.name] for _ in iter(int, 1))
            return taken(told, count, until)


class ServerSent:
    def __init__(self, gateway, name):
        self.name = name
        self.url = f"{gateway.addresses.http}/graphql"

    def read(self, epoch, after, count=None, until=None):
        headers = {"accept": "text/event-stream"}
        variables = {"epoch": epoch, "after": after}
        if epoch is not None and after:
            headers["last-event-id"], variables = f"{epoch}:{after}", {}
        body = {"query": document(self.name), "variables": variables}
        with httpx.stream("POST", self.url, json=body, headers=headers, timeout=20) as response:
            said = (json.loads(each["data"]) for each in records(response))
            return taken((each["data"][self.name] for each in said), count, until)


class Grpc:
    def __init__(self, gateway, name):
        self.name = name
        self.target = gateway.addresses.grpc

    def read(self, epoch, after, count=None, until=None):
        with grpc.insecure_channel(self.target) as channel:
            asked = {"account_id": "sim-1", "epoch": epoch, "after_sequence": after}
            stub = OrderServiceStub(channel)
            if self.name == "fills":
                call = stub.StreamFillEvents(orders_pb2.StreamFillEventsRequest(**asked))
                events = (fills.event_from_proto(each.event) for each in call)
            else:
                call = stub.StreamOrderEvents(orders_pb2.StreamOrderEventsRequest(**asked))
                events = (orders.event_from_proto(each.event) for each in call)
            found = taken((shown(each) for each in events), count, until)
            call.cancel()
            return found


def shown(event):
    told = {"kind": event.kind.value, "sequence": event.sequence, "epoch": event.epoch}
    fill = event.fill
    if isinstance(event, OrderEvent):
        order = event.order and {"id": event.order.id, "state": event.order.state.value}
        return {**told, "order": order, "fill": fill and {"id": fill.id}}
    shown = fill and {"id": fill.id, "orderId": fill.order_id, "quantity": fill.quantity}
    return {**told, "fill": shown and {**shown, "price": str(fill.price)}}


def taken(told, count, until):
    """Return `count` events, or all before one of a kind."""
    found = []
    while count is None or len(found) < count:
        event = next(told)
        if event["kind"] == until:
            break
        found.append(event)
    return found


TRANSPORTS = {"ws": WebSockets, "sse": ServerSent, "grpc": Grpc}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_log_cut_at_every_sequence_joins_again(gateway, log, transport):
    name, epoch, events = log
    reader = TRANSPORTS[transport](gateway, name)
    assert len(events) >= {"orderUpdates": 12, "fills": 2}[name]
    for cut in range(1, len(events) + 1):
        first = reader.read(epoch, 0, count=cut)
        rest = reader.read(epoch, first[-1]["sequence"], until="CAUGHT_UP")
        assert [*first, *rest][: len(events)] == events

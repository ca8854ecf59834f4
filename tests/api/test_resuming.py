"""The order log cut at every sequence: on each transport what was read joins to the whole."""

import json

import grpc
import httpx
import pytest
from websockets.sync.client import connect

from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.wire.orders import event_from_proto
from tests.api.events import records
from tests.api.sockets import ACK, INIT, PROTOCOL, Socket

FIELDS = "{ kind sequence epoch order { id state } }"
DOCUMENT = (
    "subscription($epoch: ID, $after: Long) { orderUpdates(accountId: "
    f'"sim-1", epoch: $epoch, afterSequence: $after) {FIELDS} }}'
)


@pytest.fixture(scope="module")
def log(gateway):
    """The epoch of a log of some orders, and its events by sequence."""

    def ask(query, **variables):
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{gateway.addresses.http}/graphql", json=body).json()
        assert "errors" not in answer
        return answer["data"]

    close = ask('{ quote(symbol: "000001.SZ") { previousClose } }')["quote"]["previousClose"]
    for number in range(3):
        order = {"accountId": "sim-1", "clientOrderId": f"resuming-{number}", "side": "BUY"}
        order |= {"symbol": "000001.SZ", "quantity": 100, "limitPrice": f"{close * 0.95:.2f}"}
        ask("mutation($i: SubmitOrderInput!) { submitOrder(input: $i) { __typename } }", i=order)
    events = WebSockets(gateway).read(None, 0, until="CAUGHT_UP")
    return events[0]["epoch"], [each for each in events if each["kind"] == "UPDATE"]


class WebSockets:
    def __init__(self, gateway):
        self.url = gateway.addresses.http.replace("http", "ws") + "/graphql"

    def read(self, epoch, after, count=None, until=None):
        with connect(self.url, subprotocols=[PROTOCOL], max_queue=None) as raw:
            client = Socket(raw)
            client.send(INIT)
            assert client.read() == ACK
            client.subscribe("1", DOCUMENT, variables={"epoch": epoch, "after": after})
            told = (client.read()["payload"]["data"]["orderUpdates"] for _ in iter(int, 1))
            return taken(told, count, until)


class ServerSent:
    def __init__(self, gateway):
        self.url = f"{gateway.addresses.http}/graphql"

    def read(self, epoch, after, count=None, until=None):
        headers = {"accept": "text/event-stream"}
        variables = {"epoch": epoch, "after": after}
        if epoch is not None and after:
            headers["last-event-id"], variables = f"{epoch}:{after}", {}
        body = {"query": DOCUMENT, "variables": variables}
        with httpx.stream("POST", self.url, json=body, headers=headers, timeout=20) as response:
            said = (json.loads(each["data"]) for each in records(response))
            return taken((each["data"]["orderUpdates"] for each in said), count, until)


class Grpc:
    def __init__(self, gateway):
        self.target = gateway.addresses.grpc

    def read(self, epoch, after, count=None, until=None):
        with grpc.insecure_channel(self.target) as channel:
            request = orders_pb2.StreamOrderEventsRequest(
                account_id="sim-1", epoch=epoch, after_sequence=after
            )
            call = OrderServiceStub(channel).StreamOrderEvents(request)
            found = taken((shown(event_from_proto(each.event)) for each in call), count, until)
            call.cancel()
            return found


def shown(event):
    order = event.order and {"id": event.order.id, "state": event.order.state.value}
    told = {"kind": event.kind.value, "sequence": event.sequence, "epoch": event.epoch}
    return {**told, "order": order}


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
    epoch, events = log
    reader = TRANSPORTS[transport](gateway)
    assert len(events) >= 6
    for cut in range(1, len(events) + 1):
        first = reader.read(epoch, 0, count=cut)
        rest = reader.read(epoch, first[-1]["sequence"], until="CAUGHT_UP")
        assert [*first, *rest][: len(events)] == events

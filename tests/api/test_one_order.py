"""One root field that changes orders per operation: by HTTP, WebSocket and events, aliases too."""

import httpx
import pytest
from websockets.sync.client import connect

from tests.api.events import events
from tests.api.sockets import INIT, PROTOCOL, Socket

CANCEL = 'cancelOrder(input: { accountId: "sim-1", id: "none" }) { __typename }'
SUBMIT = (
    'submitOrder(input: { accountId: "sim-1", clientOrderId: "one-field", symbol: "000001.SZ",'
    ' side: BUY, quantity: 100, limitPrice: "12.00" }) { __typename }'
)
SWEEP = 'cancelAllOrders(input: { accountId: "sim-1" }) { results { replayed } }'
MANY = [
    f"mutation {{ a: {SUBMIT} b: {SUBMIT} }}",
    f"mutation {{ {SUBMIT} {CANCEL} }}",
    f"mutation {{ {SUBMIT} {SUBMIT} }}",
    f"mutation {{ {CANCEL} {SWEEP} }}",
    f"mutation {{ {SUBMIT} ...More }} fragment More on Mutation {{ b: {CANCEL} }}",
    f"mutation {{ ...M ... on Mutation {{ {SUBMIT} }} }} fragment M on Mutation {{ {CANCEL} }}",
]
LOOK = '{ order(accountId: "sim-1", clientOrderId: "one-field") { id } }'


@pytest.fixture
def client(gateway):
    with httpx.Client(base_url=gateway.addresses.http, timeout=20) as client:
        yield client
        # Whatever the wire: nothing of a refused operation was executed.
        body = client.post("/graphql", json={"query": LOOK}).json()
        assert body["data"] == {"order": None}


def check(errors):
    (error,) = errors
    assert error["extensions"]["code"] == "ONE_ORDER_FIELD"
    assert "Nothing was executed" in error["message"]


@pytest.mark.parametrize("query", MANY)
def test_an_operation_over_http_changes_orders_by_one_field(client, query):
    for _ in range(2):  # the second time it is a known document
        body = client.post("/graphql", json={"query": query}).json()
        assert "data" not in body
        check(body["errors"])


def test_an_operation_on_a_websocket_does_so_too(client, gateway):
    url = gateway.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as raw:
        socket = Socket(raw)
        socket.send(INIT)
        assert socket.read()["type"] == "connection_ack"
        socket.subscribe("1", MANY[0])
        answer = socket.read()
        assert (answer["type"], answer["id"]) == ("error", "1")
        check(answer["payload"])


def test_an_operation_whose_answer_is_events_does_so_too(client):
    headers = {"accept": "text/event-stream"}
    with client.stream("POST", "/graphql", json={"query": MANY[0]}, headers=headers) as response:
        first, *_ = list(events(response))
        check(first[1]["errors"])


def test_fields_that_change_no_orders_go_beside_one_that_does(client):
    query = f'mutation {{ {CANCEL} a: deleteSector(input: {{ name: "没有" }}) {{ __typename }} }}'
    body = client.post("/graphql", json={"query": query}).json()
    assert body["data"]["cancelOrder"] == {"__typename": "OrderNotFound"}

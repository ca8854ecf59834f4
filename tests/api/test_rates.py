"""Each key has so many reads and orders, on both wires together, and is told what is left."""

import http.client
import json
import re
from functools import partial

import grpc
import httpx
import pytest
from websockets.sync.client import connect

from quantgraph.services.meter import KeyMeter
from quantgraph.v1 import orders_pb2, orders_pb2_grpc, quotes_pb2, quotes_pb2_grpc
from tests.api.sockets import ACK, INIT, PROTOCOL, subscribe

TINY = {"query": "{ serverInfo { mode } }"}
CANCEL = {"query": 'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) { __typename } }'}
SUBMIT = {
    "query": """mutation { submitOrder(input: {accountId: "sim-1", clientOrderId: "c", quantity: 1,
      symbol: "600519.SH", side: BUY, limitPrice: "1"}) { __typename } }"""
}
LEFT = re.compile(r'^"reads";r=(\d+), "orders";r=(\d+)$')


@pytest.fixture
def scarce(start_gateway, tmp_path, monkeypatch):
    """A gateway whose keys have 20 points and 2 orders; no time passes, so nothing comes back."""
    monkeypatch.setattr("api.wiring.KeyMeter", partial(KeyMeter, timer=lambda: 0.0))
    rates = {"read_points": 20, "read_points_per_second": 1, "orders": 2, "orders_per_second": 1}
    with start_gateway(tmp_path, rates=rates) as running:
        yield running


@pytest.fixture
def client(scarce):
    with httpx.Client(base_url=scarce.addresses.http, timeout=20) as client:
        yield client


def exhaust(client) -> httpx.Response:
    """Ask until it is too much."""
    for _ in range(100):
        answer = client.post("/graphql", json=TINY)
        if answer.status_code != 200:
            return answer
    raise AssertionError("nothing was refused")


def left(answer) -> tuple[int, int]:
    found = LEFT.match(answer.headers["ratelimit"])
    return int(found[1]), int(found[2])


def test_who_asks_too_much_is_told_when_to_come_back(client):
    first = client.post("/graphql", json=TINY)
    assert first.headers["ratelimit-policy"] == '"reads";q=20;w=20, "orders";q=2;w=2'
    assert left(first) == (19, 2)
    refused = exhaust(client)
    assert refused.status_code == 429
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < int(error["extensions"]["details"]["retry_after_ms"]) <= 1_000
    assert refused.headers["retry-after"] == "1"
    assert left(refused)[0] == 0
    assert refused.json()["extensions"]["cost"]["restorePerSecond"] == 1


@pytest.mark.parametrize("query", ["{ " + "a " * 3_000 + "}", "{ nothing }", "{"], ids=len)
def test_a_refused_document_is_counted_for_ten_points(client, query):
    assert left(client.post("/graphql", json={"query": query}))[0] == 10


def test_the_short_way_counts_as_well(scarce):
    """Requests in one piece: from the third on nothing of them is parsed."""
    host = scarce.addresses.http.removeprefix("http://")
    body = json.dumps(TINY).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    seen = []
    connection = http.client.HTTPConnection(host, timeout=20)
    for _ in range(30):
        connection._buffer = []
        connection.putrequest("POST", "/graphql")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        seen.append(answer.status)
        answer.read()
    connection.close()
    assert seen[0] == 200
    assert 429 in seen
    assert seen.count(200) <= 20 + 10


def test_cancels_are_never_kept_waiting(client):
    exhaust(client)
    for _ in range(30):
        answer = client.post("/graphql", json=CANCEL)
        assert answer.json()["data"] == {"cancelOrder": {"__typename": "OrderNotFound"}}


def test_orders_have_a_bucket_of_their_own(client):
    codes = [client.post("/graphql", json=SUBMIT).status_code for _ in range(5)]
    assert codes[:2] == [200, 200]
    assert 429 in codes
    assert client.post("/graphql", json=TINY).status_code == 200


def test_long_documents_that_are_refused_count_too_and_a_debtor_can_cancel(client):
    long = {"query": "{ #" + "x" * 1_000}
    codes = {client.post("/graphql", json=long).status_code for _ in range(20)}
    assert 429 in codes
    assert client.post("/graphql", json=TINY).status_code == 429
    answer = client.post("/graphql", json=CANCEL)
    assert answer.json()["data"] == {"cancelOrder": {"__typename": "OrderNotFound"}}


def test_a_socket_draws_on_the_same_bucket(scarce, client):
    exhaust(client)
    url = scarce.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        socket.send(json.dumps(INIT))
        assert json.loads(socket.recv(timeout=20)) == ACK
        codes = []
        for number in range(5):
            socket.send(json.dumps(subscribe(str(number), TINY["query"])))
            answer = json.loads(socket.recv(timeout=20))
            codes.append(answer["type"])
            if answer["type"] == "error":
                assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            else:
                socket.recv(timeout=20)
    assert "error" in codes


def test_grpc_draws_on_the_same_buckets(scarce, client):
    with grpc.insecure_channel(scarce.addresses.grpc) as channel:
        quotes = quotes_pb2_grpc.QuoteServiceStub(channel)
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        request = quotes_pb2.GetQuotesRequest(symbols=["600519.SH"] * 4)
        _, call = quotes.GetQuotes.with_call(request, timeout=20)
        told = dict(call.trailing_metadata())
        assert told["ratelimit"] == '"reads";r=15, "orders";r=2'
        assert told["ratelimit-policy"].startswith('"reads";q=20;w=20')
        exhaust(client)
        with pytest.raises(grpc.RpcError) as caught:
            quotes.GetQuotes(request, timeout=20)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        told = dict(caught.value.trailing_metadata())
        assert "RATE_LIMITED" in str(told)
        assert told["ratelimit"] == '"reads";r=0, "orders";r=2'
        cancel = orders_pb2.CancelOrderRequest(account_id="sim-1", id="x")
        with pytest.raises(grpc.RpcError) as caught:
            orders.CancelOrder(cancel, timeout=20)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        told = caught.value.trailing_metadata()
        assert dict(told)["ratelimit"] == '"reads";r=0, "orders";r=2'
        assert [name for name, _ in told].count("x-request-id") == 1


@pytest.mark.parametrize("query", ["quotes(symbols: []) { kind }", "tradingUpdates { kind }"])
def test_the_first_message_of_a_stream_tells_its_cost(gateway, query):
    query = query.replace("[]", '["600519.SH"]')
    text = f"subscription {{ {query} }}"
    url = gateway.addresses.http
    with connect(url.replace("http", "ws") + "/graphql", subprotocols=[PROTOCOL]) as socket:
        socket.send(json.dumps(INIT))
        socket.recv(timeout=20)
        socket.send(json.dumps(subscribe("1", text)))
        first, second = (json.loads(socket.recv(timeout=20))["payload"] for _ in range(2))
    headers = {"accept": "text/event-stream"}
    asked = {"json": {"query": text}, "headers": headers, "timeout": 20}  # beats come every 5 s
    with httpx.stream("POST", f"{url}/graphql", **asked) as stream:
        assert stream.headers["ratelimit"]
        lines = (each[5:] for each in stream.iter_lines() if each.startswith("data:"))
        event, later = json.loads(next(lines)), json.loads(next(lines))
    for each in (first, event):
        assert each["data"]
        assert each["extensions"]["cost"]["requested"] == 1
    for each in (second, later):
        assert "extensions" not in each

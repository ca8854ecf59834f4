"""The graphql-transport-ws protocol, rule by rule, hostile clients included."""

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

PROTOCOL = "graphql-transport-ws"
QUOTES = 'subscription { quotes(symbols: ["600519.SH"]) { kind sequence } }'
QUIET = 'subscription { orderUpdates(accountId: "sim-1") { kind } }'


@pytest.fixture
def url(gateway):
    return gateway.addresses.http.replace("http", "ws") + "/graphql"


class Socket:
    """A client that sends anything and reads JSON."""

    def __init__(self, socket):
        self.raw = socket

    def send(self, message):
        self.raw.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def read(self):
        return json.loads(self.raw.recv(timeout=20))

    def code(self) -> int:
        """Read until the server hangs up; return its close code."""
        try:
            while True:
                self.raw.recv(timeout=20)
        except ConnectionClosed as closed:
            return closed.rcvd.code

    def subscribe(self, operation_id, query, **payload):
        message = {"query": query, **payload}
        self.send({"id": operation_id, "type": "subscribe", "payload": message})


@pytest.fixture
def raw(url):
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        yield Socket(socket)


@pytest.fixture
def ready(raw):
    raw.send({"type": "connection_init"})
    assert raw.read() == {"type": "connection_ack"}
    return raw


def test_another_subprotocol_is_refused(url):
    with connect(url, subprotocols=["graphql-ws"]) as socket:
        assert Socket(socket).code() == 4406


def test_no_subprotocol_is_refused(url):
    with connect(url) as socket:
        assert Socket(socket).code() == 4406


def test_a_foreign_origin_never_gets_a_socket(url):
    with pytest.raises(InvalidStatus) as caught:
        connect(url, subprotocols=[PROTOCOL], origin="http://evil.example")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    "message",
    [
        "null",
        "[]",
        "1",
        '"text"',
        "{",
        "",
        "[" * 20_000,
        '{"a":' * 20_000,
        b'{"type": "connection_init"}',
        "{}",
        '{"type": "unknown"}',
        '{"type": 1}',
        '{"type": "connection_init", "payload": 1}',
        '{"type": "connection_init", "payload": []}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "pong", "payload": 1}',
    ],
    ids=lambda message: str(message)[:30],
)
def test_a_malformed_message_closes_with_4400(raw, message):
    raw.send(message)
    assert raw.code() == 4400


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": 1},
        {"id": None},
        {"payload": None},
        {"payload": "x"},
        {"payload": {}},
        {"payload": {"query": 1}},
        {"payload": {"query": "{ a }", "variables": []}},
        {"payload": {"query": "{ a }", "operationName": 1}},
        {"payload": {"query": "{ a }", "extensions": 1}},
    ],
    ids=str,
)
def test_a_malformed_subscribe_closes_with_4400(ready, change):
    message = {"id": "1", "type": "subscribe", "payload": {"query": "{ sectors { name } }"}}
    ready.send({**message, **change})
    assert ready.code() == 4400


def test_a_complete_without_an_id_closes_with_4400(ready):
    ready.send({"type": "complete"})
    assert ready.code() == 4400


def test_an_init_payload_of_null_is_allowed(raw):
    raw.send({"type": "connection_init", "payload": None})
    assert raw.read() == {"type": "connection_ack"}


def test_a_second_init_closes_with_4429(ready):
    ready.send({"type": "connection_init"})
    assert ready.code() == 4429


def test_subscribing_before_the_ack_closes_with_4401(raw):
    raw.subscribe("1", "{ sectors { name } }")
    assert raw.code() == 4401


def test_a_wrong_key_closes_with_4403(raw):
    raw.send({"type": "connection_init", "payload": {"x-api-key": "qg_x_y"}})
    assert raw.code() == 4403


def test_a_pong_echoes_the_payload(raw):
    raw.send({"type": "ping", "payload": {"a": 1}})
    assert raw.read() == {"type": "pong", "payload": {"a": 1}}
    raw.send({"type": "ping"})
    assert raw.read() == {"type": "pong"}
    raw.send({"type": "pong"})


def test_a_query_gets_next_and_complete(ready):
    ready.subscribe("a", "{ serverInfo { mode } }")
    assert ready.read() == {
        "id": "a",
        "type": "next",
        "payload": {"data": {"serverInfo": {"mode": "MOCK"}}},
    }
    assert ready.read() == {"id": "a", "type": "complete"}


def test_an_id_is_free_again_after_its_end(ready):
    for _ in range(2):
        ready.subscribe("a", "{ serverInfo { mode } }")
        assert ready.read()["type"] == "next"
        assert ready.read()["type"] == "complete"


def test_an_id_in_use_closes_with_4409(ready):
    ready.subscribe("a", QUOTES)
    ready.subscribe("a", QUOTES)
    assert ready.code() == 4409


def test_a_wrong_document_is_an_error_of_its_operation_only(ready):
    ready.subscribe("a", "{ nothing }")
    message = ready.read()
    assert (message["id"], message["type"]) == ("a", "error")
    assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    ready.subscribe("a", "{ serverInfo { mode } }")
    assert ready.read()["type"] == "next"


def test_quotes_flow_until_the_client_completes(ready):
    ready.subscribe("q", QUOTES)
    kinds = [ready.read()["payload"]["data"]["quotes"]["kind"] for _ in range(3)]
    assert kinds == ["SNAPSHOT", "UPDATE", "UPDATE"]
    ready.send({"id": "q", "type": "complete"})
    ready.subscribe("end", "{ serverInfo { mode } }")
    ids = []
    while not ids or ids[-1] != "end":
        ids.append(ready.read()["id"])
    assert ready.read() == {"id": "end", "type": "complete"}


def test_each_event_sees_fresh_data(ready):
    """A loader that lives as long as the socket would repeat the first answer for ever."""
    query = 'subscription { quotes(symbols: ["600519.SH"]) { quote { time } } }'
    ready.subscribe("q", query)
    times = {ready.read()["payload"]["data"]["quotes"]["quote"]["time"] for _ in range(4)}
    assert len(times) >= 3


def test_unknown_symbols_end_the_subscription_with_an_error(ready):
    ready.subscribe("q", 'subscription { quotes(symbols: ["999999.SH"]) { kind } }')
    message = ready.read()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize(
    "arguments",
    [
        'symbols: ["600519.SH"], market: SH',
        "minIntervalMs: 5",
        "symbols: []",
        'symbols: ["600519.SH"], minIntervalMs: -1',
        'symbols: ["600519.SH"], bufferSize: 5',
        'symbols: ["600519.SH"], policy: BUFFER, bufferSize: 0',
    ],
)
def test_a_wrong_selection_is_a_bad_request(ready, arguments):
    ready.subscribe("q", f"subscription {{ quotes({arguments}) {{ kind }} }}")
    message = ready.read()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_operations_per_connection_are_bounded(ready):
    for number in range(101):
        ready.subscribe(str(number), QUIET)
    while (message := ready.read())["type"] != "error":
        pass
    assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"

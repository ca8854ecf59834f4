"""Whatever is asked, by whichever way, leaves one line that says who asked what, and no more."""

import http.client
import json
import socket
import sqlite3
import time
from contextlib import suppress
from queue import Queue

import grpc
import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from api.log_lines import act_json, call_json
from api.log_writer import LogWriter
from quantgraph.domain.access import Scope
from quantgraph.domain.audit import Act
from quantgraph.domain.calls import Call
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import quotes_pb2, system_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.api.sockets import ACK, INIT, PROTOCOL, QUERY, QUIET, Socket, complete, subscribe

SECRET = "600000.SH"  # a value of a variable: no line has it
NAMED = "query Chart($symbol: Symbol!) { quote(symbol: $symbol) { lastPrice } }"
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename } }"""


TICKET = {
    "accountId": "sim-1", "clientOrderId": "no-1", "symbol": "600519.SH", "side": "BUY",
    "quantity": 100,
}  # fmt: skip
WRITTEN = "SELECT outcome FROM acts WHERE key = ?"


class Lines:
    """An end of the log that tests read from: lines in the order in which they were written."""

    def __init__(self) -> None:
        self.queue: Queue[dict] = Queue()

    def write(self, text):
        for line in text.splitlines():
            self.queue.put(json.loads(line))

    def flush(self):
        pass

    def next(self):
        return self.queue.get(timeout=20)

    def of(self, request_id):
        while (line := self.next()).get("request_id") != request_id:
            pass
        return line


@pytest.fixture(scope="module")
def lines():
    return Lines()


@pytest.fixture(scope="module")
def running(start_gateway, tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("lines")
    writer = LogWriter({Call: [(call_json, lines)], Act: [(act_json, lines)]}, 1_000)
    try:
        with start_gateway(folder, log=writer) as running:
            yield running
    finally:
        writer.close()


@pytest.fixture(scope="module")
def key(running):
    return KeyStore(running.assembly.config.data_path / "keys.sqlite").create(Scope.READ, None)


@pytest.fixture
def client(running):
    with httpx.Client(base_url=running.addresses.http, timeout=20) as client:
        yield client


def post(client, query, request_id="r", **more):
    headers = {"x-request-id": request_id, **more.pop("headers", {})}
    return client.post("/graphql", json={"query": query, **more}, headers=headers)


def test_a_query_is_told_by_whom_it_was_asked_what_it_cost_and_how_it_ended(client, key, lines):
    answer = post(
        client,
        NAMED,
        "chart-1",
        variables={"symbol": SECRET},
        operationName="Chart",
        headers={"x-api-key": key},
    )
    assert answer.headers["x-request-id"] == "chart-1"
    line = lines.of("chart-1")
    assert line.pop("timestamp").endswith("Z")
    assert 0 < line.pop("ms") < 20_000
    assert line.pop("cost") == answer.json()["extensions"]["cost"]["requested"]
    assert line == {
        "event": "request", "level": "info", "transport": "http", "operation": "quote",
        "name": "Chart", "key": key.split("_")[1], "request_id": "chart-1", "outcome": "OK",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('{ quote(symbol: "999999.SH") { lastPrice } }', "UNKNOWN_SYMBOL"),
        ('subscription { quotes(symbols: ["600519.SH"]) { kind } }', "BAD_REQUEST"),
    ],
)
def test_a_refusal_is_told_with_its_code(client, lines, query, outcome):
    post(client, query, "refused")
    assert lines.of("refused")["outcome"] == outcome


def test_a_wrong_key_is_told_without_it(client, lines):
    post(client, QUERY, "stranger", headers={"x-api-key": "qg_secret_secret"})
    line = lines.of("stranger")
    assert (line["outcome"], line["key"], line["operation"]) == ("UNAUTHENTICATED", "", "")
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("given", ["a b", "x" * 65, "账", "88001234567", "fund_account=8800123"])
def test_an_id_that_a_log_cannot_hold_is_not_taken(client, given):
    head = {"x-request-id": given.encode()}
    answer = client.post("/graphql", json={"query": QUERY}, headers=head)
    assert len(answer.headers["x-request-id"]) == 32


def test_the_short_way_tells_each_request_by_an_id_of_its_own(running, lines):
    host, port = running.addresses.http.removeprefix("http://").split(":")
    body = json.dumps({"query": "{ sectors { name } }"}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    whole = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        ids = [asked(connection, whole) for _ in range(4)]
    assert len(set(ids)) == 4
    told = [lines.of(each) for each in ids]
    assert {each["operation"] for each in told} == {"sectors"}
    assert {each["key"] for each in told} == {"local"}


def what(line):
    return line["transport"], line["event"], line["operation"]


def asked(connection, whole):
    connection.sendall(whole)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.getheader("x-request-id")


def test_operations_of_a_socket_are_told_when_they_end(running, lines):
    url = running.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL], max_queue=None) as raw:
        one = Socket(raw)
        one.send(INIT)
        assert one.read() == ACK
        one.send(subscribe("1", QUERY))
        one.read()
        query = lines.next()
        one.send(subscribe("2", QUIET))
        assert one.read() == {"type": "complete", "id": "1"}
        one.read()
        one.send(complete("2"))
        stream = lines.next()
    assert what(query) == ("ws", "request", "serverInfo")
    assert what(stream) == ("ws", "stream", "quotes")
    assert len(query["request_id"]) == 32


def test_a_stream_of_events_is_told_once_at_its_end(client, lines):
    head = {"accept": "text/event-stream", "x-request-id": "events"}
    with client.stream("POST", "/graphql", json={"query": QUIET}, headers=head) as response:
        next(response.iter_lines())
        assert response.headers["x-request-id"] == "events"
    line = lines.of("events")
    assert what(line) == ("sse", "stream", "quotes")


def test_an_operation_of_a_shared_stream_is_told_at_its_end_and_not_before(client, lines):
    token = client.put("/graphql").text
    head = {"x-graphql-event-stream-token": token}
    post(client, QUERY, "shared", extensions={"operationId": "1"}, headers=head)
    line = lines.of("shared")
    assert (line["transport"], line["operation"], line["outcome"]) == ("sse", "serverInfo", "OK")


def test_a_call_of_grpc_is_told_by_its_rpc(running, key, lines):
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        stub = SystemServiceStub(channel)
        metadata = (("x-api-key", key), ("x-request-id", "call-1"))
        _, call = stub.GetServerInfo.with_call(system_pb2.GetServerInfoRequest(), metadata=metadata)
        assert dict(call.trailing_metadata())["x-request-id"] == "call-1"
        line = lines.of("call-1")
        assert (line["transport"], line["operation"]) == ("grpc", "SystemService/GetServerInfo")
        assert (line["key"], line["cost"], line["outcome"]) == (key.split("_")[1], 1, "OK")
        asked = watched("600519.SH")
        watch = QuoteServiceStub(channel).WatchQuotes
        stream = watch(asked, metadata=(("x-request-id", "call-2"),))
        next(stream)
        stream.cancel()
        line = lines.of("call-2")
        assert (line["event"], line["outcome"]) == ("stream", "GONE")
        wrong = watched("nothing")
        refused = watch(wrong, metadata=(("x-request-id", "call-3"),))
        with pytest.raises(grpc.RpcError):
            next(refused)
        assert lines.of("call-3")["outcome"] == "BAD_REQUEST"


def watched(symbol):
    return quotes_pb2.WatchQuotesRequest(symbols=quotes_pb2.SymbolList(symbols=[symbol]))


def test_a_page_is_told_by_its_path_and_any_other_by_none(client, lines):
    client.get("/health/live", headers={"x-request-id": "page"})
    line = lines.of("page")
    assert (line["operation"], line["outcome"]) == ("/health/live", "OK")
    answer = client.get("/secret-path?key=1", headers={"x-request-id": "lost"})
    assert answer.headers["x-request-id"] == "lost"
    line = lines.of("lost")
    assert (line["operation"], line["outcome"]) == ("/…", "HTTP_404")


def test_what_browsers_are_refused_is_told(client, lines):
    client.get("/", headers={"x-request-id": "foreign", "host": "elsewhere.example"})
    assert lines.of("foreign")["outcome"] == "FORBIDDEN"


def test_an_act_is_told_beside_its_request(client, lines):
    order = {"accountId": "sim-1", "clientOrderId": "line-1", "symbol": "600519.SH"}
    order |= {"side": "BUY", "quantity": 100, "limitPrice": "1.00"}
    post(client, SUBMIT, "order", variables={"input": order})
    told = [lines.next(), lines.next()]
    act, request = sorted(told, key=lambda line: line["event"])
    assert (act["event"], act["operation"], act["account"]) == ("act", "submitOrder", "sim-1")
    assert act["wire"] == "GRAPHQL"
    assert "limit" not in json.dumps(act)
    assert request["operation"] == "submitOrder"


def test_no_line_has_a_document_or_a_variable(client, lines):
    post(client, NAMED, "quiet", variables={"symbol": SECRET}, operationName="Chart")
    text = json.dumps(lines.of("quiet"))
    assert SECRET not in text
    assert "lastPrice" not in text


def test_a_call_of_no_method_is_told_without_its_name(running, lines):
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        call = channel.unary_unary("/quantgraph.v1.Made/Up", None, None)
        with pytest.raises(grpc.RpcError) as refused:
            call(b"", metadata=(("x-request-id", "made-up"),))
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    line = lines.of("made-up")
    assert (line["operation"], line["outcome"]) == ("unknown", "UNIMPLEMENTED")


def knock(running, path="/graphql", **options):
    """Open a socket that is not let in, and say what it wants."""
    url = running.addresses.http.replace("http", "ws") + path
    options = {"subprotocols": ["graphql-transport-ws"], **options}
    with suppress(ConnectionClosed, InvalidStatus), connect(url, **options) as socket:
        socket.send('{"type": "connection_init", "payload": {"X-API-Key": "qg_wrong"}}')
        socket.recv(20)


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"subprotocols": ["graphql-ws"]}, "CLOSED_4406"),
        ({}, "UNAUTHENTICATED"),
        ({"origin": "http://evil.example"}, "FORBIDDEN"),
        ({"path": "/elsewhere"}, "CLOSED_1008"),
    ],
    ids=str,
)
def test_a_socket_that_is_not_let_in_is_told(running, lines, options, outcome):
    knock(running, **options)
    while (line := lines.next())["transport"] != "ws":
        pass
    assert (line["outcome"], line["key"]) == (outcome, "")


def test_a_flood_of_refused_mutations_is_counted_in_the_audit_log(running, client, lines):
    """What a key may not do at all costs it nothing: the log does not grow with each try."""
    folder = running.assembly.config.data_path
    key = KeyStore(folder / "keys.sqlite").create(Scope.READ, None)
    for _ in range(40):
        answer = post(client, SUBMIT, headers={"x-api-key": key}, variables={"input": TICKET})
        assert "FORBIDDEN" in answer.text
    with sqlite3.connect(f"file:{folder / 'audit.sqlite'}?mode=ro", uri=True) as log:
        late = time.monotonic() + 20
        while len(found := log.execute(WRITTEN, (key.split("_")[1],)).fetchall()) < 10:
            assert time.monotonic() < late
    log.close()
    assert len(found) == 10

"""What scanners of GraphQL send: each probe of graphql-cop and InQL, and Strawberry's own CVEs.

The gateway shows what it shows in prod. Each finds a refusal with a code and no fault of ours.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.api.sockets import ACK, INIT, PROTOCOL, QUIET, Socket

CLOSED = {"graphiql": False, "introspection": False, "suggestions": False}
JSON = {"content-type": "application/json"}
# Names that a scanner recognises an engine by, in answers and in headers.
ENGINES = ("strawberry", "graphene", "ariadne", "graphql-core", "apollo", "uvicorn", "starlette")


@pytest.fixture(scope="module")
def prod(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("prod")
    with start_gateway(folder, http=CLOSED, grpc={"reflection": False}) as running:
        yield running


@pytest.fixture(scope="module")
def client(prod: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=prod.addresses.http, timeout=60) as client:
        yield client


def asked(client: httpx.Client, query: str, **body: Any) -> httpx.Response:
    return client.post("/graphql", json={"query": query, **body})


def code(answer: httpx.Response) -> str:
    """Return the code of a refusal; nothing else is in it."""
    assert answer.status_code < 500, answer.text
    told = answer.json()
    assert told.get("data") is None, told
    return told["errors"][0]["extensions"]["code"]


def nested(depth: int) -> str:
    """The schema's own circle: an instrument's sectors, their members, their instruments."""
    inner = "name"
    for _ in range(depth):
        inner = f"sectors {{ members {{ instrument {{ {inner} }} }} }}"
    return f'{{ instrument(symbol: "600519.SH") {{ {inner} }} }}'


INVALID, LARGE, BAD = "GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_LARGE", "BAD_REQUEST"
# What is sent in full, and the code it is refused with.
PROBES: dict[str, tuple[str, str]] = {
    "introspection": ("{ __schema { types { name fields { name } } } }", INVALID),
    "introspection of a type": ('{ __type(name: "Query") { fields { name } } }', INVALID),
    "circular introspection": ("{ __schema { types { fields " + "{ type { fields " * 4 + "{ name } "
                               + "} } " * 4 + "} } }", INVALID),
    "circular fragments": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
                           INVALID),
    "alias overloading": ("{ " + " ".join(f"a{n}: __typename" for n in range(101)) + " }", LARGE),
    "alias batch of logins": (
        "mutation { " + " ".join(f'a{n}: armTrading(input: {{secret: "{n}"}}) {{ __typename }}'
                                 for n in range(101)) + " }", LARGE),
    "directive overloading": ("{ __typename " + "@aa" * 500 + " }", LARGE),
    "known directives": ("{ __typename " + "@skip(if: false)" * 500 + " }", LARGE),
    "field duplication": ("{ " + "__typename " * 500 + "}", LARGE),
    "field duplication below": ("{ serverInfo { " + "mode " * 500 + "} }", LARGE),
    "circular references": (nested(10), LARGE),
    "depth": ("{ a" * 500 + " }" * 500, LARGE),
    "root fields": ("{ " + " ".join(f"a{n}: serverInfo {{ mode }}" for n in range(60)) + " }",
                    LARGE),
    "unhandled error": ('{ instrument(symbol: 1) { name } }', INVALID),
    "unhandled error of an object": ('{ instrument(symbol: {a: "b"}) { name } }', INVALID),
    "engine by an empty document": ("", "GRAPHQL_PARSE_FAILED"),
    "engine by a wrong directive": ("query @deprecated { __typename }", INVALID),
    "engine by a wrong operation": ("queryy { __typename }", "GRAPHQL_PARSE_FAILED"),
    "engine by a broken string": ('{ a(b: "', "GRAPHQL_PARSE_FAILED"),
    "engine by a subscription": ("subscription { __typename }", INVALID),
    "brute force of fields": ("{ user usr users acount ordr position }", INVALID),
    "brute force of arguments": ('{ quote(symbl: "600519.SH", sym: 1) { price } }', INVALID),
    "brute force of inputs": ("mutation { submitOrder(input: {account: 1}) { id } }", INVALID),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PROBES))
def test_a_probe_is_refused_and_tells_nothing(client: httpx.Client, name: str) -> None:
    query, refusal = PROBES[name]
    answer = asked(client, query)
    assert code(answer) == refusal
    assert "Did you mean" not in answer.text
    shown = answer.text.lower() + str(answer.headers).lower()
    assert [engine for engine in ENGINES if engine in shown] == []


@pytest.mark.parametrize("size", [2, 10, 1_000])
def test_arrays_of_operations_are_not_answered(client: httpx.Client, size: int) -> None:
    one = {"query": "{ serverInfo { mode } }"}
    answer = client.post("/graphql", json=[one] * size)
    assert code(answer) == BAD


MUTATION = "mutation { haltTrading(input: {}) { __typename } }"


@pytest.mark.parametrize(
    "query", ["{ __typename }", MUTATION, QUIET, "{ __schema { __typename } }"]
)
@pytest.mark.parametrize("accept", ["*/*", "text/event-stream", "text/html"])
def test_nothing_is_executed_by_get(client: httpx.Client, query: str, accept: str) -> None:
    answer = client.get("/graphql", params={"query": query}, headers={"accept": accept})
    assert code(answer) == BAD
    assert answer.status_code in {405, 406}
    status = asked(client, "{ tradingStatus { state } }").json()["data"]["tradingStatus"]
    assert status["state"] == "ACTIVE"


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x",
     "application/graphql", "application/json-patch+json", "application/jsonp", "text/json",
     "application/json; charset=utf-7", "application/json, text/plain", ""],
)  # fmt: skip
def test_a_body_of_another_kind_is_not_read(client: httpx.Client, kind: str) -> None:
    body = json.dumps({"query": MUTATION}).encode()
    answer = client.post("/graphql", content=body, headers={"content-type": kind} if kind else {})
    assert (answer.status_code, code(answer)) == (415, BAD)
    form = client.post("/graphql", data={"query": MUTATION})
    assert (form.status_code, code(form)) == (415, BAD)


@pytest.mark.parametrize(
    "headers",
    [{"apollo-tracing": "true"}, {"x-apollo-tracing": "1"}, {"x-debug": "1"},
     {"apollo-query-plan-experimental": "1"}],
)  # fmt: skip
def test_nobody_switches_traces_on(client: httpx.Client, headers: dict[str, str]) -> None:
    body = {"query": "{ serverInfo { mode } }", "extensions": {"tracing": True, "debug": True}}
    told = client.post("/graphql", json=body, headers=headers).json()
    assert set(told["extensions"]) == {"cost"}


@pytest.mark.parametrize("path", ["/", "/graphiql", "/graphql", "/playground", "/console",
                                  "/altair", "/explorer", "/v1/graphql", "/voyager"])  # fmt: skip
def test_no_page_runs_operations(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"})
    assert answer.status_code in {404, 406}
    assert "<html" not in answer.text.lower()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil", ""])
def test_another_host_is_not_served(client: httpx.Client, host: str) -> None:
    body = {"query": "{ serverInfo { mode } }"}
    answer = client.post("/graphql", json=body, headers={"host": host})
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    page = client.post("/graphql", json=body, headers={"origin": "https://evil.example"})
    assert (page.status_code, code(page)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("part", ["variables", "extensions"])
@pytest.mark.parametrize("left", ['{"a":', "["])
def test_json_of_any_depth_is_refused(client: httpx.Client, part: str, left: str) -> None:
    right = {"{": "}", "[": "]"}[left[0]]
    for depth in (65, 1_000, 40_000):
        deep = left * depth + "1" + right * depth
        text = f'{{"query": "{{ __typename }}", "{part}": {deep}}}'
        answer = client.post("/graphql", content=text.encode(), headers=JSON)
        assert code(answer) in {BAD, LARGE}


def socket_of(running: Any, *protocols: str) -> Any:
    url = running.addresses.http.replace("http", "ws") + "/graphql"
    return connect(url, subprotocols=[Subprotocol(each) for each in protocols])


def test_the_legacy_protocol_is_not_spoken(prod: Any) -> None:
    """CVE-2026-35526: there, operations ran before anybody said who he is."""
    with socket_of(prod, "graphql-ws") as raw:
        with pytest.raises(ConnectionClosed) as closed:
            raw.send(json.dumps({"id": "1", "type": "start", "payload": {"query": QUIET}}))
            raw.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4406


def test_nothing_runs_before_it_is_known_for_whom(prod: Any) -> None:
    with socket_of(prod, PROTOCOL, "graphql-ws") as raw:
        socket = Socket(raw)
        socket.subscribe("1", QUIET)
        assert socket.code() == 4401


def test_a_socket_carries_so_many_operations_and_no_more(prod: Any) -> None:
    """CVE-2026-35523: there, one connection could begin any number."""
    with socket_of(prod, PROTOCOL) as raw:
        socket = Socket(raw)
        socket.send(INIT)
        assert socket.read() == ACK
        for number in range(130):
            socket.subscribe(str(number), QUIET)
        told = [socket.read() for _ in range(130)]
        refused = [each for each in told if each["type"] == "error"]
        codes = {each["payload"][0]["extensions"]["code"] for each in refused}
        assert (len(refused), codes) == (30, {"SUBSCRIPTION_LIMIT"})


@pytest.mark.parametrize("size", [262_145, 5_000_000])
def test_a_frame_that_is_too_large_ends_its_socket_alone(prod: Any, size: int) -> None:
    with socket_of(prod, PROTOCOL) as raw, socket_of(prod, PROTOCOL) as other:
        sockets = [Socket(raw), Socket(other)]
        for each in sockets:
            each.send(INIT)
            assert each.read() == ACK
        with suppress(ConnectionClosed):
            sockets[0].send("x" * size)
        assert sockets[0].code() in {1009, None}
        sockets[1].subscribe("1", "{ serverInfo { mode } }")
        assert sockets[1].read()["type"] == "next"

"""What an operation costs is told before it is executed, and does not depend on what is found."""

import json
import re

import httpx
import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

from api.costs import Cost, Costs
from quantgraph.config import LimitsConfig
from resolvers.root import graphql_schema
from tests.api.sockets import ACK, INIT, PROTOCOL, QUIET, Socket

SCHEMA = graphql_schema._schema
TINY = "{ serverInfo { mode } }"


def cost_of(text: str) -> Cost:
    document = parse(text)
    (operation, *_) = document.definitions
    return Costs(SCHEMA, document, LimitsConfig()).of(operation)


def points(text: str, **variables: object) -> int:
    return cost_of(text).points(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TINY, 1),
        ("{ __typename }", 1),
        ("{ a: serverInfo { mode } b: serverInfo { clock { now } } }", 3),
        ('{ quotes(symbols: ["a", "b", "c"]) { symbol lastPrice } }', 3),
        ('{ quotes(symbols: "a") { symbol } }', 1),
        # The page itself, and its 50 or 7 instruments, each with a quote.
        ("{ instruments { nodes { symbol quote { lastPrice } } } }", 1 + 50 * 2),
        ("{ instruments(first: 7) { edges { node { symbol } } } }", 1 + 7 * 2),
        # A series of 250 or 1,000 rows; columns cost as rows do.
        ('{ bars(symbol: "a") { rows { close } } }', 4),
        ('{ bars(symbol: "a", last: 1000) { rows { close } } }', 11),
        ('{ bars(symbol: "a", last: 1000) { columns { close open } } }', 22),
        ("{ sectors { members { instrument { name } } } }", 30 + 30 * 100 * 2),
        ("{ ...F } fragment F on Query { ... { serverInfo { mode } } }", 1),
        ('{ order(accountId: "a") { fills { id } } }', 11),
    ],
)
def test_a_cost_counts_objects_times_what_the_arguments_ask(text, expected):
    assert points(text) == expected


def test_variables_say_how_long_lists_are():
    text = "query($s: [Symbol!]!, $n: Int = 20) { quotes(symbols: $s) { symbol } "
    text += "instruments(first: $n) { nodes { symbol } } }"
    assert points(text, s=["a"] * 5) == 5 + 1 + 20
    assert points(text, s=["a"], n=3) == 1 + 1 + 3
    # What is refused for its own sake costs what the limit does, not more.
    assert points(text, s=["a"] * 5_000, n=10**15) == 1_000 + 1 + 500
    for odd in ("x", -4, {}, True):
        assert points(text, s=["a"], n=odd) >= 1


def test_nested_pages_multiply():
    circle = "{ instruments(first: 500) { nodes { sectors { members { instrument { sectors { "
    text = circle + "members { symbol } } } } } } } }"
    assert points(text) > 10**8


@given(st.integers(0, 500), st.integers(0, 500))
def test_asking_for_more_never_costs_less(one, two):
    text = "query($n: Int) { instruments(first: $n) { nodes { quote { symbol } } } }"
    fewer, more = sorted((one, two))
    assert points(text, n=fewer) <= points(text, n=more)


@pytest.fixture(scope="module")
def poor(start_gateway, tmp_path_factory):
    """A gateway whose operations may cost 20 points."""
    with (
        start_gateway(tmp_path_factory.mktemp("poor"), limits={"query_cost": 20}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        yield client


def ask(client, query, **more):
    return client.post("/graphql", json={"query": query, **more})


def test_a_dear_operation_is_refused_before_anything_is_executed(poor):
    text = "query($n: Int!) { instruments(first: $n) { nodes { symbol } } }"
    for _ in range(3):  # on the short way as well
        assert ask(poor, text, variables={"n": 19}).json()["extensions"]["cost"]["requested"] == 20
        answer = ask(poor, text, variables={"n": 20})
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "COST_LIMIT"
        assert error["extensions"]["details"] == {"cost": "21", "limit": "20"}
        assert "data" not in answer.json()
        assert answer.json()["extensions"]["cost"]["requested"] == 21


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"query": TINY}, 200),
        ({"query": "{"}, 400),
        ({"query": "{ nothing }"}, 400),
        ([], 400),
        ({"query": "subscription { quotes(symbols: []) { kind } }"}, 406),
    ],
)
def test_every_answer_tells_its_cost(poor, body, status):
    accept = {"accept": "application/graphql-response+json"}
    answer = poor.post("/graphql", json=body, headers=accept)
    assert answer.status_code == status
    cost = answer.json()["extensions"]["cost"]
    assert set(cost) == {"requested", "max", "remaining", "restorePerSecond"}
    assert cost["max"] == 20
    assert cost["restorePerSecond"] == 1_000_000_000


def test_a_get_and_a_wrong_key_are_told_theirs(poor):
    cost = poor.get("/graphql").json()["extensions"]["cost"]
    assert cost["requested"] == 0
    refused = poor.post("/graphql", json={"query": TINY}, headers={"x-api-key": "qg_no"})
    assert refused.status_code == 401
    assert refused.json()["extensions"]["cost"]["remaining"] is None


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
def test_who_may_not_call_at_all_is_told_as_well(poor, headers):
    refused = poor.post("/graphql", json={"query": TINY}, headers=headers)
    assert refused.status_code == 403
    cost = refused.json()["extensions"]["cost"]
    assert (cost["requested"], cost["max"], cost["remaining"]) == (0, 20, None)


NOBODY = 'subscription { quotes(symbols: ["999999.SH"]) { kind } }'
DEAR = "{ instruments(first: 50) { nodes { symbol } } }"
# What each is counted for: the last is refused before it is.
REFUSED = {NOBODY: 1, DEAR: 51, "{ nothing }": 0}


def first_of(poor, query, accept):
    """Return the first message of a stream as a client reads it, and what its head says is left."""
    with poor.stream("POST", "/graphql", json={"query": query}, headers={"accept": accept}) as told:
        text = told.read().decode()
    found = re.search(r"^(?:data: )?(\{.*)$", text, re.MULTILINE)
    return json.loads(found[1]), told.headers["ratelimit"]


@pytest.mark.parametrize("query", list(REFUSED))
@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"])
def test_a_stream_that_is_refused_tells_its_cost_in_the_only_message(poor, query, accept):
    message, left = first_of(poor, query, accept)
    assert message["errors"]
    assert message["extensions"]["cost"]["requested"] == REFUSED[query]
    assert f";r={message['extensions']['cost']['remaining']}," in left


@pytest.mark.parametrize("query", list(REFUSED))
def test_a_socket_tells_the_cost_of_what_it_refuses(poor, query):
    url = str(poor.base_url).replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as raw:
        socket = Socket(raw)
        socket.send(INIT)
        assert socket.read() == ACK
        socket.subscribe("1", query)
        (error, *_) = socket.read()["payload"]
    assert error["extensions"]["cost"]["requested"] == REFUSED[query]
    assert error["extensions"]["cost"]["max"] == 20


def test_a_socket_tells_the_cost_of_an_operation_that_there_was_no_room_for(
    start_gateway, tmp_path
):
    bounds = {"subscriptions": 1, "query_cost": 20}
    with start_gateway(tmp_path, limits=bounds) as running:
        url = running.addresses.http.replace("http", "ws") + "/graphql"
        with connect(url, subprotocols=[PROTOCOL]) as raw:
            socket = Socket(raw)
            socket.send(INIT)
            assert socket.read() == ACK
            for number in range(2):
                socket.subscribe(str(number), QUIET)
            told = {each["type"]: each for each in (socket.read(), socket.read())}
    (error,) = told["error"]["payload"]
    assert error["extensions"]["code"] == "SUBSCRIPTION_LIMIT"
    assert error["extensions"]["cost"]["max"] == 20


def test_an_operation_of_a_shared_stream_tells_both(poor):
    token = poor.put("/graphql").text
    headers = {"x-graphql-event-stream-token": token, "accept": "text/event-stream"}
    body = {"query": NOBODY, "extensions": {"operationId": "1"}}
    begun = poor.post("/graphql", json=body, headers=headers)
    assert (begun.status_code, begun.content) == (202, b"")
    with poor.stream("GET", "/graphql", headers=headers) as told:
        line = next(each for each in told.iter_lines() if each.startswith("data: {"))
    payload = json.loads(line.removeprefix("data: "))["payload"]
    assert payload["errors"]
    assert payload["extensions"]["cost"]["requested"] == 1
    assert f";r={payload['extensions']['cost']['remaining']}," in begun.headers["ratelimit"]

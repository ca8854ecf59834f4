"""The single-connection mode of graphql-sse: reserve, open, ask, stop."""

import threading
import time
from itertools import islice, takewhile

import httpx
import pytest

from tests.api.events import events
from tests.api.sockets import QUIET

TOKEN = "x-graphql-event-stream-token"
MODE = "{ serverInfo { mode } }"
ANSWER = {"data": {"serverInfo": {"mode": "MOCK"}}}
QUOTES = 'subscription { quotes(symbols: ["000858.SZ"]) { kind } }'


class Caller:
    """One client of a gateway, with a stream of its own once it has reserved one."""

    def __init__(self, client, **headers):
        self.client = client
        self.headers = headers

    def reserve(self):
        answer = self.client.put("/graphql", headers=self.headers)
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        self.headers[TOKEN] = answer.text
        return answer.text

    def open(self, **parameters):
        headers = {"accept": "text/event-stream", **self.headers}
        return self.client.stream("GET", "/graphql", headers=headers, params=parameters)

    def ask(self, operation_id, query=MODE, **headers):
        body = {"query": query, "extensions": {"operationId": operation_id}}
        return self.client.post("/graphql", json=body, headers={**self.headers, **headers})

    def stop(self, **parameters):
        return self.client.delete("/graphql", params=parameters, headers=self.headers)


@pytest.fixture
def client(gateway):
    with httpx.Client(base_url=gateway.addresses.http, timeout=20) as client:
        yield client


@pytest.fixture
def caller(client):
    caller = Caller(client)
    caller.reserve()
    yield caller
    # What a test leaves reserved would expire some seconds later; this ends it now.
    with caller.open():
        pass


def code(response) -> str:
    [error] = response.json()["errors"]
    return error["extensions"]["code"]


def begun(response):
    assert (response.status_code, response.content) == (202, b"")


def test_operations_share_one_stream_and_are_told_apart(caller):
    with caller.open() as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        heard = events(stream)
        begun(caller.ask("a"))
        assert next(heard) == ("next", {"id": "a", "payload": ANSWER})
        assert next(heard) == ("complete", {"id": "a"})
        begun(caller.ask("b", QUIET))
        snapshot = {"data": {"quotes": {"kind": "SNAPSHOT"}}}
        assert next(heard) == ("next", {"id": "b", "payload": snapshot})
        begun(caller.ask("a"))
        assert next(heard) == ("next", {"id": "a", "payload": ANSWER})


def test_what_was_asked_before_the_stream_is_open_waits_for_it(caller):
    begun(caller.ask("a"))
    with caller.open() as stream:
        heard = events(stream)
        assert next(heard)[1] == {"id": "a", "payload": ANSWER}
        assert next(heard) == ("complete", {"id": "a"})


def test_a_browsers_event_source_opens_by_the_token_in_the_address(client):
    token = Caller(client).reserve()
    with Caller(client).open(token=token) as stream:
        assert stream.status_code == 200


def test_a_mutation_runs_once(caller):
    cancel = 'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) { __typename } }'
    with caller.open() as stream:
        begun(caller.ask("m", cancel))
        payload = {"data": {"cancelOrder": {"__typename": "OrderNotFound"}}}
        assert next(events(stream)) == ("next", {"id": "m", "payload": payload})


def test_nothing_comes_of_an_operation_that_was_stopped(gateway, caller):
    with caller.open() as stream:
        heard = events(stream)
        begun(caller.ask("q", QUOTES))
        assert next(heard)[1]["id"] == "q"
        upstream = gateway.assembly.quotes._upstreams["000858.SZ"]
        assert upstream.boxes
        assert caller.stop(operationId="q").status_code == 200
        while upstream.boxes:
            pass  # cancelled in the next turn of the gateway's loop
        begun(caller.ask("other", 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'))
        while next(heard)[1]["id"] == "q":
            pass  # was on its way
        assert {next(heard)[1]["id"] for _ in range(4)} == {"other"}
        assert caller.stop(operationId="q").status_code == 200
        begun(caller.ask("q"))


def test_leaving_the_stream_ends_its_operations_and_its_token(gateway, caller):
    with caller.open() as stream:
        begun(caller.ask("q", QUOTES))
        next(events(stream))
        upstream = gateway.assembly.quotes._upstreams["000858.SZ"]
    while upstream.boxes:
        pass  # the server hears of the closed connection within a few milliseconds
    assert caller.ask("a").status_code == 404
    assert caller.stop(operationId="q").status_code == 404


def test_an_error_of_an_operation_comes_through_the_stream_and_ends_it(caller):
    with caller.open() as stream:
        heard = events(stream)
        begun(caller.ask("a", 'subscription { quotes(symbols: ["999999.SH"]) { kind } }'))
        event, data = next(heard)
        assert (event, data["id"]) == ("next", "a")
        [error] = data["payload"]["errors"]
        assert error["extensions"]["code"] == "UNKNOWN_SYMBOL"
        assert next(heard) == ("complete", {"id": "a"})


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (1, "BAD_REQUEST"),
    ],
)
def test_a_wrong_request_is_refused_at_once_and_its_id_stays_free(caller, accept, query, found):
    for _ in range(2):
        refused = caller.ask("a", query, accept=accept)
        assert refused.status_code == 400
        assert code(refused) == found
    begun(caller.ask("a"))


@pytest.mark.parametrize(
    "operation_id", [None, "", 1, [], "x" * 1001], ids=lambda each: str(each)[:5]
)
def test_an_operation_needs_an_id(caller, operation_id):
    assert caller.ask(operation_id).status_code == 400


def test_an_id_in_use_is_a_conflict(caller):
    begun(caller.ask("a", QUIET))
    assert caller.ask("a").status_code == 409
    begun(caller.ask("b"))


def test_a_stream_is_opened_once(caller):
    with caller.open() as stream:
        assert stream.status_code == 200
        with caller.open() as second:
            assert second.status_code == 409
        begun(caller.ask("a"))
        assert next(events(stream))[0] == "next"


def test_a_reserved_token_is_not_reserved_again(caller):
    again = caller.client.put("/graphql", headers=caller.headers)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {"accept": "application/json"}, 406),
        ("PUT", {"accept": "text/plain;q=0"}, 406),
        ("GET", {TOKEN: "none", "accept": "text/event-stream"}, 404),
        ("POST", {TOKEN: "none"}, 404),
        ("DELETE", {TOKEN: "none"}, 404),
        ("DELETE", {}, 404),
        ("PATCH", {TOKEN: "none"}, 405),
    ],
)
def test_what_fits_no_stream_is_refused(client, method, headers, status):
    answer = client.request(method, "/graphql", headers=headers)
    assert answer.status_code == status
    assert code(answer) == "BAD_REQUEST"


def test_a_stop_names_its_operation(caller):
    assert caller.stop().status_code == 400
    assert caller.stop(operationId="").status_code == 400


def test_a_stream_is_read_as_events_alone(caller):
    answer = caller.client.get("/graphql", headers=caller.headers)
    assert answer.status_code == 406


@pytest.mark.parametrize("get_queries", [False, True])
def test_nothing_is_executed_by_get(start_gateway, tmp_path, get_queries):
    with (
        start_gateway(tmp_path, http={"get_queries": get_queries}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        caller = Caller(client)
        caller.reserve()
        with caller.open(query=MODE, extensions='{"operationId": "get"}') as stream:
            begun(caller.ask("post"))
            assert next(events(stream))[1]["id"] == "post"
        got = client.get("/graphql", params={"query": MODE}, headers=caller.headers)
        assert got.status_code in (404, 406)


def test_operations_of_a_stream_are_bounded(start_gateway, tmp_path):
    with (
        start_gateway(tmp_path, limits={"subscriptions": 2}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        caller = Caller(client)
        caller.reserve()
        begun(caller.ask("a", QUIET))
        begun(caller.ask("b", QUIET))
        refused = caller.ask("c", QUIET)
        assert (refused.status_code, code(refused)) == (429, "SUBSCRIPTION_LIMIT")
        assert caller.stop(operationId="a").status_code == 200
        begun(caller.ask("c", QUIET))


def test_streams_are_bounded_and_a_reservation_expires(start_gateway, tmp_path):
    settings = {"http": {"reservation_seconds": 1}, "limits": {"event_streams": 2}}
    with (
        start_gateway(tmp_path, **settings) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        kept, lost = Caller(client), Caller(client)
        kept.reserve()
        with kept.open() as stream:
            lost.reserve()
            begun(lost.ask("q", QUOTES))
            refused = client.put("/graphql")
            assert (refused.status_code, code(refused)) == (429, "SUBSCRIPTION_LIMIT")
            end = time.monotonic() + 10
            while (answer := lost.ask("q")).status_code != 404:
                assert answer.status_code == 409
                assert time.monotonic() < end, "the reservation did not expire"
            upstream = running.assembly.quotes._upstreams.get("000858.SZ")
            while upstream is not None and upstream.boxes:
                pass  # the operation ends in the next turn of the gateway's loop
            lost.reserve()
            begun(kept.ask("a"))
            assert next(events(stream))[1] == {"id": "a", "payload": ANSWER}


def test_operations_that_nobody_reads_wait(caller):
    """Their events are not heaped up here: the quotes' own small buffer overflows."""
    symbols = '["600519.SH", "000001.SZ", "000858.SZ"]'
    arguments = f"symbols: {symbols}, policy: BUFFER, bufferSize: 10"
    begun(caller.ask("q", f"subscription {{ quotes({arguments}) {{ kind }} }}"))
    quote = {"query": '{ quote(symbol: "600519.SH") { time } }'}
    times = set()
    while len(times) < 20:
        times.add(caller.client.post("/graphql", json=quote).text)
    with caller.open() as stream:
        following = takewhile(lambda each: each[0] == "next", events(stream))
        told = [data["payload"] for _, data in islice(following, 300)]
    assert told[-1]["errors"][0]["extensions"]["code"] == "SLOW_CONSUMER"


def test_a_stopping_gateway_ends_its_streams_with_a_reason(start_gateway, tmp_path):
    heard = []
    with (
        start_gateway(tmp_path) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        busy, idle = Caller(client), Caller(client)
        for caller in (busy, idle):
            caller.reserve()
        with busy.open() as stream, idle.open() as other:
            begun(busy.ask("a", QUIET))
            arriving = events(stream)
            next(arriving)
            reader = threading.Thread(target=lambda: heard.extend(arriving))
            reader.start()
            running.stop()
            reader.join(timeout=20)
            assert list(events(other)) == []
    [(_, told), complete] = heard
    assert told["payload"]["errors"][0]["extensions"]["code"] == "SHUTTING_DOWN"
    assert complete == ("complete", {"id": "a"})


def test_another_key_does_not_see_the_stream(start_gateway, tmp_path):
    from typer.testing import CliRunner

    from api.cli import app

    def made():
        done = CliRunner().invoke(app, ["keys", "create", "--data-dir", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return next(word for word in done.output.split() if word.startswith("qg_"))

    keys = [made(), made()]
    with (
        start_gateway(tmp_path) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        one, two = (Caller(client, **{"x-api-key": key}) for key in keys)
        two.headers[TOKEN] = one.reserve()
        assert two.ask("a").status_code == 404
        assert two.stop(operationId="a").status_code == 404
        with two.open() as stream:
            assert stream.status_code == 404
        begun(one.ask("a"))
        with Caller(client).open(token=one.headers[TOKEN]) as stream:
            assert next(events(stream))[1] == {"id": "a", "payload": ANSWER}

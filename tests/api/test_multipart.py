"""Apollo's multipart subscriptions, byte by byte."""

import json

import httpx
import pytest

from tests.api.events import bare

APOLLO = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,"
    "application/graphql-response+json,application/json;q=0.9"
)
ALONE = "multipart/mixed; subscriptionSpec=1.0"
BOUNDARY = b"\r\n--graphql"
HEAD = b"\r\ncontent-type: application/json\r\n\r\n"


@pytest.fixture
def ask(gateway):
    with httpx.Client(base_url=gateway.addresses.http, timeout=20) as client:

        def start(query, accept=APOLLO):
            headers = {"accept": accept}
            return client.stream("POST", "/graphql", json={"query": query}, headers=headers)

        yield start


def parts(response):
    """Yield the parts as a client sees them: each once its boundary is there; then what is left."""
    held = b""
    for piece in response.iter_raw():
        held += piece
        while BOUNDARY in held:
            part, _, held = held.partition(BOUNDARY)
            if part:
                assert part.startswith(HEAD)
                yield bare(json.loads(part.removeprefix(HEAD)))
    assert held == b"--\r\n"


def test_each_event_is_a_part_with_its_boundary(ask):
    with ask('subscription { quotes(symbols: ["600519.SH"]) { kind } }') as response:
        assert response.status_code == 200
        kind = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
        assert response.headers["content-type"] == kind
        arriving = parts(response)
        kinds = [next(arriving)["payload"]["data"]["quotes"]["kind"] for _ in range(3)]
    assert kinds == ["SNAPSHOT", "UPDATE", "UPDATE"]


def test_an_idle_stream_is_kept_alive_by_empty_parts(ask, monkeypatch):
    from api.multipart import Parts

    monkeypatch.setattr(Parts, "beat_seconds", 0.05)
    with ask('subscription { orderUpdates(accountId: "sim-1") { kind } }') as response:
        arriving = parts(response)
        while "payload" in (part := next(arriving)):
            pass
    assert part == {}


def test_what_ends_a_stream_early_stands_beside_the_payload(ask):
    with ask('subscription { quotes(symbols: ["999999.SH"]) { kind } }') as response:
        [part] = parts(response)
    assert part["payload"] is None
    assert part["errors"][0]["extensions"]["code"] == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize("query", ["{ serverInfo { mode } }", "subscription { nothing }"])
def test_all_but_a_stream_is_plain_json_where_that_is_taken(ask, query):
    with ask(query) as response:
        media = response.headers["content-type"]
    assert media == "application/graphql-response+json; charset=utf-8"


def test_where_nothing_else_is_taken_a_query_is_one_part(ask):
    with ask("{ serverInfo { mode } }", ALONE) as response:
        assert list(parts(response)) == [{"payload": {"data": {"serverInfo": {"mode": "MOCK"}}}}]
    with ask("{ nothing }", ALONE) as response:
        [part] = parts(response)
    assert part["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_parts_of_one_answer_are_not_offered(ask):
    with ask("{ serverInfo { mode } }", "multipart/mixed;deferSpec=20220824") as response:
        assert response.status_code == 406

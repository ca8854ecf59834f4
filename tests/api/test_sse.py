"""Subscriptions over server-sent events."""

import itertools
import json

import httpx
import pytest


def events(response):
    """Yield (event, data) pairs; comments are left out."""
    event = data = None
    for line in response.iter_lines():
        if line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            data = line[5:].strip()
        elif not line and event:
            yield event, json.loads(data) if data else None
            event = data = None


@pytest.fixture
def open_stream(gateway):
    with httpx.Client(base_url=gateway.addresses.http, timeout=20) as client:

        def start(query, **variables):
            return client.stream(
                "POST",
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"accept": "text/event-stream"},
            )

        yield start


def test_quotes_arrive_as_events(open_stream):
    query = (
        'subscription { quotes(symbols: ["600519.SH"])'
        " { kind symbol sequence previousSequence quote { lastPrice } } }"
    )
    with open_stream(query) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        seen = []
        for event, data in events(response):
            assert event == "next"
            seen.append(data["data"]["quotes"])
            if len(seen) == 4:
                break
    assert [each["kind"] for each in seen] == ["SNAPSHOT", "UPDATE", "UPDATE", "UPDATE"]
    assert all(each["quote"]["lastPrice"] > 0 for each in seen)
    for before, after in itertools.pairwise(seen):
        assert after["previousSequence"] == before["sequence"]


def test_a_query_is_one_event_and_the_end(open_stream):
    with open_stream("{ serverInfo { mode } }") as response:
        assert list(events(response)) == [
            ("next", {"data": {"serverInfo": {"mode": "MOCK"}}}),
            ("complete", None),
        ]


def test_an_error_of_the_stream_is_told_before_the_end(open_stream):
    query = (
        'subscription { orderUpdates(accountId: "sim-1", epoch: "old", afterSequence: 0) { kind } }'
    )
    with open_stream(query) as response:
        [(event, data), (end, _)] = events(response)
    assert (event, end) == ("next", "complete")
    assert data["errors"][0]["extensions"]["code"] == "EPOCH_CHANGED"


def test_a_reader_that_leaves_frees_its_upstream(gateway, open_stream):
    query = 'subscription { quotes(symbols: ["000858.SZ"]) { kind } }'
    with open_stream(query) as response:
        next(events(response))
        assert "000858.SZ" in gateway.assembly.quotes._upstreams
        upstream = gateway.assembly.quotes._upstreams["000858.SZ"]
    while upstream.boxes:
        pass  # the server hears of the closed connection within a few milliseconds
    assert upstream.ending is not None


def test_whoever_takes_anything_gets_no_endless_stream(gateway):
    query = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
    for accept in ("*/*", "application/json"):
        response = httpx.post(
            f"{gateway.addresses.http}/graphql", json={"query": query}, headers={"accept": accept}
        )
        assert response.status_code == 406
        assert "text/event-stream" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query($a: Symbol!) { quote(symbol: $a) }"])
def test_a_wrong_document_is_told_in_the_stream(open_stream, query):
    """A browser's EventSource shows its page nothing of a response that is not 200."""
    with open_stream(query) as response:
        assert response.status_code == 200
        [(event, data), (end, _)] = events(response)
    assert (event, end) == ("next", "complete")
    assert data["errors"][0]["extensions"]["code"].startswith("GRAPHQL_")
    assert "data" not in data


URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)


def test_events_are_for_subscriptions_where_the_client_takes_json_too(gateway):
    url, headers = f"{gateway.addresses.http}/graphql", {"accept": URQL}
    query = {"query": "{ serverInfo { mode } }"}
    answer = httpx.post(url, json=query, headers=headers)
    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    quotes = {"query": 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'}
    with httpx.stream("POST", url, json=quotes, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert next(events(response))[1]["data"]["quotes"]["kind"] == "SNAPSHOT"

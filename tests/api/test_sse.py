"""Subscriptions over server-sent events."""

import itertools
import json

import httpx
import pytest

from tests.api.events import events, records


@pytest.fixture
def open_stream(gateway):
    with httpx.Client(base_url=gateway.addresses.http, timeout=20) as client:

        def start(query, last_event_id=None, **variables):
            headers = {"accept": "text/event-stream"}
            if last_event_id is not None:
                headers["last-event-id"] = last_event_id
            body = {"query": query, "variables": variables}
            return client.stream("POST", "/graphql", json=body, headers=headers)

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


def test_readers_over_http_and_a_socket_are_one_reader_of_the_market(gateway, open_stream, ready):
    query = 'subscription { quotes(symbols: ["600000.SH"]) { sequence quote { lastPrice } } }'
    ready.subscribe("1", query)
    with open_stream(query) as first, open_stream(query) as second:
        told = [events(first), events(second)]
        seen = [[next(each)[1]] for each in told]
        boxes = gateway.assembly.quotes._upstreams["600000.SH"].boxes
        while len(boxes) > 1 or len(seen[0]) < 4:
            assert len(seen[0]) < 50
            for data, each in zip(seen, told, strict=True):
                data.append(next(each)[1])
        for data in seen:
            numbers = [each["data"]["quotes"]["sequence"] for each in data]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert ready.read()["payload"]["data"]["quotes"].keys() == {"sequence", "quote"}


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


UPDATES = """subscription ($epoch: ID, $after: Long) {
  orderUpdates(accountId: "sim-1", epoch: $epoch, afterSequence: $after) {
    kind epoch sequence order { clientOrderId }
  }
}"""
SUBMIT = """mutation ($key: ID!, $price: Decimal!) {
  submitOrder(input: {accountId: "sim-1", clientOrderId: $key, symbol: "000001.SZ", side: BUY,
    quantity: 100, priceType: LIMIT, limitPrice: $price}) { __typename }
}"""


def logged(response):
    """Yield (id, event) of an order log."""
    for fields in records(response):
        yield fields.get("id"), json.loads(fields["data"])["data"]["orderUpdates"]


@pytest.fixture(scope="module")
def log(gateway):
    """The whole order log so far, with the ids that its events had."""
    url = f"{gateway.addresses.http}/graphql"
    quote = {"query": '{ quote(symbol: "000001.SZ") { previousClose } }'}
    price = httpx.post(url, json=quote).json()["data"]["quote"]["previousClose"]
    # The second is too cheap to be filled: it stays open for the snapshots.
    for number, share in enumerate((1, 0.95)):
        variables = {"key": f"sse-{number}", "price": f"{price * share:.2f}"}
        done = httpx.post(url, json={"query": SUBMIT, "variables": variables}).json()
        assert done["data"] == {"submitOrder": {"__typename": "SubmitOrderSuccess"}}
    body = {"query": UPDATES, "variables": {"after": 0}}
    headers = {"accept": "text/event-stream"}
    with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as response:
        found = []
        for name, event in logged(response):
            found.append((name, event))
            if event["kind"] == "CAUGHT_UP":
                break
    yield found
    # Others of the session's gateway expect no order of this file.
    cancel = 'mutation { cancelOrder(input: {accountId: "sim-1", clientOrderId: "sse-1"})'
    httpx.post(url, json={"query": f"{cancel} {{ __typename }} }}"})


def test_every_event_of_a_log_has_its_place_as_id(log):
    assert len(log) >= 3
    assert {event["kind"] for _, event in log[:-1]} == {"UPDATE"}
    for name, event in log:
        assert name == f"{event['epoch']}:{event['sequence']}"


def test_a_cut_stream_goes_on_behind_the_last_event(log, open_stream):
    updates = log[:-1]
    # As a browser does it: the same request as before, its arguments included.
    with open_stream(UPDATES, last_event_id=updates[0][0], after=0) as response:
        again = list(itertools.islice(logged(response), len(updates) - 1))
    assert again == updates[1:]


def test_the_last_event_of_all_is_followed_by_nothing_old(log, open_stream):
    name, caught_up = log[-1]
    with open_stream(UPDATES, last_event_id=name) as response:
        _, event = next(logged(response))
    newer = event["kind"] == "UPDATE" and event["sequence"] > caught_up["sequence"]
    assert newer or event == caught_up


def test_a_snapshot_comes_whole_so_its_events_have_no_ids(log, open_stream):
    with open_stream(UPDATES) as response:
        name, event = next(logged(response))
    assert (name, event["kind"]) == (None, "SNAPSHOT")


def test_the_place_needs_no_picked_field(log, open_stream):
    query = 'subscription { it: orderUpdates(accountId: "sim-1", afterSequence: 0) { kind } }'
    with open_stream(query) as response:
        names = [fields.get("id") for fields in itertools.islice(records(response), len(log) - 1)]
    assert names == [name for name, _ in log[:-1]]


def test_the_log_of_an_accounts_status_goes_on_likewise(open_stream):
    query = 'subscription { accountUpdates(accountId: "sim-1") { kind } }'
    with open_stream(query) as response:
        first, caught_up = itertools.islice(records(response), 2)
    assert "SNAPSHOT" in first["data"]
    assert "id" not in first
    with open_stream(query, last_event_id=caught_up["id"]) as response:
        again = next(records(response))
    assert again["id"] == caught_up["id"]
    assert "CAUGHT_UP" in again["data"]


def test_a_place_of_another_log_is_told_not_guessed(log, open_stream):
    with open_stream(UPDATES, last_event_id=f"old{log[0][0]}") as response:
        [(event, data), (end, _)] = events(response)
    assert (event, end) == ("next", "complete")
    assert data["errors"][0]["extensions"]["code"] == "EPOCH_CHANGED"


@pytest.mark.parametrize("name", ["7", ":7", "epoch:", "epoch:x", "epoch:-1", "e" * 300 + ":1"])
def test_what_is_no_place_is_a_bad_request(open_stream, name):
    with open_stream(UPDATES, last_event_id=name) as response:
        assert response.status_code == 400
        [error] = json.loads(response.read())["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


def test_quotes_have_no_place_to_go_on_from(open_stream):
    query = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
    with open_stream(query, last_event_id="any:1") as response:
        assert "id" not in next(records(response))

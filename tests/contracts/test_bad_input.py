"""Whatever is sent to GraphQL, the answer is a listed code: never a fault of ours, never a leak.

QUANTGRAPH_CASES sets the cases per operation, QUANTGRAPH_SEED repeats a run; `pytest -m slow`
runs more than 2,000.
"""

import json
import re

import httpx
import pytest
from graphql import get_named_type, is_object_type
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.reasons import Reason
from tests.contracts.fuzz import (
    CASES,
    EXECUTED,
    NEVER,
    SCHEMA,
    SEED,
    STREAMED,
    document,
    leaks,
    repeatable,
    use_scalars,
)
from tests.contracts.variables import halves, json_values, members

MANY = 120
# Documents of any size: the limits have tests of their own, and would keep most cases out here.
GENEROUS = {
    "query_depth": 60, "query_tokens": 50_000, "query_aliases": 5_000, "query_repeats": 999,
    "query_cost": 10**12, "query_roots": 5_000, "query_directives": 5_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(start_gateway, tmp_path_factory):
    with (
        start_gateway(tmp_path_factory.mktemp("bad"), limits=GENEROUS) as running,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def connected(client):
    """An operation that disconnects the account would keep every later order from it."""
    document = 'mutation { connectAccount(input: {accountId: "sim-1"}) { __typename } }'
    answer = client.post("/graphql", json={"query": document}).json()
    assert answer["data"] == {"connectAccount": {"__typename": "ConnectAccountSuccess"}}


@pytest.fixture(scope="module")
def operations():
    """The operations as schemathesis reads them from the contract that is checked in."""
    import schemathesis

    from tools.sdl import FILE

    use_scalars()
    schema = schemathesis.graphql.from_path(FILE)
    found = {each.ok().label: each.ok() for each in schema.get_all_operations()}
    assert sorted(found) == EXECUTED
    return found


def send(client, body):
    """Post a body and judge whatever comes back; return the codes of its errors."""
    answer = client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code < 500, (body, answer.text)
    return judge(answer.json(), body)


def judge(shown, body):
    """Fail unless an answer is data, or errors with listed codes; return those."""
    assert set(shown) <= {"data", "errors", "extensions"}
    assert shown, body
    for problem in problems(shown.get("data")):
        assert Reason(problem["code"]).kind not in NEVER, (body, problem)
        assert not leaks(problem["message"], body), (body, problem)
    for error in shown.get("errors", []):
        told = error["extensions"]
        reason = Reason(told["code"])
        assert reason.kind not in NEVER, (body, error)
        assert (len(told["requestId"]), told["retryable"]) == (32, reason.retryable)
        assert told["messageZh"]
        assert not leaks(error["message"], body), (body, error)
    return {error["extensions"]["code"] for error in shown.get("errors", [])}


def problems(data):
    """The results of mutations that are problems, with what the documents by variables pick."""
    results = [each for each in (data or {}).values() if isinstance(each, dict)]
    return [each for each in results if {"code", "message"} <= each.keys()]


def fewest(label, cases):
    """Half of the cases; of an operation without arguments as many as its fields make, if fewer."""
    root, name = label.split(".")
    field = SCHEMA.type_map[root].fields[name]
    picked = get_named_type(field.type)
    few = not field.args and is_object_type(picked)
    return min(cases // 2, 2 ** len(picked.fields)) if few else cases // 2


def documents(client, operation, cases):
    """Send generated documents of an operation; return how many were executed."""
    refused = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_LARGE"}
    sent = []

    @repeatable(cases)
    @given(case=operation.as_strategy())
    def run(case):
        sent.append(send(client, json.dumps({"query": case.body})))

    run()
    assert len(sent) >= fewest(operation.label, cases)
    return sum(not codes & refused for codes in sent), len(sent)


@pytest.mark.parametrize("label", EXECUTED)
def test_a_generated_document_gets_an_answer_or_a_listed_code(client, operations, label):
    documents(client, operations[label], CASES)


@pytest.mark.slow
def test_thousands_of_generated_documents_get_an_answer_or_a_listed_code(client, operations):
    counts = [documents(client, operations[label], MANY) for label in EXECUTED]
    executed, sent = (sum(column) for column in zip(*counts, strict=True))
    print(f"{sent} documents, {executed} executed, QUANTGRAPH_SEED={SEED}")
    assert sent >= 2_000
    assert executed > sent // 4


def assignments(client, label, cases):
    """Send variables to an operation; return the codes of each answer, by halves."""
    query, arguments = document(label)
    found = []

    def run(variables):
        found.append(send(client, json.dumps({"query": query, "variables": variables})))

    ends = [0]
    for half in halves(arguments):
        repeatable(cases // 2)(given(variables=half)(run))()
        ends.append(len(found))
    return found[: ends[1]], found[ends[1] :]


@pytest.mark.parametrize("label", EXECUTED)
def test_variables_of_any_shape_get_an_answer_or_a_listed_code(client, label):
    assignments(client, label, 3 * CASES)


@pytest.mark.slow
def test_variables_reach_what_lies_behind_the_first_checks(client):
    """Else thousands of them would try the conversion of inputs alone."""
    for label in EXECUTED:
        # Of the half that is to pass: the other half is there to be refused.
        _, found = assignments(client, label, MANY)
        reached = [codes for codes in found if "BAD_REQUEST" not in codes]
        assert len(reached) > len(found) // 2, label


@pytest.mark.parametrize("label", STREAMED)
def test_a_subscription_to_anything_begins_or_ends_with_a_listed_code(client, label):
    query, arguments = document(label)
    headers = {"accept": "text/event-stream", "content-type": "application/json"}

    @repeatable(3 * CASES)
    @given(variables=members(arguments))
    def run(variables):
        body = json.dumps({"query": query, "variables": variables})
        with client.stream("POST", "/graphql", content=body, headers=headers) as answer:
            assert answer.status_code < 500, body
            if answer.headers["content-type"].startswith("text/event-stream"):
                told = first_data(answer)
            else:
                told = answer.read().decode()
        judge(json.loads(told), body)

    run()


def first_data(answer):
    """Return the first event's data; httpx's own lines end at control characters as well."""
    text = ""
    for piece in answer.iter_text():
        text += piece
        if found := re.search(r"^data: (\{.*)\n", text, re.MULTILINE):
            return found[1]
    raise AssertionError(text)


def test_a_body_of_any_shape_gets_a_listed_code(client):
    request = st.fixed_dictionaries(
        {},
        optional={
            "query": json_values() | st.sampled_from(["{ serverInfo { version } }", "{", ""]),
            "variables": json_values(),
            "operationName": json_values(),
            "extensions": json_values(),
        },
    )

    @repeatable(10 * CASES)
    @given(body=request | json_values())
    def run(body):
        send(client, json.dumps(body))

    run()


@pytest.mark.parametrize("size", [1, 40, 4_000])
def test_bytes_that_are_no_json_get_a_listed_code(client, size):
    @repeatable(2 * CASES)
    @given(body=st.binary(min_size=size, max_size=size) | st.text(min_size=size, max_size=size))
    def run(body):
        send(client, body)

    run()

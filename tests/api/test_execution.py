"""What computes for long and never waits is kept off the event loop."""

import threading
from types import SimpleNamespace

import pytest

from api.callers import Caller
from api.core import Prepared
from api.execution import Executor
from api.requests import GraphQLRequest
from api.responses import RequestRefused
from api.slots import KeptTexts
from quantgraph.config import LimitsConfig
from quantgraph.domain.audit import NoAudit
from quantgraph.domain.calls import NoCalls
from quantgraph.domain.rates import NoMeter
from quantgraph.services.access import LOCAL
from resolvers.root import graphql_schema

TYPE = """
query($n: String!, $with: Boolean = true) { __type(name: $n) { name kind @include(if: $with) } }
"""
PLAIN = "query($n: String!) { __type(name: $n) { name } }"
CALLER = Caller(LOCAL, "request")


@pytest.fixture
def executor() -> Executor:
    # Nothing but the meter is asked: all else is about the schema.
    return Executor(
        graphql_schema,
        SimpleNamespace(meter=NoMeter(), calls=NoCalls(), audit=NoAudit()),
        LimitsConfig(),
        KeptTexts(1_000_000),
    )


async def answer(executor: Executor, query: str, **variables: object) -> object:
    request = GraphQLRequest(query, dict(variables))
    response = await executor.run(await executor.prepare(request, CALLER), request, CALLER)
    del response["extensions"]
    return response


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found: dict[str, str] = {}
    bind = Prepared.bind

    def watched(self: Prepared, variables: dict[str, object]) -> object:
        found["bind"] = threading.current_thread().name
        return bind(self, variables)

    monkeypatch.setattr(Prepared, "bind", watched)
    return found


@pytest.mark.parametrize("query", [TYPE, PLAIN])
async def test_long_variables_are_coerced_off_the_event_loop(executor, threads, query):
    assert await answer(executor, query, n="x" * 5_000) == {"data": {"__type": None}}
    assert threads["bind"].startswith("quantgraph-documents")
    found = await answer(executor, query, n="Bar")
    assert found["data"]["__type"]["name"] == "Bar"
    assert threads["bind"] == threading.main_thread().name


async def test_long_variables_are_refused_as_short_ones_are(executor):
    for value in (1, [1] * 5_000):
        with pytest.raises(RequestRefused) as caught:
            await answer(executor, PLAIN, n=value)
        assert caught.value.reason.value == "BAD_REQUEST"


async def test_the_schema_is_described_off_the_event_loop(executor, monkeypatch):
    seen: list[str] = []
    run = Prepared.run

    async def watched(self: Prepared, *given: object) -> object:
        seen.append(threading.current_thread().name)
        return await run(self, *given)

    monkeypatch.setattr(Prepared, "run", watched)
    query = "{ __schema { queryType { name } } __typename }"
    expected = {"__schema": {"queryType": {"name": "Query"}}, "__typename": "Query"}
    assert await answer(executor, query) == {"data": expected}
    assert seen[0].startswith("quantgraph-documents")

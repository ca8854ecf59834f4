"""Live bars: each event written once for all who are told it, as graphql-core would write it."""

import json

from api.callers import Caller
from api.execution import Executor
from api.requests import GraphQLRequest
from api.slots import KeptTexts, Text
from quantgraph.config import LimitsConfig
from quantgraph.domain.access import Principal, Scope
from resolvers.root import graphql_schema
from schema.live_bars import BarEvent
from tests.api.events import bare
from tests.grpc_bridge.world import World

QUERY = """subscription { b: bars(symbol: "600519.SH", period: DAY_1) { kind symbol period
  bar { time open high low close volume amount previousClose suspended } final dataSource epoch
  sequence p: previousSequence conflatedCount source { connected lastEventAt lagMs }
  __typename } }"""
CALLER = Caller(Principal("a", Scope.READ), "r")
_EVENTS = 3


async def told(executor, ordinary=False):
    request = GraphQLRequest(QUERY, {})
    operation = await executor.prepare(request, CALLER)
    run = executor._executed if ordinary else executor.stream
    events, found = run(operation, request, CALLER), []
    async for event in events:
        found.append(bare(json.loads(Text(event.response).whole())))
        if len(found) == _EVENTS:
            break
    await events.aclose()
    return found


async def test_an_event_is_written_once_for_all_and_as_graphql_core_would(monkeypatch):
    executor = Executor(graphql_schema, World().gateway, LimitsConfig(), KeptTexts(0))
    expected = await told(executor, ordinary=True)
    assert [each["data"]["b"]["kind"] for each in expected] == ["SNAPSHOT", "UPDATE", "HEARTBEAT"]
    written, shown = [], BarEvent.from_domain
    monkeypatch.setattr(
        BarEvent, "from_domain", lambda event: (written.append(event), shown(event))[1]
    )
    for _ in range(3):
        assert await told(executor) == expected
    assert len(written) == _EVENTS

"""Quotes by broadcast: written once for all, and to each the same as if it were alone."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from graphql import get_named_type, is_leaf_type
from hypothesis import given, settings
from hypothesis import strategies as st

from api.callers import Caller
from api.execution import Executor
from api.live import Live, Tellers
from api.quote_texts import QuoteTexts
from api.requests import GraphQLRequest
from api.slots import KeptTexts, Text
from quantgraph.config import LimitsConfig
from quantgraph.domain import streams
from quantgraph.domain.access import Principal, Scope
from quantgraph.domain.errors import LimitReached, NotFound, Unavailable
from quantgraph.domain.quotes import QuotePolicy
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteWatch, StreamKind
from quantgraph.services.quotes import SharedQuotes
from resolvers.root import graphql_schema
from tests.api.events import bare
from tests.api.lines import A, B, C, Feed, MemoryLine, quote
from tests.grpc_bridge.world import World
from tests.waiting import WatchedLoop, settled, until

READER = Principal("a", Scope.READ)
_CHAIN = "kind symbol sequence previousSequence conflatedCount epoch"
_FULL = "quote { time lastPrice open volume bids { price quantity } source }"
DOCUMENTS = {
    "chain": f"subscription($s: [Symbol!]) {{ quotes(symbols: $s) {{ {_CHAIN} }} }}",
    "full": f"subscription($s: [Symbol!]) {{ quotes(symbols: $s) {{ {_CHAIN} {_FULL} }} }}",
    "aliases": "subscription($s: [Symbol!]) { q: quotes(symbols: $s) { k: kind kind symbol "
    "sequence p: previousSequence conflatedCount epoch __typename "
    "a: quote { lastPrice } b: quote { volume symbol } } }",
    "fragments": "subscription($s: [Symbol!], $more: Boolean = false) { quotes(symbols: $s) { ...E "
    "quote @include(if: $more) { amount } } } fragment E on QuoteEvent { kind symbol sequence "
    "previousSequence conflatedCount epoch }",
    "buffer": "subscription($s: [Symbol!]) { quotes(symbols: $s, policy: BUFFER, bufferSize: 40) "
    f"{{ {_CHAIN} quote {{ lastPrice }} }} }}",
}


class Said:
    """A stream of one event: what a reader alone would be told of it."""

    def __init__(self, event: streams.QuoteEvent) -> None:
        self.event = event

    async def watch(self, _):
        yield self.event


class Stage:
    """A gateway in memory whose quotes are said by a test."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.shared = SharedQuotes(self.feed, self.feed, lambda: "e1")
        self.gateway = replace(World().gateway, quote_stream=self.shared)
        self.tellers = Tellers(self.gateway, 0.005)
        self.broadcast = self.tellers.broadcast
        self.executor = self._executor(self.gateway)
        self.tasks: list[asyncio.Task[None]] = []

    def _executor(self, gateway):
        return Executor(graphql_schema, gateway, LimitsConfig(), KeptTexts(0))

    async def join(self, query, operation_id="1", who=READER, line=None, **variables):
        line = line or MemoryLine()
        live = Live(self.tellers, line)
        request = GraphQLRequest(query, variables)
        operation = await self.executor.prepare(request, Caller(who, "r"))
        call = await self.executor.quotes(operation, request)
        assert call is not None
        task = asyncio.create_task(live.run(call, who, operation_id))
        self.tasks.append(task)
        await until(lambda: line.paused or line.written or task.done())
        return line, live, task

    async def alone(self, query, event, **variables):
        """Return the response of an event as graphql-core makes it for one reader."""
        executor = self._executor(replace(self.gateway, quote_stream=Said(event)))
        request, caller = GraphQLRequest(query, variables), Caller(READER, "r")
        operation = await executor.prepare(request, caller)
        [found] = [
            bare(each.response) async for each in executor._executed(operation, request, caller)
        ]
        return found

    async def say(self, symbol, time):
        self.feed.say(symbol, time)
        await self.told()

    async def told(self):
        """Wait until everybody was told: under load a turn rests a little."""
        await asyncio.sleep(0)  # a loop that has settled already tells nobody
        await settled()
        await until(lambda: not self.broadcast.busy)

    async def close(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.shared.close()


@pytest.fixture
async def stage():
    stage = Stage()
    yield stage
    await stage.close()


async def test_sockets_in_step_are_one_reader_and_get_the_same_bytes(stage):
    lines = [(await stage.join(DOCUMENTS["full"], s=[A, B]))[0] for _ in range(5)]
    for time in range(1, 4):
        await stage.say(A, time)
    assert stage.broadcast.cohort_count == 1
    assert len({b"".join(line.written[1:]) for line in lines}) == 1
    for line in lines:
        assert [each["payload"]["data"]["quotes"]["kind"] for each in line.heard()] == [
            *["SNAPSHOT"] * 2,
            *["UPDATE"] * 3,
        ]


async def test_each_quote_is_written_once_for_all_ids_and_lists(stage, monkeypatch):
    written = []
    shared = QuoteTexts._shared
    monkeypatch.setattr(
        QuoteTexts, "_shared", lambda texts, event: (written.append(event), shared(texts, event))[1]
    )
    query = "subscription($s: [Symbol!]) { quotes(symbols: $s) { quote { lastPrice } } }"
    for number, symbols in enumerate(([A], [A], [A, B], [A, C], [C, A])):
        await stage.join(query, f"id {number}", s=symbols)
    written.clear()
    await stage.say(A, 1)
    assert len(written) == 1


async def test_a_burst_is_one_write_a_socket(stage):
    line, *_ = await stage.join(DOCUMENTS["chain"], s=[A, B, C])
    line.written.clear()
    for symbol in (A, B, C):
        stage.feed.say(symbol, 1)
    await stage.told()
    assert len(line.heard()) == 3
    assert len(line.written) == 1


async def test_two_operations_of_one_socket_are_one_write(stage):
    line, *_ = await stage.join(DOCUMENTS["chain"], "1", s=[A])
    await stage.join(DOCUMENTS["full"], "2", line=line, s=[A, B])
    await stage.told()
    line.written.clear()
    await stage.say(A, 1)
    assert {each["id"] for each in line.heard()} == {"1", "2"}
    assert len(line.written) == 1


async def test_who_reads_slowly_is_told_the_newest_and_holds_nobody_up(stage):
    slow, *_ = await stage.join(DOCUMENTS["chain"], s=[A])
    quick, *_ = await stage.join(DOCUMENTS["chain"], s=[A])
    slow.hold()
    for time in range(1, 4):
        await stage.say(A, time)
    assert (len(quick.heard()), len(slow.heard())) == (4, 1)
    assert stage.broadcast.cohort_count == 2
    slow.release()
    await stage.told()
    last = slow.heard()[-1]["payload"]["data"]["quotes"]
    assert (last["sequence"], last["previousSequence"], last["conflatedCount"]) == (3, 0, 2)
    assert stage.broadcast.cohort_count == 1
    await stage.say(A, 4)
    assert slow.written[-1] == quick.written[-1]


async def test_what_waits_when_a_reader_falls_behind_is_kept_for_it(stage):
    slow, *_ = await stage.join(DOCUMENTS["chain"], s=[A])
    await stage.join(DOCUMENTS["chain"], s=[A])
    slow.hold()
    await stage.say(A, 1)
    slow.release()
    await stage.told()
    assert [each["payload"]["data"]["quotes"]["sequence"] for each in slow.heard()] == [0, 1]


async def test_a_snapshot_of_many_symbols_comes_whole_though_others_are_far_ahead(stage):
    many = [f"{600_000 + number}.SH" for number in range(300)]
    for _ in range(2):
        line, *_ = await stage.join(DOCUMENTS["chain"], s=many)
        await stage.told()
        assert {each["payload"]["data"]["quotes"]["symbol"] for each in line.heard()} == {*many}
    assert stage.broadcast.cohort_count == 1


async def test_one_quote_said_twice_has_two_numbers(stage):
    line, *_ = await stage.join(DOCUMENTS["chain"], s=[A])
    said = quote(A, 1)
    for _ in range(2):
        stage.feed.followed[A].put_nowait(said)
        await stage.told()
    assert [each["payload"]["data"]["quotes"]["sequence"] for each in line.heard()] == [0, 1, 2]


async def test_snapshots_before_the_first_quote_are_each_of_their_moment(stage):
    for time in (5, 7):
        stage.feed.newest[A] = quote(A, time)
        line, *_ = await stage.join(DOCUMENTS["full"], s=[A])
        [told] = line.heard()
        assert told["payload"]["data"]["quotes"]["quote"]["volume"] == time


async def test_a_full_buffer_ends_the_slow_operation_alone(stage):
    slow, _, task = await stage.join(DOCUMENTS["buffer"], s=[A])
    quick, *_ = await stage.join(DOCUMENTS["buffer"], s=[A])
    slow.hold()
    for time in range(1, 50):
        await stage.say(A, time)
    slow.release()
    with pytest.raises(LimitReached) as caught:
        await task
    assert caught.value.reason is Reason.SLOW_CONSUMER
    assert [each["payload"]["data"]["quotes"]["conflatedCount"] for each in quick.heard()] == (
        [0] * 50
    )


async def test_other_rights_share_nothing_but_the_upstream(stage):
    for who in (READER, Principal("b", Scope.TRADE), Principal("c", Scope.READ, frozenset({"x"}))):
        await stage.join(DOCUMENTS["chain"], who=who, s=[A])
    assert stage.broadcast.cohort_count == 3
    await stage.join(DOCUMENTS["chain"], who=Principal("d", Scope.READ), s=[A])
    await until(lambda: stage.broadcast.cohort_count == 3)
    assert stage.shared.upstream_count == 1


async def test_an_interval_keeps_readers_on_common_ticks(stage):
    query = "subscription($s: [Symbol!]) { quotes(symbols: $s, minIntervalMs: 100) { sequence } }"
    first, *_ = await stage.join(query, s=[A])
    second, *_ = await stage.join(query, s=[A])
    await stage.say(A, 1)
    await until(lambda: len(first.heard()) == len(second.heard()) == 2)
    assert stage.broadcast.cohort_count == 1


async def test_after_complete_nothing_more_is_said(stage):
    line, live, _ = await stage.join(DOCUMENTS["chain"], "1", s=[A])
    stage.feed.say(A, 1)
    live.stop("1")
    heard = len(line.heard())
    await stage.told()
    assert len(line.heard()) == heard
    assert stage.broadcast.cohort_count == 0


async def test_a_refused_symbol_and_the_gateways_end_are_told_to_the_member(stage):
    async def refuse(symbols):
        raise NotFound(Reason.UNKNOWN_SYMBOL, "none")

    kept, stage.feed.quotes = stage.feed.quotes, refuse
    *_, task = await stage.join(DOCUMENTS["chain"], s=[A])
    with pytest.raises(NotFound):
        await task
    stage.feed.quotes = kept
    *_, task = await stage.join(DOCUMENTS["chain"], s=[A])
    await stage.shared.close()
    with pytest.raises(Unavailable):
        await task
    assert stage.broadcast.cohort_count == 0


async def test_subscribers_in_step_are_bounded_too(stage, monkeypatch):
    monkeypatch.setattr("quantgraph.services.broadcast.MAX_MEMBERS", 2)
    *_, first = await stage.join(DOCUMENTS["chain"], s=[A])
    await stage.join(DOCUMENTS["chain"], s=[A])
    *_, third = await stage.join(DOCUMENTS["chain"], s=[A])
    with pytest.raises(LimitReached) as caught:
        await third
    assert caught.value.reason is Reason.SUBSCRIPTION_LIMIT
    first.cancel()
    await asyncio.wait([first])
    line, *_ = await stage.join(DOCUMENTS["chain"], s=[A])
    assert line.heard()


async def test_subscribers_whose_source_is_being_opened_count_too(stage, monkeypatch):
    monkeypatch.setattr("quantgraph.services.broadcast.MAX_MEMBERS", 2)
    opened, tap = asyncio.Event(), stage.shared.tap

    async def slow(*asked):
        await opened.wait()
        return await tap(*asked)

    monkeypatch.setattr(stage.shared, "tap", slow)
    joins = [asyncio.create_task(stage.join(DOCUMENTS["chain"], s=[A])) for _ in range(3)]
    async with asyncio.timeout(10):
        *_, refused = await next(asyncio.as_completed(joins))
    with pytest.raises(LimitReached):
        await refused
    opened.set()
    assert sum(task.done() for *_, task in await asyncio.gather(*joins)) == 1


async def test_heartbeats_come_after_the_snapshot_and_go_on(stage, monkeypatch):
    monkeypatch.setattr("quantgraph.services.broadcast.HEARTBEAT_S", 0.01)
    query = "subscription($s: [Symbol!]) { quotes(symbols: $s) { kind source { connected } } }"
    line, *_ = await stage.join(query, s=[A])
    await until(lambda: len(line.heard()) >= 3)
    stage.feed.connected = False
    await until(
        lambda: (
            not (line.heard()[-1]["payload"]["data"]["quotes"]["source"] or {"connected": 1})[
                "connected"
            ]
        )
    )
    kinds = [each["payload"]["data"]["quotes"]["kind"] for each in line.heard()]
    assert kinds == ["SNAPSHOT", *["HEARTBEAT"] * (len(kinds) - 1)]


async def test_a_heartbeat_goes_to_some_sockets_in_each_turn(stage, monkeypatch):
    monkeypatch.setattr("quantgraph.services.broadcast.HEARTBEAT_S", 0.01)
    monkeypatch.setattr("quantgraph.services.broadcast._MOST", 2)
    joined = [await stage.join(DOCUMENTS["chain"], s=[A]) for _ in range(6)]
    assert stage.broadcast.cohort_count == 1
    turn, told = 0, []

    def tell(number):
        told.append((turn, number))
        joined[3][0].paused = True  # while others are being told
        joined[4][1].stop("1")

    for number, (line, *_) in enumerate(joined):
        monkeypatch.setattr(line, "write", lambda _, number=number: tell(number))
    while len(told) < 40:
        turn += 1
        await asyncio.sleep(0)
    assert max(Counter(turn for turn, _ in told).values()) == 2
    assert {number for _, number in told} == {0, 1, 2, 5}


def every_field(name):
    """Return a selection of all that a type of the contract has."""
    picked = []
    for key, each in graphql_schema._schema.get_type(name).fields.items():
        kind = get_named_type(each.type)
        picked.append(key if is_leaf_type(kind) else f"{key} {{ {every_field(kind.name)} }}")
    return " ".join([*picked, "__typename"])


@pytest.mark.parametrize(
    "event",
    [
        streams.QuoteEvent(StreamKind.SNAPSHOT, "e1", quote(A, 3), 7),
        streams.QuoteEvent(StreamKind.UPDATE, "e1", quote(B, 4), 9, 7, 1),
        streams.QuoteEvent(
            StreamKind.HEARTBEAT, "e1", source=streams.SourceState(True, 1_700_000_000_123, 12)
        ),
        streams.QuoteEvent(
            StreamKind.HEARTBEAT, "e1", source=streams.SourceState(False, None, None)
        ),
    ],
    ids=lambda event: f"{event.kind} {event.sequence}",
)
async def test_every_field_is_read_from_the_domain_as_graphql_core_shows_it(stage, event):
    query = (
        f"subscription($s: [Symbol!]) {{ quotes(symbols: $s) {{ {every_field('QuoteEvent')} }} }}"
    )
    request = GraphQLRequest(query, {"s": [A]})
    operation = await stage.executor.prepare(request, Caller(READER, "r"))
    call = await stage.executor.quotes(operation, request)
    plain = json.loads(call.texts._plain(event))  # raises where a field cannot be read so
    assert plain == json.loads(Text(await stage.alone(query, event, s=[A])).whole())


@pytest.mark.parametrize("odd", [{"last_price": float("nan")}, {"volume": 2**60}])
async def test_a_quote_that_is_not_plain_is_what_the_ordinary_path_makes_of_it(stage, odd):
    lines = [(await stage.join(DOCUMENTS["full"], s=[A]))[0] for _ in range(2)]
    said = replace(quote(A, 1), **odd)
    stage.feed.followed[A].put_nowait(said)
    await stage.told()
    event = streams.QuoteEvent(StreamKind.UPDATE, "e1", said, 1, 0, 0)
    expected = json.loads(Text(await stage.alone(DOCUMENTS["full"], event, s=[A])).whole())
    for line in lines:
        told = line.heard()[-1]["payload"]
        for response in (told, expected):
            response["errors"][0]["extensions"].pop("requestId", None)
        assert told == expected
    await stage.say(A, 2)
    assert all("errors" not in line.heard()[-1]["payload"] for line in lines)


ACTS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from([A, B, C])),
    st.tuples(
        st.just("join"),
        st.sampled_from(sorted(DOCUMENTS)),
        st.sets(st.sampled_from([A, B, C]), min_size=1),
    ),
    st.tuples(st.just("hold"), st.integers(0, 5)),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("stop"), st.integers(0, 5)),
    st.just(("settle",)),
)


class Course:
    """A random course, and what every member of it was told."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.members = []
        self.time = 0
        self.quotes = {}
        self.stopped = set()

    async def witness(self):
        """Note which quote has which number."""
        watch = QuoteWatch((A, B, C), QuotePolicy.BUFFER)
        async for event in self.stage.shared.watch(watch):
            assert event.quote is not None
            self.quotes[event.quote.symbol, event.sequence] = event.quote

    async def act(self, act):
        match act:
            case "say", symbol:
                self.time += 1
                self.stage.feed.say(symbol, self.time)
            case "join", name, symbols:
                number = len(self.members)
                line, live, _ = await self.stage.join(
                    DOCUMENTS[name], f"op {number % 3}", s=sorted(symbols), more=bool(number % 2)
                )
                self.members.append((name, line, live, sorted(symbols), number))
            case ("settle",):
                await self.stage.told()
            case move, number if self.members:
                _, line, live, _, own = self.members[number % len(self.members)]
                if move == "stop":
                    live.stop(f"op {own % 3}")
                    self.stopped.add(own)
                else:
                    getattr(line, move)()
            case _:
                pass

    async def check(self):
        texts = {}
        for name, line, _, symbols, number in self.members:
            before = {}
            for message in line.heard():
                assert message["id"] == f"op {number % 3}"
                told = message["payload"]["data"]
                shown = told.get("q") or told["quotes"]
                previous = shown.get("previousSequence", shown.get("p"))
                symbol, sequence = shown["symbol"], shown["sequence"]
                assert symbol in symbols
                assert previous == before.get(symbol)
                before[symbol] = sequence
                event = streams.QuoteEvent(
                    StreamKind(shown["kind"]),
                    "e1",
                    self.quotes[symbol, sequence],
                    sequence,
                    previous,
                    0 if previous is None else sequence - previous - 1,
                )
                key = (name, number % 2, event)
                if key not in texts:
                    texts[key] = await self.stage.alone(
                        DOCUMENTS[name], event, s=symbols, more=bool(number % 2)
                    )
                    texts[key] = json.loads(Text(texts[key]).whole())
                assert message["payload"] == texts[key]
            if number not in self.stopped:
                assert before == {symbol: self.newest(symbol) for symbol in symbols}

    def newest(self, symbol):
        return max(number for said, number in self.quotes if said == symbol)


@settings(max_examples=25)
@given(st.lists(ACTS, max_size=25))
def test_grouped_answers_equal_those_of_one_reader_alone(acts):
    async def run():
        course = Course()
        witness = asyncio.create_task(course.witness())
        await until(lambda: len(course.quotes) == 3)
        for act in acts:
            await course.act(act)
        for _, line, *_ in course.members:
            line.release()
        await course.stage.told()
        await course.check()
        witness.cancel()
        with suppress(asyncio.CancelledError):
            await witness
        await course.stage.close()

    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        runner.run(run())

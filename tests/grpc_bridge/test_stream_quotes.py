"""A stream whose symbols change while it lasts: each command is acknowledged symbol by symbol."""

import asyncio
from dataclasses import replace
from time import monotonic
from typing import Any

import grpc
import pytest
from grpc import aio

from grpc_bridge import quote_sessions
from quantgraph.domain.errors import unknown_symbol
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rates import Rates
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.services import quotes
from quantgraph.services.meter import KeyMeter
from quantgraph.services.quotes import SharedQuotes
from quantgraph.v1 import quotes_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.wire.enums import STREAM_KIND
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.world import World
from tests.waiting import settled, until

A, B, NOBODY = "600519.SH", "000001.SZ", "999999.SH"


class Feed:
    """Quotes that a test says."""

    def __init__(self) -> None:
        self.inboxes: dict[str, Any] = {}

    async def quotes(self, symbols: Any) -> list[Any]:
        return [unknown_symbol(each) if each == NOBODY else made(each, 1) for each in symbols]

    async def follow(self, symbol: str) -> Any:
        inbox = self.inboxes[symbol] = asyncio.Queue()
        try:
            while True:
                yield await inbox.get()
        finally:
            del self.inboxes[symbol]

    def state(self) -> SourceState:
        return SourceState(connected=True, last_event_time=None, lag_ms=None)

    async def say(self, symbol: str, time: int) -> None:
        await until(lambda: symbol in self.inboxes)
        self.inboxes[symbol].put_nowait(made(symbol, time))


def made(symbol: str, time: int) -> Quote:
    return Quote(symbol, time, 1.0, 1, 1, 1, 1, 0, 0.0, (), (), False, Source.SIMULATED)


class Session:
    """A call, and what it has said so far."""

    def __init__(self, channel: aio.Channel) -> None:
        self.call = QuoteServiceStub(channel).StreamQuotes()
        self.number = 0
        self.events: list[tuple[str, str, int]] = []

    async def send(self, **command: Any) -> None:
        self.number += 1
        lists = {
            name: quotes_pb2.SymbolList(symbols=value)
            for name, value in command.items()
            if name != "min_interval_ms"
        }
        rest = {name: value for name, value in command.items() if name == "min_interval_ms"}
        await self.call.write(
            quotes_pb2.StreamQuotesRequest(command_id=str(self.number), **lists, **rest)
        )

    async def order(self, **command: Any) -> quotes_pb2.CommandAck:
        """Send a command and return its acknowledgement; events before it are kept."""
        await self.send(**command)
        while True:
            message = await self.read()
            if message.HasField("ack"):
                assert message.ack.command_id == str(self.number)
                return message.ack

    async def read(self) -> quotes_pb2.StreamQuotesResponse:
        message = await self.call.read()
        assert message is not aio.EOF
        for event in message.events:
            kind = STREAM_KIND.from_proto(event.kind, "kind")
            self.events.append((kind.value, event.quote.symbol, event.sequence))
        return message

    async def until(self, count: int) -> list[tuple[str, str, int]]:
        while len(self.events) < count:
            await self.read()
        return self.events


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def shared(world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> SharedQuotes:
    monkeypatch.setattr(quotes, "GRACE_S", 0.0)
    shared = SharedQuotes(feed, feed, lambda: "e1")
    world.gateway = replace(world.gateway, quote_stream=shared)
    return shared


@pytest.fixture
async def session(shared: SharedQuotes, channel: aio.Channel):
    session = Session(channel)
    yield session
    session.call.cancel()
    await shared.close()


async def test_every_symbol_of_a_command_is_acknowledged_with_its_code(session: Session):
    ack = await session.order(subscribe=[A, NOBODY, B])
    assert [(each.symbol, each.subscribed, each.failure.code) for each in ack.symbols] == [
        (A, True, ""),
        (NOBODY, False, Reason.UNKNOWN_SYMBOL),
        (B, True, ""),
    ]
    assert ack.subscribed == 2
    assert sorted(await session.until(2)) == [("SNAPSHOT", B, 0), ("SNAPSHOT", A, 0)]


async def test_symbols_come_and_go_without_touching_the_others(
    session: Session, feed: Feed, shared: SharedQuotes
):
    await session.order(subscribe=[A])
    await feed.say(A, 2)
    assert await session.until(2) == [("SNAPSHOT", A, 0), ("UPDATE", A, 1)]
    await session.order(subscribe=[A, B])
    await session.until(3)
    ack = await session.order(unsubscribe=[A, NOBODY])
    assert [(each.symbol, each.subscribed) for each in ack.symbols] == [(A, False), (NOBODY, False)]
    assert ack.subscribed == 1
    await until(lambda: shared.upstream_count == 1)
    await feed.say(B, 2)
    assert (await session.until(4))[2:] == [("SNAPSHOT", B, 0), ("UPDATE", B, 1)]
    await session.order(subscribe=[A])
    assert (await session.until(5))[4] == ("SNAPSHOT", A, 1)


async def test_nothing_of_a_symbol_comes_after_it_was_unsubscribed(session: Session, feed: Feed):
    await session.order(subscribe=[A, B], min_interval_ms=0)
    await session.until(2)
    await feed.say(A, 2)
    await session.order(unsubscribe=[A])
    known = len(session.events)
    await feed.say(B, 2)
    assert [symbol for _, symbol, _ in (await session.until(known + 1))[known:]] == [B]


async def test_a_stream_holds_a_bounded_number_of_symbols(session: Session, world: World):
    most = world.gateway.limits.batch_symbols
    many = [f"{number:06}.SZ" for number in range(1, most + 1)]
    assert (await session.order(subscribe=many)).subscribed == most
    ack = await session.order(subscribe=[A, many[0]])
    assert [(each.subscribed, each.failure.code) for each in ack.symbols] == [
        (False, Reason.SUBSCRIPTION_LIMIT),
        (True, ""),
    ]
    await session.order(unsubscribe=many[:1])
    assert (await session.order(subscribe=[A])).symbols[0].subscribed


@pytest.fixture
def scarce(world: World) -> None:
    """Eight points for each key, and none comes back."""
    meter = KeyMeter(Rates(8, 1, 1, 1), lambda: 0.0)
    world.gateway = replace(world.gateway, meter=meter)


@pytest.mark.usefixtures("scarce")
async def test_commands_cost_their_key_what_they_ask_for(session: Session, feed: Feed):
    await session.order(subscribe=[A])  # the call, the command and its symbol
    for _ in range(2):
        await session.order(subscribe=[A])
    ack = await session.order(subscribe=[B, A])
    assert [(each.subscribed, each.failure.code) for each in ack.symbols] == [
        (False, Reason.RATE_LIMITED),
        (True, ""),
    ]
    # Who asks for less is never kept waiting, and what is subscribed goes on.
    assert (await session.order(unsubscribe=[B])).subscribed == 1
    await feed.say(A, 2)
    assert (await session.until(2))[1] == ("UPDATE", A, 1)


async def test_a_client_that_has_said_all_still_hears_what_it_subscribed(
    session: Session, feed: Feed
):
    await session.order(subscribe=[A])
    await session.call.done_writing()
    await feed.say(A, 2)
    assert (await session.until(2))[1] == ("UPDATE", A, 1)


async def test_a_client_that_wants_nothing_more_is_let_go(session: Session):
    await session.order(subscribe=[A])
    await session.until(1)
    await session.order(unsubscribe=[A])
    await session.call.done_writing()
    assert await session.call.read() is aio.EOF
    assert await session.call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "command"),
        ({"subscribe": quotes_pb2.SymbolList()}, "subscribe.symbols"),
        ({"unsubscribe": quotes_pb2.SymbolList(symbols=["x"])}, "unsubscribe.symbols[0]"),
        (
            {"subscribe": quotes_pb2.SymbolList(symbols=[A]), "min_interval_ms": 60_001},
            "min_interval_ms",
        ),
        ({"subscribe": quotes_pb2.SymbolList(symbols=[A]), "command_id": "i" * 65}, "command_id"),
        ({"subscribe": quotes_pb2.SymbolList(symbols=[A] * 100_000)}, "symbols"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
async def test_what_is_no_command_ends_the_stream_and_names_the_field(
    session: Session, request_: Any, field: str, *, first: bool
):
    if not first:
        await session.order(subscribe=[B])
        await session.until(1)
    await session.call.write(quotes_pb2.StreamQuotesRequest(**request_))
    refusal = await refused(session.call.read())
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_who_leaves_is_gone_and_its_upstreams_too(session: Session, shared: SharedQuotes):
    await session.order(subscribe=[A, B])
    assert shared.upstream_count == 2
    session.call.cancel()
    await until(lambda: shared.upstream_count == 0)


async def test_a_new_epoch_ends_the_stream(session: Session, shared: SharedQuotes):
    await session.order(subscribe=[A])
    await session.until(1)
    await shared.start_over()
    assert (await refused(session.call.read())).reason is Reason.EPOCH_CHANGED


async def test_a_reader_who_stops_reading_gets_the_newest_quote_later(
    session: Session, feed: Feed, shared: SharedQuotes
):
    await session.order(subscribe=[A])
    await session.until(1)
    for time in range(2, 5_000):
        await feed.say(A, time)
    await until(feed.inboxes[A].empty)
    while session.events[-1][2] < 4_998:
        await session.read()
    numbers = [number for _, _, number in session.events]
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 4_000


async def test_heartbeats_come_while_nothing_is_subscribed(
    session: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("grpc_bridge.quote_sessions.HEARTBEAT_S", 0.0)
    await session.order(subscribe=[NOBODY])
    await session.until(1)
    assert session.events[0][0] == StreamKind.HEARTBEAT


async def test_under_load_what_comes_meanwhile_is_one_message(
    session: Session, feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    await session.order(subscribe=[A, B])
    await session.until(2)
    # As if each message had cost so much.
    monkeypatch.setattr(quote_sessions, "rested", lambda *_: monotonic() + 0.05)
    await feed.say(A, 2)
    await session.until(3)
    for symbol in (A, B):
        await feed.say(symbol, 3)
        await settled()
    assert len((await session.read()).events) == 2

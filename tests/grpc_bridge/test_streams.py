"""Live streams: what happens arrives in order, and who leaves is gone on the server too."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc import aio

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.orders import OrderTicket, Side
from quantgraph.domain.quotes import QuotePolicy
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteEvent, QuoteWatch, SourceState, StreamKind
from quantgraph.v1 import orders_pb2, quotes_pb2, streams_pb2, system_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from quantgraph.wire.orders import event_from_proto as order_event
from quantgraph.wire.quotes import event_from_proto as quote_event
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.memory.quotes import quote
from tests.grpc_bridge.memory.system import LIMITS
from tests.grpc_bridge.world import World

MAOTAI = quotes_pb2.SymbolList(symbols=["600519.SH"])


def watch(channel: aio.Channel, **request: Any) -> Any:
    return QuoteServiceStub(channel).WatchQuotes(quotes_pb2.WatchQuotesRequest(**request))


def follow(channel: aio.Channel, **request: Any) -> Any:
    return OrderServiceStub(channel).StreamOrderEvents(
        orders_pb2.StreamOrderEventsRequest(account_id="sim-1", **request)
    )


async def until(channel: aio.Channel, condition: Any) -> None:
    """Call the server until something holds: each call lets its loop go round."""
    async with asyncio.timeout(5):
        while not condition():
            await SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest())


async def test_quotes_arrive_as_the_port_says_them(channel: aio.Channel, world: World):
    call = watch(channel, symbols=MAOTAI)
    first = (await call.read()).events[0]
    assert quote_event(first).kind is StreamKind.SNAPSHOT
    update = QuoteEvent(StreamKind.UPDATE, "e1", quote("600519.SH", 11.0), 7, 3, 3)
    state = SourceState(connected=False, last_event_time=5, lag_ms=20)
    beat = QuoteEvent(StreamKind.HEARTBEAT, "e1", source=state)
    for event in (update, beat):
        world.stream.say(event)
        (received,) = (await call.read()).events
        assert quote_event(received) == event
    call.cancel()


async def test_what_comes_together_is_one_message(channel: aio.Channel, world: World):
    call = watch(channel, symbols=MAOTAI)
    await call.read()
    said = [
        QuoteEvent(
            StreamKind.UPDATE, "e1", quote("600519.SH", float(number)), number, number - 1, 0
        )
        for number in range(2, 300)
    ]
    for event in said:
        world.stream.say(event)
    messages = [await call.read(), await call.read()]
    assert [len(each.events) for each in messages] == [256, 42]
    assert [quote_event(each) for message in messages for each in message.events] == said
    call.cancel()


async def test_a_quiet_stream_says_every_few_seconds_that_it_lives(
    channel: aio.Channel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("quantgraph.services.broadcast.HEARTBEAT_S", 0.01)
    call = watch(channel, symbols=MAOTAI)
    kinds = [(await call.read()).events[-1].kind for _ in range(3)]
    assert kinds[1:] == [streams_pb2.STREAM_KIND_HEARTBEAT] * 2
    call.cancel()


@pytest.mark.parametrize(
    ("selector", "symbols"),
    [
        ({"symbols": quotes_pb2.SymbolList(symbols=["600519.SH", "600519.SH"])}, ("600519.SH",)),
        ({"sector": "白酒"}, ("000858.SZ", "600519.SH")),
        ({"market": "MARKET_SZ"}, ("000001.SZ", "000858.SZ")),
    ],
)
async def test_any_selector_chooses_symbols(
    channel: aio.Channel, world: World, selector: Any, symbols: tuple[str, ...]
):
    call = watch(channel, **selector, min_interval_ms=250)
    await call.read()
    named = "symbols" in selector
    assert world.stream.watched == [QuoteWatch(symbols, QuotePolicy.LATEST, 250, named=named)]
    call.cancel()


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "selector"),
        ({"sector": "空"}, "selector"),
        ({"market": "MARKET_BJ"}, "selector"),
        ({"market": 0}, "market"),
        ({"symbols": quotes_pb2.SymbolList()}, "symbols.symbols"),
        ({"symbols": quotes_pb2.SymbolList(symbols=["x"])}, "symbols.symbols[0]"),
        ({"symbols": MAOTAI, "min_interval_ms": -1}, "min_interval_ms"),
        ({"symbols": MAOTAI, "min_interval_ms": 60_001}, "min_interval_ms"),
        ({"symbols": MAOTAI, "policy": 0}, "policy"),
        ({"symbols": MAOTAI, "buffer_size": 10}, "buffer_size"),
        ({"symbols": MAOTAI, "policy": 2, "buffer_size": 0}, "buffer_size"),
    ],
)
async def test_a_wrong_watch_is_refused_with_its_field(
    channel: aio.Channel, request_: Any, field: str
):
    refusal = await refused(watch(channel, **request_).read())
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_an_unknown_sector_cannot_be_watched(channel: aio.Channel):
    refusal = await refused(watch(channel, sector="无").read())
    assert refusal.reason is Reason.UNKNOWN_SECTOR


async def test_an_error_midway_ends_the_stream_with_its_reason(channel: aio.Channel, world: World):
    call = watch(channel, symbols=MAOTAI)
    await call.read()
    world.stream.say(LimitReached(Reason.SLOW_CONSUMER, "The buffer is full."))
    refusal = await refused(call.read())
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.SLOW_CONSUMER,
    )
    assert world.stream.readers == 0


async def test_a_client_that_leaves_is_gone_on_the_server(channel: aio.Channel, world: World):
    quotes, orders = watch(channel, symbols=MAOTAI), follow(channel)
    await quotes.read()
    await orders.read()
    assert (world.stream.readers, world.trading.readers) == (1, 1)
    quotes.cancel()
    orders.cancel()
    await until(channel, lambda: world.stream.readers + world.trading.readers == 0)


async def test_a_slow_reader_holds_the_stream_and_nobody_else(channel: aio.Channel, world: World):
    world.stream.endless = True
    call = watch(channel, symbols=MAOTAI)
    await call.read()
    settled, before = 0, -1
    while settled < 50:
        settled = settled + 1 if world.stream.sent == before else 0
        before = world.stream.sent
        await SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest())
    received = await call.read()
    assert received.events[0].sequence < before
    call.cancel()
    await until(channel, lambda: world.stream.readers == 0)


async def test_a_connection_has_a_limit_of_open_streams(channel: aio.Channel, world: World):
    calls = [watch(channel, symbols=MAOTAI) for _ in range(LIMITS.subscriptions)]
    for call in calls:
        await call.read()
    refusal = await refused(follow(channel).read())
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.SUBSCRIPTION_LIMIT,
    )
    # Other calls go on, and a place that is given back can be taken again.
    calls.pop().cancel()
    await until(channel, lambda: world.stream.readers == LIMITS.subscriptions - 1)
    again = follow(channel)
    assert (await again.read()).event.kind == streams_pb2.STREAM_KIND_CAUGHT_UP


async def submit(world: World, key: str) -> str:
    ticket = OrderTicket("sim-1", key, "600519.SH", Side.BUY, 100)
    return (await world.trading.submit(ticket)).order.id


async def test_order_events_begin_with_the_open_orders(channel: aio.Channel, world: World):
    first = await submit(world, "c1")
    call = follow(channel)
    snapshot = order_event((await call.read()).event)
    assert (snapshot.kind, snapshot.order) == (StreamKind.SNAPSHOT, world.trading.held[first])
    assert order_event((await call.read()).event).kind is StreamKind.CAUGHT_UP
    second = await submit(world, "c2")
    update = order_event((await call.read()).event)
    assert (update.kind, update.sequence) == (StreamKind.UPDATE, 2)
    assert update.order == world.trading.held[second]
    call.cancel()


async def test_order_events_are_replayed_from_a_cursor(channel: aio.Channel, world: World):
    for index in range(6):
        await submit(world, f"c{index}")
    call = follow(channel, epoch="log-1", after_sequence=2)
    received = [order_event((await call.read()).event) for _ in range(5)]
    assert [each.sequence for each in received] == [3, 4, 5, 6, 6]
    assert received[-1].kind is StreamKind.CAUGHT_UP
    call.cancel()


async def test_a_cursor_of_another_log_is_refused(channel: aio.Channel):
    refusal = await refused(follow(channel, epoch="log-0", after_sequence=2).read())
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, Reason.EPOCH_CHANGED)
    assert refusal.info.metadata["epoch"] == "log-1"

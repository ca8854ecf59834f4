"""A log read off a bus that drops, repeats and turns around what it is given."""

import asyncio
import random
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from api.buses import make_bus
from quantgraph.bus import inbox
from quantgraph.bus.feed import LogFeed
from quantgraph.bus.logs import ORDERS
from quantgraph.bus.names import Names
from quantgraph.bus.places import BusPlace
from quantgraph.bus.ports import Ear
from quantgraph.domain.errors import EpochChanged
from quantgraph.domain.streams import LogCursor, OrderEvent, SourceState, StreamKind
from quantgraph.places import BusConfig
from tests.services.test_shared_logs import Far
from tests.waiting import until

HERE = SourceState(True, None, None)


class Unreliable:
    """A bus, and its one session, that deliver what a test says."""

    def __init__(self):
        self.session, self.ears, self.alive = self, [], True

    async def met(self):
        return self

    async def ended(self):
        await asyncio.Event().wait()

    @asynccontextmanager
    async def listening(self, subjects, ear):
        self.ears.append(ear)
        try:
            yield
        finally:
            self.ears.remove(ear)

    def tell(self, number, kind=StreamKind.UPDATE, source=None):
        for ear in list(self.ears):
            ear.take(ORDERS.write(OrderEvent(kind, "e1", number, source=source)))

    def beat(self, number):
        self.tell(number, StreamKind.HEARTBEAT, HERE)


@pytest.fixture
async def read():
    """What a reader of `far` over `bus` was told."""
    far, bus, told = Far(), Unreliable(), []
    place = BusPlace(bus, Names("t"))
    feed = LogFeed(place, ORDERS, far.events)

    async def reading():
        async with aclosing(feed.events(LogCursor("a", "e1", 0))) as events:
            async for event in events:
                told.append(event)  # noqa: PERF401 an unfinished list is looked at

    task = asyncio.create_task(reading())
    yield far, bus, told, place.tally, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def numbers(told):
    return [each.sequence for each in told if each.kind is StreamKind.UPDATE]


@pytest.mark.parametrize("seed", range(20))
async def test_each_number_is_told_once_and_in_order_whatever_becomes_of_it(read, seed):
    far, bus, told, _, _ = read
    chance, waiting = random.Random(seed), []
    for _ in range(300):
        far.grow()
        waiting += [far.newest] * chance.choice([0, 1, 1, 1, 1, 1, 2])
        chance.shuffle(waiting) if chance.random() < 0.1 else None
        while waiting and chance.random() < 0.7:
            bus.tell(waiting.pop(0))
        if chance.random() < 0.1:
            bus.beat(far.newest)
        if chance.random() < 0.02:
            [ear.missed() for ear in list(bus.ears)]
        for _ in range(chance.choice([0, 0, 1, 10])):
            await asyncio.sleep(0)
    bus.beat(far.newest)
    await until(lambda: len(numbers(told)) >= far.newest)
    assert numbers(told) == [*range(1, far.newest + 1)]


async def alone(read):
    """Have the bus alone tell the log."""
    far, bus, _, tally, _ = read
    far.grow(2)
    await until(lambda: bus.ears)
    bus.beat(2)
    await until(lambda: tally.logs_read == 1)
    assert far.open == 0


async def test_a_last_event_that_was_dropped_is_missed_by_the_next_sign(read):
    far, bus, told, tally, _ = read
    await alone(read)
    far.grow()
    bus.beat(3)
    await until(lambda: numbers(told) == [1, 2, 3])
    assert tally.repairs == 1


async def test_a_silent_bus_is_noticed_and_the_agent_asked(read, monkeypatch):
    far, bus, told, tally, _ = read
    await alone(read)
    monkeypatch.setattr(inbox, "SILENCE_S", 0.01)
    bus.beat(2)
    await until(lambda: tally.repairs == 1)
    far.grow()
    await until(lambda: numbers(told) == [1, 2, 3])


async def test_what_does_not_fit_in_the_inbox_is_asked_of_the_agent(read, monkeypatch):
    far, bus, told, tally, _ = read
    await alone(read)
    monkeypatch.setattr(inbox, "MOST", 3)
    for _ in range(10):
        far.grow()
        bus.tell(far.newest)
    await until(lambda: numbers(told) == [*range(1, 13)])
    assert tally.repairs == 1


async def test_readers_are_told_of_the_source_when_it_stands_otherwise(read):
    _, bus, told, _, _ = read
    await alone(read)
    for state in (HERE, HERE, replace(HERE, connected=False), HERE):
        bus.tell(2, StreamKind.HEARTBEAT, state)
    beats = lambda: [e for e in told if e.kind is StreamKind.HEARTBEAT]  # noqa: E731 used at once
    await until(lambda: len(beats()) == 3)
    assert [each.source.connected for each in beats()] == [True, False, True]
    assert {each.sequence for each in beats()} == {None}


async def test_an_epoch_that_is_over_is_told_as_the_agent_does(read):
    far, bus, _, _, task = read
    await alone(read)
    far.epoch = "e2"
    [ear.missed() for ear in list(bus.ears)]
    with pytest.raises(EpochChanged):
        await task


async def test_who_takes_too_slowly_is_told_that_something_was_dropped(nats):
    bus, _ = make_bus(BusConfig(**nats.config, pending_mb=1))
    bus.start()
    session, heard, missed = await bus.met(), [], []
    async with session.listening(["slow"], Ear(heard.append, lambda: missed.append(1))):
        await session.tell("slow", b"small")
        # As much as may wait at all.
        await session.tell("slow", bytes(1_000_000))
        await until(lambda: missed)
    assert heard == [b"small"]
    await bus.close()

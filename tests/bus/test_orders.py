"""Events of orders over a bus: each once and in order at every gateway, whatever the bus does."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from api.buses import make_bus
from quantgraph.bus.names import Names
from quantgraph.bus.ports import Ear
from quantgraph.places import BusConfig
from quantgraph.v1 import system_pb2
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.api.real import ACCOUNT, Terminal
from tests.backends.remote.test_desk import fronted, held, numbers, trading, whole
from tests.waiting import settled, until

NAMES = Names("quantgraph")


@pytest.fixture
async def terminal():
    made = Terminal()
    yield made
    await made.close()


class Reading:
    """A subscriber of an account's orders at a gateway, over its wire."""

    def __init__(self, front, **place):
        self.seen = []
        self._task = asyncio.create_task(self._read(front.updates(**place)))

    async def _read(self, events):
        async with aclosing(events):
            async for event in events:
                self.seen.append(event)

    @property
    def numbers(self):
        return numbers(self.seen)

    async def leave(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def bussed(terminal, folder, nats):
    """Open an armed agent, two gateways that read off a bus, and a subscriber at each."""
    place = {"bus": nats.config}
    async with (
        asyncio.timeout(40),
        trading(terminal, folder, **place) as (beside, first),
        fronted(beside.agent, folder / "second", beside.key, **place) as second,
    ):
        readings = [Reading(each, after_sequence=0) for each in (first, second)]
        try:
            await off_the_bus(beside, first, second)
            yield beside, first, second, readings
        finally:
            for each in readings:
                await each.leave()


async def off_the_bus(beside, *fronts):
    """Wait until nobody reads from the agent itself any more: the bus alone tells the log."""
    await until(lambda: all(each.assembly.dials.bus.tally.logs_read for each in fronts))
    await until(lambda: held(beside.agent.assembly) == [])


async def told(beside, readings):
    """Wait until every reader has the agent's whole log, each number once and in order."""
    log = await whole(beside.agent.assembly.gateway.trading)
    await until(lambda: all(len(each.numbers) >= len(log) for each in readings))
    assert [each.numbers for each in readings] == [log] * len(readings)


async def test_events_reach_every_gateway_without_a_stream_from_the_agent(terminal, tmp_path, nats):
    async with bussed(terminal, tmp_path, nats) as (beside, first, second, readings):
        for number in range(3):
            await first.submit(f"a{number}")
            await second.submit(f"b{number}")
        await told(beside, readings)
        assert held(beside.agent.assembly) == []
        # A client that is cut from one gateway goes on at the other behind its cursor.
        place = readings[0].seen[-1]
        await readings[0].leave()
        await first.submit("c")
        rest = Reading(second, epoch=place.epoch, after_sequence=place.sequence)
        log = await whole(beside.agent.assembly.gateway.trading)
        await until(lambda: rest.numbers == log[place.sequence :])
        await rest.leave()


async def test_both_wires_say_whether_the_bus_is_there(terminal, tmp_path, nats):
    async with asyncio.timeout(40), trading(terminal, tmp_path, bus=nats.config) as (_, front):
        bus, system = front.assembly.dials.bus, SystemServiceStub(front.channel)

        async def told():
            shown = await front.ask("{ serverInfo { busConnected } }")
            asked = system_pb2.GetServerInfoRequest()
            answer = await system.GetServerInfo(asked, metadata=front.metadata)
            assert answer.info.HasField("bus_connected")
            return shown["serverInfo"]["busConnected"], answer.info.bus_connected

        await until(lambda: bus.connected)
        assert await told() == (True, True)
        nats.kill()
        await until(lambda: not bus.connected)
        assert await told() == (False, False)


async def test_a_bus_that_is_killed_and_comes_back_costs_no_event(terminal, tmp_path, nats):
    async with bussed(terminal, tmp_path, nats) as (beside, first, second, readings):
        await first.submit("before")
        await told(beside, readings)
        nats.kill()
        await first.submit("meanwhile")
        await told(beside, readings)
        nats.start()
        await second.submit("again")
        await off_the_bus(beside, first, second)
        await first.submit("after")
        await told(beside, readings)
        assert held(beside.agent.assembly) == []


async def test_a_bus_that_stands_still_delays_and_loses_nothing(terminal, tmp_path, nats):
    async with bussed(terminal, tmp_path, nats) as (beside, first, second, readings):
        nats.stop()
        await first.submit("meanwhile")
        # The agent is asked as soon as the bus is silent, before its connection is given up.
        await told(beside, readings)
        nats.go_on()
        await off_the_bus(beside, first, second)
        await first.submit("after")
        await told(beside, readings)


async def test_what_the_bus_delivers_again_and_late_is_told_once(terminal, tmp_path, nats):
    async with bussed(terminal, tmp_path, nats) as (beside, first, _, readings):
        log = beside.agent.assembly.gateway.trading
        subject = NAMES.log("orders", readings[0].seen[0].epoch, ACCOUNT)
        heard = []
        async with listening(nats, subject, heard) as session:
            await first.submit("one")
            await told(beside, readings)
            await until(lambda: len(heard) >= 2)
            for data in [*reversed(heard), *heard]:
                await session.tell(subject, data)
            await first.submit("two")
            await told(beside, readings)
            assert len(heard) > len(await whole(log))


async def test_a_publisher_goes_on_behind_what_the_stream_has(terminal, tmp_path, nats):
    async with bussed(terminal, tmp_path, nats) as (beside, first, _, readings):
        subject = NAMES.log("orders", readings[0].seen[0].epoch, ACCOUNT)
        nats.kill()
        await first.submit("meanwhile")
        await told(beside, readings)
        newest = readings[0].numbers[-1]
        nats.start()
        async with listening(nats, "none", []) as session:
            while await session.newest(subject) != newest:
                await settled()


@asynccontextmanager
async def listening(nats, subject, heard):
    """Open a connection of the test's own, and have it listen."""
    bus, _ = make_bus(BusConfig(**nats.config))
    bus.start()
    session = await bus.met()
    async with session.listening([subject], Ear(heard.append, lambda: None)):
        yield session
    await bus.close()

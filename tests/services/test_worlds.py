"""Snapshots: the journal, the clock and the exchange's state go back together."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, time

import pytest

from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import ChangeRefused, GatewayError
from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers
from quantgraph.services.worlds import KeptWorlds, WorldsParts
from quantgraph.store.worlds import SnapshotFolder
from tests.backends.sim.conftest import START, CountedIds, Hand, make_calendar
from tests.services.test_orders import Desk, ticket

CALENDAR = make_calendar()


class Stage:
    """An exchange whose state is a number."""

    def __init__(self) -> None:
        self.number = 1
        self.epochs: list[str] = []
        self.refusal: Exception | None = None

    async def dump(self):
        return {"number": self.number}

    async def load(self, state, begin):
        if self.refusal is not None:
            raise self.refusal
        self.epochs.append(await begin())
        self.number = state["number"]


class World:
    def __init__(self, folder, desk, workers, **changes) -> None:
        self.clock = SimClock(START, CALENDAR, Pace(1.0, Hand(), CountedIds()))
        self.stage, self.desk = Stage(), desk
        self.told = 0
        limits = {"limit": 2, "most_bytes": 10**6, **changes}
        seed = limits.pop("seed", 1)
        self.worlds = KeptWorlds(
            WorldsParts(
                stage=self.stage,
                clock=self.clock,
                trading=desk.trading,
                shelf=SnapshotFolder(folder / "snapshots", **limits),
                workers=workers,
                world={"seed": seed},
                copy=desk.journal.copy,
                restored=self.restored,
            )
        )

    async def restored(self) -> None:
        self.told += 1


async def _nothing(_account_id: str):
    return []


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        desk.terminal.orders_today = _nothing
        yield desk


@pytest.fixture
def workers():
    pool = Workers(1, 8)
    yield pool
    pool.close()


@pytest.fixture
def world(tmp_path, desk, workers):
    return World(tmp_path, desk, workers)


async def refusal(work) -> Reason:
    with pytest.raises(GatewayError) as caught:
        await work
    return caught.value.reason


async def test_everything_goes_back_to_where_it_was(world):
    kept = (await world.desk.trading.submit(ticket())).order
    world.clock.jump(at(START, time(10)))
    saved = await world.worlds.save("ten")
    lost = (await world.desk.trading.submit(ticket("k2"))).order
    world.stage.number = 2
    world.clock.jump(at(START, time(14)))
    before = world.clock.moment()
    assert await world.worlds.restore("ten") == saved
    now = world.clock.moment()
    assert (now.day, from_ms(now.ms)) == (START, datetime(2023, 2, 1, 2, tzinfo=UTC))
    assert world.stage.number == 1
    assert world.stage.epochs == [now.epoch] == [world.desk.journal.epoch] != [before.epoch]
    assert world.told == 1
    trading = world.desk.trading
    assert await trading.order(OrderKey("sim-1", kept.id)) == kept
    assert await trading.order(OrderKey("sim-1", lost.id)) is None
    assert world.desk.states() == [OrderState.ACCEPTED, OrderState.SENT, OrderState.WORKING]
    # the log goes on where it was, and the key that is forgotten is free
    again = await trading.submit(ticket("k2"))
    assert not again.replayed
    assert [each.sequence for each in world.desk.journal.events("sim-1", 0, 9)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


async def test_a_snapshot_can_be_restored_more_than_once_and_later(world, tmp_path, workers):
    await world.worlds.save("one")
    first = await world.worlds.restore("one")
    another = World(tmp_path, world.desk, workers)
    assert [each.name for each in await another.worlds.snapshots()] == ["one"]
    assert await another.worlds.restore("one") == first


async def test_the_clock_runs_on_only_where_it_ran(world):
    await world.worlds.save("one")
    assert not world.clock.paused
    world.clock.pause()
    await world.worlds.restore("one")
    assert world.clock.paused


async def test_a_snapshot_waits_for_orders_on_their_way_and_they_for_it(world):
    desk = world.desk
    desk.terminal.gate.clear()
    first = asyncio.create_task(desk.trading.submit(ticket()))
    while not desk.terminal.placed:
        await asyncio.sleep(0)
    saving = asyncio.create_task(world.worlds.save("one"))
    await asyncio.sleep(0)
    second = asyncio.create_task(desk.trading.submit(ticket("k2")))
    while not world.clock.paused and not saving.done():
        desk.terminal.gate.set()
        await asyncio.sleep(0)
    await saving
    await asyncio.gather(first, second)
    await world.worlds.restore("one")
    assert desk.states() == [
        OrderState.ACCEPTED,
        OrderState.SENT,
        OrderState.WORKING,
    ]  # the first one's alone


async def test_names_are_used_once_and_unknown_ones_are_told(world):
    await world.worlds.save("one")
    assert await refusal(world.worlds.save("one")) is Reason.SNAPSHOT_TAKEN
    for name in ("two", "../journal", "", "."):
        assert await refusal(world.worlds.restore(name)) is Reason.UNKNOWN_SNAPSHOT
        assert await refusal(world.worlds.delete(name)) is Reason.UNKNOWN_SNAPSHOT
    deleted = await world.worlds.delete("one")
    assert (deleted.name, await world.worlds.snapshots()) == ("one", [])


async def test_snapshots_are_bounded_in_number_and_size(world, tmp_path, desk, workers):
    await world.worlds.save("one")
    await world.worlds.save("two")
    assert await refusal(world.worlds.save("three")) is Reason.SNAPSHOT_LIMIT
    small = World(tmp_path / "small", desk, workers, most_bytes=100)
    (tmp_path / "small").mkdir()
    assert await refusal(small.worlds.save("one")) is Reason.SNAPSHOT_LIMIT
    assert list((tmp_path / "small" / "snapshots").iterdir()) == []


async def test_a_snapshot_of_another_world_is_refused(world, tmp_path, desk, workers):
    await world.worlds.save("one")
    other = World(tmp_path, desk, workers, seed=2)
    epoch = desk.journal.epoch
    assert await refusal(other.worlds.restore("one")) is Reason.SNAPSHOT_UNUSABLE
    assert (desk.journal.epoch, other.stage.epochs) == (epoch, [])


async def test_a_damaged_snapshot_is_not_listed_and_changes_nothing(world, tmp_path):
    await world.worlds.save("one")
    file = tmp_path / "snapshots" / "one.snapshot"
    with sqlite3.connect(file) as db:
        db.execute("UPDATE world SET value = x'00' WHERE key = 'state'")
    epoch = world.desk.journal.epoch
    assert await refusal(world.worlds.restore("one")) is Reason.SNAPSHOT_UNUSABLE
    file.write_bytes(b"nothing")
    assert await world.worlds.snapshots() == []
    assert world.desk.journal.epoch == epoch
    assert (await world.worlds.delete("one")).size == 7
    assert not file.exists()


async def test_a_journal_that_cannot_be_read_leaves_this_one_as_it_is(world, tmp_path):
    await world.desk.trading.submit(ticket())
    await world.worlds.save("one")
    with sqlite3.connect(tmp_path / "snapshots" / "one.snapshot") as db:
        db.execute("DROP TABLE fills")
    world.clock.jump(at(START, time(14)))
    before = world.clock.moment(), world.desk.journal.epoch, world.desk.states()
    assert await refusal(world.worlds.restore("one")) is Reason.STORE_UNAVAILABLE
    assert (world.clock.moment(), world.desk.journal.epoch, world.desk.states()) == before
    assert (world.stage.epochs, world.told, world.clock.paused) == ([], 0, False)
    assert not (await world.desk.trading.submit(ticket("k2"))).replayed


async def test_an_exchange_that_cannot_be_read_leaves_all_as_it_is(world):
    await world.worlds.save("one")
    await world.desk.trading.submit(ticket())
    world.clock.jump(at(START, time(14)))
    before = world.clock.moment(), world.desk.journal.epoch, world.desk.states()
    world.stage.refusal = ChangeRefused(Reason.SNAPSHOT_UNUSABLE, "no")
    assert await refusal(world.worlds.restore("one")) is Reason.SNAPSHOT_UNUSABLE
    assert (world.clock.moment(), world.desk.journal.epoch, world.desk.states()) == before
    assert (world.told, world.clock.paused) == (0, False)
    assert not (await world.desk.trading.submit(ticket("k2"))).replayed


async def test_a_snapshot_beyond_the_calendar_leaves_all_as_it_is(world, tmp_path):
    await world.worlds.save("one")
    with sqlite3.connect(tmp_path / "snapshots" / "one.snapshot") as db:
        head = json.loads(db.execute("SELECT value FROM world WHERE key = 'head'").fetchone()[0])
        head["time"] = "2090-01-04T02:00:00+00:00"
        db.execute("UPDATE world SET value = ? WHERE key = 'head'", (json.dumps(head).encode(),))
    before = world.clock.moment(), world.desk.journal.epoch
    assert await refusal(world.worlds.restore("one")) is Reason.CALENDAR_NOT_COVERED
    assert (world.clock.moment(), world.desk.journal.epoch) == before

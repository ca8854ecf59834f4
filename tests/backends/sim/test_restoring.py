"""Worlds kept and brought back under orders, with incidents in between: real parts throughout."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from quantgraph.backends.sim.controls import SimControls
from quantgraph.backends.sim.faults.keeping import CounterStage
from quantgraph.domain.errors import ChangeRefused, OrderRefused, Unavailable
from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import Injection, NewAccount, ScenarioCall
from quantgraph.services.workers import Workers
from quantgraph.services.worlds import KeptWorlds, WorldsParts
from quantgraph.store.worlds import SnapshotFolder
from tests.waiting import until

from .test_incidents import SYMBOL, Floor, open_floor
from .test_terminal import Gate

S = OrderState


@dataclass
class Kept:
    """A floor, and the snapshots of it."""

    floor: Floor
    controls: SimControls
    worlds: KeptWorlds

    async def fill(self, price: Decimal) -> None:
        """Let strangers sell down to a price, to whoever waits there."""
        await self.controls.inject(Injection(SYMBOL, price, 100_000_000))

    def listed(self):
        return self.floor.terminal.driver.reporting.listed.of("sim-1")


@pytest.fixture
async def kept(make_stage, tmp_path: Path) -> AsyncIterator[Kept]:
    gate, workers = Gate(), Workers(2, 8)
    async for floor in open_floor(make_stage(sleep=gate), gate, tmp_path):
        controls = SimControls(floor.terminal, floor.stage.market)

        async def restored() -> None:
            pass

        parts = WorldsParts(
            stage=CounterStage(controls, floor.faulty),
            clock=floor.stage.clock,
            trading=floor.trading,
            shelf=SnapshotFolder(tmp_path / "snapshots", 9, 10**7),
            workers=workers,
            world={"seed": 1},
            copy=floor.journal.copy,
            restored=restored,
        )
        yield Kept(floor, controls, KeptWorlds(parts))
    workers.close()


async def test_what_is_kept_has_recorded_all_that_was_reported(kept: Kept) -> None:
    floor = kept.floor
    ticket = await floor.low()
    await floor.submit(ticket)
    record, disk = floor.journal.record, threading.Event()

    def slowly(entries):
        disk.wait(5)
        return record(entries)

    floor.journal.record = slowly
    await kept.fill(ticket.limit_price)
    saving = asyncio.create_task(kept.worlds.save("one"))
    await until(lambda: floor.stage.clock.paused)
    # Nothing tells that it waits on: 50 ms are several times what it takes without the disk.
    assert not (await asyncio.wait({saving}, timeout=0.05))[0]
    disk.set()
    await saving
    await kept.worlds.restore("one")
    assert floor.states()[-1] is S.FILLED
    assert [each.state for each in kept.listed()] == [S.FILLED]


async def test_no_world_is_kept_that_nobody_records(kept: Kept, monkeypatch) -> None:
    monkeypatch.setattr("quantgraph.backends.sim.reporting._PATIENCE_S", 0.01)
    await kept.floor.trading.close()
    with pytest.raises(Unavailable) as caught:
        await kept.worlds.save("one")
    assert caught.value.reason is Reason.SOURCE_UNAVAILABLE
    assert await kept.worlds.snapshots() == []


async def test_callbacks_held_back_by_an_incident_are_not_lost(kept: Kept) -> None:
    floor = kept.floor
    ticket = await floor.low()
    await floor.submit(ticket)
    floor.set("REORDERED_CALLBACKS delay_ms=60000")
    await kept.fill(ticket.limit_price)
    await kept.worlds.save("one")
    assert floor.states()[-1] is S.WORKING
    await kept.worlds.restore("one")
    floor.set()
    await until(lambda: floor.states()[-1] is S.FILLED)
    assert len(floor.fills()) == 1


async def test_a_callback_that_is_lost_after_a_restore_is_in_the_list(kept: Kept) -> None:
    floor = kept.floor
    ticket = await floor.low()
    order = await floor.submit(ticket)
    await kept.worlds.save("one")
    before = kept.listed()
    await kept.worlds.restore("one")
    assert kept.listed() == before
    floor.set("LOST_CALLBACK")
    await kept.fill(ticket.limit_price)
    await floor.compare()
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert found is not None
    assert (found.state, found.filled_quantity) == (S.FILLED, 100)


async def test_what_the_counter_refused_is_kept_though_no_callback_told(kept: Kept) -> None:
    floor = kept.floor
    floor.set("REJECTED_TWICE times=1", "LOST_CALLBACK", "NO_STRATEGY_NAME times=1")
    order = await floor.submit(await floor.low())
    assert order.state is S.WORKING  # nobody told what became of it
    floor.set()
    listed = list(await floor.faulty.orders_today("sim-1"))
    assert [each.strategy for each in listed] == [""]
    await kept.worlds.save("one")
    floor.set("ERROR_WITHOUT_IDS times=1", "LOST_CALLBACK")
    await floor.submit(await floor.low("k2"))
    floor.set()
    await kept.worlds.restore("one")
    now = list(await floor.faulty.orders_today("sim-1"))
    words = [(each.refusal.reason, each.refusal.message_zh, each.refusal.details) for each in now]
    known = [(one.refusal.reason, one.refusal.message_zh, one.refusal.details) for one in listed]
    assert words == known
    assert [replace(each, refusal=None) for each in now] == [
        replace(each, refusal=None) for each in listed
    ]
    await floor.compare()
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert (found.state, found.reject_code) == (S.REJECTED, "TERMINAL_REFUSED")
    floor.set("ERROR_WITHOUT_IDS times=1")
    await floor.submit(await floor.low("k3"))
    numbers = [each.broker_order_id for each in await floor.faulty.orders_today("sim-1")]
    assert numbers == ["COUNTER-000001", "COUNTER-000002"]


async def test_what_the_list_says_is_kept_to_the_last_fill(kept: Kept) -> None:
    floor = kept.floor
    top = (await floor.quote()).asks
    size = sum(each.quantity for each in top[:2])
    limit = Decimal(repr(top[1].price))
    await floor.submit(await floor.ticket(quantity=size + 100, limit_price=limit))
    await floor.submit(await floor.low("k2", strategy=None))
    before = kept.listed()
    assert len(before[0].fills) > 1
    await kept.worlds.save("one")
    await kept.worlds.restore("one")
    assert kept.listed() == before


async def test_a_scenario_goes_on_after_a_restore(kept: Kept) -> None:
    floor = kept.floor
    await kept.controls.play(ScenarioCall(SYMBOL, "SEALED_LIMIT_UP", {"queue": Decimal(777)}))
    stands = await kept.controls.fingerprint(None)
    await kept.worlds.save("one")
    await floor.run(400)
    later = await floor.terminal.screens([SYMBOL]), await kept.controls.fingerprint(None)
    screen = later[0][SYMBOL]
    assert (screen.asks, screen.bids[0].quantity) == ((), 777)
    await kept.worlds.restore("one")
    assert await kept.controls.fingerprint(None) == stands
    await _pass(kept, 400)
    assert (await floor.terminal.screens([SYMBOL]), await kept.controls.fingerprint(None)) == later


async def _pass(kept: Kept, seconds: float) -> None:
    """Let time pass from where it is: a restored clock began later than the stage thinks."""
    kept.floor.stage.hand.seconds += seconds
    await kept.floor.terminal.driver.present()


async def test_a_state_that_cannot_be_read_leaves_the_world_as_it_is(kept: Kept) -> None:
    floor, begun = kept.floor, list[str]()
    order = await floor.submit(await floor.low())
    state = dict(await kept.controls.dump())
    driver = floor.terminal.driver
    exchange, epoch, listed = driver.engine.exchange, driver.epoch, kept.listed()

    async def begin() -> str:
        begun.append("begun")
        raise Unavailable(Reason.STORE_UNAVAILABLE, "no journal")

    for spoilt in ({**state, "listed": [{}]}, {**state, "ledgers": 3}, {"day": "2023-02-01"}):
        with pytest.raises(ChangeRefused) as caught:
            await kept.controls.load(spoilt, begin)
        assert caught.value.reason is Reason.SNAPSHOT_UNUSABLE
    assert begun == []
    with pytest.raises(Unavailable):
        await kept.controls.load(state, begin)
    assert (driver.engine.exchange, driver.epoch, kept.listed()) == (exchange, epoch, listed)
    await floor.trading.cancel(OrderKey("sim-1", order.id))
    await until(lambda: floor.states()[-1] is S.CANCELED)


async def test_an_order_on_its_way_while_the_world_goes_back_is_of_one_world(kept: Kept) -> None:
    floor = kept.floor
    await kept.worlds.save("one")
    tickets = [await floor.low(f"k{number}") for number in range(8)]
    sent = [asyncio.create_task(floor.trading.submit(each)) for each in tickets]
    restoring = asyncio.create_task(kept.worlds.restore("one"))
    sent += [asyncio.create_task(floor.trading.submit(await floor.low(f"l{n}"))) for n in range(8)]
    await restoring
    done = await asyncio.gather(*sent, return_exceptions=True)
    assert not [each for each in done if isinstance(each, BaseException)]
    live = {each.tag for each in floor.terminal.driver.engine.exchange.dealing.roll.all()}
    recorded = {each.order.tag for each in floor.events()}
    assert live == recorded == {each.tag for each in kept.listed()}
    assert all(each.order.state is not S.UNKNOWN for each in floor.events())


async def test_two_restores_at_once_are_two_worlds_one_after_the_other(kept: Kept) -> None:
    floor = kept.floor
    await kept.worlds.save("one")
    await kept.controls.open_account(NewAccount("late", "late", Decimal(5)))
    await kept.worlds.save("two")
    await asyncio.gather(kept.worlds.restore("one"), kept.worlds.restore("two"))
    clock, driver = floor.stage.clock, floor.terminal.driver
    assert clock.moment().epoch == driver.epoch == floor.journal.epoch
    assert [each.id for each in await floor.terminal.accounts()] == ["sim-1", "late"]
    with pytest.raises(OrderRefused):
        await kept.controls.transfer("late", Decimal(-6))


async def test_an_order_that_is_late_when_the_world_is_kept_arrives_after_every_restore(
    kept: Kept,
) -> None:
    floor = kept.floor
    floor.set("LATE_EXECUTION delay_ms=20000")
    order = await floor.submit(await floor.low())
    await floor.run(5)
    await kept.worlds.save("one")
    arrived = [S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING]
    await floor.run(20)
    await floor.sees(*arrived)
    for times in (2, 3):
        await kept.worlds.restore("one")
        assert floor.states() == arrived[:3]
        floor.second = 5.0
        await floor.run(14)
        assert len(floor.counted.placed) == times - 1
        await floor.run(3)
        await floor.sees(*arrived)
        assert floor.counted.placed == [order.id] * times
        assert len(kept.listed()) == 1


async def test_a_late_order_gets_into_no_world_that_it_was_not_sent_in(kept: Kept) -> None:
    floor = kept.floor
    await kept.worlds.save("one")
    floor.set("LATE_EXECUTION delay_ms=20000")
    await floor.submit(await floor.low())
    await kept.worlds.restore("one")
    await floor.run(21)
    assert floor.counted.placed == []
    assert list(kept.listed()) == []


async def test_a_world_is_kept_with_an_order_that_is_just_arriving_once(kept: Kept) -> None:
    floor, reach = kept.floor, asyncio.Event()
    place = floor.counted.place

    async def slowly(order):
        await reach.wait()
        return await place(order)

    floor.counted.place = slowly
    floor.set("LATE_EXECUTION delay_ms=20000")
    await floor.submit(await floor.low())
    await floor.run(21)
    saving = asyncio.create_task(kept.worlds.save("one"))
    await until(lambda: floor.stage.clock.paused)
    reach.set()
    await saving
    await kept.worlds.restore("one")
    floor.second = 21.0
    await floor.run(21)
    assert len(floor.counted.placed) == 1
    assert [each.state for each in kept.listed()] == [S.WORKING]

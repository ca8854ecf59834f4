"""The dead man's timer: not set again, it halts the account and cancels what is open."""

import asyncio

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.controls import HaltCause, HaltWish, TradingState
from quantgraph.domain.errors import InvalidRequest, NotFound, OrderRefused, TradingDisabled
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError
from quantgraph.services import deadman
from tests.services.test_controls import floor, refused  # noqa: F401 a fixture
from tests.services.test_following import report
from tests.services.test_orders import ticket
from tests.waiting import until

# ruff: noqa: F811 the fixture is an argument
WORKING = OrderState.WORKING


async def settled(floor):
    await asyncio.gather(*floor.controls._dead_man._running)


async def test_a_timer_that_is_not_set_again_halts_and_cancels(floor):
    act_as(Actor("k4", Wire.GRPC))
    for key in ("k1", "k2"):
        await floor.trading.submit(ticket(key))
    done = await floor.controls.set_dead_man("sim-1", 60)
    assert done.changed
    assert done.status.dead_man_at is not None
    floor.advance(59)
    assert not (await floor.controls.set_dead_man("sim-1", 60)).changed
    floor.advance(59)
    assert floor.gate.status("sim-1").state is TradingState.ACTIVE
    floor.advance(1)
    status = floor.gate.status("sim-1")
    assert (status.state, status.cause) == (TradingState.HALTED, HaltCause.DEAD_MAN)
    assert (status.by, status.dead_man_at) == ("gateway", None)
    await settled(floor)
    assert {each.client_order_id for each in floor.terminal.withdrawn} == {"k1", "k2"}
    orders, _ = floor.journal.open_orders("sim-1")
    assert {each.state for each in orders} == {OrderState.PENDING_CANCEL}
    assert (await refused(floor.trading.submit(ticket("k3")))).reason is Reason.TRADING_HALTED


async def test_a_timer_that_is_put_away_does_nothing(floor):
    await floor.trading.submit(ticket())
    await floor.controls.set_dead_man("sim-1", 60)
    assert (await floor.controls.set_dead_man("sim-1", 0)).changed
    assert not (await floor.controls.set_dead_man("sim-1", 0)).changed
    floor.advance(1_000)
    assert floor.gate.status("sim-1").state is TradingState.ACTIVE
    assert floor.terminal.withdrawn == []


async def test_cancels_wait_for_a_terminal_that_is_away(floor, monkeypatch):
    await floor.trading.submit(ticket())
    cancel, asked = floor.trading.cancel, []

    async def away(key):
        asked.append(key)
        if len(asked) < 3:
            raise TradingDisabled(Reason.TERMINAL_DISCONNECTED, "Away.")
        return await cancel(key)

    parts = floor.controls._dead_man._parts
    monkeypatch.setattr(deadman, "_AGAIN_S", 0.0)
    object.__setattr__(parts, "cancel", away)
    await floor.controls.set_dead_man("sim-1", 1)
    floor.advance(1)
    await settled(floor)
    assert (len(asked), len(floor.terminal.withdrawn)) == (3, 1)


async def test_a_refused_cancel_is_asked_for_again_ever_later(floor, monkeypatch):
    for key in ("k1", "k2"):
        await floor.trading.submit(ticket(key))
    withdraw, asked, pauses = floor.terminal.withdraw, [], []

    async def closed(order):
        asked.append(order.client_order_id)
        if asked.count("k1") < 8 and order.client_order_id == "k1":  # an auction takes none
            raise OrderRefused(Reason.CANCEL_CLOSED, "Not now.")
        await withdraw(order)

    async def sleep(seconds):
        pauses.append(seconds)

    monkeypatch.setattr(floor.terminal, "withdraw", closed)
    object.__setattr__(floor.controls._dead_man._parts, "sleep", sleep)
    await floor.controls.set_dead_man("sim-1", 1)
    floor.advance(1)
    await settled(floor)
    assert (asked.count("k1"), asked.count("k2")) == (8, 1)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    orders, _ = floor.journal.open_orders("sim-1")
    assert {each.state for each in orders} == {OrderState.PENDING_CANCEL}


@pytest.mark.parametrize(
    "failure", [FateUnknownError("-1"), OrderRefused(Reason.ORDER_NOT_CANCELABLE, "None such.")]
)
async def test_an_order_of_unknown_fate_is_canceled_once_it_comes_alive(
    floor, monkeypatch, failure
):
    floor.terminal.failure = FateUnknownError("-1")
    order = (await floor.trading.submit(ticket())).order
    withdraw, asked = floor.terminal.withdraw, []

    async def unknown(order):
        asked.append(order.state)
        if order.state is OrderState.UNKNOWN:
            raise failure
        await withdraw(order)

    async def sleep(seconds):
        floor.terminal.queue.put_nowait(report(order, WORKING))
        await until(lambda: floor.journal.open_orders("sim-1")[0][0].state is WORKING)

    monkeypatch.setattr(floor.terminal, "withdraw", unknown)
    object.__setattr__(floor.controls._dead_man._parts, "sleep", sleep)
    await floor.controls.set_dead_man("sim-1", 1)
    floor.advance(1)
    await settled(floor)
    assert floor.journal.open_orders("sim-1")[0][0].state is OrderState.PENDING_CANCEL
    assert asked == [OrderState.UNKNOWN, WORKING]


async def test_who_resumes_trading_ends_the_cancels_as_well(floor, monkeypatch):
    await floor.trading.submit(ticket())
    asked = []

    async def away(key):
        asked.append(key)
        await floor.controls.resume(HaltWish("sim-1"))
        raise TradingDisabled(Reason.TERMINAL_DISCONNECTED, "Away.")

    monkeypatch.setattr(deadman, "_AGAIN_S", 0.0)
    object.__setattr__(floor.controls._dead_man._parts, "cancel", away)
    await floor.controls.set_dead_man("sim-1", 1)
    floor.advance(1)
    await settled(floor)
    assert len(asked) == 1


async def test_seconds_and_accounts_that_are_none_are_refused(floor):
    for seconds in (-1, 86_401):
        with pytest.raises(InvalidRequest):
            await floor.controls.set_dead_man("sim-1", seconds)
    with pytest.raises(NotFound):
        await floor.controls.set_dead_man("nobody", 1)
    assert floor.timers == []


async def test_a_disk_that_takes_nothing_keeps_no_order_from_its_cancel(floor):
    for key in ("k1", "k2", "k3"):
        await floor.trading.submit(ticket(key))
    await floor.controls.set_dead_man("sim-1", 30)
    disk = floor.journal._recording._db
    disk.execute("PRAGMA query_only = ON")
    floor.advance(30)
    await until(lambda: len(floor.terminal.withdrawn) == 3)
    floor.trading._recorder._pause = 0.01
    disk.execute("PRAGMA query_only = OFF")
    await until(lambda: not floor.trading.problems())
    orders, _ = floor.journal.open_orders("sim-1")
    assert {each.state for each in orders} == {OrderState.PENDING_CANCEL}

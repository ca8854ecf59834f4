"""Several orders at once, over the limits and a real journal."""

import asyncio
from dataclasses import replace

import pytest

from quantgraph.domain.batches import Batch, CancelSweep
from quantgraph.domain.errors import InvalidRequest, NotFound
from quantgraph.domain.limits import TradingLimits
from quantgraph.domain.orders import OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError
from quantgraph.services.batches import OrderBatches
from tests.services.trading import PINGAN, PLENTY, Desk, ticket


def batches(desk, most=50, step_ms=0):
    """Batches that take a step of the gateway's clock where they wait in real time.

    None while a cancel is on its way: no disk is so slow that a second passes meanwhile.
    """

    async def sleep(_seconds):
        book = await desk.ledger.book("one")
        while book._cancels:
            await asyncio.sleep(0)
        for _ in range(9):  # turns of the loop from the journal to the terminal
            await asyncio.sleep(0)
        desk.market.pass_ms(step_ms)

    return OrderBatches(desk.limited, most, sleep)


def batch(*tickets):
    return Batch("one", tickets)


async def test_each_order_of_a_batch_stands_for_itself(tmp_path, calendar):
    set_to = replace(PLENTY, order_quantity=200)
    async with Desk(tmp_path, calendar, set_to) as desk:
        asked = batch(ticket("k1"), ticket("k2", quantity=300), ticket("k3", quantity=200))
        first = await batches(desk).submit_all(asked)
        assert [each.client_order_id for each in first] == ["k1", "k2", "k3"]
        assert [each.problem and each.problem.reason for each in first] == [
            None, Reason.ORDER_QUANTITY_LIMIT, None
        ]  # fmt: skip
        again = await batches(desk).submit_all(asked)
        assert [each.replayed for each in again] == [True, False, True]
        assert [each.order and each.order.id for each in again] == [
            each.order and each.order.id for each in first
        ]
        assert len(desk.terminal.placed) == 2


async def test_a_silent_terminal_is_asked_once_per_order_of_a_batch(tmp_path, calendar):
    async with Desk(tmp_path, calendar) as desk:
        desk.terminal.failure = FateUnknownError()
        asked = batch(*(ticket(f"k{i}") for i in range(10)))
        for _ in range(2):
            done = await batches(desk).submit_all(asked)
            assert {each.order.state for each in done} == {OrderState.UNKNOWN}
        assert len(desk.terminal.placed) == 10


async def test_one_key_twice_in_a_batch_is_one_order_or_a_conflict(tmp_path, calendar):
    async with Desk(tmp_path, calendar) as desk:
        asked = batch(ticket("k1"), ticket("k1"), ticket("k1", quantity=200))
        done = await batches(desk).submit_all(asked)
        assert [each.replayed for each in done[:2]] == [False, True]
        assert done[2].problem.reason is Reason.IDEMPOTENCY_CONFLICT
        assert len(desk.terminal.placed) == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (batch(), Reason.BATCH_LIMIT),
        (batch(ticket("k1"), ticket("k2"), ticket("k3")), Reason.BATCH_LIMIT),
        (batch(ticket("k1"), ticket("k2", account_id="two")), Reason.BAD_REQUEST),
    ],
)
async def test_a_batch_that_is_wrong_as_a_whole_submits_nothing(tmp_path, calendar, asked, reason):
    async with Desk(tmp_path, calendar) as desk:
        with pytest.raises(InvalidRequest) as caught:
            await batches(desk, most=2).submit_all(asked)
        assert caught.value.reason is reason
        assert desk.terminal.placed == []


async def test_a_sweep_cancels_what_is_open_and_its_filters_fit(tmp_path, calendar):
    async with Desk(tmp_path, calendar) as desk:
        buy = await desk.submit("k1")
        sell = await desk.submit("k2", side=Side.SELL)
        other = await desk.submit("k3", symbol=PINGAN)
        done = await desk.submit("k4")
        await desk.told(done, OrderState.FILLED, 100)
        desk.terminal.failure = FateUnknownError()
        doubtful = await desk.submit("k5")
        sweeps = batches(desk)
        for sweep, wanted in (
            (CancelSweep("one", side=Side.SELL), [sell]),
            (CancelSweep("one", PINGAN), [other]),
            # Asked again: a cancel may have been lost, and nobody knows of the other.
            (CancelSweep("one"), [buy, sell, other, doubtful]),
        ):
            desk.terminal.withdrawn.clear()
            found = await sweeps.cancel_all(sweep)
            assert [each.order.id for each in found] == [each.id for each in wanted]
            assert all(each.problem is None for each in found)
            assert {each.id for _, each in desk.terminal.withdrawn} == {e.id for e in wanted}
        assert await sweeps.cancel_all(CancelSweep("two")) == []
        with pytest.raises(NotFound):
            await sweeps.cancel_all(CancelSweep("nobody"))


async def test_a_sweep_waits_for_room_within_the_second(tmp_path, calendar):
    async with Desk(tmp_path, calendar, PLENTY) as desk:
        for number in range(9):
            await desk.submit(f"k{number}")
        desk.market.pass_ms(2_000)
        limited = TradingLimits(actions_per_second=3)
    async with Desk(tmp_path, calendar, limited, desk.market) as again:
        found = await batches(again, step_ms=20).cancel_all(CancelSweep("one"))
        assert all(each.problem is None for each in found)
        times = [time for time, _ in again.terminal.withdrawn]
        assert len(times) == 9
        for late, early in zip(times[3:], times, strict=False):
            # The clock goes on while a journalled cancel is on its way; so it is not quite one.
            assert (late - early).total_seconds() >= 0.8


async def test_a_sweep_says_what_it_had_no_room_for(tmp_path, calendar, monkeypatch):
    monkeypatch.setattr("quantgraph.services.batches._PATIENCE_S", 0.0)
    limited = replace(PLENTY, actions_per_second=3)
    async with Desk(tmp_path, calendar, limited) as desk:
        for number in range(2):
            await desk.submit(f"k{number}")
        found = await batches(desk).cancel_all(CancelSweep("one"))
        assert [each.problem and each.problem.reason for each in found] == [
            None, Reason.RATE_LIMITED
        ]  # fmt: skip
        assert found[1].order.state is OrderState.WORKING
        assert found[1].problem.retry_at is not None
        assert len(desk.terminal.withdrawn) == 1

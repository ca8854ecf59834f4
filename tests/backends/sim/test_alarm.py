"""Waiting by virtual time, with time moved by hand."""

import asyncio

import pytest

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.clock import Pace, SimClock

from .conftest import START, CountedIds, Hand, make_calendar

CALENDAR = make_calendar()


class Naps:
    """A sleep that lasts until the test ends it, moving the hand on by what was asked."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.asked: asyncio.Queue[float] = asyncio.Queue()
        self._go = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.asked.put_nowait(seconds)
        await self._go.acquire()
        self.hand.seconds += seconds

    async def end(self) -> float:
        asked = await self.asked.get()
        self._go.release()
        return asked


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def clock(hand: Hand) -> SimClock:
    return SimClock(START, CALENDAR, Pace(10.0, hand, CountedIds()))


@pytest.fixture
def naps(hand: Hand) -> Naps:
    return Naps(hand)


async def test_a_step_ends_when_time_has_come_to_it(clock: SimClock, naps: Naps) -> None:
    step = asyncio.create_task(Alarm(clock, naps).step(1_000))
    assert await naps.end() == pytest.approx(0.1)
    assert await step == pytest.approx(0.1)


async def test_a_step_is_never_shorter_than_asked(clock: SimClock, naps: Naps) -> None:
    clock.set_speed(1000.0)
    step = asyncio.create_task(Alarm(clock, naps).step(1_000, 0.01))
    assert await naps.end() == await step == 0.01


@pytest.mark.parametrize("act", ["pause", "jump", "speed"])
async def test_a_sleeper_wakes_when_the_clock_is_changed(
    clock: SimClock, naps: Naps, act: str
) -> None:
    step = asyncio.create_task(Alarm(clock, naps).step(1_000))
    await naps.asked.get()
    if act == "pause":
        clock.pause()
    elif act == "jump":
        clock.jump(clock.moment().ms + 60_000)
    else:
        clock.set_speed(2.0)
    await step  # though the sleep goes on for ever


async def test_a_paused_clock_is_waited_for_without_sleeping(clock: SimClock, naps: Naps) -> None:
    clock.pause()
    step = asyncio.create_task(Alarm(clock, naps).step(1_000))
    await asyncio.sleep(0)
    assert naps.asked.empty()
    clock.resume()
    assert await step == 0.0


async def test_running_time_passes_whatever_happens_meanwhile(
    clock: SimClock, hand: Hand, naps: Naps
) -> None:
    run = asyncio.create_task(Alarm(clock, naps).run(5_000))
    assert await naps.asked.get() == pytest.approx(0.5)
    hand.seconds = 0.2  # two seconds of five are over
    clock.set_speed(1.0)
    assert await naps.asked.get() == pytest.approx(3.0)
    clock.pause()
    clock.resume()
    assert await naps.asked.get() == pytest.approx(3.0)
    clock.jump(clock.moment().ms + 3_000)
    await run
    assert clock.elapsed() == 5_000


async def test_what_fails_in_a_sleep_is_told(clock: SimClock) -> None:
    async def broken(seconds: float) -> None:
        raise RuntimeError(f"cannot sleep for {seconds}")

    with pytest.raises(RuntimeError, match="cannot sleep"):
        await Alarm(clock, broken).step(1_000)


async def test_a_sleeper_that_is_cancelled_leaves_nothing_behind(
    clock: SimClock, naps: Naps
) -> None:
    step = asyncio.create_task(Alarm(clock, naps).step(1_000))
    await naps.asked.get()
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    assert len(asyncio.all_tasks()) == 1
    assert not clock._listeners

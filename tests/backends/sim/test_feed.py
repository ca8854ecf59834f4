"""The live feed, with time moved by hand: no test waits."""

import asyncio
from contextlib import aclosing
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import NotFound
from quantgraph.domain.reasons import Reason

from .conftest import Stage
from .listings import Shelf


class Gate:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.open = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.open.clear()
        await self.open.wait()

    async def let_pass(self) -> None:
        while self.open.is_set() or not self.waits:
            await asyncio.sleep(0)
        self.open.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def test_a_follower_gets_the_present_quote_at_once(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    stage.move_to(0, 10)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        first = await anext(quotes)
    assert first == (await stage.market.quotes(["600519.SH"]))[0]


async def test_every_step_of_the_clock_brings_a_quote(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        times = [(await anext(quotes)).time]
        for second in (1, 2, 3):
            stage.move_to(0, second)
            await gate.let_pass()
            times.append((await anext(quotes)).time)
    assert [b - a for a, b in pairwise(times)] == [1_000] * 3
    assert all(0.99 < wait <= 1.0 for wait in gate.waits)


async def test_a_jump_is_quoted_at_once(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        first = await anext(quotes)
        stage.clock.pause()
        stage.clock.jump(first.time + 3_600_000)
        assert (await anext(quotes)).time == first.time + 3_600_000


async def test_a_quote_is_given_once(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        await anext(quotes)
        await stage.market.feed.beat()
        await stage.market.feed.beat()
        stage.move_to(0, 1)
        await stage.market.feed.beat()
        second = await anext(quotes)
        stage.move_to(0, 2)
        await stage.market.feed.beat()
        third = await anext(quotes)
    assert third.time - second.time == 1_000


async def test_nothing_runs_when_nobody_follows(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    feed = stage.market.feed
    assert not feed.running
    one, two = stage.market.follow("600519.SH"), stage.market.follow("000001.SZ")
    await anext(one)
    await anext(two)
    assert feed.running
    await one.aclose()
    assert feed.running
    await two.aclose()
    assert not feed.running
    again = stage.market.follow("600519.SH")
    await anext(again)
    assert feed.running
    await again.aclose()


async def test_followers_of_one_symbol_get_the_same_quotes(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    one, two = stage.market.follow("600519.SH"), stage.market.follow("600519.SH")
    assert await anext(one) == await anext(two)
    stage.move_to(0, 5)
    await stage.market.feed.beat()
    assert await anext(one) == await anext(two)
    await one.aclose()
    await two.aclose()


async def test_many_followers_at_once_cost_one_job(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    jobs: list[int] = []
    load = stage.market._paths.load

    def counted(symbols, day):
        jobs.append(len(symbols))
        return load(symbols, day)

    stage.market._paths.load = counted
    followers = [stage.market.follow(symbol) for symbol in UNIVERSE]
    quotes = await asyncio.gather(*(anext(follower) for follower in followers))
    assert [quote.symbol for quote in quotes] == list(UNIVERSE)
    assert jobs == [len(UNIVERSE)]
    again = stage.market.follow("600519.SH")
    await anext(again)
    assert len(jobs) == 1  # what is in memory needs no job
    for follower in (*followers, again):
        await follower.aclose()


async def test_an_unknown_symbol_cannot_be_followed(stage: Stage) -> None:
    with pytest.raises(NotFound) as caught:
        await anext(stage.market.follow("999999.SH"))
    assert caught.value.reason is Reason.UNKNOWN_SYMBOL
    assert not stage.market.feed.running


async def test_a_slow_follower_loses_the_oldest_quotes(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        first = await anext(quotes)
        for second in range(1, 1_101):
            stage.move_to(0, second)
            await stage.market.feed.beat()
        assert (await anext(quotes)).time == first.time + 101_000


async def test_a_fault_reaches_the_followers(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    quotes = stage.market.follow("600519.SH")
    await anext(quotes)
    stage.market.feed._parts = None  # the task finds nothing to work with
    with pytest.raises(AttributeError):
        await anext(quotes)


async def test_the_state_tells_the_last_quote_and_its_age(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    assert stage.market.state().last_event_time is None
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        quote = await anext(quotes)
        stage.move_to(0, 0.7)
        state = stage.market.state()
    assert (state.connected, state.last_event_time, state.lag_ms) == (True, quote.time, 700)


async def test_the_feed_goes_on_over_night(make_stage, gate: Gate) -> None:
    stage = make_stage(sleep=gate)
    stage.move_to(0, 14_399)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        before = await anext(quotes)
        stage.move_to(1, 0)
        await gate.let_pass()
        after = await anext(quotes)
    assert after.previous_close == before.last_price
    assert after.volume < before.volume


async def test_a_follower_goes_over_to_the_path_that_an_import_makes(make_stage, gate) -> None:
    shelf = Shelf()
    stage = make_stage(shelf, sleep=gate)
    async with aclosing(stage.market.follow("600519.SH")) as quotes:
        invented = (await anext(quotes)).previous_close
        close = np.array([9.0])
        values = dict.fromkeys(("open", "high", "low", "close"), close)
        values |= {"time": np.array([day_start(date(2023, 1, 31))]), "volume": np.array([100])}
        shelf.bars["600519.SH"], shelf.imports = BarColumns(1, values), 1
        seen = invented
        for second in range(1, 60):
            stage.move_to(0, second)
            await gate.let_pass()
            seen = (await anext(quotes)).previous_close
            if seen != invented:
                break
            # the new path is walked in a thread, beside the quotes
            await stage.market.quotes(["600519.SH"])
    assert seen == 9.0

"""The live feed over the REAL SDK: subscriptions, storms, losses, and the bars under way."""

import asyncio
import random
import threading
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

import pytest

from quantgraph.backends.link import Link, LinkState, Patience
from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.backends.xtquant.inbox import Inbox, Key, Row
from quantgraph.backends.xtquant.live import TerminalFeed
from quantgraph.backends.xtquant.minutes import TerminalBars, read_minute
from quantgraph.backends.xtquant.registry import SINGLES
from quantgraph.domain.bars import Period
from quantgraph.domain.errors import GatewayError, LimitReached, Unavailable
from quantgraph.domain.live_bars import FormingBar
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from tests.doubles import rendering as words
from tests.waiting import until

from .conftest import Pair

_LISTED = [s for s, p in UNIVERSE.items() if p.last is None]


async def _theirs(pair: Pair, symbol: str = "600519.SH") -> Quote:
    (quote,) = await pair.sim.quotes([symbol])
    assert isinstance(quote, Quote)
    return replace(quote, source=Source.TERMINAL)


async def _next(quotes: AsyncGenerator[Quote, None]) -> Quote:
    async with asyncio.timeout(20):
        return await anext(quotes)


async def _subscribed(pair: Pair, feed: TerminalFeed, *wanted: tuple[tuple[str, ...], str]) -> None:
    await until(lambda: sorted(pair.exchange.subscriptions) == sorted(wanted))
    await until(lambda: feed.state().connected)


async def test_a_follower_has_the_present_quote_and_then_what_is_pushed(
    pair: Pair, feed: TerminalFeed
) -> None:
    async with aclosing(feed.follow("600519.SH")) as quotes:
        assert await _next(quotes) == await _theirs(pair)
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        pair.at(60)
        await asyncio.to_thread(pair.exchange.push, "600519.SH", "000001.SZ")
        assert await _next(quotes) == await _theirs(pair)
        state = feed.state()
        assert (state.connected, state.lag_ms) == (True, 0)
    await _subscribed(pair, feed)


async def test_an_unknown_symbol_is_refused_and_not_subscribed(
    pair: Pair, feed: TerminalFeed
) -> None:
    with pytest.raises(GatewayError) as told:
        await _next(feed.follow("609999.SH"))
    assert told.value.reason is Reason.UNKNOWN_SYMBOL
    await _subscribed(pair, feed)


async def test_an_older_quote_after_a_newer_one_is_dropped(pair: Pair, feed: TerminalFeed) -> None:
    pair.at(60)
    early = words.tick(await _theirs(pair), "600519.SH", pulled=False)
    async with aclosing(feed.follow("600519.SH")) as quotes:
        await _next(quotes)
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        for second in (120, 180):
            pair.at(second)
            await asyncio.to_thread(pair.exchange.push, "600519.SH")
            await asyncio.to_thread(pair.exchange.deliver, "tick", {"600519.SH": early})
            assert await _next(quotes) == await _theirs(pair)


async def test_fifty_symbols_are_subscribed_singly_and_more_as_one(
    pair: Pair, feed: TerminalFeed
) -> None:
    # The simulated market has fewer symbols than that: the terminal is asked for codes alone.
    codes = [f"{600000 + n}.SH" for n in range(SINGLES + 2)]
    feed.link.start()
    lanes = [feed._quotes.join((code, "tick")) for code in codes[:SINGLES]]
    await until(lambda: len(pair.exchange.subscriptions) == SINGLES)
    assert {form for _, form in pair.exchange.subscriptions} == {"tick"}
    lanes += [feed._quotes.join((code, "tick")) for code in codes[SINGLES:]]
    await _subscribed(pair, feed, (tuple(codes), "whole"))
    pair.exchange.drop()
    pair.exchange.connected = True
    await _subscribed(pair, feed, (tuple(codes), "whole"))
    for code, lane in list(zip(codes, lanes, strict=True))[:2]:
        feed._quotes.leave((code, "tick"), lane)
    # The single ones begin before the one of all ends: by their number alone they look settled.
    await _subscribed(pair, feed, *(((code,), "tick") for code in codes[2:]))


async def test_after_a_loss_all_is_subscribed_again_and_the_present_state_told(
    pair: Pair, feed: TerminalFeed
) -> None:
    async with AsyncExitStack() as stack:
        symbols = ("600519.SH", "000001.SZ")
        streams = [
            await stack.enter_async_context(aclosing(feed.follow(symbol))) for symbol in symbols
        ]
        for quotes in streams:
            await _next(quotes)
        both = [((symbol,), "tick") for symbol in symbols]
        await _subscribed(pair, feed, *both)
        pair.exchange.drop()
        await until(lambda: not feed.state().connected)
        assert feed.link.state.reason == Reason.SOURCE_UNAVAILABLE
        pair.at(90)
        pair.exchange.connected = True
        for symbol, quotes in zip(symbols, streams, strict=True):
            assert await _next(quotes) == await _theirs(pair, symbol)
        await until(lambda: feed.state().connected)
        await _subscribed(pair, feed, *both)


async def test_a_connection_that_another_call_renewed_is_noticed(
    pair: Pair, feed: TerminalFeed
) -> None:
    async with aclosing(feed.follow("600519.SH")) as quotes:
        await _next(quotes)
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        pair.exchange.drop()
        pair.exchange.connected = True
        await pair.terminal.quotes(["600519.SH"])
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        assert len(pair.exchange.clients) > 1


async def test_a_pushed_quote_with_holes_is_read_as_far_as_it_goes(
    pair: Pair, feed: TerminalFeed
) -> None:
    nan, without = float("nan"), float("inf")
    async with aclosing(feed.follow("600519.SH")) as quotes:
        first = await _next(quotes)
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        whole = words.tick(replace(first, time=first.time + 1), "600519.SH", pulled=False)
        holes = {"volume": nan, "pvolume": nan, "amount": without, "bidVol": [nan] * 5}
        rows = [{**whole, "time": without}, {**whole, **holes}]
        for row in rows:
            await asyncio.to_thread(pair.exchange.deliver, "tick", {"600519.SH": row})
        told = await _next(quotes)
        assert (told.time, told.last_price, told.asks) == (
            first.time + 1,
            first.last_price,
            first.asks,
        )
        assert (told.volume, told.amount, told.bids) == (0, 0.0, ())


def test_a_pushed_minute_without_a_volume_has_none() -> None:
    nan = float("nan")
    row = {"time": 1_675_215_060_000, "close": 10.0, "volume": nan, "amount": nan, "open": nan}
    bar = read_minute("600519.SH", row, {})
    assert bar is not None
    assert (bar.close, bar.open, bar.volume, bar.amount) == (10.0, None, None, None)


async def test_a_storm_from_eight_threads_ends_with_the_newest_of_every_symbol(
    pair: Pair, feed: TerminalFeed
) -> None:
    symbols = _LISTED[:8]
    assert len(symbols) == 8
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(aclosing(feed.follow(s))) for s in symbols]
        for quotes in streams:
            await _next(quotes)
        await until(lambda: len(pair.exchange.subscriptions) == len(symbols))
        first = await _theirs(pair)
        ticks = [
            words.tick(replace(first, time=first.time + n), "600519.SH", pulled=False)
            for n in range(400)
        ]

        def blow(code: str) -> None:
            for tick in ticks:
                pair.exchange.deliver("tick", {code: tick})

        threads = [threading.Thread(target=blow, args=(s,)) for s in symbols]
        for thread in threads:
            thread.start()
        for quotes in streams:
            while (await _next(quotes)).time < first.time + 399:
                pass
        for thread in threads:
            thread.join(20)


async def test_what_comes_faster_than_it_is_taken_keeps_the_newest_in_order() -> None:
    taken: list[int] = []

    def take(_: Key, row: Row) -> None:
        taken.append(row["n"])

    inbox = Inbox(asyncio.get_running_loop(), take)
    for n in range(40):
        inbox.put("tick", {"a": {"n": n}})
    assert taken == []
    await asyncio.sleep(0)
    assert taken == list(range(24, 40))
    assert inbox.overrun == 24


@pytest.mark.parametrize("seconds", [30, 75, 4_000])
async def test_the_minute_under_way_is_the_markets(
    pair: Pair, feed: TerminalFeed, seconds: int
) -> None:
    pair.at(seconds)
    bars = TerminalBars(feed, pair.terminal, pair.clock)
    async with aclosing(bars.follow("600519.SH", Period.MIN_1)) as forming:
        assert await anext(forming) is None
        await _subscribed(pair, feed, (("600519.SH",), "1m"))
        await asyncio.to_thread(pair.exchange.push_minutes, "600519.SH")
        expected = await pair.sim.forming("600519.SH", Period.MIN_1)
        assert expected is not None
        async with asyncio.timeout(10):
            told = [await anext(forming) for _ in words.minute_rows(_row(expected))]
        found = told[-1]
        assert found is not None
        assert found.source is Source.TERMINAL
        assert found.bar == replace(expected.bar, amount=found.bar.amount)
        assert found.bar.amount == pytest.approx(expected.bar.amount)
        # The minute is over, and nothing has come of the next one.
        pair.at(seconds + 60)
        async with asyncio.timeout(10):
            assert await anext(forming) is None
    await _subscribed(pair, feed)


def _row(forming: FormingBar) -> dict[str, float]:
    bar = forming.bar
    cells = {name: getattr(bar, name) for name in words.FIELDS[:7]}
    return cells | {"preClose": bar.previous_close, "suspendFlag": 0}


async def test_the_day_under_way_is_the_quotes(pair: Pair, feed: TerminalFeed) -> None:
    pair.at(600)
    bars = TerminalBars(feed, pair.terminal, pair.clock)
    async with aclosing(bars.follow("600519.SH", Period.DAY_1)) as forming:
        first = await anext(forming)
        expected = await pair.sim.forming("600519.SH", Period.DAY_1)
        assert first is not None
        assert expected is not None
        assert first.bar == expected.bar
        await _subscribed(pair, feed, (("600519.SH",), "tick"))
        # The day is over as soon as another one is.
        pair.at(0, 1)
        async with asyncio.timeout(10):
            assert await anext(forming) is None


async def test_minutes_of_more_symbols_than_may_be_subscribed_are_refused(
    pair: Pair, feed: TerminalFeed
) -> None:
    lanes = [feed.join_minutes(f"{600000 + n}.SH") for n in range(SINGLES)]
    with pytest.raises(LimitReached) as told:
        feed.join_minutes("600519.SH")
    assert told.value.reason is Reason.SUBSCRIPTION_LIMIT
    # Who follows one that is followed already costs the terminal nothing.
    feed.leave_minutes("600000.SH", feed.join_minutes("600000.SH"))
    await until(lambda: len(pair.exchange.subscriptions) == len(lanes))


async def _state_after(*failures: Exception | None) -> tuple[LinkState, list[float]]:
    """Return how a link stands, and how long it slept, after attempts that failed so."""
    slept: list[float] = []
    outcomes = list(failures)

    async def renew() -> None:
        found = outcomes.pop(0)
        if found is not None:
            raise found

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not outcomes:
            await asyncio.Event().wait()

    link = Link(renew, _Clock(), Patience(1.0, 1.0, 30.0), sleep)
    link.start()
    await until(lambda: len(slept) == len(failures))
    state = link.state
    await link.close()
    return state, slept


class _Clock:
    def now(self):
        from datetime import UTC, datetime

        return datetime(2023, 2, 1, tzinfo=UTC)


_AWAY = Unavailable(Reason.SOURCE_UNAVAILABLE, "away")
_BUSY = LimitReached(Reason.OVERLOADED, "busy")


async def test_attempts_to_connect_come_more_slowly_each_time_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    state, slept = await _state_after(*[_AWAY] * 8)
    assert slept == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (state.connected, state.attempts) == (False, 8)
    assert state.reason == Reason.SOURCE_UNAVAILABLE


async def test_a_connection_that_came_back_is_looked_at_every_second_again() -> None:
    state, slept = await _state_after(_AWAY, None, None)
    assert slept[1:] == [1.0, 1.0]
    assert (state.connected, state.attempts, state.reason) == (True, 0, None)


async def test_what_nobody_understands_is_a_loss_that_is_tried_again() -> None:
    """It ended the care of the connection for good, which went on to count as there."""
    state, _ = await _state_after(None, TypeError("'<=' not supported"))
    assert (state.connected, state.reason) == (False, Reason.SOURCE_UNAVAILABLE)
    state, _ = await _state_after(TypeError("'<=' not supported"), None)
    assert state.connected


async def test_a_thread_that_is_busy_says_nothing_of_the_connection() -> None:
    state, _ = await _state_after(None, _BUSY)
    assert state.connected
    unknown: Awaitable[tuple[LinkState, list[float]]] = _state_after(_BUSY)
    assert not (await unknown)[0].connected

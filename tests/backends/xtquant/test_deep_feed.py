"""Live books and queues over the REAL SDK: one subscription, losses, and editions without them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from quantgraph.backends.xtquant.deep_feed import TerminalDepthFeed
from quantgraph.backends.xtquant.live import TerminalFeed
from quantgraph.domain.depth import DepthWatch, OrderQueue
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Level
from quantgraph.domain.reasons import Reason
from tests.waiting import until

from .conftest import Pair

CODE, AT = "600519.SH", 1_675_216_200_000
WATCH = DepthWatch(CODE, 2)
ROW: dict[str, Any] = {
    "time": AT, "price": 9.98, "bidPrice": [9.98, 9.97, 9.96], "bidVolume": [3, 4, 5],
    "askPrice": [9.99], "askVolume": [1],
}  # fmt: skip
# The names that the vendor's own page has.
PAGE = {"timeTag": AT + 1, "price": 9.98, "offPrice": [9.99], "offVolume": [7]}
QUEUED = {"time": AT, "bidGear": [1], "bidPrice": [9.98], "bidVolume": [[1, 2]]}


@pytest.fixture
def deep(pair: Pair, feed: TerminalFeed) -> TerminalDepthFeed:
    return TerminalDepthFeed(feed, pair.terminal.reference)


async def _next(items: AsyncGenerator[Any, None]) -> Any:
    async with asyncio.timeout(20):
        return await anext(items)


async def _push(pair: Pair, period: str, row: dict[str, Any]) -> None:
    await asyncio.to_thread(pair.exchange.deliver, period, {CODE: row})


async def test_a_book_is_told_as_it_is_pushed_and_no_older_one_after_it(
    pair: Pair, deep: TerminalDepthFeed
) -> None:
    async with aclosing(deep.books(WATCH)) as books, aclosing(deep.books(WATCH)) as others:
        assert await _next(books) is None
        assert await _next(others) is None
        assert pair.exchange.subscriptions == [((CODE,), "l2thousand")]
        await _push(pair, "l2thousand", ROW)
        book = await _next(books)
        assert (book.bids, book.asks) == (
            (Level(9.98, 300), Level(9.97, 400)),
            (Level(9.99, 100),),
        )
        assert await _next(others) == book
        for row in (ROW | {"time": AT - 1}, ROW | {"time": None}, PAGE):
            await _push(pair, "l2thousand", row)
        assert (await _next(books)).asks == (Level(9.99, 700),)
    await until(lambda: pair.exchange.subscriptions == [])


async def test_queues_are_another_subscription(pair: Pair, deep: TerminalDepthFeed) -> None:
    async with aclosing(deep.queues(WATCH)) as queues:
        assert await _next(queues) is None
        assert pair.exchange.subscriptions == [((CODE,), "l2thousandqueue")]
        await _push(pair, "l2thousandqueue", QUEUED)
        assert (await _next(queues)).bids == (OrderQueue(1, 9.98, (100, 200)),)


async def test_after_a_loss_they_are_subscribed_again(pair: Pair, deep: TerminalDepthFeed) -> None:
    async with aclosing(deep.books(WATCH)) as books:
        await _next(books)
        pair.exchange.drop()
        await until(lambda: not deep.state().connected)
        pair.exchange.connected = True
        await until(lambda: pair.exchange.subscriptions == [((CODE,), "l2thousand")])
        await _push(pair, "l2thousand", ROW)
        assert (await _next(books)).time == AT


async def test_a_terminal_without_level_2_says_so_and_quotes_go_on(
    pair: Pair, deep: TerminalDepthFeed, feed: TerminalFeed
) -> None:
    pair.exchange.refused_periods |= {"l2thousand"}
    async with aclosing(feed.follow(CODE)) as quotes:
        await _next(quotes)
        with pytest.raises(GatewayError) as told:
            await _next(deep.books(WATCH))
        assert told.value.reason is Reason.TERMINAL_LACKS
        await until(lambda: pair.exchange.subscriptions == [((CODE,), "tick")])
        assert feed.state().connected
        assert pair.client.lacking == {"subscribe_l2thousand"}


async def test_an_unknown_symbol_is_never_subscribed(pair: Pair, deep: TerminalDepthFeed) -> None:
    with pytest.raises(GatewayError) as told:
        await _next(deep.books(DepthWatch("609999.SH", 2)))
    assert told.value.reason is Reason.UNKNOWN_SYMBOL
    assert pair.exchange.subscriptions == []


async def test_no_more_than_fifty_are_followed(
    deep: TerminalDepthFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantgraph.backends.xtquant.deep_feed.SINGLES", 1)
    async with aclosing(deep.books(WATCH)) as books:
        await _next(books)
        with pytest.raises(GatewayError) as told:
            await _next(deep.queues(WATCH))
        assert told.value.reason is Reason.SUBSCRIPTION_LIMIT

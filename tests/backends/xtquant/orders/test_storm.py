"""A storm of quotes in the process that sends orders: both SDKs, real, over their doubles."""

import asyncio
import threading
from contextlib import aclosing
from dataclasses import replace

from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.domain.orders import OrderState
from quantgraph.domain.quotes import Quote
from tests.doubles import rendering as words
from tests.waiting import until

S = OrderState
_SYMBOLS = [each for each, one in UNIVERSE.items() if one.last is None][:8]
_ORDERS = 30


async def _follow(feed, symbol, seen):
    async with aclosing(feed.follow(symbol)) as quotes:
        async for _ in quotes:
            seen[symbol] = seen.get(symbol, 0) + 1


async def test_a_storm_of_quotes_costs_no_order_event(desk, pair, feed):
    (first,) = await pair.sim.quotes([_SYMBOLS[0]])
    assert isinstance(first, Quote)
    seen, over = {}, threading.Event()
    readers = [asyncio.create_task(_follow(feed, each, seen)) for each in _SYMBOLS]
    await until(lambda: len(seen) == len(_SYMBOLS))

    def blow(symbol):
        number = 0
        while not over.is_set():
            number += 1
            tick = words.tick(replace(first, time=first.time + number), symbol, pulled=False)
            pair.exchange.deliver("tick", {symbol: tick})

    storm = [threading.Thread(target=blow, args=(each,)) for each in _SYMBOLS]
    for thread in storm:
        thread.start()
    try:
        tags = [f"q1storm{number}" for number in range(_ORDERS)]
        before = sum(seen.values())
        for tag in tags:
            await desk.trading.place(desk.resting(tag))
        for tag in tags:
            await desk.trading.withdraw(desk.resting(tag))
        await until(lambda: len(desk.told) >= 3 * _ORDERS)
        assert sum(seen.values()) > before  # it blew all the while
    finally:
        over.set()
        for thread in storm:
            await asyncio.to_thread(thread.join, 20)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    await desk.quiet()
    told = {tag: [each.state for each in desk.told if each.tag == tag] for tag in tags}
    ways = [S.WORKING, S.PENDING_CANCEL, S.CANCELED]
    assert all(told[tag] == ways for tag in tags)
    assert len(desk.told) == 3 * _ORDERS

"""How a feed of quotes is listened to, whether it calls or has to be followed."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeAlias

from quantgraph.domain.ports.market import QuoteFeed, ToldQuotes
from quantgraph.domain.quotes import Quote

Listen: TypeAlias = Callable[[str, Callable[[Quote], None]], Awaitable[None]]


def listening(feed: QuoteFeed) -> Listen:
    """Return what `ToldQuotes.listen` is of a feed; one that calls nobody is followed."""
    if isinstance(feed, ToldQuotes):
        return feed.listen

    async def follow(symbol: str, told: Callable[[Quote], None]) -> None:
        async with aclosing(feed.follow(symbol)) as quotes:
            async for quote in quotes:
                told(quote)

    return follow

"""An agent in prod whose terminal quotes at a pace of its own, whoever watches.

python -m bench.gateways.agent serve ...
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any

from api.assembly import OpenBackend
from bench.fanout.feeding import Feeding
from bench.fanout.terminal import Feed
from bench.gateways.flows import BURST, RATE, SYMBOLS
from bench.remote import desk


class Paced(Feed):
    """Implements `TerminalQuotes`: live quotes are the bench's, what is asked for the market's."""

    def __init__(self, market: Any) -> None:
        super().__init__()
        self._market = market
        self.board = market.board

    async def quotes(self, symbols: Sequence[str]) -> Any:
        return await self._market.quotes(symbols)


def seen(terminal: Any) -> OpenBackend:
    """Return the terminal of the tests but for its quotes."""
    feed = Paced(terminal.market)
    tasks: list[asyncio.Task[None]] = []

    async def told() -> None:
        await asyncio.sleep(0)

    def start() -> Awaitable[None]:
        pacing = Feeding(feed.say, told, SYMBOLS).pace(RATE, BURST)
        tasks.append(asyncio.get_running_loop().create_task(pacing))
        return told()

    def backend(*parts: Any) -> Any:
        return replace(terminal.backend(*parts), quotes=feed, start=start)

    return backend


if __name__ == "__main__":
    desk.serve(seen)

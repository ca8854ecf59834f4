"""The way of quotes to one follower, which ends with a reason."""

import asyncio
from collections import deque

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Quote

# Quotes on their way to one follower; a very slow one loses the oldest.
_BACKLOG = 256


class Lane:
    """What waits for one follower; nothing here waits but `take`."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._quotes: deque[Quote] = deque(maxlen=_BACKLOG)
        self._some = asyncio.Event()
        self._end: GatewayError | None = None

    def put(self, quote: Quote) -> None:
        """Lay a quote on it."""
        self._quotes.append(quote)
        self._some.set()

    def end(self, error: GatewayError) -> None:
        """Tell the follower, after what waits, that nothing more comes."""
        self._end = error
        self._some.set()

    async def take(self) -> Quote:
        """Return the oldest, waiting for it; raise why nothing more comes."""
        while not self._quotes:
            if self._end is not None:
                raise self._end
            self._some.clear()
            await self._some.wait()
        return self._quotes.popleft()

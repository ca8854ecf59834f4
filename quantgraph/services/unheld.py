"""Downloads that another gateway writes, where nothing of them is held here."""

from collections.abc import AsyncGenerator

from quantgraph.domain.bars import BarRequest
from quantgraph.domain.ports.market import BarFrames
from quantgraph.domain.shelf import MarketShelf
from quantgraph.services.workers import Workers


class UnheldFrames:
    """Implements `BarFrames`: what is imported here comes before what a terminal has.

    A download is written as a whole, here or there. Whoever goes on by a token of theirs goes on
    there, whatever was imported since.
    """

    def __init__(self, frames: BarFrames, shelf: MarketShelf, workers: Workers) -> None:
        """Hand on `frames`; the shelf is read through the workers."""
        self._frames = frames
        self._shelf = shelf
        self._workers = workers

    async def open(self, request: BarRequest, token: bytes) -> AsyncGenerator[bytes, None] | None:
        """Return them; None where the shelf lists one of the symbols."""
        # Bars, and the events that adjust them, are held of listed symbols alone.
        if not token and await self._workers.run(self._shelf.instruments, request.symbols):
            return None
        return await self._frames.open(request, token)

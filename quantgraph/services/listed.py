"""Instruments of a shelf, kept in memory so that a repeated question costs no read and no wait."""

from collections.abc import Hashable, Mapping, Sequence

from cachetools import LRUCache

from quantgraph.domain.instruments import Instrument
from quantgraph.domain.shelf import MarketShelf
from quantgraph.services.workers import Workers

_KEPT = 10_000


class ListedInstruments:
    """What a shelf lists, and that it does not list a symbol, until anything is written to it."""

    def __init__(self, shelf: MarketShelf, workers: Workers) -> None:
        """Read the shelf through the workers; ask in the event loop alone."""
        self._shelf = shelf
        self._workers = workers
        self._version: Hashable = None
        self._kept: LRUCache[str, tuple[Instrument | None]] = LRUCache(_KEPT)

    async def find(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return what is listed of the symbols; see `MarketShelf.instruments`."""
        version = self._refresh()
        held = {symbol: self._kept.get(symbol) for symbol in symbols}
        absent = [symbol for symbol, found in held.items() if found is None]
        if absent:
            read = await self._workers.run(self._shelf.instruments, list(held))
            if self._refresh() == version:
                self._kept.update({symbol: (read.get(symbol),) for symbol in absent})
            return read
        return {s: found[0] for s, found in held.items() if found is not None and found[0]}

    def _refresh(self) -> Hashable:
        version = self._shelf.version()
        if version != self._version:
            self._kept.clear()
            self._version = version
        return version

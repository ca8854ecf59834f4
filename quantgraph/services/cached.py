"""Answers kept in memory as columns, so that a repeated question costs no read and no wait."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from cachetools import LRUCache

from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.market import Bars

Found = BarSeries | GatewayError
Answer = Sequence[Found]
# What an entry costs beside its columns, bytes.
_ENTRY_BYTES = 2_048


class CachedBars:
    """Keeps whole answers of series that the store here holds as imported.

    Those of a live or simulated market move, and what another gateway has imported changes with
    its store, of which nobody tells us.

    `version` is everything that such an answer depends on beside the request. It is asked at
    every request: what was kept, or began to be read, under another version is not given.
    """

    def __init__(self, bars: Bars, version: Callable[[], Hashable], size: int) -> None:
        """Keep series of `bars` of at most `size` bytes together."""
        self._bars = bars
        self._version = version
        self._seen: Hashable = None
        self._kept: LRUCache[BarRequest, BarSeries] = LRUCache(max(size, 1), getsizeof=_bytes)

    def ready(self, request: BarRequest) -> Answer | None:
        """Return the answer where all of it is at hand; never waits."""
        self._refresh()
        try:  # one look for each: `get` of this cache takes two
            return [self._kept[one] for one in _single(request)]
        except KeyError:
            return None

    async def bars(self, request: BarRequest) -> Answer:
        """Answer from memory what is there, and the rest from below; see `ports.Bars`."""
        version = self._refresh()
        known: dict[str, Found | None] = {
            one.symbols[0]: self._kept.get(one) for one in _single(request)
        }
        absent = tuple(symbol for symbol, found in known.items() if found is None)
        if absent:
            read = await self._bars.bars(replace(request, symbols=absent))
            if self._refresh() != version:
                # What was kept before the change does not belong to what was read.
                return await self._bars.bars(request)
            fresh = map(self._keep, _single(request, absent), read)
            known.update(zip(absent, fresh, strict=True))
        return [found for symbol in request.symbols if (found := known[symbol]) is not None]

    def _refresh(self) -> Hashable:
        version = self._version()
        if version != self._seen:
            self._kept.clear()
            self._seen = version
        return version

    def _keep(self, request: BarRequest, found: BarSeries | GatewayError) -> Found:
        if not isinstance(found, BarSeries) or not found.held:
            return found
        shared = _shared(found)
        if _bytes(shared) <= self._kept.maxsize:
            self._kept[request] = shared
        return shared


def _single(request: BarRequest, symbols: Sequence[str] | None = None) -> Sequence[BarRequest]:
    """Return the request for each symbol alone."""
    if len(request.symbols) == 1:
        return (request,)
    return [replace(request, symbols=(each,)) for each in symbols or request.symbols]


def _shared(series: BarSeries) -> BarSeries:
    """Return the series for many readers: nobody may write into its columns."""
    for column in (*series.columns.values.values(), *series.columns.valid.values()):
        column.flags.writeable = False
    # Thousands of days may be missing, and nobody above asks which.
    coverage = replace(series.coverage, gaps=None)
    return replace(series, columns=replace(series.columns, kept=True), coverage=coverage)


def _bytes(series: BarSeries) -> int:
    columns = (*series.columns.values.values(), *series.columns.valid.values())
    return _ENTRY_BYTES + sum(each.nbytes for each in columns)

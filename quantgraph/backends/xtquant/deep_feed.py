"""Books of a thousand levels and their queues, as the terminal pushes them."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.depth import read_book
from quantgraph.backends.xtquant.inbox import Key, Row
from quantgraph.backends.xtquant.lanes import Lanes
from quantgraph.backends.xtquant.queues import read_queues
from quantgraph.backends.xtquant.registry import BOOK, QUEUES, SINGLES, deep
from quantgraph.domain.depth import DepthWatch, OrderBook, OrderQueues
from quantgraph.domain.errors import GatewayError, LimitReached, unknown_symbol
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState

if TYPE_CHECKING:
    from quantgraph.backends.xtquant.live import TerminalFeed


class _Dated(Protocol):
    @property
    def time(self) -> int:
        """Epoch ms."""
        ...


D = TypeVar("D", bound=_Dated)
Pushed = Row | GatewayError


class DeepLanes:
    """Whoever follows books or queues; rows are read by those who follow alone."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Know nobody; `changed` is told when another watch is followed, or none."""
        self.lanes = Lanes[Pushed](changed)

    @property
    def keys(self) -> frozenset[Key]:
        """What is followed."""
        return self.lanes.keys

    def put(self, key: Key, row: Row) -> None:
        """Take a pushed row."""
        self.lanes.put(key, row)

    def refuse(self, refused: dict[Key, GatewayError]) -> None:
        """Tell those whose watch the terminal did not take."""
        for key, error in refused.items():
            self.lanes.put(key, error)


class TerminalDepthFeed:
    """Implements `DepthFeed`: one subscription per symbol, kind and number of levels."""

    def __init__(self, feed: "TerminalFeed", reference: Reference) -> None:
        """Follow nothing yet."""
        self._feed = feed
        self._reference = reference

    def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Yield the book at each push; see `ports.DepthFeed`."""
        return self._follow(watch, deep(BOOK, watch.levels), partial(read_book, most=watch.levels))

    def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Yield the queues at each push; see `ports.DepthFeed`."""
        return self._follow(watch, deep(QUEUES, watch.levels), read_queues)

    def state(self) -> SourceState:
        """Return whether the terminal is connected, and when it last gave a quote."""
        return self._feed.state()

    async def _follow(
        self, watch: DepthWatch, period: str, read: Callable[[str, Row], D | None]
    ) -> AsyncGenerator[D | None, None]:
        (known,) = await self._reference.instruments([watch.symbol])
        if known is None:
            raise unknown_symbol(watch.symbol)
        key, lanes = (to_vendor(watch.symbol), period), self._feed.deep.lanes
        if key not in lanes.keys and len(lanes.keys) >= SINGLES:
            text = f"The terminal is followed in {SINGLES} books and queues, and no more."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
        self._feed.link.start()
        lane = lanes.join(key)
        try:
            # Until the terminal has been asked: it may have no such function.
            await self._feed.settled()
            newest: int | None = None
            if not lane.waiting:
                yield None
            while True:
                told = await lane.take()
                if isinstance(told, GatewayError):
                    raise told
                item = read(watch.symbol, told)
                # Eight threads push, and one may overtake another.
                if item is not None and (newest is None or item.time >= newest):
                    newest = item.time
                    yield item
        finally:
            lanes.leave(key, lane)

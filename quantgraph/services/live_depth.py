"""Live books and queues: one upstream per watch, whatever the number of readers."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, TypeAlias, TypeVar

from quantgraph.domain.depth import DepthEvent, DepthWatch, OrderBook, OrderQueues
from quantgraph.domain.errors import GatewayError, Unavailable, bad_request
from quantgraph.domain.ports.depth import DepthFeed
from quantgraph.services.depth_lines import Line, Reader
from quantgraph.services.upstreams import Kind, Upstreams

T = TypeVar("T")
Follow: TypeAlias = Callable[[DepthWatch], AsyncGenerator[T | None, None]]
BOOK_LEVELS, QUEUE_LEVELS = 1_000, 100


class SharedDepth:
    """Implements `DepthStream` over a terminal's feed."""

    def __init__(self, feed: DepthFeed, epoch: Callable[[], str]) -> None:
        """Follow nothing until somebody asks."""
        self._books = _Deep(_kind(feed.books, feed, epoch), BOOK_LEVELS)
        self._queues = _Deep(_kind(feed.queues, feed, epoch), QUEUE_LEVELS)

    @property
    def upstream_count(self) -> int:
        """Watches that are followed at the terminal now."""
        return self._books.shared.count + self._queues.shared.count

    def watch_books(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderBook], None]:
        """Yield what becomes of a book; see the port."""
        return self._books.watch(watch)

    def watch_queues(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderQueues], None]:
        """Yield what becomes of queues; see the port."""
        return self._queues.watch(watch)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        await self._books.shared.start_over()
        await self._queues.shared.start_over()

    async def close(self) -> None:
        """End every upstream and tell every reader."""
        await self._books.shared.close()
        await self._queues.shared.close()


class _Deep(Generic[T]):
    """One kind of live depth, of so many levels at most."""

    def __init__(self, kind: Kind[DepthWatch, Line[T], DepthEvent[T]], levels: int) -> None:
        self.shared = Upstreams(kind)
        self._levels = levels

    async def watch(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[T], None]:
        """Yield a snapshot, then the newest state at each change, and a heartbeat every 5 s."""
        if not 1 <= watch.levels <= self._levels:
            text = f"levels is {watch.levels}; ask for 1 to {self._levels}."
            raise bad_request(text, field="levels")
        async with aclosing(self.shared.watch(watch)) as events:
            async for event in events:
                yield event


def _kind(
    follow: Follow[T], feed: DepthFeed, epoch: Callable[[], str]
) -> Kind[DepthWatch, Line[T], DepthEvent[T]]:
    def carrier(watch: DepthWatch, line: Line[T]) -> Callable[[], Awaitable[None]]:
        async def carry() -> None:
            async with aclosing(follow(watch)) as items:
                async for item in items:
                    line.publish(item)

        return carry

    return Kind("depth", Line[T], Reader[T], carrier, feed.state, epoch, over=_is_over)


def _is_over(error: Exception) -> bool:
    """Return whether the terminal will never tell it."""
    return isinstance(error, GatewayError) and not isinstance(error, Unavailable)

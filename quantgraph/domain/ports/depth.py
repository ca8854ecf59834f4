"""What the rooms above may ask of level 2 beyond recordings and quotes."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from quantgraph.domain.depth import (
    DepthEvent,
    DepthWatch,
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import SourceState


class Depth(Protocol):
    """Deep order books, and whose money moved a symbol.

    Errors of all: TERMINAL_LACKS where the terminal has no such function; SOURCE_UNAVAILABLE,
    TIMED_OUT, OVERLOADED of a real one.
    """

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Return the present book per symbol.

        Errors per symbol: UNKNOWN_SYMBOL; NOT_QUOTED where the terminal gets none of it.
        """
        ...

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Return today's flows per symbol. Errors per symbol: as `order_books`."""
        ...

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Return the single orders that wait at some prices.

        Errors: BAD_REQUEST, UNKNOWN_SYMBOL; NOT_QUOTED where the terminal gets none of it.
        """
        ...

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Return where an order stands among those that wait. Errors: BAD_REQUEST."""
        ...


class DepthFeed(Protocol):
    """A terminal's live books and queues, before they are shared among subscribers.

    None comes at once, where the terminal has told nothing yet. Errors of both: UNKNOWN_SYMBOL,
    TERMINAL_LACKS, SUBSCRIPTION_LIMIT.
    """

    def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Yield the book at each change until closed."""
        ...

    def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Yield the queues at each change until closed."""
        ...

    def state(self) -> SourceState:
        """Return whether the feed is connected, and its last event."""
        ...


class DepthStream(Protocol):
    """Live books and queues for subscribers.

    A snapshot comes first, then updates, and a heartbeat every 5 s; a slow reader gets the newest
    state. Errors of both: BAD_REQUEST, UNKNOWN_SYMBOL, TERMINAL_LACKS, SUBSCRIPTION_LIMIT,
    EPOCH_CHANGED, SHUTTING_DOWN.
    """

    def watch_books(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderBook], None]:
        """Yield what becomes of a book, of up to 1,000 levels."""
        ...

    def watch_queues(self, watch: DepthWatch) -> AsyncGenerator[DepthEvent[OrderQueues], None]:
        """Yield what becomes of the queues of up to 100 levels."""
        ...


class NoDepth:
    """Implements `Depth` for a terminal that tells nothing of it: TERMINAL_LACKS."""

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Refuse."""
        del symbols
        raise _lacking("order_books")

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Refuse."""
        del symbols
        raise _lacking("money_flows")

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Refuse."""
        del request
        raise _lacking("order_queues")

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Refuse."""
        del request
        raise _lacking("order_rank")


class NoDepthFeed:
    """Implements `DepthFeed` for a terminal that tells nothing of it: TERMINAL_LACKS."""

    def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Refuse."""
        del watch
        return _refused("books")

    def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Refuse."""
        del watch
        return _refused("queues")

    def state(self) -> SourceState:
        """Return that there is nothing."""
        return SourceState(connected=False, last_event_time=None, lag_ms=None)


async def _refused(function: str) -> AsyncGenerator[None, None]:
    for never in ():
        yield never
    raise _lacking(function)


def _lacking(function: str) -> GatewayError:
    text = "This terminal tells nothing of level 2."
    return Unsupported(Reason.TERMINAL_LACKS, text, function=function)

"""What the rooms above may ask of level 2 beyond recordings and quotes."""

from collections.abc import Sequence
from typing import Protocol

from quantgraph.domain.depth import (
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.reasons import Reason


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


def _lacking(function: str) -> GatewayError:
    text = "This terminal tells nothing of level 2."
    return Unsupported(Reason.TERMINAL_LACKS, text, function=function)

"""What the rooms above may ask of level 2 beyond recordings and quotes."""

from collections.abc import Sequence
from typing import Protocol

from quantgraph.domain.depth import MoneyFlow, OrderBook
from quantgraph.domain.errors import GatewayError


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

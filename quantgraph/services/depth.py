"""What may be asked of the depth of a book, on both wires."""

from collections.abc import Sequence

from quantgraph.domain.depth import (
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError, bad_request
from quantgraph.domain.ports.depth import Depth

# A side of the book has up to a thousand levels, each with up to a thousand orders.
LEVELS, PRICES = 100, 100
_LARGEST = 10**12


class CheckedDepth:
    """Implements `Depth`: what makes no sense, or is too much, never reaches the terminal."""

    def __init__(self, inner: Depth) -> None:
        """Ask `inner`."""
        self._inner = inner

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Return the present book per symbol; see the port."""
        return await self._inner.order_books(symbols)

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Return today's flows per symbol; see the port."""
        return await self._inner.money_flows(symbols)

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Return the queues of a request; see the port."""
        if (request.levels is None) is not bool(request.prices):
            raise bad_request("Give exactly one of levels and prices.", field="levels")
        if request.levels is not None and not 1 <= request.levels <= LEVELS:
            text = f"levels is {request.levels}; ask for 1 to {LEVELS}."
            raise bad_request(text, field="levels")
        if len(request.prices) > PRICES or any(not 0 < each < _LARGEST for each in request.prices):
            text = f"prices are up to {PRICES} amounts of yuan above 0."
            raise bad_request(text, field="prices")
        return await self._inner.order_queues(request)

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Return the place of an order; see the port."""
        if not 0 < request.price < _LARGEST:
            text = f"price {request.price} is no amount of yuan above 0."
            raise bad_request(text, field="price")
        if not 1 <= request.open_quantity <= request.quantity <= _LARGEST:
            text = (
                f"openQuantity {request.open_quantity} of quantity {request.quantity}: there is at "
                "least one share open, and not more than the whole."
            )
            raise bad_request(text, field="open_quantity")
        return await self._inner.order_rank(request)

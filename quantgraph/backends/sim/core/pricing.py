"""How far each price type trades, and where what is left of it waits.

The exchanges' definitions; which exchange has which type is a dated rule row.
"""

from collections.abc import Sequence

from quantgraph.backends.sim.core.book import Book
from quantgraph.backends.sim.core.events import Enter, Trade
from quantgraph.domain.orders import PriceType, Side

_FIVE = 5


def reach(book: Book, order: Enter) -> int | None:
    """Return the worst price in ticks at which an order may trade; None: it finds none, and ends.

    An order that finds no price (no own best, nobody opposite) is cancelled by the exchange.
    """
    rivals = Side.SELL if order.side is Side.BUY else Side.BUY
    match order.price_type:
        case PriceType.LIMIT | PriceType.AFTER_HOURS:
            return order.limit
        case PriceType.OWN_BEST:
            return book.best(order.side)
        case PriceType.OPPOSITE_BEST:
            return book.best(rivals)
        case PriceType.BEST_FIVE_CANCEL:
            return book.worst(rivals, _FIVE)
        case PriceType.BEST_FIVE_LIMIT:
            fifth = book.worst(rivals, _FIVE)
            return book.best(order.side) if fifth is None else fifth
        case _:  # FILL_OR_KILL
            whole = book.size(rivals) >= order.quantity
            return book.worst(rivals) if whole else None


def rest(order: Enter, reached: int, trades: Sequence[Trade]) -> int | None:
    """Return the price at which what is left of an order waits; None: it ends."""
    match order.price_type:
        case PriceType.LIMIT | PriceType.AFTER_HOURS | PriceType.OWN_BEST | PriceType.OPPOSITE_BEST:
            return reached
        case PriceType.BEST_FIVE_LIMIT:
            # At its own newest trade; one that met nobody joins its own side's best.
            return trades[-1].price if trades else reached
        case _:
            return None

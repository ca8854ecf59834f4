"""Whether the exchange takes an order: by the same rules as the order guard."""

from dataclasses import dataclass
from decimal import Decimal

from quantgraph.backends.sim.pit import Pit
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.orders import Order, Side
from quantgraph.domain.rules.checks import check_order, dearest_price
from quantgraph.domain.rules.situations import Prices, Situation, Wish
from quantgraph.domain.rules.trust import ANY_ROW


@dataclass(frozen=True, slots=True)
class Stock:
    """Shares of the order's symbol: those its account may sell now, and those it buys today."""

    held: int
    bought: int


def judge(
    order: Order, prices: Prices, stock: Stock, at: tuple[Security, int, TradingCalendar]
) -> Decimal:
    """Return the dearest price in yuan that the order may trade at. Raises OrderRefused."""
    security, instant, calendar = at
    wish = Wish(order.side, order.quantity, order.price_type, order.limit_price)
    situation = Situation(
        instrument=security.instrument,
        instant_ms=instant,
        calendar=calendar,
        prices=prices,
        held=stock.held,
        bought=stock.bought,
        trust=ANY_ROW,
    )
    check_order(wish, situation)
    if order.limit_price is not None:
        return order.limit_price
    # A sell's dearest price bounds nothing that is set aside; its fees hang on what it brings.
    return dearest_price(wish, situation)


def displayed(security: Security, pit: Pit | None, at: int) -> Prices:
    """Return what the screen shows: of the venue where there is one, else of the others alone."""
    if pit is not None:
        halted = pit.stopped
        best = (pit.venue.best(Side.BUY), pit.venue.best(Side.SELL))
        last = pit.venue.last
    else:
        frame = security.frames.standing(at)
        halted = security.dark(frame)
        best = (
            frame.bids[0].price if frame.bids else None,
            frame.asks[0].price if frame.asks else None,
        )
        last = security.so_far(at).last
    shown = [None if each is None else security.yuan(each) for each in (*best, last)]
    return Prices(security.previous_close, *shown, halted=halted)

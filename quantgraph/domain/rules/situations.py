"""What is wanted, and the market and the account in which it is: all that the rules look at."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.admission import phase_at
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.rules.trust import Trust


@dataclass(frozen=True, slots=True)
class Wish:
    """The part of an order that market rules look at. Quantity in shares, price in yuan."""

    side: Side
    quantity: int
    price_type: PriceType
    limit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Prices:
    """What the screen shows of an instrument, in yuan; None where nothing is shown.

    `previous_close` None: the terminal does not know it, and the order is refused RULE_UNKNOWN.
    `halted`: nothing is matched for now, and orders are collected for an auction.
    """

    previous_close: Decimal | None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    last: Decimal | None = None
    halted: bool = False

    def base(self, side: Side) -> Decimal | None:
        """Return what the cage is measured from: best opposite, own, last, previous close."""
        best = (
            (self.best_ask, self.best_bid) if side is Side.BUY else (self.best_bid, self.best_ask)
        )
        shown = (*best, self.last, self.previous_close)
        return next((each for each in shown if each is not None), None)


_FINEST = Decimal("0.001")


def prices_of(quote: Quote) -> Prices:
    """Return the prices of a quote, whose doubles stand for decimals of at most three places.

    Zero is how terminals write that there is none.
    """
    bid = quote.bids[0].price if quote.bids else None
    ask = quote.asks[0].price if quote.asks else None
    shown = (quote.previous_close, bid, ask, quote.last_price)
    return Prices(*(_exact(each) if each else None for each in shown), halted=quote.halted)


def _exact(price: float) -> Decimal:
    return Decimal(repr(price)).quantize(_FINEST, ROUND_HALF_UP)


# Without slots: what every rule asks for is found out once.
@dataclass(frozen=True, kw_only=True)
class Situation:
    """Where and when the wish is made; every field is given, so that nothing is left out.

    `held`: the account's shares that could be sold now. `bought`: shares of the symbol that it
    has bought today, and those of its open buys; None where nobody knows. `trust`: which rules
    may be relied on that nobody has verified.
    """

    instrument: Instrument
    instant_ms: int
    calendar: TradingCalendar
    prices: Prices
    held: int
    bought: int | None
    trust: Trust

    @cached_property
    def day(self) -> date:
        """The trading day in Shanghai."""
        return day_of(self.instant_ms)

    @cached_property
    def phase(self) -> Phase:
        """What the exchange does. Raises CALENDAR_NOT_COVERED, OrderRefused RULE_UNKNOWN."""
        return phase_at(self.instant_ms, self.instrument, self.calendar)

"""What is wanted, and the market and the account in which it is: all that the rules look at."""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.admission import row_at
from quantgraph.domain.rules.sessions import Phase, PhaseRow
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Where and when the wish is made; every field is given, so that nothing is left out.

    `held`: the account's shares that could be sold now. `bought`: shares of the symbol that it
    has bought today, and those of its open buys; None where nobody knows. `trust`: which rules
    may be relied on that nobody has verified. `day` is the trading day in Shanghai.
    """

    instrument: Instrument
    instant_ms: int
    calendar: TradingCalendar
    prices: Prices
    held: int
    bought: int | None
    trust: Trust
    day: date = field(init=False, repr=False, compare=False)
    # What was found out, once: `cached_property` takes a lock at every first look.
    _rows: list[PhaseRow | None] = field(
        init=False, repr=False, compare=False, default_factory=list["PhaseRow | None"]
    )

    def __post_init__(self) -> None:
        """Find out the day, which nearly every rule asks for."""
        object.__setattr__(self, "day", day_of(self.instant_ms))

    @property
    def row(self) -> PhaseRow | None:
        """The row of what the exchange does, None while it is closed.

        Raises CALENDAR_NOT_COVERED, OrderRefused RULE_UNKNOWN.
        """
        if not self._rows:
            self._rows.append(row_at(self.instant_ms, self.instrument, self.calendar))
        return self._rows[0]

    @property
    def phase(self) -> Phase:
        """What the exchange does. Raises as `row`."""
        row = self.row
        return Phase.CLOSED if row is None else row.phase

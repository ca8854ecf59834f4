"""All rules that one order meets, asked by the order guard and by the exchange alike."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import check_band, check_listed, price_band
from quantgraph.domain.rules.lots import check_market_quantity, check_quantity
from quantgraph.domain.rules.sessions import check_session
from quantgraph.domain.rules.ticks import check_tick


@dataclass(frozen=True, slots=True)
class Wish:
    """The part of an order that market rules look at. Quantity in shares, price in yuan."""

    side: Side
    quantity: int
    price_type: PriceType
    limit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Situation:
    """Where and when the wish is made.

    `held` are the account's shares that could be sold now. `previous_close` None: the terminal
    does not know it, and a limit price is then refused as RULE_UNKNOWN.
    """

    instrument: Instrument
    instant_ms: int
    calendar: TradingCalendar
    previous_close: Decimal | None
    held: int

    @property
    def day(self) -> date:
        """The trading day in Shanghai."""
        return day_of(self.instant_ms)


def check_order(wish: Wish, situation: Situation) -> None:
    """Raise OrderRefused for the first rule that the wish breaks.

    Asked in this order: tradable at all, session, quantity, price present or absent, tick, band.
    """
    instrument = situation.instrument
    if instrument.kind is InstrumentKind.INDEX:
        text = f"{instrument.symbol} is an index; only its members are traded."
        raise OrderRefused(Reason.NOT_TRADABLE, text, symbol=instrument.symbol)
    check_listed(instrument, situation.day)
    check_session(situation.instant_ms, instrument, situation.calendar)
    check_quantity(instrument, wish.side, wish.quantity, situation.held, situation.day)
    _check_price(wish, situation)


def _check_price(wish: Wish, situation: Situation) -> None:
    instrument, price = situation.instrument, wish.limit_price
    if wish.price_type is not PriceType.LIMIT:
        if price is not None:
            text = f"Price type {wish.price_type} finds its own price; leave the limit price out."
            raise OrderRefused(Reason.PRICE_NOT_ALLOWED, text, price_type=wish.price_type)
        check_market_quantity(instrument, wish.quantity, situation.day)
        return
    if price is None:
        raise OrderRefused(Reason.PRICE_REQUIRED, "A LIMIT order needs a limit price in yuan.")
    check_tick(instrument, price, situation.day)
    if situation.previous_close is None:
        text = f"The previous close of {instrument.symbol} is not known, so its band is not either."
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol)
    band = price_band(instrument, situation.previous_close, situation.day, situation.calendar)
    check_band(instrument, price, band)

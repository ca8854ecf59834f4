"""All rules that one order meets, asked by the order guard and by the exchange alike."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_session, phase_at
from quantgraph.domain.rules.bands import (
    Band,
    band_rates,
    check_band,
    check_listed,
    price_band,
)
from quantgraph.domain.rules.cages import cage_bound, cage_rule, check_cage
from quantgraph.domain.rules.lots import check_market_quantity, check_quantity, lot_rule
from quantgraph.domain.rules.price_types import check_price_type
from quantgraph.domain.rules.quotas import check_quota, quota_rule
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.rules.settlement import settlement_rule
from quantgraph.domain.rules.ticks import check_tick, tick_rule, tick_size
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


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def day(self) -> date:
        """The trading day in Shanghai."""
        return day_of(self.instant_ms)

    @property
    def phase(self) -> Phase:
        """What the exchange does. Raises CALENDAR_NOT_COVERED, OrderRefused RULE_UNKNOWN."""
        return phase_at(self.instant_ms, self.instrument, self.calendar)


def check_order(wish: Wish, situation: Situation) -> None:
    """Raise OrderRefused for the first rule that the wish breaks.

    Asked in this order: tradable at all, session, price type, halt, quantity, quota, price present
    or absent, tick, band, cage. A wish that breaks none is refused RULE_UNVERIFIED where one of
    these rules must not be relied on.
    """
    instrument, day = situation.instrument, situation.day
    if instrument.kind is InstrumentKind.INDEX:
        text = f"{instrument.symbol} is an index; only its members are traded."
        raise OrderRefused(Reason.NOT_TRADABLE, text, symbol=instrument.symbol)
    check_listed(instrument, day)
    _check_known(situation)
    session = check_session(situation.instant_ms, instrument, situation.calendar, wish.price_type)
    kind = check_price_type(instrument, wish.price_type, situation.phase, day)
    _check_halt(wish, situation)
    check_quantity(instrument, wish.side, wish.quantity, situation.held, day)
    quota = quota_rule(instrument, day) if wish.side is Side.BUY else None
    check_quota(instrument, quota, wish.quantity, situation.bought)
    judge = _judge_limit if wish.price_type.priced else _judge_market
    prices = judge(wish, situation)
    # What a fill will need to know is asked before: a fill cannot be refused.
    after = settlement_rule(instrument, day)
    rows = (session, kind, lot_rule(instrument, day), quota, *prices, after)
    situation.trust.check(row for row in rows if row is not None)


def _check_known(situation: Situation) -> None:
    """Refuse a share without a name where real money moves: its name tells a risk warning."""
    instrument = situation.instrument
    nameless = instrument.kind is InstrumentKind.STOCK and instrument.name is None
    if nameless and not situation.trust.everything:
        text = (
            f"The name of {instrument.symbol} is not known, nor whether it is under risk warning."
        )
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol)


def _check_halt(wish: Wish, situation: Situation) -> None:
    """Refuse what only a running book can answer; limit orders wait for the auction."""
    waits = wish.price_type.priced and situation.phase is not Phase.AFTER_HOURS
    if situation.prices.halted and not waits:
        symbol = situation.instrument.symbol
        text = f"{symbol} is halted for now; only limit orders for its reopening are taken."
        raise OrderRefused(Reason.SUSPENDED, text, symbol=symbol)


def worst_price(wish: Wish, situation: Situation) -> Decimal:
    """Return the highest price in yuan that a buy can pay: its limit, or the top of the band.

    Raises OrderRefused as `check_order` does where nothing bounds it.
    """
    return _bounds(wish, situation).high if wish.limit_price is None else wish.limit_price


def day_band(situation: Situation) -> Band | None:
    """Return the band of the day in yuan, None on a day without one.

    Raises OrderRefused RULE_UNKNOWN, also where nobody knows the previous close.
    """
    instrument, close = situation.instrument, situation.prices.previous_close
    if close is None:
        text = f"The previous close of {instrument.symbol} is not known, so its band is not either."
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol)
    return price_band(instrument, close, situation.day, situation.calendar)


def _judge_limit(wish: Wish, situation: Situation) -> tuple[Row | None, ...]:
    """Return the rows that judged the price."""
    instrument, price, day = situation.instrument, wish.limit_price, situation.day
    if price is None:
        text = f"A {wish.price_type} order needs a limit price in yuan."
        raise OrderRefused(Reason.PRICE_REQUIRED, text)
    check_tick(instrument, price, day)
    check_band(instrument, price, day_band(situation))
    band = band_rates(instrument, day, situation.calendar).row
    # Whoever waits for the close names a bound; the price itself is not his to move.
    caged = wish.price_type is not PriceType.AFTER_HOURS
    cage = _judge_cage(wish.side, price, situation) if caged else None
    return tick_rule(instrument, day), band, cage


def _judge_market(wish: Wish, situation: Situation) -> tuple[Row | None, ...]:
    instrument, day = situation.instrument, situation.day
    if wish.limit_price is not None:
        text = f"Price type {wish.price_type} finds its own price; leave the limit price out."
        raise OrderRefused(Reason.PRICE_NOT_ALLOWED, text, price_type=wish.price_type)
    check_market_quantity(instrument, wish.quantity, day)
    _bounds(wish, situation)
    return (band_rates(instrument, day, situation.calendar).row,)


def _bounds(wish: Wish, situation: Situation) -> Band:
    """Return the band, without which nothing bounds what an order without a price pays."""
    band = day_band(situation)
    if band is None:
        symbol = situation.instrument.symbol
        text = f"{symbol} has no price band today, so it takes no {wish.price_type} orders."
        raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, price_type=wish.price_type)
    return band


def _judge_cage(side: Side, price: Decimal, situation: Situation) -> Row | None:
    """Return the cage that the price keeps to; there is one in continuous trading only."""
    if situation.phase is not Phase.CONTINUOUS:
        return None
    instrument, day = situation.instrument, situation.day
    prices = situation.prices
    row, base = cage_rule(instrument, day, halted=prices.halted), prices.base(side)
    if base is not None:
        check_cage(instrument, side, price, cage_bound(row, side, base, tick_size(instrument, day)))
    return row

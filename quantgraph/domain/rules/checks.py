"""All rules that one order meets, asked by the order guard and by the exchange alike."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.instruments import InstrumentKind
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_session
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
from quantgraph.domain.rules.sessions import Phase, phase_row
from quantgraph.domain.rules.settlement import settlement_rule
from quantgraph.domain.rules.situations import Situation, Wish
from quantgraph.domain.rules.ticks import check_tick, tick_rule, tick_size


def refuse(refusal: GatewayError) -> None:
    """Raise the first refusal that is found."""
    raise refusal


def check_order(
    wish: Wish, situation: Situation, found: Callable[[GatewayError], None] = refuse
) -> Sequence[Row]:
    """Return the rows that judged the wish; raise OrderRefused for the first rule that it breaks.

    Asked in this order: tradable at all, session, price type, halt, quantity, quota, price present
    or absent, tick, band, close, cage. A wish that breaks none is refused RULE_UNVERIFIED where one
    of these rules must not be relied on. `found` takes every refusal instead, in the same order,
    but what cannot be traded at all is judged no further.
    """
    try:
        _check_tradable(situation)
    except GatewayError as refusal:
        found(refusal)
        return ()
    asked: list[Row | None] = []
    for check in _CHECKS:
        try:
            asked += check(wish, situation)
        except GatewayError as refusal:
            found(refusal)
    rows = [row for row in asked if row is not None]
    if situation.trust.everything:
        return rows
    for row in rows:
        try:
            situation.trust.check((row,))
        except GatewayError as refusal:
            found(refusal)
    return rows


def _check_tradable(situation: Situation) -> None:
    instrument = situation.instrument
    if instrument.kind is InstrumentKind.INDEX:
        text = f"{instrument.symbol} is an index; only its members are traded."
        raise OrderRefused(Reason.NOT_TRADABLE, text, symbol=instrument.symbol)
    check_listed(instrument, situation.day)


_Rows: TypeAlias = tuple[Row | None, ...]


def _known(_: Wish, situation: Situation) -> _Rows:
    """Refuse a share without a name where real money moves: its name tells a risk warning."""
    instrument = situation.instrument
    nameless = instrument.kind is InstrumentKind.STOCK and instrument.name is None
    if nameless and not situation.trust.everything:
        text = (
            f"The name of {instrument.symbol} is not known, nor whether it is under risk warning."
        )
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol)
    return ()


def _session(wish: Wish, situation: Situation) -> _Rows:
    row = None if wish.price_type is PriceType.AFTER_HOURS else situation.row
    if row is not None and row.phase.takes_orders:
        return (row,)
    where = (situation.instant_ms, situation.instrument, situation.calendar)
    return (check_session(*where, wish.price_type),)


def _kind(wish: Wish, situation: Situation) -> _Rows:
    where = (situation.phase, situation.day)
    return (check_price_type(situation.instrument, wish.price_type, *where),)


def _halt(wish: Wish, situation: Situation) -> _Rows:
    """Refuse what only a running book can answer; limit orders wait for the auction."""
    waits = wish.price_type.priced and situation.phase is not Phase.AFTER_HOURS
    if situation.prices.halted and not waits:
        symbol = situation.instrument.symbol
        text = f"{symbol} is halted for now; only limit orders for its reopening are taken."
        raise OrderRefused(Reason.SUSPENDED, text, symbol=symbol)
    return ()


def _quantity(wish: Wish, situation: Situation) -> _Rows:
    instrument, day = situation.instrument, situation.day
    check_quantity(instrument, wish.side, wish.quantity, situation.held, day)
    return (lot_rule(instrument, day),)


def _quota(wish: Wish, situation: Situation) -> _Rows:
    if wish.side is Side.SELL:
        return ()
    quota = quota_rule(situation.instrument, situation.day)
    check_quota(situation.instrument, quota, wish.quantity, situation.bought)
    return (quota,)


def _named(wish: Wish, _: Situation) -> _Rows:
    kind, price = wish.price_type, wish.limit_price
    if kind.priced and price is None:
        text = f"A {kind} order needs a limit price in yuan."
        raise OrderRefused(Reason.PRICE_REQUIRED, text)
    if not kind.priced and price is not None:
        text = f"Price type {kind} finds its own price; leave the limit price out."
        raise OrderRefused(Reason.PRICE_NOT_ALLOWED, text, price_type=kind)
    return ()


def _market_quantity(wish: Wish, situation: Situation) -> _Rows:
    if not wish.price_type.priced:
        check_market_quantity(situation.instrument, wish.quantity, situation.day)
    return ()


def _tick(wish: Wish, situation: Situation) -> _Rows:
    if wish.limit_price is None or not wish.price_type.priced:
        return ()
    check_tick(situation.instrument, wish.limit_price, situation.day)
    return (tick_rule(situation.instrument, situation.day),)


def _band(wish: Wish, situation: Situation) -> _Rows:
    instrument = situation.instrument
    if not wish.price_type.priced:
        _bounds(wish, situation)
    elif wish.limit_price is not None:
        check_band(instrument, wish.limit_price, day_band(situation))
    return (band_rates(instrument, situation.day, situation.calendar).row,)


def _close(wish: Wish, situation: Situation) -> _Rows:
    """Refuse who does not reach the close, the only price after hours."""
    limit, prices = wish.limit_price, situation.prices
    late = wish.price_type is PriceType.AFTER_HOURS
    if not late or limit is None or situation.phase is not Phase.AFTER_HOURS:
        return ()
    # A day without a trade closes where the day before did; without either no band is known.
    close = prices.previous_close if prices.last is None else prices.last
    if close is not None and (limit < close if wish.side is Side.BUY else limit > close):
        text = (
            f"After hours {situation.instrument.symbol} trades at its close, {close:f} yuan, alone;"
            f" a {wish.side} limited to {limit:f} cannot."
        )
        raise OrderRefused(
            Reason.CLOSE_NOT_REACHED, text, limit_price=f"{limit:f}", close=f"{close:f}"
        )
    return (phase_row(situation.instrument, situation.instant_ms),)


def _cage(wish: Wish, situation: Situation) -> _Rows:
    # Whoever waits for the close names a bound; the price itself is not his to move.
    if wish.limit_price is None or wish.price_type is not PriceType.LIMIT:
        return ()
    return (_judge_cage(wish.side, wish.limit_price, situation),)


def _settlement(_: Wish, situation: Situation) -> _Rows:
    # What a fill will need to know is asked before: a fill cannot be refused.
    return (settlement_rule(situation.instrument, situation.day),)


_CHECKS: tuple[Callable[[Wish, Situation], _Rows], ...] = (
    _known,
    _session,
    _kind,
    _halt,
    _quantity,
    _quota,
    _named,
    _market_quantity,
    _tick,
    _band,
    _close,
    _cage,
    _settlement,
)


def dearest_price(wish: Wish, situation: Situation) -> Decimal:
    """Return the highest price in yuan at which it can trade: its limit, or the top of the band.

    Raises OrderRefused as `check_order` does where nothing bounds it.
    """
    return _bounds(wish, situation).high if wish.limit_price is None else wish.limit_price


def worst_price(wish: Wish, situation: Situation) -> Decimal:
    """Return the highest price of a buy, the lowest of a sell, in yuan. Raises as above."""
    if wish.side is Side.BUY or wish.limit_price is not None:
        return dearest_price(wish, situation)
    return _bounds(wish, situation).low


def day_band(situation: Situation) -> Band | None:
    """Return the band of the day in yuan, None on a day without one.

    Raises OrderRefused RULE_UNKNOWN, also where nobody knows the previous close.
    """
    instrument, close = situation.instrument, situation.prices.previous_close
    if close is None:
        text = f"The previous close of {instrument.symbol} is not known, so its band is not either."
        raise OrderRefused(Reason.RULE_UNKNOWN, text, symbol=instrument.symbol)
    return price_band(instrument, close, situation.day, situation.calendar)


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

"""What the order rules say of a ticket: the guard stops at the first no, a preview hears all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import localcontext

from quantgraph.domain.accounts import Means
from quantgraph.domain.calendar import TradingCalendar, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, OrderRefused, bad_request, unknown_symbol
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import OrderTicket, PriceType, Side
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.trading import Purses
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.checks import check_order, dearest_price, refuse
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.situations import Situation, Wish, prices_of
from quantgraph.domain.rules.trust import Trust

_LENGTHS = {"client_order_id": 64, "strategy": 64, "note": 200}
# No order is meant to live longer: a year mistyped, or milliseconds taken for seconds. Every
# instant within it can be written at +08:00, which those at the end of year 9999 cannot.
_HORIZON = timedelta(days=10 * 366)
# Digits that the product of any price and any quantity has: a judge that hears every refusal
# comes to the money with numbers that no rule allows.
DIGITS = 60


@dataclass(frozen=True, slots=True)
class GuardSources:
    """What the rules look at."""

    clock: Clock
    calendar: TradingCalendar
    reference: Reference
    quotes: Quotes
    purses: Purses
    fees: FeeSchedule
    price_types: frozenset[PriceType]
    trust: Trust


@dataclass(frozen=True, slots=True)
class Judged:
    """What a ticket was judged by: the rows, what the account has, and where the market stands."""

    wish: Wish
    situation: Situation
    means: Means
    rows: Sequence[Row]


class OrderJudge:
    """Asks every rule that can be asked before anything is written or sent."""

    def __init__(self, sources: GuardSources) -> None:
        """Look at `sources`."""
        self._sources = sources

    def check_form(self, ticket: OrderTicket) -> None:
        """Raise BAD_REQUEST for what no rule, time or state of the market could make right."""
        _check_texts(ticket)
        if ticket.expires_at is not None:
            _check_expiry(ticket.expires_at, self._sources.clock.now())

    async def judge(
        self, ticket: OrderTicket, found: Callable[[GatewayError], None] = refuse
    ) -> Judged | None:
        """Raise the first refusal; or let `found` take every one, in the same order.

        None: nobody knows the instrument, its quote or what the account has, so that nothing else
        could be asked. Errors: OrderRefused, UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL,
        ACCOUNT_DISCONNECTED, and what the sources say.
        """
        sources, now = self._sources, self._sources.clock.now()
        if ticket.expires_at is not None and ticket.expires_at <= now:
            found(_expired(ticket.expires_at, now))
        try:
            means = await sources.purses.means(ticket.account_id, ticket.symbol)
            instrument, quote = await self._market(ticket.symbol)
        except GatewayError as refusal:
            found(refusal)
            return None
        if quote.suspended:
            found(OrderRefused(Reason.SUSPENDED, f"{ticket.symbol} is suspended today."))
        wish = Wish(ticket.side, ticket.quantity, ticket.price_type, ticket.limit_price)
        situation = Situation(
            instrument=instrument,
            instant_ms=to_ms(now),
            calendar=sources.calendar,
            prices=prices_of(quote),
            held=means.sellable,
            bought=means.bought,
            trust=sources.trust,
        )
        judged = Judged(wish, situation, means, check_order(wish, situation, found))
        if not judged.rows:
            return judged
        for check in (self._check_fees, self._check_kind, self._check_means):
            try:
                check(judged)
            except GatewayError as refusal:
                found(refusal)
        return judged

    async def _market(self, symbol: str) -> tuple[Instrument, Quote]:
        instrument = (await self._sources.reference.instruments([symbol]))[0]
        if instrument is None:
            raise unknown_symbol(symbol)
        quote = (await self._sources.quotes.quotes([symbol]))[0]
        if isinstance(quote, GatewayError):
            raise quote
        return instrument, quote

    def _check_fees(self, judged: Judged) -> None:
        instrument, day = judged.situation.instrument, judged.situation.day
        self._sources.trust.check(self._sources.fees.rules(instrument, day))

    def _check_kind(self, judged: Judged) -> None:
        kind = judged.wish.price_type
        if kind not in self._sources.price_types:
            text = f"This terminal takes no {kind} orders; see its capabilities."
            raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, price_type=kind)

    def _check_means(self, judged: Judged) -> None:
        if judged.wish.side is Side.SELL:
            _check_shares(judged)
        else:
            self._check_cash(judged)

    def _check_cash(self, judged: Judged) -> None:
        situation, cash = judged.situation, judged.means.cash
        if judged.wish.price_type.priced and judged.wish.limit_price is None:
            return  # refused already; nobody knows what it would need
        price, day = dearest_price(judged.wish, situation), situation.day
        with localcontext(prec=DIGITS):
            amount = price * judged.wish.quantity
            fees = self._sources.fees.order_fees(situation.instrument, Side.BUY, amount, day).total
            needed = amount + fees
        if needed > cash:
            text = f"The order needs {needed:f} yuan ({fees:f} of it fees); {cash:f} are free."
            raise OrderRefused(
                Reason.INSUFFICIENT_CASH, text, needed=f"{needed:f}", cash=f"{cash:f}"
            )


def _expired(expiry: datetime, now: datetime) -> OrderRefused:
    text = f"The expiry {expiry.isoformat()} has passed; it is {now.isoformat()}."
    return OrderRefused(Reason.ORDER_EXPIRED, text)


def _check_texts(ticket: OrderTicket) -> None:
    for name, most in _LENGTHS.items():
        value = getattr(ticket, name)
        if value is not None and not (len(value) <= most and value.isprintable()):
            text = f"The {_words(name)} must be printable and at most {most} characters long."
            raise bad_request(text, field=name)
    if not ticket.client_order_id.strip():
        text = "The client order id is empty; give your own key of 1 to 64 characters."
        raise bad_request(text, field="client_order_id")


def _words(name: str) -> str:
    """Return a field's name as neither wire spells it."""
    return name.replace("_", " ")


def _check_expiry(expiry: datetime, now: datetime) -> None:
    if expiry - now > _HORIZON:
        latest = (now + _HORIZON).date()
        text = f"The expiry {expiry.isoformat()} is too far away; {latest} is the latest."
        raise bad_request(text, field="expires_at")


def _check_shares(judged: Judged) -> None:
    quantity, sellable = judged.wish.quantity, judged.means.sellable
    if quantity > sellable:
        symbol = judged.situation.instrument.symbol
        text = (
            f"{quantity} shares of {symbol} to sell, {sellable} are sellable now "
            "(shares bought today can be sold from the next trading day)."
        )
        raise OrderRefused(Reason.INSUFFICIENT_SHARES, text, quantity=quantity, sellable=sellable)

"""The order guard: every rule that can be checked before anything is written or sent."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from quantgraph.domain.calendar import TradingCalendar, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import (
    GatewayError,
    OrderRefused,
    Unsupported,
    bad_request,
    unknown_symbol,
)
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    PriceType,
    Side,
    Submission,
)
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.trading import Purses, Trading
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_cancel, phase_at
from quantgraph.domain.rules.checks import Situation, Wish, check_order, prices_of, worst_price
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.trust import Trust
from quantgraph.domain.streams import LogCursor, OrderEvent

_LENGTHS = {"client_order_id": 64, "strategy": 64, "note": 200}
# No order is meant to live longer: a year mistyped, or milliseconds taken for seconds. Every
# instant within it can be written at +08:00, which those at the end of year 9999 cannot.
_HORIZON = timedelta(days=10 * 366)


class RecallingTrading(Trading, Protocol):
    """Trading that can tell an earlier order of the same key before any rule is asked."""

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        ...


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


class OrderGuard:
    """Implements `Trading` over another: a refusal here writes nothing and consumes no key."""

    def __init__(self, inner: RecallingTrading, sources: GuardSources) -> None:
        """Check by `sources` what goes to `inner`."""
        self._inner = inner
        self._sources = sources

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Check every rule, then submit; a known key is answered from the journal either way."""
        _check_texts(ticket)
        _check_expiry(ticket.expires_at, self._sources.clock.now())
        try:
            await self._check(ticket)
        except GatewayError:
            # A key that was used is answered as it was then, whatever the rules say by now. Where
            # they agree, the journal finds the key itself: a new order costs no question of it.
            earlier = await self._inner.recall(ticket)
            if earlier is None:
                raise
            return earlier
        return await self._inner.submit(ticket)

    async def cancel(self, key: OrderKey) -> Order:
        """Pass on, unless an auction is about to be held that takes no cancels any more."""
        order = await self._inner.order(key)
        # One that waits for approval is withdrawn here: no exchange is asked.
        unsent = order is not None and order.state is OrderState.PENDING_APPROVAL
        if order is not None and not order.state.final and not unsent:
            await self._check_cancel(order)
        return await self._inner.cancel(key)

    async def approve(self, key: OrderKey) -> Order:
        """Check every rule again as it is now, then approve."""
        order = await self._inner.order(key)
        if order is not None and order.state is OrderState.PENDING_APPROVAL:
            await self._check(order.ticket())
        return await self._inner.approve(key)

    async def reject(self, key: OrderKey) -> Order:
        """Pass on."""
        return await self._inner.reject(key)

    async def order(self, key: OrderKey) -> Order | None:
        """Pass on."""
        return await self._inner.order(key)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Pass on."""
        return await self._inner.orders(query)

    def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Pass on."""
        return self._inner.events(cursor)

    async def _check(self, ticket: OrderTicket) -> None:
        sources = self._sources
        now = sources.clock.now()
        if ticket.expires_at is not None and ticket.expires_at <= now:
            text = (
                f"The expiry {ticket.expires_at.isoformat()} has passed; it is {now.isoformat()}."
            )
            raise OrderRefused(Reason.ORDER_EXPIRED, text)
        means = await sources.purses.means(ticket.account_id, ticket.symbol)
        instrument, quote = await self._market(ticket.symbol)
        if quote.suspended:
            raise OrderRefused(Reason.SUSPENDED, f"{ticket.symbol} is suspended today.")
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
        check_order(wish, situation)
        sources.trust.check(sources.fees.rules(instrument, situation.day))
        if ticket.price_type not in sources.price_types:
            text = f"This terminal takes no {ticket.price_type} orders; see its capabilities."
            raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, price_type=ticket.price_type)
        if ticket.side is Side.SELL:
            _check_shares(ticket, means.sellable)
        else:
            self._check_cash(wish, situation, means.cash)

    async def _check_cancel(self, order: Order) -> None:
        """Raise CANCEL_CLOSED. Whatever is not known for certain lets a cancel through."""
        instrument = (await self._sources.reference.instruments([order.symbol]))[0]
        instant, calendar = to_ms(self._sources.clock.now()), self._sources.calendar
        if instrument is None:
            return
        try:
            check_cancel(order.price_type, instrument, instant, calendar)
        except OrderRefused as refusal:
            # At lunch and before the opening brokers keep a cancel until the exchange takes it,
            # and so does the simulated one; what a day left over has ended.
            closed = refusal.reason is Reason.CANCEL_CLOSED
            if closed and phase_at(instant, instrument, calendar).takes_orders:
                raise
        except Unsupported:
            return

    async def _market(self, symbol: str) -> tuple[Instrument, Quote]:
        found = (await self._sources.reference.instruments([symbol]))[0]
        if found is None:
            raise unknown_symbol(symbol)
        quote = (await self._sources.quotes.quotes([symbol]))[0]
        if isinstance(quote, GatewayError):
            raise quote
        return found, quote

    def _check_cash(self, wish: Wish, situation: Situation, cash: Decimal) -> None:
        amount = worst_price(wish, situation) * wish.quantity
        instrument, day = situation.instrument, situation.day
        fees = self._sources.fees.order_fees(instrument, Side.BUY, amount, day).total
        if amount + fees > cash:
            text = (
                f"The order needs {amount + fees:f} yuan ({fees:f} of it fees); {cash:f} are free."
            )
            raise OrderRefused(
                Reason.INSUFFICIENT_CASH, text, needed=f"{amount + fees:f}", cash=f"{cash:f}"
            )


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


def _check_expiry(expiry: datetime | None, now: datetime) -> None:
    if expiry is not None and expiry - now > _HORIZON:
        latest = (now + _HORIZON).date()
        text = f"The expiry {expiry.isoformat()} is too far away; {latest} is the latest."
        raise bad_request(text, field="expires_at")


def _check_shares(ticket: OrderTicket, sellable: int) -> None:
    if ticket.quantity > sellable:
        text = (
            f"{ticket.quantity} shares of {ticket.symbol} to sell, {sellable} are sellable now "
            "(shares bought today can be sold from the next trading day)."
        )
        raise OrderRefused(
            Reason.INSUFFICIENT_SHARES, text, quantity=ticket.quantity, sellable=sellable
        )

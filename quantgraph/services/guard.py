"""The order guard: every rule that can be checked before anything is written or sent."""

from collections.abc import AsyncGenerator
from typing import Protocol

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import GatewayError, OrderRefused, Unsupported
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Submission,
)
from quantgraph.domain.ports.trading import Trading
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_cancel, phase_at
from quantgraph.domain.streams import LogCursor, OrderEvent
from quantgraph.domain.traces import step
from quantgraph.services.judging import GuardSources, OrderJudge


class RecallingTrading(Trading, Protocol):
    """Trading that can tell an earlier order of the same key before any rule is asked."""

    def recent(self, ticket: OrderTicket) -> Submission | None:
        """Return what `recall` does, where that is at hand: None says nothing. Errors as there."""
        ...

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Return the earlier order of the ticket's key, or None. Errors: IDEMPOTENCY_CONFLICT."""
        ...

    async def look(self, key: OrderKey) -> Order | None:
        """Return the order to be canceled, or None: an open one as last heard of here.

        Good enough to judge a cancel by, and no question to the file. Errors as `order`.
        """
        ...


class OrderGuard:
    """Implements `Trading` over another: a refusal here writes nothing and consumes no key."""

    def __init__(self, inner: RecallingTrading, sources: GuardSources) -> None:
        """Check by `sources` what goes to `inner`."""
        self._inner = inner
        self._sources = sources
        self._judge = OrderJudge(sources)

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Check every rule, then submit; a known key is answered from the journal either way."""
        self._judge.check_form(ticket)
        known = self._inner.recent(ticket)
        if known is not None:
            return known
        try:
            with step("order rules"):
                await self._judge.judge(ticket)
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
        order = await self._inner.look(key)
        # One that waits for approval is withdrawn here: no exchange is asked.
        unsent = order is not None and order.state is OrderState.PENDING_APPROVAL
        if order is not None and not order.state.final and not unsent:
            await self._check_cancel(order)
        return await self._inner.cancel(key)

    async def approve(self, key: OrderKey) -> Order:
        """Check every rule again as it is now, then approve."""
        order = await self._inner.order(key)
        if order is not None and order.state is OrderState.PENDING_APPROVAL:
            await self._judge.judge(order.ticket())
        return await self._inner.approve(key)

    async def reject(self, key: OrderKey) -> Order:
        """Pass on."""
        return await self._inner.reject(key)

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        """Pass on."""
        return await self._inner.write_off(key, reason)

    async def order(self, key: OrderKey) -> Order | None:
        """Pass on."""
        return await self._inner.order(key)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Pass on."""
        return await self._inner.orders(query)

    def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Pass on."""
        return self._inner.events(cursor)

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

"""What accounts may do: every submit and cancel passes here on its way to the journal."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from quantgraph.domain.calendar import day_of
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.limits import Allowance, Ask, LimitTable, Standing, TradingLimits, refusals
from quantgraph.domain.orders import (
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Side,
    Submission,
)
from quantgraph.domain.ports.trading import Accounts, Purses
from quantgraph.domain.streams import LogCursor, OrderEvent
from quantgraph.domain.traces import step
from quantgraph.services.exposure import AccountBook
from quantgraph.services.guard import RecallingTrading
from quantgraph.services.holds import Hold, Line
from quantgraph.services.ledger import Ledger
from quantgraph.services.valuing import Valuer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LimitParts:
    """The limits, what is used of them, and who knows prices and holdings."""

    table: LimitTable
    ledger: Ledger
    valuer: Valuer
    accounts: Accounts
    purses: Purses


class LimitedTrading:
    """Implements `Trading` over another: a refusal here writes nothing and consumes no key.

    What is let through counts from that same step of the loop on, so that many submits at once
    cannot pass a limit together; it counts no more where it was refused further down.
    """

    def __init__(self, inner: RecallingTrading, parts: LimitParts) -> None:
        """Judge what goes to `inner`."""
        self._inner = inner
        self._parts = parts
        self._running: set[asyncio.Task[Any]] = set()

    def adopt(self, table: LimitTable) -> None:
        """Judge by other limits from now on; what was let through stays."""
        self._parts = replace(self._parts, table=table)

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Judge, reserve, submit; a known key is answered from the journal either way.

        Errors: OrderRefused; RATE_LIMITED and DAILY_COUNT_LIMIT with when to retry.
        """
        try:
            with step("order limits"):
                found = await self._let(ticket)
        except GatewayError:
            earlier = await self._inner.recall(ticket)
            if earlier is None:
                raise
            return earlier
        if found is None:
            return await self._inner.submit(ticket)
        book, hold, held = found
        work = self._inner.submit(replace(ticket, held=held) if held else ticket)
        return await self._whole(work, lambda: book.release(hold))

    def recent(self, ticket: OrderTicket) -> Submission | None:
        """Pass on."""
        return self._inner.recent(ticket)

    async def recall(self, ticket: OrderTicket) -> Submission | None:
        """Pass on."""
        return await self._inner.recall(ticket)

    async def look(self, key: OrderKey) -> Order | None:
        """Pass on."""
        return await self._inner.look(key)

    async def cancel(self, key: OrderKey) -> Order:
        """Count, then cancel. Errors: RATE_LIMITED, DAILY_COUNT_LIMIT."""
        order = await self._inner.look(key)
        if order is None or order.state.final or order.state is OrderState.PENDING_APPROVAL:
            return await self._inner.cancel(key)
        ledger = self._parts.ledger
        book = await ledger.book(key.account_id)
        first = not book.asked(order.id)
        book.actions.check(ledger.now, self._parts.table.of(key.account_id), withdraws=first)
        hold = book.hold_cancel(order.id)
        return await self._whole(self._inner.cancel(key), lambda: book.release_cancel(hold))

    async def approve(self, key: OrderKey) -> Order:
        """Judge it anew beside everything else, count it as one act more, then approve."""
        order = await self._inner.order(key)
        if order is None or order.state is not OrderState.PENDING_APPROVAL:
            return await self._inner.approve(key)
        limits = self._parts.table.of(key.account_id)
        book = await self._parts.ledger.book(key.account_id)
        ask, held = await self._facts(order.ticket(), book, limits)
        others = _beside(self._standing(ask, held, book), book.line(order.id))
        self._judge(ask, others, book, limits)
        hold = book.hold_approval(order.id)
        return await self._whole(self._inner.approve(key), lambda: book.release_approval(hold))

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

    async def allowance(self, account_id: str) -> Allowance:
        """Return an account's limits and what it has used; see `ports.OrderLimits`."""
        ledger = self._parts.ledger
        book = await self._valued(account_id)
        limits = self._parts.table.of(account_id)
        return Allowance(account_id, day_of(ledger.now), limits, book.usage(ledger.now))

    async def verdict(self, ticket: OrderTicket) -> tuple[Sequence[GatewayError], bool]:
        """Return why a submit would be refused here now, in order; nothing is counted or held.

        True: it would wait for approval. Errors: UNKNOWN_ACCOUNT.
        """
        limits = self._parts.table.of(ticket.account_id)
        book = await self._parts.ledger.book(ticket.account_id)
        try:
            ask, held = await self._facts(ticket, book, limits)
        except GatewayError as error:
            # Without them no limit can be judged, and a submit ends here as well.
            return [error], False
        standing = self._standing(ask, held, book)
        return list(self._refused(ask, standing, book, limits)), _waits(ask, limits)

    async def close(self) -> None:
        """Let what is on its way end; the journal below has ended its own part by then."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _let(self, ticket: OrderTicket) -> tuple[AccountBook, Hold, bool] | None:
        """Let a submit through, or raise why not; None where its key is journalled already.

        True: it waits for approval.
        """
        key, ledger = ticket.client_order_id, self._parts.ledger
        limits = self._parts.table.of(ticket.account_id)
        while True:
            book = await ledger.book(ticket.account_id)
            if book.knows(key):
                return None
            rival = book.hold_of(key)
            if rival is not None:
                await rival.over.wait()
                continue
            ask, held = await self._facts(ticket, book, limits)
            # Nothing waits from here to the hold, unless the journal became another one.
            if await ledger.book(ticket.account_id) is book and not _claimed(book, key):
                self._judge(ask, self._standing(ask, held, book), book, limits)
                return book, book.hold(key, ask), _waits(ask, limits)

    async def _facts(
        self, ticket: OrderTicket, book: AccountBook, limits: TradingLimits
    ) -> tuple[Ask, int | None]:
        """Return the order as the limits see it, and the shares held but for what traded here.

        Of a sell those that are or were free to be sold. None where no limit of a buy asks. What
        trades while the terminal answers may be in its answer or not: it counts once more then,
        rather than not at all.
        """
        if limits.daily_value is not None or limits.position_value is not None:
            await self._valued(ticket.account_id)
        ask = await self._parts.valuer.ask(ticket, limits)
        if ticket.side is Side.SELL:
            before = book.sold(ticket.symbol)
            means = await self._parts.purses.means(ticket.account_id, ticket.symbol)
            return ask, means.sellable + means.offered + before
        bounded = limits.position_quantity is not None or limits.position_value is not None
        if not bounded:
            return ask, None
        before = book.bought(ticket.symbol)
        positions = await self._parts.accounts.positions(ticket.account_id)
        held = sum(each.quantity for each in positions if each.symbol == ticket.symbol)
        return ask, held - before

    def _standing(self, ask: Ask, held: int | None, book: AccountBook) -> Standing:
        symbol, sells = ask.symbol, ask.side is Side.SELL
        holding = 0 if held is None or sells else held + book.bought(symbol)
        gone = book.sold(symbol) + book.open_sells(symbol)
        return Standing(
            quantity=holding + book.open_buys(symbol),
            held=holding,
            buys_value=book.buys_value(symbol),
            daily_value=book.daily_value(self._parts.ledger.now),
            sellable=held - gone if sells and held is not None else None,
        )

    def _judge(
        self, ask: Ask, standing: Standing, book: AccountBook, limits: TradingLimits
    ) -> None:
        for refusal in self._refused(ask, standing, book, limits):
            raise refusal

    def _refused(
        self, ask: Ask, standing: Standing, book: AccountBook, limits: TradingLimits
    ) -> Iterator[GatewayError]:
        yield from refusals(ask, standing, limits)
        yield from book.actions.refusals(self._parts.ledger.now, limits)

    async def _valued(self, account_id: str) -> AccountBook:
        """Return a book whose open orders all have a price. Errors: PRICE_UNKNOWN and others."""
        while True:
            book = await self._parts.ledger.book(account_id)
            missing = book.unvalued()
            if not missing:
                return book
            for symbol in missing:
                book.price(symbol, await self._parts.valuer.ceiling(symbol))

    async def _whole(self, work: Coroutine[Any, Any, T], end: Callable[[], None]) -> T:
        """Run work to its end though the caller may give up, and then end what it held."""
        task = asyncio.create_task(work)
        self._running.add(task)

        def ended(done: "asyncio.Task[T]") -> None:
            self._running.discard(done)
            end()
            # Asked in any case: an error that nobody fetches would be logged as forgotten.
            if not done.cancelled():
                done.exception()

        task.add_done_callback(ended)
        return await asyncio.shield(task)


def _beside(standing: Standing, line: Line | None) -> Standing:
    """Return what stands without an open order that is to be judged itself."""
    if line is None:
        return standing
    buys, free = line.side is Side.BUY, standing.sellable
    return replace(
        standing,
        sellable=None if free is None else free + line.quantity,
        quantity=standing.quantity - (line.quantity if buys else 0),
        buys_value=standing.buys_value - (line.value if buys else 0),
        daily_value=standing.daily_value - line.value,
    )


def _waits(ask: Ask, limits: TradingLimits) -> bool:
    """Return whether another key has to approve the order."""
    return limits.approval_above is not None and ask.value > limits.approval_above


def _claimed(book: AccountBook, key: str) -> bool:
    return book.knows(key) or book.hold_of(key) is not None

"""The terminal's order functions: the one module that can reach them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog

from quantgraph.backends.xtquant.claim import Claim
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.order_codes import BUY_SHARES, SELL_SHARES, price_number
from quantgraph.backends.xtquant.records import broker_name, order_number, refused
from quantgraph.backends.xtquant.replies import Reply
from quantgraph.backends.xtquant.session import AccountRef
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.calendar import today
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import OrderRefused, TradingDisabled
from quantgraph.domain.instruments import classify
from quantgraph.domain.orders import Order, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError, ListedOrder, PlacedOrder, TerminalEvent

# What a remark and a strategy's name may hold at every broker, in ASCII.
_REMARK = 24
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TradingParts:
    """`answer_seconds`: that the answer to an order or a cancel is waited for.

    Whoever sent it was told before that nobody knows; this only ends what is kept for it.
    """

    clock: Clock
    answer_seconds: float = 60.0


class XtTrading:
    """Implements `Terminal`. What comes back, or not, is matched by request number and by tag.

    An order's `broker_order_id` is its day and the terminal's id, which begins anew each morning.
    """

    def __init__(self, link: TraderLink, listener: OrderListener, parts: TradingParts) -> None:
        """Send through `link`; `listener` hears what becomes of it."""
        self._link = link
        self._listener = listener
        self._parts = parts

    async def place(self, order: Order) -> PlacedOrder:
        """Send an order once, with its tag.

        Errors: OrderRefused, NOT_SENT or PRICE_TYPE_UNSUPPORTED where it never left, else the
        counter's own; FateUnknownError.
        """
        number, account, tag = _price(order), self._account(order), order.tag or ""
        if not tag or len(tag) > _REMARK or not tag.isascii():
            raise _not_sent(order, "its tag is none that the terminal keeps")
        args = (
            account,
            order.symbol,
            BUY_SHARES if order.side is Side.BUY else SELL_SHARES,
            order.quantity,
            number,
            # The terminal wants a number; of an order that finds its price, 0.
            float(order.limit_price) if order.limit_price is not None else 0.0,
            _name(order.strategy),
            tag,
        )
        reply = await self._request("order_stock_async", args, lambda: _gone(order), tag)
        if reply.refusal is not None:
            raise reply.refusal
        if reply.order_id <= 0:
            # Orders that were live all the same have been told so.
            raise FateUnknownError(f"The terminal answered {reply.order_id}: {reply.text}")
        return PlacedOrder(reply.name or broker_name(reply.order_id, today(self._parts.clock)))

    async def withdraw(self, order: Order) -> None:
        """Ask for a cancel. Errors: ORDER_NOT_CANCELABLE, TERMINAL_DISCONNECTED."""
        account = self._known(order)
        name = order.broker_order_id or await self._sought(order)
        number = order_number(name, today(self._parts.clock))
        if number is None:
            raise _kept(order, "it is of another day")
        reply = await self._request(
            "cancel_order_stock_async", (account, number), _unreachable, None
        )
        if reply.result != 0 and not reply.text:
            raise FateUnknownError(f"The terminal answered {reply.result} to a cancel.")
        if reply.result != 0:
            said = refused(reply.text)
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, said.message, zh=reply.text)

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Return the rows of the list that bear a tag, asked for anew."""
        return [each for each in await self.orders_today(account_id) if each.tag == tag]

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the terminal's list with its executions. Errors: those of the port."""
        return await self._listener.orders(account_id)

    def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield what the terminal tells, to one reader, until closed."""
        return self._listener.events()

    async def _request(
        self,
        method: str,
        args: tuple[object, ...],
        unsent: Callable[[], Exception],
        tag: str | None,
    ) -> Reply:
        """Ask once, and wait for the answer. Raises `unsent()` where it never left; FateUnknown."""
        replies, claim = self._listener.replies, Claim()
        answer = replies.expect(tag)
        try:
            try:
                number = await self._link.call(
                    lambda session: claim.run(lambda: session.call(method, *args))
                )
            except Exception as error:
                self._fail(claim, unsent, error)
            if number is None or number <= 0:
                raise FateUnknownError(f"The SDK answered {number}.")
            replies.number(number, answer)
            async with asyncio.timeout(self._parts.answer_seconds):
                return await answer
        except TimeoutError as error:
            raise FateUnknownError("The terminal did not answer.") from error
        finally:
            claim.revoke()
            replies.drop(answer)

    @staticmethod
    def _fail(claim: Claim, unsent: Callable[[], Exception], error: Exception) -> NoReturn:
        if claim.revoke():
            raise unsent() from error
        _logger.warning("request_fate_unknown", error=type(error).__name__)
        raise FateUnknownError(f"The call failed: {type(error).__name__}.") from error

    def _account(self, order: Order) -> AccountRef:
        """Return whom to trade for. Raises NOT_SENT where that is not possible now."""
        known = (self._link.accounts or {}).get(order.account_id)
        if not self._link.up:
            raise _gone(order)
        if known is None:
            raise _not_sent(order, "the terminal does not serve its account")
        if known.closed is not None:
            raise _not_sent(order, known.closed)
        return known.ref

    def _known(self, order: Order) -> AccountRef:
        known = (self._link.accounts or {}).get(order.account_id)
        if not self._link.up or known is None:
            raise _unreachable()
        return known.ref

    async def _sought(self, order: Order) -> str:
        """Return what the terminal calls an order whose id it never told."""
        rows = await self.find(order.account_id, order.tag or "")
        if len(rows) != 1:
            raise _kept(order, "the terminal does not list it under its tag alone")
        return rows[0].broker_order_id


def _price(order: Order) -> int:
    market, _, _ = classify(order.symbol)
    number = price_number(market, order.price_type)
    if number is None:
        text = f"The terminal has no {order.price_type} orders for {order.symbol}; use LIMIT."
        raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, order_id=order.id)
    return number


def _name(strategy: str | None) -> str:
    """Return a strategy's name where every broker keeps it; the journal keeps each."""
    plain = strategy or ""
    return plain if plain.isascii() and len(plain) <= _REMARK else ""


def _not_sent(order: Order, why: str) -> OrderRefused:
    text = f"Order {order.id} was not sent: {why}"
    return OrderRefused(Reason.NOT_SENT, text, order_id=order.id)


def _gone(order: Order) -> OrderRefused:
    return _not_sent(order, away().message)


def _kept(order: Order, why: str) -> OrderRefused:
    text = f"Order {order.id} cannot be canceled: {why}."
    return OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, order_id=order.id)


def _unreachable() -> TradingDisabled:
    text = "The trading terminal is disconnected, or does not take calls; no cancel was sent."
    return TradingDisabled(Reason.TERMINAL_DISCONNECTED, text)

"""The one check that sends something: a lot far below the market, and takes it back."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from uuid import uuid4

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Destination, Order, OrderState, Origin, PriceType, Side
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tags import tag_of
from quantgraph.domain.terminal import ExecutionReport, ListedOrder
from quantgraph.services.conformance.running import (
    Check,
    NonconformityError,
    SkippedError,
    Subject,
    expect,
)

# One lot of every board but STAR, whose shares are not taken for this.
_LOT = 100
# Below the previous close: inside the band of every board, and far from any price of the day.
_BELOW, _CENT = Decimal("0.955"), Decimal("0.01")
_LOOK_S = 0.2
_OPEN = frozenset({OrderState.SENT, OrderState.WORKING, OrderState.PENDING_CANCEL})


async def _taken_back(subject: Subject) -> str:
    sender, order = subject.sender, await _drafted(subject)
    if sender is None:
        raise SkippedError("orders were not allowed")
    heard: list[ExecutionReport] = []
    reader = asyncio.create_task(_read(sender, order.tag or "", heard))
    try:
        placed = await sender.place(order)
        expect(placed.broker_order_id, "the terminal took an order and gave it no id")
        order = replace(order, broker_order_id=placed.broker_order_id)
        row = await _listed(sender, order, _OPEN)
        expect(row.quantity == _LOT, f"{_LOT} shares were sent, {row.quantity} are listed")
        expect(row.limit_price == order.limit_price, "another price is listed than was sent")
        await _withdrawn(sender, order, row)
        await _heard(heard, OrderState.CANCELED)
    except BaseException:
        with suppress(Exception):
            await sender.withdraw(order)
        raise
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    return f"{_LOT} {order.symbol} at {order.limit_price} were listed, reported and taken back"


async def _withdrawn(sender: Terminal, order: Order, row: ListedOrder) -> None:
    await sender.withdraw(order)
    ended = await _listed(sender, order, frozenset({OrderState.CANCELED}))
    expect(ended.filled_quantity == 0, f"{ended.filled_quantity} shares were bought")
    expect(ended.broker_order_id == row.broker_order_id, "its id has changed")
    try:
        await sender.withdraw(order)
    except OrderRefused as error:
        expect(error.reason is Reason.ORDER_NOT_CANCELABLE, f"{error.reason.value}, canceled twice")
    else:
        raise NonconformityError("an order that is canceled could be canceled again")


async def _drafted(subject: Subject) -> Order:
    if subject.account_id is None:
        raise SkippedError("orders were not allowed")
    symbol = subject.symbols[0]
    (quote,) = await subject.backend.quotes.quotes([symbol])
    if not isinstance(quote, Quote) or quote.previous_close is None or quote.suspended:
        raise SkippedError(f"{symbol} does not trade now")
    price = (Decimal(repr(quote.previous_close)) * _BELOW).quantize(_CENT, ROUND_UP)
    now, key = subject.clock.now(), uuid4().hex
    return Order(
        id=f"conformance_{key}", account_id=subject.account_id, client_order_id=key,
        broker_order_id=None, symbol=symbol, side=Side.BUY, price_type=PriceType.LIMIT,
        limit_price=price, quantity=_LOT, filled_quantity=0, average_price=None,
        state=OrderState.SENT, destination=Destination.TERMINAL, origin=Origin.OURS,
        created_at=now, updated_at=now,
        tag=tag_of("conformance", subject.account_id, key),
    )  # fmt: skip


async def _listed(sender: Terminal, order: Order, states: frozenset[OrderState]) -> ListedOrder:
    """Wait until the terminal lists the order once, in one of these states."""
    while True:
        rows = await sender.find(order.account_id, order.tag or "")
        expect(len(rows) <= 1, f"{len(rows)} orders bear its tag")
        if rows and rows[0].state in states:
            return rows[0]
        if rows and rows[0].state is OrderState.REJECTED:
            refusal = rows[0].refusal
            raise NonconformityError(f"it was refused: {refusal.message_zh if refusal else ''}")
        await asyncio.sleep(_LOOK_S)


async def _read(sender: Terminal, tag: str, heard: list[ExecutionReport]) -> None:
    async with aclosing(sender.reports()) as events:
        async for event in events:
            if isinstance(event, ExecutionReport):
                heard += [event] if event.tag == tag else []


async def _heard(heard: list[ExecutionReport], state: OrderState) -> None:
    """Wait until the terminal has told of a state by itself."""
    while True:
        if any(each.state is state for each in heard):
            return
        await asyncio.sleep(_LOOK_S)


ORDERS = (
    Check("a lot far below the market is listed once, reported, and taken back", _taken_back),
)

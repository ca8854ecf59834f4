"""Orders and fills in memory, with a log of each account."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from quantgraph.domain.errors import (
    EpochChanged,
    IdempotencyConflict,
    LimitReached,
    NotFound,
    OrderRefused,
)
from quantgraph.domain.orders import (
    Destination,
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
    OrderTicket,
    Origin,
    Side,
    Submission,
)
from quantgraph.domain.previews import Estimate, OrderPreview
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import Band
from quantgraph.domain.rules.daily import Basis
from quantgraph.domain.rules.fees import Fees
from quantgraph.domain.streams import (
    FillEvent,
    LogCursor,
    OrderEvent,
    SourceState,
    StreamKind,
)
from tests.grpc_bridge.memory.accounts import known_account
from tests.grpc_bridge.memory.system import NOW


class MemoryTrading:
    """Takes every order below 10,000 shares, in an event log that streams read by cursor."""

    epoch = "log-1"

    def __init__(self) -> None:
        self.held: dict[str, Order] = {}
        self.digests: dict[str, str] = {}
        self.log: list[Order] = []
        self.news = asyncio.Condition()
        self.broken: Exception | None = None
        self.readers = 0

    async def open_orders(self, account_id: str) -> list[Order]:
        return [each for each in self.held.values() if each.account_id == account_id]

    async def submit(self, ticket: OrderTicket) -> Submission:
        if self.broken is not None:
            raise self.broken
        known_account(ticket.account_id)
        known = next((each for each in self.held.values()
                      if each.client_order_id == ticket.client_order_id), None)  # fmt: skip
        if known is not None:
            if self.digests[known.id] != ticket.digest():
                text = "This key was used for another order."
                raise IdempotencyConflict(Reason.IDEMPOTENCY_CONFLICT, text)
            return Submission(known, replayed=True)
        if ticket.quantity >= 10_000:
            raise OrderRefused(Reason.QUANTITY_LIMIT, "Too many.", quantity=ticket.quantity)
        order = self._order(ticket)
        self.digests[order.id] = ticket.digest()
        await self._record(order)
        return Submission(order, replayed=False)

    def _order(self, ticket: OrderTicket) -> Order:
        return Order(
            f"mock_order_{len(self.held)}", ticket.account_id, ticket.client_order_id, None,
            ticket.symbol, ticket.side, ticket.price_type, ticket.limit_price, ticket.quantity, 0,
            None, OrderState.WORKING, Destination.SIMULATED, Origin.OURS, NOW, NOW,
            ticket.expires_at, ticket.strategy, ticket.note,
        )  # fmt: skip

    async def _record(self, order: Order) -> None:
        async with self.news:
            self.held[order.id] = order
            self.log.append(order)
            self.news.notify_all()

    async def cancel(self, key: OrderKey) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if order.state.final:
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, f"It is {order.state}.")
        done = replace(order, state=OrderState.CANCELED, updated_at=NOW + timedelta(seconds=1))
        await self._record(done)
        return done

    async def approve(self, key: OrderKey) -> Order:
        return await self._decided(key, OrderState.WORKING)

    async def reject(self, key: OrderKey) -> Order:
        return await self._decided(key, OrderState.REJECTED)

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if key.id is None:
            raise OrderRefused(Reason.WRITE_OFF_NOT_POSSIBLE, f"It is {order.state}.")
        done = replace(order, state=OrderState.EXPIRED, reject_message=reason, written_off_by="k3")
        await self._record(done)
        return done

    async def _decided(self, key: OrderKey, state: OrderState) -> Order:
        order = await self.order(key)
        if order is None:
            raise NotFound(Reason.ORDER_NOT_FOUND, f"No order {key.id or key.client_order_id}.")
        if key.id is None:
            raise OrderRefused(Reason.APPROVAL_NOT_POSSIBLE, f"It is {order.state}.")
        done = replace(order, state=state, submitted_by="k1", approved_by="k2", approval_until=NOW)
        await self._record(done)
        return done

    async def order(self, key: OrderKey) -> Order | None:
        known_account(key.account_id)
        return next(
            (each for each in self.held.values() if each.account_id == key.account_id
             and (each.id == key.id or each.client_order_id == key.client_order_id)), None
        )  # fmt: skip

    async def orders(self, query: OrderQuery) -> OrderPage:
        known_account(query.account_id)
        rest = [each for each in reversed(self.held.values()) if each.account_id == query.account_id
                and (not query.states or each.state in query.states)
                and query.symbol in (None, each.symbol)
                and query.side in (None, each.side)]  # fmt: skip
        ids = [each.id for each in rest]
        start = 0 if query.after is None else ids.index(query.after) + 1
        return OrderPage(tuple(rest[start : start + query.first]), len(rest) > start + query.first)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        known_account(cursor.account_id)
        if cursor.epoch not in (None, self.epoch):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch=self.epoch)
        at = len(self.log) if cursor.after is None else cursor.after
        self.readers += 1
        try:
            for order in self.held.values() if cursor.after is None else ():
                yield OrderEvent(StreamKind.SNAPSHOT, self.epoch, at, order)
            for order in self.log[at:]:
                at += 1
                yield OrderEvent(StreamKind.UPDATE, self.epoch, at, order)
            state = SourceState(connected=True, last_event_time=None, lag_ms=None)
            yield OrderEvent(StreamKind.CAUGHT_UP, self.epoch, at, source=state)
            while True:
                async with self.news:
                    while len(self.log) <= at:
                        await self.news.wait()
                at += 1
                yield OrderEvent(StreamKind.UPDATE, self.epoch, at, self.log[at - 1])
        finally:
            self.readers -= 1


@dataclass
class MemoryFills:
    """What a test puts in, oldest first."""

    held: list[Fill] = field(default_factory=list)

    async def fills(self, query: FillQuery) -> FillPage:
        known_account(query.account_id)
        rest = [each for each in reversed(self.held) if each.account_id == query.account_id
                and query.symbol in (None, each.symbol)
                and query.order_id in (None, each.order_id)]  # fmt: skip
        ids = [each.id for each in rest]
        start = 0 if query.after is None else ids.index(query.after) + 1
        return FillPage(tuple(rest[start : start + query.first]), len(rest) > start + query.first)

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        return [[each for each in self.held if each.order_id == wanted] for wanted in order_ids]

    async def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        known_account(cursor.account_id)
        if cursor.epoch not in (None, "log-1"):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch="log-1")
        at = len(self.held) if cursor.after is None else cursor.after
        for fill in self.held[at:]:
            at += 1
            yield FillEvent(StreamKind.UPDATE, "log-1", at, fill)
        yield FillEvent(StreamKind.CAUGHT_UP, "log-1", at)
        await asyncio.Event().wait()


@dataclass
class MemoryPreviews:
    """What the trading in memory would answer, with money of another size in every field."""

    trading: MemoryTrading

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        known_account(ticket.account_id)
        orders = self.trading.held.values()
        known = [each for each in orders if each.client_order_id == ticket.client_order_id]
        if known:
            return OrderPreview(NOW, earlier=known[0])
        money = [Decimal(f"{number}.25") for number in range(1, 12)]
        rules = (Basis("Lots: tables", "lots.main", True), Basis("Fees: practice", "fees", False))
        shares = (None, 300) if ticket.side is Side.BUY else (ticket.quantity, 400)
        refusals = (
            OrderRefused(Reason.QUANTITY_LIMIT, "Too many.", quantity=ticket.quantity),
            LimitReached(Reason.RATE_LIMITED, "Too fast.", retry_at=NOW.isoformat()),
        )
        return OrderPreview(
            NOW,
            refusals if ticket.quantity >= 10_000 else (),
            None,
            Estimate(money[0], money[1], Fees(*money[2:7])),
            money[7],
            money[8],
            *shares,
            Band(money[9], money[10]),
            rules,
            needs_approval=ticket.side is Side.SELL,
        )

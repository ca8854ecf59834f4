"""Dev mode's way of orders: what is meant for a real account is done on its paper twin.

It lies below both wires and above guard, limits, gate and journal, all of which know twins alone.
"""

from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing
from dataclasses import replace

from quantgraph.domain.access import KeyRing, Principal
from quantgraph.domain.accounts import Connection
from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.domain.controls import ArmWish, ControlChange, HaltWish, TradingEvent, TradingStatus
from quantgraph.domain.limits import Allowance
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderTicket,
    Submission,
)
from quantgraph.domain.ports.controls import Controls
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.ports.trading import (
    Allowances,
    Batches,
    Connections,
    Fills,
    Previews,
    Trading,
)
from quantgraph.domain.previews import OrderPreview
from quantgraph.domain.streams import AccountEvent, FillEvent, LogCursor, OrderEvent
from quantgraph.domain.twins import twin_of


def intercept(gateway: Gateway) -> Gateway:
    """Return a gateway that trades with twins, whichever account is named."""
    # By name and port first: `replace` takes anything, and a method that is not there is missed
    # only by whoever calls it.
    trading: Trading = InterceptedTrading(gateway.trading)
    batches: Batches = InterceptedBatches(gateway.batches)
    previews: Previews = InterceptedPreviews(gateway.previews)
    allowances: Allowances = InterceptedAllowances(gateway.allowances)
    fills: Fills = InterceptedFills(gateway.fills)
    controls: Controls = InterceptedControls(gateway.controls)
    connections: Connections = InterceptedConnections(gateway.connections)
    return replace(
        gateway,
        trading=trading,
        batches=batches,
        previews=previews,
        allowances=allowances,
        fills=fills,
        controls=controls,
        connections=connections,
    )


class InterceptedTrading:
    """Implements `Trading`: every account that is named becomes its twin."""

    def __init__(self, inner: Trading) -> None:
        """Let `inner` trade for twins."""
        self._inner = inner

    async def submit(self, ticket: OrderTicket) -> Submission:
        """Submit for the twin."""
        return await self._inner.submit(_meant(ticket))

    async def cancel(self, key: OrderKey) -> Order:
        """Cancel the twin's order."""
        return await self._inner.cancel(_twin(key))

    async def approve(self, key: OrderKey) -> Order:
        """Approve the twin's order."""
        return await self._inner.approve(_twin(key))

    async def reject(self, key: OrderKey) -> Order:
        """Reject the twin's order."""
        return await self._inner.reject(_twin(key))

    async def write_off(self, key: OrderKey, reason: str) -> Order:
        """Write the twin's order off."""
        return await self._inner.write_off(_twin(key), reason)

    async def order(self, key: OrderKey) -> Order | None:
        """Return the twin's order."""
        return await self._inner.order(_twin(key))

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Return the twin's orders."""
        return await self._inner.orders(replace(query, account_id=twin_of(query.account_id)))

    async def events(self, cursor: LogCursor) -> AsyncGenerator[OrderEvent, None]:
        """Yield the twin's log."""
        async with aclosing(self._inner.events(_place(cursor))) as events:
            async for event in events:
                yield event


class InterceptedBatches:
    """Implements `Batches` for twins."""

    def __init__(self, inner: Batches) -> None:
        """Let `inner` do them."""
        self._inner = inner

    async def submit_all(self, batch: Batch) -> Sequence[OrderOutcome]:
        """Submit each for the twin."""
        tickets = tuple(_meant(each) for each in batch.tickets)
        return await self._inner.submit_all(Batch(twin_of(batch.account_id), tickets))

    async def cancel_all(self, sweep: CancelSweep) -> Sequence[OrderOutcome]:
        """Cancel the twin's."""
        return await self._inner.cancel_all(replace(sweep, account_id=twin_of(sweep.account_id)))


class InterceptedPreviews:
    """Implements `Previews` for twins."""

    def __init__(self, inner: Previews) -> None:
        """Ask `inner`."""
        self._inner = inner

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        """Judge the order as one of the twin."""
        return await self._inner.preview(_meant(ticket))


class InterceptedConnections:
    """Implements `Connections` for twins."""

    def __init__(self, inner: Connections) -> None:
        """Turn `inner`."""
        self._inner = inner

    async def connect(self, account_id: str) -> Connection:
        """Connect the twin."""
        return await self._inner.connect(twin_of(account_id))

    async def disconnect(self, account_id: str) -> Connection:
        """Disconnect the twin."""
        return await self._inner.disconnect(twin_of(account_id))

    async def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        """Yield the twin's log."""
        async with aclosing(self._inner.events(_place(cursor))) as events:
            async for event in events:
                yield event


class InterceptedFills:
    """Implements `Fills` for twins."""

    def __init__(self, inner: Fills) -> None:
        """Read `inner`."""
        self._inner = inner

    async def fills(self, query: FillQuery) -> FillPage:
        """Return the twin's fills."""
        return await self._inner.fills(replace(query, account_id=twin_of(query.account_id)))

    async def order_fills(
        self, account_id: str, order_ids: Sequence[str]
    ) -> Sequence[Sequence[Fill]]:
        """Return the fills of each of the twin's orders."""
        return await self._inner.order_fills(twin_of(account_id), order_ids)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        """Yield the twin's executions."""
        async with aclosing(self._inner.events(_place(cursor))) as events:
            async for event in events:
                yield event


class InterceptedAllowances:
    """Implements `Allowances` for twins."""

    def __init__(self, inner: Allowances) -> None:
        """Read `inner`."""
        self._inner = inner

    async def allowance(self, account_id: str) -> Allowance:
        """Return what the twin may do."""
        return await self._inner.allowance(twin_of(account_id))


class InterceptedControls:
    """Implements `Controls` for twins; what concerns every account is passed on as it is."""

    def __init__(self, inner: Controls) -> None:
        """Turn `inner`."""
        self._inner = inner

    async def status(self, account_id: str | None) -> TradingStatus:
        """Return where the twin's trading stands."""
        return await self._inner.status(_named(account_id))

    async def events(self, account_id: str | None) -> AsyncGenerator[TradingEvent, None]:
        """Yield what becomes of the twin's trading."""
        async with aclosing(self._inner.events(_named(account_id))) as events:
            async for event in events:
                yield event

    async def halt(self, wish: HaltWish) -> ControlChange:
        """Halt the twin."""
        return await self._inner.halt(replace(wish, account_id=_named(wish.account_id)))

    async def resume(self, wish: HaltWish) -> ControlChange:
        """Let the twin go on."""
        return await self._inner.resume(replace(wish, account_id=_named(wish.account_id)))

    async def arm(self, wish: ArmWish) -> ControlChange:
        """Pass on."""
        return await self._inner.arm(wish)

    async def disarm(self, wish: HaltWish) -> ControlChange:
        """Pass on."""
        return await self._inner.disarm(wish)

    async def set_dead_man(self, account_id: str, seconds: int) -> ControlChange:
        """Watch over the twin."""
        return await self._inner.set_dead_man(twin_of(account_id), seconds)


class TwinKeys:
    """Implements `KeyRing`: a key of an account is one of its twin as well, whenever it is read."""

    def __init__(self, inner: KeyRing) -> None:
        """Read `inner`."""
        self._inner = inner

    def check(self, key: str) -> Principal | None:
        """Return whose key this is, or None."""
        return _widened(self._inner.check(key))

    def find(self, key_id: str) -> Principal | None:
        """Return what the key of this id may now; None where it was revoked."""
        return _widened(self._inner.find(key_id))

    def version(self) -> Hashable:
        """Return a value that differs after every change."""
        return self._inner.version()


def _widened(principal: Principal | None) -> Principal | None:
    held = None if principal is None else principal.accounts
    if principal is None or held is None:
        return principal
    return replace(principal, accounts=held | {twin_of(each) for each in held})


def _meant(ticket: OrderTicket) -> OrderTicket:
    return replace(ticket, account_id=twin_of(ticket.account_id))


def _twin(key: OrderKey) -> OrderKey:
    return replace(key, account_id=twin_of(key.account_id))


def _place(cursor: LogCursor) -> LogCursor:
    return replace(cursor, account_id=twin_of(cursor.account_id))


def _named(account_id: str | None) -> str | None:
    return None if account_id is None else twin_of(account_id)

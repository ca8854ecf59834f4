"""A terminal around another that lets incidents happen between it and the gateway."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from quantgraph.backends.sim.faults.counter import Counter, Told
from quantgraph.backends.sim.faults.delivery import Delivery
from quantgraph.backends.sim.faults.dice import Dice
from quantgraph.backends.sim.faults.late import LateOrder, LateOrders
from quantgraph.backends.sim.faults.waits import Waits
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.backends.sim.rejections import RejectionStyle
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import OrderRefused, TradingDisabled, Unavailable
from quantgraph.domain.incidents import Incident, IncidentSetting
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import (
    Checkpoint,
    FateUnknownError,
    LinkChange,
    ListedOrder,
    PlacedOrder,
    StrangeStatus,
    TerminalEvent,
)


@dataclass(frozen=True, slots=True)
class FaultParts:
    """The clock that delays are measured by, the seed of chances; `sleep` takes real seconds.

    `style` is the counter's when it refuses.
    """

    clock: MarketClock
    seed: int
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    style: RejectionStyle = RejectionStyle.CODED


class FaultyTerminal:
    """Implements `Terminal` over another; with nothing switched on it is that other one.

    The exchange behind it stays right: what is wrong is what the gateway is told, and when. Only
    REJECTED_TWICE and ERROR_WITHOUT_IDS keep an order from the exchange: the counter refuses it.
    """

    def __init__(self, inner: Terminal, parts: FaultParts) -> None:
        """Wrap `inner`; incidents happen once they are `set`."""
        self._inner = inner
        self._parts = parts
        self._dice = Dice(parts.seed)
        self._waits = Waits(parts.clock, parts.sleep)
        self._delivery = Delivery(self._dice, self._waits.later)
        self._repair: asyncio.Task[None] | None = None
        self._counter = Counter(parts.clock, parts.style, self._delivery.put)
        self._late = LateOrders(parts.clock, self._waits, self._place_late)

    @property
    def incidents(self) -> Sequence[IncidentSetting]:
        """What is switched on."""
        return self._dice.settings

    def set_incidents(self, settings: Iterable[IncidentSetting]) -> None:
        """Switch these on and all others off; a link that is broken comes back with it."""
        self._dice.set(settings)
        if not self._delivery.up and Incident.DISCONNECT not in {
            each.incident for each in self._dice.settings
        }:
            self._reconnect()

    async def place(self, order: Order) -> PlacedOrder:
        """Place an order as the incidents that strike it let it be. Errors: OrderRefused."""
        self._counter.begin_day()
        if not self._delivery.up:
            text = f"The terminal went away before order {order.id} was sent; nothing was sent."
            raise OrderRefused(Reason.NOT_SENT, text, order_id=order.id)
        if not self._dice.settings:
            return await self._inner.place(order)
        if self._dice.strikes(Incident.NO_STRATEGY_NAME):
            self._counter.lose_name(order)
        if self._dice.strikes(Incident.LOST_ORDER):
            raise FateUnknownError("The call timed out.")
        late = self._dice.strikes(Incident.LATE_EXECUTION)
        if late is not None:
            day = self._parts.clock.moment().day
            self._late.send(LateOrder(order, day, late.delay_ms))
            raise FateUnknownError("The call timed out.")
        return await self._place_now(order)

    async def withdraw(self, order: Order) -> None:
        """Pass on. Errors: ORDER_NOT_CANCELABLE, TERMINAL_DISCONNECTED."""
        if not self._delivery.up:
            text = "The trading terminal is disconnected; the cancel was not sent."
            raise TradingDisabled(Reason.TERMINAL_DISCONNECTED, text)
        await self._inner.withdraw(order)

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Return the orders of a tag, as they are now. Errors: SOURCE_UNAVAILABLE."""
        if not self._delivery.up:
            self._away()
        found = list(await self._inner.find(account_id, tag))
        found += [each for each in self._counter.refused(account_id) if each.tag == tag]
        if not self._delivery.up:
            self._away()
        return self._counter.named(found)

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the list, with those that the counter refused. Errors: SOURCE_UNAVAILABLE."""
        if not self._delivery.up:
            self._away()
        listed = list(await self._inner.orders_today(account_id))
        listed += self._counter.refused(account_id)
        slow = self._dice.strikes(Incident.SLOW_LIST)
        if slow is not None:
            await self._waits.pause(slow.delay_ms)
        if not self._delivery.up:
            self._away()
        return self._counter.named(listed)

    async def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield what the incidents let through, to one reader, until closed."""
        pump = asyncio.create_task(self._pump())
        try:
            async with aclosing(self._delivery.events()) as events:
                async for event in events:
                    yield event
        finally:
            pump.cancel()

    def link(self) -> tuple[bool, datetime | None, datetime | None]:
        """Return whether it is connected, when that changed last, and when it last told anything.

        None of both that have not happened.
        """
        return self._delivery.up, self._delivery.since, self._delivery.told

    @property
    def arriving(self) -> asyncio.Lock:
        """Whoever holds it keeps late orders from getting to the exchange."""
        return self._late.arriving

    def dump(self) -> dict[str, Any]:
        """Return what was made up and what is late, as values that JSON has."""
        return {**self._counter.dump(), "late": self._late.dump()}

    @staticmethod
    def read(state: Mapping[str, Any]) -> tuple[Told, Sequence[LateOrder]]:
        """Return what was dumped, for `start_over`."""
        return Counter.read(state), LateOrders.read(state.get("late", ()))

    def start_over(self, kept: tuple[Told | None, Sequence[LateOrder]] = (None, ())) -> None:
        """Begin with a new world, or one that was kept: nothing else is on its way any more."""
        told, late = kept
        self._waits.cancel()
        self._delivery.clear()
        self._counter.start_over(told)
        self._late.start_over(late)
        if not self._delivery.up:
            self._reconnect()

    async def close(self) -> None:
        """Stop all that is still to happen."""
        tasks = self._waits.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _place_now(self, order: Order) -> PlacedOrder:
        slow = self._dice.strikes(Incident.SLOW_ANSWER)
        first = self._dice.strikes(Incident.CALLBACK_FIRST)
        cut = self._dice.strikes(Incident.DISCONNECT)
        if cut is not None:
            self._disconnect(cut.delay_ms)
        with self._delivery.awaited(order.tag) as heard:
            placed = await self._reach(order, told=cut is None)
            if slow is not None:
                await self._waits.pause(slow.delay_ms)
            if first is not None and cut is None:
                await self._waits.until(heard, first.delay_ms)
        if cut is not None:
            raise FateUnknownError("The link broke.")
        if self._dice.strikes(Incident.MINUS_ONE):
            raise FateUnknownError("The call returned -1.")
        return placed

    async def _reach(self, order: Order, *, told: bool) -> PlacedOrder:
        """Get an order to the counter. Raises OrderRefused where its answer can be `told`."""
        for incident in (Incident.REJECTED_TWICE, Incident.ERROR_WITHOUT_IDS):
            if self._dice.strikes(incident):
                return self._counter.refuse(order, incident, None)
        try:
            return await self._inner.place(order)
        except OrderRefused as error:
            if told:
                raise
            return self._counter.refuse(order, Incident.REJECTED_TWICE, error)

    async def _place_late(self, late: LateOrder) -> None:
        now, order = self._parts.clock.moment(), late.order
        ended = order.expires_at is not None and order.expires_at <= from_ms(now.ms)
        if ended or now.day != late.day:
            # The counter drops at the day's end what it never got to.
            self._counter.end(order, (OrderState.EXPIRED,), None)
            return
        try:
            await self._inner.place(order)
        except OrderRefused as error:
            self._counter.end(order, (OrderState.REJECTED,), error)

    async def _pump(self) -> None:
        async with aclosing(self._inner.reports()) as events:
            async for event in events:
                if isinstance(event, LinkChange):
                    self._delivery.relink(event)
                elif isinstance(event, Checkpoint | StrangeStatus):
                    self._delivery.mark(event)
                else:
                    self._delivery.put(event)
        self._delivery.end()

    def _disconnect(self, delay_ms: int) -> None:
        self._delivery.relink(LinkChange(False, self._now()))
        self._repair = self._waits.spawn(self._repair_after(delay_ms))

    async def _repair_after(self, delay_ms: int) -> None:
        await self._waits.pause(delay_ms)
        self._repair = None
        self._reconnect()

    def _reconnect(self) -> None:
        if self._repair is not None:
            self._repair.cancel()
            self._repair = None
        self._delivery.relink(LinkChange(True, self._now()))

    def _away(self) -> NoReturn:
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, "The trading terminal is disconnected.")

    def _now(self) -> datetime:
        return from_ms(self._parts.clock.moment().ms)

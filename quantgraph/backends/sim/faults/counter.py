"""What the counter makes up beside the exchange: refusals of its own, and names it loses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from quantgraph.backends.sim.day_list import DayList
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.backends.sim.rejections import RejectionStyle, say
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.incidents import Incident
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder


@dataclass(slots=True)
class Told:
    """What the counter made up on a day.

    `refused` are orders that the exchange never saw, `nameless` those whose strategy name was
    lost; `count` numbers the refused.
    """

    day: date
    refused: DayList = field(default_factory=DayList)
    nameless: set[str] = field(default_factory=set[str])
    count: int = 0


class Counter:
    """Keeps its own part of the day's list, and calls back with what it says."""

    def __init__(
        self, clock: MarketClock, style: RejectionStyle, send: Callable[[ExecutionReport], None]
    ) -> None:
        """Refuse in a style; callbacks go to `send`."""
        self._clock = clock
        self._style = style
        self._send = send
        self._told = Told(clock.moment().day)

    def begin_day(self) -> None:
        """Let go what belongs to an earlier day."""
        day, told = self._clock.moment().day, self._told
        if day != told.day:
            told.refused.roll(told.day)
            told.day = day
            told.nameless.clear()

    def lose_name(self, order: Order) -> None:
        """Show the order without its strategy's name from now on."""
        self._told.nameless.add(order.tag or "")

    def refused(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the account's orders of the day that the exchange never saw."""
        self.begin_day()
        return self._told.refused.of(account_id)

    def named(self, listed: Sequence[ListedOrder]) -> list[ListedOrder]:
        """Return rows without the strategy names that were lost."""
        lost = self._told.nameless
        return [replace(each, strategy="") if each.tag in lost else each for each in listed]

    def refuse(self, order: Order, incident: Incident, why: OrderRefused | None) -> PlacedOrder:
        """Take an order, and then refuse it by callbacks in the incident's manner.

        `why` None: for no reason but the incident's.
        """
        refusal = self._refusal(order, incident) if why is None else why
        states = (OrderState.WORKING, OrderState.REJECTED, OrderState.REJECTED)
        named = incident is Incident.REJECTED_TWICE
        return PlacedOrder(self.end(order, states, refusal, named=named))

    def end(
        self,
        order: Order,
        states: Sequence[OrderState],
        why: OrderRefused | None,
        *,
        named: bool = True,
    ) -> str:
        """List an order that never gets to the exchange, and call back with its states in turn."""
        self._told.count += 1
        broker_id = f"COUNTER-{self._told.count:06d}"
        self._told.refused.add(order, broker_id)
        now = from_ms(self._clock.moment().ms)
        for state in states:
            refusal = why if state is OrderState.REJECTED else None
            place = (order.tag, order.account_id, state, 0, None, now)
            report = ExecutionReport(*place, refusal=refusal, broker_order_id=broker_id)
            self._told.refused.note(report)
            if state is OrderState.REJECTED and not named:
                report = replace(report, tag=None, broker_order_id=None)
            self._send(report)
        return broker_id

    def dump(self) -> dict[str, Any]:
        """Return what was made up as values that JSON has."""
        self.begin_day()
        told = self._told
        return {
            "day": told.day.isoformat(),
            "refused": told.refused.dump(),
            "nameless": sorted(told.nameless),
            "count": told.count,
        }

    @staticmethod
    def read(state: Mapping[str, Any]) -> Told:
        """Return what was dumped, for `start_over`."""
        day, refused = date.fromisoformat(state["day"]), DayList.load(state["refused"])
        return Told(day, refused, set(state["nameless"]), int(state["count"]))

    def start_over(self, told: Told | None) -> None:
        """Go on from what was dumped, or begin with nothing."""
        self._told = told or Told(self._clock.moment().day)

    def _refusal(self, order: Order, incident: Incident) -> OrderRefused:
        text = "The counter refused the order."
        why = OrderRefused(
            Reason.TERMINAL_REFUSED, text, order_id=order.id, incident=incident.value
        )
        return say(why, self._style)

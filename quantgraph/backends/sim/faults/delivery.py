"""The way of callbacks to their reader: some are lost, some come twice, some overtake others."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from quantgraph.backends.sim.faults.dice import Dice
from quantgraph.domain.incidents import Incident
from quantgraph.domain.orders import OrderState
from quantgraph.domain.terminal import (
    Checkpoint,
    ExecutionReport,
    LinkChange,
    StrangeStatus,
    TerminalEvent,
)

_STRANGE = (
    "The terminal says status 58 of an order, which no list of its statuses has: it is UNKNOWN. "
    "See in the terminal what it is."
)


class Delivery:
    """One queue with one reader. While `up` is False nothing gets into it but changes of that."""

    def __init__(self, dice: Dice, later: Callable[[int, Callable[[], None]], object]) -> None:
        """Play by `dice`; `later` calls back after so many simulated ms."""
        self._dice = dice
        self._later = later
        self._queue: asyncio.Queue[TerminalEvent | None] = asyncio.Queue()
        self._held: list[ExecutionReport] = []
        self._awaited: dict[str | None, asyncio.Event] = {}
        self.up = True
        # When the link changed last, and when something was told last; None: not yet.
        self.since: datetime | None = None
        self.told: datetime | None = None

    def put(self, report: ExecutionReport) -> None:
        """Send a callback off."""
        if self.up and not self._dice.settings:  # as nearly always
            self._queue.put_nowait(report)
            return
        if not self.up or self._dice.strikes(Incident.LOST_CALLBACK):
            return
        if report.state is OrderState.WORKING and self._dice.strikes(Incident.STATUS_UNKNOWN):
            report = replace(report, state=OrderState.UNKNOWN)
        if report.state is OrderState.WORKING and self._dice.strikes(Incident.UNLISTED_STATUS):
            report = replace(report, state=OrderState.UNKNOWN)
            # As a terminal's own reader says it, ahead of the report.
            self._queue.put_nowait(StrangeStatus(report.account_id, _STRANGE))
        copies = 2 if self._dice.strikes(Incident.DUPLICATE_CALLBACKS) else 1
        held = self._dice.strikes(Incident.REORDERED_CALLBACKS)
        for _ in range(copies):
            if held is None:
                self._queue.put_nowait(report)
            else:
                self._hold(report, held.delay_ms)

    def mark(self, point: Checkpoint | StrangeStatus) -> None:
        """Send a mark behind what is on its way; what is held back comes later."""
        self._queue.put_nowait(point)

    def relink(self, change: LinkChange) -> None:
        """Let nothing pass any more, or all again; the reader is told."""
        if self.up is not change.connected:
            self.since = change.time
        self.up = change.connected
        self._held.clear()
        self._queue.put_nowait(change)

    def end(self) -> None:
        """End the reader's stream behind what is on its way."""
        self._queue.put_nowait(None)

    def clear(self) -> None:
        """Forget what is on its way, except that the link was changed."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        self._held.clear()
        self.since = self.told = None
        for each in waiting:
            if not isinstance(each, ExecutionReport):
                self._queue.put_nowait(each)

    async def events(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield what arrives, until the end."""
        while (event := await self._queue.get()) is not None:
            yield event
            if isinstance(event, ExecutionReport):
                self.told = event.time
            # Asked for the next one, the reader is done with this one.
            if isinstance(event, ExecutionReport):
                heard = self._awaited.get(event.tag)
                if heard is not None:
                    heard.set()

    @contextmanager
    def awaited(self, tag: str | None) -> Generator[asyncio.Event, None, None]:
        """Give an event that is set when the reader is done with a callback of the order."""
        heard = self._awaited[tag] = asyncio.Event()
        try:
            yield heard
        finally:
            del self._awaited[tag]

    def _hold(self, report: ExecutionReport, delay_ms: int) -> None:
        self._held.append(report)
        if len(self._held) == 1:
            self._later(delay_ms, self._release)

    def _release(self) -> None:
        held, self._held = self._held, []
        for place in self._dice.shuffle(len(held)):
            self._queue.put_nowait(held[place])

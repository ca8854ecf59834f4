"""The gate: the one object that says, without waiting, whether an order may be sent now."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from quantgraph.domain.controls import Control, TradingState, TradingStatus
from quantgraph.domain.errors import TradingDisabled
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.services.arming import Arming

_LINK = {
    TradingState.DISCONNECTED: (
        Reason.TERMINAL_DISCONNECTED,
        "The trading terminal is disconnected. Nothing was sent; try again when it is back.",
    ),
    TradingState.RECONCILING: (
        Reason.RECONCILING,
        "The orders are being compared with those at the terminal. Try again in a moment.",
    ),
}


class Gate:
    """Asked before the journal, and again in the very turn of the loop of the terminal call.

    So nothing that comes after `tighten` is sent, however many orders are on their way. HALTED
    comes before what the terminal's link says, that before DISARMED, and that before REDUCING.
    """

    def __init__(self, controls: Iterable[Control] = ()) -> None:
        """Begin with what was ordered before a restart."""
        self._controls = {each.account_id: each for each in controls}
        self._passing: Counter[str] = Counter()
        self._ended = asyncio.Event()
        self._heard: list[Callable[[], object]] = []
        # What else holds, kept by whoever knows: arming where it is needed, and timers by account.
        self.arming: Arming | None = None
        self.dead_men: dict[str, datetime] = {}
        self.link: Callable[[], TradingState] = lambda: TradingState.ACTIVE

    def on_change(self, heard: Callable[[], object]) -> None:
        """Call `heard` whenever the state may have changed."""
        self._heard.append(heard)

    def changed(self) -> None:
        """Tell everybody who wants to hear of it."""
        for heard in self._heard:
            heard()

    def control(self, account_id: str | None) -> Control | None:
        """Return what was ordered last for an account, or for all; None where nothing was."""
        return self._controls.get(account_id)

    def tighten(self, control: Control) -> bool:
        """Obey at once, unless what holds is as strict already; return whether it changed."""
        held = self._controls.get(control.account_id)
        if control.strictness <= (0 if held is None else held.strictness):
            return False
        self.obey(control)
        return True

    def obey(self, control: Control) -> None:
        """Let the control hold from now on."""
        self._controls[control.account_id] = control
        self.changed()

    def status(self, account_id: str | None) -> TradingStatus:
        """Return where trading of an account stands, or of the gateway."""
        status = self._status(account_id)
        dead = None if account_id is None else self.dead_men.get(account_id)
        armed = None if self.arming is None else self.arming.until
        if dead is None and armed is None:
            return status
        return replace(status, armed_until=armed, dead_man_at=dead)

    def _status(self, account_id: str | None) -> TradingStatus:
        ordered = self._strictest(account_id)
        if ordered is None or ordered.state is not TradingState.HALTED:
            link = self.link()
            if link is not TradingState.ACTIVE:
                return TradingStatus(account_id, link, reason=_LINK[link][1])
            arming = self.arming
            if arming is not None and arming.until is None:
                said = (None, arming.reason, arming.since, arming.by)
                return TradingStatus(account_id, TradingState.DISARMED, *said)
        if ordered is None:
            return TradingStatus(account_id, TradingState.ACTIVE)
        why = ordered.reason or _words(ordered)
        told = (ordered.cause, why, ordered.time, ordered.by)
        return TradingStatus(account_id, ordered.state, *told)

    def refusal(self, account_id: str, side: Side) -> TradingDisabled | None:
        """Return why an order may not be sent now, or None."""
        status = self._status(account_id)
        if status.state is TradingState.ACTIVE:
            return None
        if status.state is TradingState.REDUCING and side is Side.SELL:
            return None
        reason = _LINK[status.state][0] if status.state in _LINK else _REASONS[status.state]
        return TradingDisabled(reason, status.reason or reason, account_id=account_id)

    @contextmanager
    def passage(self, account_id: str) -> Generator[None, None, None]:
        """Count an order for as long as the terminal is being asked.

        Between `refusal` and the terminal's call nothing may be awaited.
        """
        self._passing[account_id] += 1
        try:
            yield
        finally:
            self._passing[account_id] -= 1
            self._ended.set()

    def passing(self, account_id: str | None) -> int:
        """Return how many orders the terminal is being asked for, of an account or of all."""
        return self._passing.total() if account_id is None else self._passing[account_id]

    async def settled(self, account_id: str | None, seconds: float) -> int:
        """Wait until the terminal has answered those, `seconds` at most; return how many it left.

        New ones count as well: shut the gate first.
        """
        try:
            async with asyncio.timeout(seconds):
                while self.passing(account_id):
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            pass
        return self.passing(account_id)

    def _strictest(self, account_id: str | None) -> Control | None:
        """Return what is ordered for an account or for all; None where neither stops anything."""
        if not self._controls:
            return None
        found = [self._controls.get(each) for each in {account_id, None}]
        held = [each for each in found if each is not None and each.strictness]
        return max(held, key=lambda each: each.strictness, default=None)


_REASONS = {
    TradingState.HALTED: Reason.TRADING_HALTED,
    TradingState.REDUCING: Reason.TRADING_REDUCING,
    TradingState.DISARMED: Reason.TRADING_DISARMED,
}


def _words(control: Control) -> str:
    whose = "Trading" if control.account_id is None else f"Trading of {control.account_id}"
    if control.state is TradingState.REDUCING:
        return f"{whose} may only reduce: sells of what is held, and cancels."
    return f"{whose} was halted ({control.cause}, by {control.by}); cancels stay open."

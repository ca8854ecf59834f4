"""Arming: real trading needs a second secret, says so for some hours, and never over a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from quantgraph.domain.access import present_actor
from quantgraph.domain.calendar import day_of, day_start, from_ms, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.controls import ArmWish
from quantgraph.domain.errors import ChangeRefused, bad_request
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers

_LONGEST_SECRET = 200


class Keeper(Protocol):
    """The hash of the arming secret."""

    def check(self, secret: str) -> bool | None:
        """Return whether this is the secret; None where none was made. Blocks."""
        ...


@dataclass(frozen=True, slots=True)
class ArmingParts:
    """What arming needs. `minutes`: that it lasts at most, and by default.

    `reported`: whether the operator states that programmatic trading was reported to the broker,
    as the exchanges ask of whoever trades by program; without it nothing is armed.
    """

    keeper: Keeper
    workers: Workers
    clock: Clock
    minutes: int
    reported: bool


class Arming:
    """Disarmed at the start; armed until a time, the end of the trading day at the latest."""

    def __init__(self, parts: ArmingParts) -> None:
        """Begin disarmed."""
        self._parts = parts
        self._until: datetime | None = None
        self.since = parts.clock.now()
        self.by = present_actor().key_id
        self.reason = "Trading is disarmed since the start; arm it with the second secret."

    @property
    def until(self) -> datetime | None:
        """When it ends; None where it is disarmed, or has ended."""
        if self._until is not None and self._until <= self._parts.clock.now():
            self._end(self._until, "gateway", "Arming has ended; arm trading again.")
        return self._until

    async def arm(self, wish: ArmWish) -> bool:
        """Arm, or arm for another while; return whether it was disarmed before.

        Errors: BAD_REQUEST, ARMING_SECRET_WRONG, TRADING_UNREPORTED.
        """
        minutes = self._parts.minutes if wish.minutes is None else wish.minutes
        if not 0 < minutes <= self._parts.minutes:
            text = f"Trading can be armed for 1 to {self._parts.minutes} minutes, not {minutes}."
            raise bad_request(text, field="minutes")
        if not self._parts.reported:
            text = (
                "Whoever trades by program must have reported it to the broker first. Set "
                "trading.programmatic_trading_reported = true once that is done."
            )
            raise ChangeRefused(Reason.TRADING_UNREPORTED, text)
        await self._check(wish.secret)
        was = self.until
        now = self._parts.clock.now()
        self._until = min(now + timedelta(minutes=minutes), _day_end(now))
        return was is None

    def disarm(self, reason: str | None) -> bool:
        """Disarm at once; return whether it was armed."""
        armed = self.until is not None
        if armed:
            words = reason or "Trading was disarmed; arm it with the second secret."
            self._end(self._parts.clock.now(), present_actor().key_id, words)
        return armed

    async def _check(self, secret: str) -> None:
        right = None
        if 0 < len(secret) <= _LONGEST_SECRET:
            right = await self._parts.workers.run(self._parts.keeper.check, secret)
        if right:
            return
        text = "This is not the arming secret. `quantgraph keys arming-secret` makes a new one."
        raise ChangeRefused(Reason.ARMING_SECRET_WRONG, text)

    def _end(self, since: datetime, by: str, reason: str) -> None:
        self._until, self.since, self.by, self.reason = None, since, by, reason


def _day_end(now: datetime) -> datetime:
    """Return the end of the day in Shanghai: nobody's arming reaches into the next session."""
    return from_ms(day_start(day_of(to_ms(now)) + timedelta(days=1)))

"""Counts an account's submits and cancels, within any second and on the present trading day."""

from bisect import insort
from collections import deque
from collections.abc import Iterator
from datetime import timedelta

from quantgraph.domain.calendar import day_number, day_of, day_start, from_ms, shown_instant
from quantgraph.domain.errors import LimitReached
from quantgraph.domain.limits import HIGH_FREQUENCY_DAY, TradingLimits
from quantgraph.domain.reasons import Reason

_SECOND_MS = 1_000
_DAY = timedelta(days=1)


class ActionCount:
    """The acts of one account, stamped with the gateway clock's time, epoch ms.

    An act counts from when it is let through, and leaves the second one second after it was
    journalled, which is just before it is sent: so however long the disk takes, no second at the
    terminal sees more acts than are allowed.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._begun = 0
        self._recent: deque[int] = deque()
        self._day = 0
        self._today: set[str] = set()

    def last_second(self, now: int) -> int:
        """Return how many acts count within the second that ends now."""
        self._pass(now)
        return self._begun + len(self._recent)

    def today(self, now: int) -> int:
        """Return how many acts count on the trading day of now."""
        self._pass(now)
        return self._begun + len(self._today)

    def check(self, now: int, limits: TradingLimits, *, withdraws: bool = False) -> None:
        """Raise LimitReached DAILY_COUNT_LIMIT or RATE_LIMITED where one act more is too much.

        `withdraws`: it takes back for the first time what is out. That the day's limit lets pass,
        up to where an exchange calls it high-frequency trading.
        """
        for refusal in self.refusals(now, limits, withdraws=withdraws):
            raise refusal

    def refusals(
        self, now: int, limits: TradingLimits, *, withdraws: bool = False
    ) -> Iterator[LimitReached]:
        """Yield what `check` would raise; nothing is counted."""
        day = HIGH_FREQUENCY_DAY - 1 if withdraws else limits.actions_per_day
        used = self.today(now)
        if used >= day:
            yield _too_many(used, day, now)
        within = self.last_second(now)
        if within >= limits.actions_per_second:
            yield _too_fast(within, limits.actions_per_second, (now, self._free_at(now, limits)))

    def begin(self) -> None:
        """Count an act that has been let through and is not journalled yet."""
        self._begun += 1

    def undo(self) -> None:
        """Count it no longer: it was not journalled, and nothing was sent."""
        self._begun -= 1

    def stamp(self, name: str, time: int, now: int) -> None:
        """Count a journalled act at its time, once, however often it is told."""
        self._pass(now)
        if name in self._today or day_number(time) != day_number(now):
            return
        self._today.add(name)
        if time > now - _SECOND_MS:
            self._enter(time)

    def _free_at(self, now: int, limits: TradingLimits) -> int:
        """Return the first instant at which there may be room; of what is begun nobody knows."""
        over = self._begun + len(self._recent) - limits.actions_per_second
        leaving = self._recent[over] if over < len(self._recent) else now
        return leaving + _SECOND_MS

    def _enter(self, time: int) -> None:
        if self._recent and time < self._recent[-1]:
            insort(self._recent, time)
        else:
            self._recent.append(time)

    def _pass(self, now: int) -> None:
        while self._recent and self._recent[0] <= now - _SECOND_MS:
            self._recent.popleft()
        day = day_number(now)
        if day != self._day:
            self._day = day
            self._today.clear()


def _too_fast(within: int, allowed: int, span: tuple[int, int]) -> LimitReached:
    shown = shown_instant(span[1]).isoformat()
    text = (
        f"{within} submits and cancels of this account within a second; {allowed} are allowed "
        f"(trading.limits.actions_per_second). Repeat it at {shown}."
    )
    zh = f"该账号一秒内报撤单 {within} 笔，上限 {allowed} 笔，请于 {shown} 后重试"
    return LimitReached(Reason.RATE_LIMITED, text, zh=zh, details=_numbers(within, allowed, span))


def _too_many(used: int, allowed: int, now: int) -> LimitReached:
    tomorrow = day_start(day_of(now) + _DAY)
    text = (
        f"{used} submits and cancels of this account today; {allowed} are allowed "
        "(trading.limits.actions_per_day). Go on on the next trading day."
    )
    zh = f"该账号当日报撤单 {used} 笔，上限 {allowed} 笔，请于下一交易日重试"
    return LimitReached(
        Reason.DAILY_COUNT_LIMIT, text, zh=zh, details=_numbers(used, allowed, (now, tomorrow))
    )


def _numbers(used: int, allowed: int, span: tuple[int, int]) -> dict[str, str | int]:
    """Return the refusal's numbers; `span` is from now until there may be room, epoch ms."""
    now, free_at = span
    waits = {"retry_at": from_ms(free_at).isoformat(), "retry_after_ms": free_at - now}
    return {"used": used, "allowed": allowed, **waits}

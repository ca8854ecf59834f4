"""The stretches of a trading day that virtual time runs through, and how far into them it is.

A day runs from 09:15 to 11:30 and from 13:00 to 15:30, or to 15:00 before anything was traded
after hours. Two measures count its milliseconds: *running* time from 09:15 on, auctions and after
hours included, and *session* time from 09:30 to 15:00, which is when trading is continuous.
"""

from datetime import date, time
from functools import lru_cache

from quantgraph.domain.calendar import day_of, day_start
from quantgraph.domain.rules.sessions import PHASES, Phase


def _ms(clock: time) -> int:
    return (clock.hour * 60 + clock.minute) * 60_000


# The ordinary day of shares, as its rows have it: what the clock runs through is what they trade.
_DAY = [row for row in PHASES if row.name == "phases.stock"]
_MORNING, _LATER = [row for row in _DAY if row.phase is Phase.CONTINUOUS]
_BEGIN_MS = min(_ms(row.start) for row in _DAY)
_OPEN_MS, _NOON_MS = _ms(_MORNING.start), _ms(_MORNING.end)
_AFTERNOON_MS = _ms(_LATER.start)
_MORNING_RUN_MS = _NOON_MS - _BEGIN_MS

# Running time before the market opens; half a session and a whole one in session time.
AUCTION_MS = _OPEN_MS - _BEGIN_MS
HALF_MS = _NOON_MS - _OPEN_MS
SESSION_MS = 2 * HALF_MS


@lru_cache(4096)  # asked at every reading of the clock
def day_length(day: date) -> int:
    """Return the running ms of a trading day: what is traded longest ends it."""
    last = max((row.end for row in PHASES if row.holds(day)), default=_LATER.end)
    return _MORNING_RUN_MS + _ms(last) - _AFTERNOON_MS


def day_offset(instant_ms: int) -> int:
    """Return the running ms of its day before an instant; it stands still before, at lunch, after.

    The instant 11:30 and the instant 13:00 have the same offset: time leaps from one to the other.
    """
    day = day_of(instant_ms)
    clock = instant_ms - day_start(day)
    morning = min(max(clock - _BEGIN_MS, 0), _MORNING_RUN_MS)
    afternoon = min(max(clock - _AFTERNOON_MS, 0), day_length(day) - _MORNING_RUN_MS)
    return morning + afternoon


def day_instant(day: date, offset_ms: int) -> int:
    """Return the epoch ms after so much running time of the day."""
    if offset_ms < _MORNING_RUN_MS:
        return day_start(day) + _BEGIN_MS + offset_ms
    return day_start(day) + _AFTERNOON_MS + offset_ms - _MORNING_RUN_MS


def half_day(day: date, offset_ms: int) -> tuple[int, int]:
    """Return the running ms at which the half of a day begins and ends that is then under way."""
    if offset_ms < _MORNING_RUN_MS:
        return 0, _MORNING_RUN_MS
    return _MORNING_RUN_MS, day_length(day)


def session_offset(instant_ms: int) -> int:
    """Return the session ms of its day before an instant, from 0 to 4 hours."""
    clock = instant_ms - day_start(day_of(instant_ms))
    morning = min(max(clock - _OPEN_MS, 0), HALF_MS)
    afternoon = min(max(clock - _AFTERNOON_MS, 0), HALF_MS)
    return morning + afternoon


def session_instant(day: date, offset_ms: int) -> int:
    """Return the epoch ms after so much session time of the day."""
    if offset_ms < HALF_MS:
        return day_start(day) + _OPEN_MS + offset_ms
    return day_start(day) + _AFTERNOON_MS + offset_ms - HALF_MS

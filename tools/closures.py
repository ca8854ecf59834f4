"""Writes the exchanges' closures that ship with the package, from the pinned libraries."""

import json
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
from chinese_calendar import constants

from quantgraph.domain.calendar import Dates
from quantgraph.services.calendar import SHIPPED, compute_sessions

_DAY = timedelta(days=1)


def main() -> None:
    """Write closures.json: every weekday without a session and its name, and the last day."""
    sessions, last = compute_sessions()
    named = name_closures(sessions, last)
    shipped = {
        "release": version("exchange_calendars"),
        "last": last.isoformat(),
        "closures": {day.isoformat(): name for day, name in named.items()},
    }
    text = json.dumps(shipped, indent=0, ensure_ascii=False)
    SHIPPED.write_text(text + "\n", "utf-8", newline="\n")


def name_closures(sessions: Dates, last: date) -> dict[date, str | None]:
    """Return every closed weekday with the Chinese name of its holiday; None before 2004.

    An exchange may close a day more than the State Council does: such a day takes the name of
    the holiday that it is joined to.
    """
    days = np.arange(sessions[0], np.datetime64(last, "D") + np.timedelta64(1, "D"))
    free = days[~np.isin(days, sessions)]
    closed: set[date] = set(free.tolist())
    weekdays: list[date] = free[np.is_busday(free)].tolist()
    return {day: holiday_name(day) or _joined(day, closed) for day in weekdays}


def holiday_name(day: date) -> str | None:
    """Return the Chinese name of the holiday that a rest day belongs to, if the library has it."""
    name = constants.holidays.get(day)
    if name is None:
        return None
    chinese: str = vars(constants.Holiday(name))["chinese"]  # set past what types can say
    return chinese


def _joined(day: date, closed: set[date]) -> str | None:
    """Return the next holiday that no trading day parts from a closed day."""
    while day in closed:
        if name := holiday_name(day):
            return name
        day += _DAY
    return None


if __name__ == "__main__":
    main()

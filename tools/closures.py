"""Writes the exchanges' closures that ship with the package, from the pinned calendar library."""

import json
from importlib.metadata import version

import numpy as np

from quantgraph.services.calendar import SHIPPED, compute_sessions


def main() -> None:
    """Write closures.json: every weekday without a session, and the last day covered."""
    sessions, last = compute_sessions()
    days = np.arange(sessions[0], np.datetime64(last, "D") + np.timedelta64(1, "D"))
    closed = days[np.is_busday(days) & ~np.isin(days, sessions)]
    shipped = {
        "release": version("exchange_calendars"),
        "last": last.isoformat(),
        "closures": [str(day) for day in closed],
    }
    SHIPPED.write_text(json.dumps(shipped, indent=0) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()

"""Builds the trading calendar: the library's sessions, kept in a small file, plus the config's."""

import hashlib
import json
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

from quantgraph.config import CalendarConfig
from quantgraph.domain.calendar import Dates, TradingCalendar

_FIRST = date(1990, 12, 19)  # the first trading day of the Shanghai exchange


def load_calendar(config: CalendarConfig, cache_dir: Path) -> TradingCalendar:
    """Return the sessions of the Shanghai and Shenzhen exchanges since 1990-12-19.

    The library costs more than a second to import, so its sessions are kept in `cache_dir` under
    the library's version; a file that is absent, damaged or of another version is made anew, and
    a folder that cannot be written only costs that second. `config.covered_until` goes on with
    weekdays; `config.closures` are never sessions.
    """
    release = version("exchange_calendars")
    file = cache_dir / f"sessions-{release}.json"
    kept = _read(file)
    if kept is None:
        kept = _compute()
        _write(file, kept)
    sessions, last = _extended(*kept, config)
    source = f"exchange_calendars {release} XSHG"
    return TradingCalendar(sessions, first=_FIRST, last=last, source=source)


def _extended(sessions: Dates, last: date, config: CalendarConfig) -> tuple[Dates, date]:
    until = config.covered_until
    if until is not None and until > last:
        count = (until - last).days
        more = np.datetime64(last, "D") + np.arange(1, count + 1)
        sessions = np.concatenate([sessions, more[np.is_busday(more)]])
        last = until
    closures = np.array(config.closures, "datetime64[D]")
    return sessions[~np.isin(sessions, closures)], last


def _compute() -> tuple[Dates, date]:
    from exchange_calendars import get_calendar
    from exchange_calendars.exchange_calendar_xshg import XSHGExchangeCalendar

    bound = XSHGExchangeCalendar.bound_max()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library calls what its pandas has deprecated
        calendar = get_calendar("XSHG", start=_FIRST.isoformat(), end=bound)
    days = np.array([day.date() for day in calendar.sessions], "datetime64[D]")
    return days, bound.date()


def _read(file: Path) -> tuple[Dates, date] | None:
    try:
        kept = json.loads(file.read_bytes())
        if _digest(kept["days"], kept["last"]) != kept["sha256"]:
            return None
        days = np.array(kept["days"], np.int64)
        return days.astype("datetime64[D]"), date.fromisoformat(kept["last"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, sessions: tuple[Dates, date]) -> None:
    days: list[int] = sessions[0].astype(np.int64).tolist()
    last = sessions[1].isoformat()
    text = json.dumps({"sha256": _digest(days, last), "last": last, "days": days})
    fresh = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text)
        fresh.replace(file)
    except OSError:
        return


def _digest(days: list[int], last: str) -> str:
    return hashlib.sha256(json.dumps([days, last]).encode()).hexdigest()

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
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason

_FIRST = date(1990, 12, 19)  # the first trading day of the Shanghai exchange
SHIPPED = Path(__file__).with_name("closures.json")


def load_calendar(config: CalendarConfig, cache_dir: Path) -> TradingCalendar:
    """Return the sessions of the Shanghai and Shenzhen exchanges since 1990-12-19.

    The library costs seconds to import, so what its pinned version says is kept beside this module
    (`tools/closures.py` writes it); what another version says is kept in `cache_dir`. A file there
    that is absent, damaged or of another version is made anew, and a folder that cannot be written
    only costs the time. `config.covered_until` goes on with weekdays; `config.closures` are never
    sessions. Raises StartupError CONFIG_INVALID for a closure after the last covered day.
    """
    release = version("exchange_calendars")
    sessions, last = _extended(*(_shipped(release) or _kept(release, cache_dir)), config)
    late = [day.isoformat() for day in config.closures if day > last]
    if late:
        text = (
            f"calendar.closures names {', '.join(late)}, but the calendar ends on {last}: the "
            "closure would change nothing. Set calendar.covered_until to the last day that your "
            "closures cover."
        )
        raise StartupError(Reason.CONFIG_INVALID, text, last=last.isoformat())
    source = f"exchange_calendars {release} XSHG"
    return TradingCalendar(sessions, first=_FIRST, last=last, source=source, names=_names())


def _extended(sessions: Dates, last: date, config: CalendarConfig) -> tuple[Dates, date]:
    until = config.covered_until
    if until is not None and until > last:
        count = (until - last).days
        more = np.datetime64(last, "D") + np.arange(1, count + 1).astype("timedelta64[D]")
        sessions = np.concatenate([sessions, more[np.is_busday(more)]])
        last = until
    closures = np.array(config.closures, "datetime64[D]")
    return sessions[~np.isin(sessions, closures)], last


def _shipped(release: str) -> tuple[Dates, date] | None:
    """Return the sessions of the pinned version: weekdays but for its closures."""
    shipped = json.loads(SHIPPED.read_bytes())
    if shipped["release"] != release:
        return None
    last = date.fromisoformat(shipped["last"])
    days = np.arange(np.datetime64(_FIRST, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    closures = np.array(list(shipped["closures"]), "datetime64[D]")
    return days[np.is_busday(days) & ~np.isin(days, closures)], last


def _names() -> dict[date, str]:
    """Return the holidays' names, which are the same whatever version told the days."""
    closures: dict[str, str | None] = json.loads(SHIPPED.read_bytes())["closures"]
    return {date.fromisoformat(day): name for day, name in closures.items() if name}


def _kept(release: str, folder: Path) -> tuple[Dates, date]:
    file = folder / f"sessions-{release}.json"
    kept = _read(file)
    if kept is None:
        kept = compute_sessions()
        _write(file, kept)
    return kept


def compute_sessions() -> tuple[Dates, date]:
    """Ask the library: its sessions, and the last day that it covers."""
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

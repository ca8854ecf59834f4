"""Cells that say when: dates, clocks and instants. Each distinct text is read once."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from quantgraph.domain.bars import Mask
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, Dates, Times
from quantgraph.store.imports.cells import Cells

_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:\.0)?")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))?", re.ASCII
)
_PACKED_CLOCK = re.compile(r"([0-9]{1,2})([0-9]{2})([0-9]{2})([0-9]{3})")
_EPOCH_MS = re.compile(r"[0-9]{12,13}")
_NAME_DAY = re.compile(r"(?<!\d)((?:19|20)[0-9]{6})(?!\d)")
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_NOTHING = -(2**62)


def read_days(cells: Cells) -> tuple[Dates, Mask]:
    """Return dates from 2023-02-01, 20230201, 2023/2/1 (a 00:00 after it is allowed)."""
    days = _mapped(cells.text, parse_day)
    known = ~cells.missing
    bad = known & (days == _NOTHING)
    cells.faults.add(bad, f"{cells.name} {{}} is not a date", cells.text)
    return np.where(known & ~bad, days, 0).astype("datetime64[D]"), known


def read_instants(cells: Cells) -> Times:
    """Return epoch ms from epoch ms, or from date and time: in Shanghai if no offset is given."""
    cells.require()
    # a date and a clock repeat, the two together hardly ever do
    text = cells.text.fill_null("")
    days = _mapped(text.str.extract(r"^([^T ]+)[T ]"), parse_day)
    clocks = _mapped(text.str.extract(r"^[^T ]+[T ](.+)$").str.strip_chars(), parse_clock)
    epochs = text.str.contains(f"^{_EPOCH_MS.pattern}$").to_numpy()
    stamps = text.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    bad = ~epochs & ((days == _NOTHING) | (clocks == _NOTHING))
    cells.faults.add(bad & ~cells.missing, f"{cells.name} {{}} is not an instant", cells.text)
    return np.where(epochs, stamps, np.where(bad, 0, days * DAY_MS + clocks))


def read_clocks(cells: Cells, day: date) -> Times:
    """Return epoch ms from HH:MM:SS.mmm on a day in Shanghai."""
    return _on_days(cells, parse_clock, np.full(len(cells.text), np.datetime64(day, "D")))


def read_packed_clocks(cells: Cells, days: Dates) -> Times:
    """Return epoch ms from HHMMSSmmm (93100000 is 09:31) on the days of the rows in Shanghai."""
    return _on_days(cells, _packed_clock, days)


def day_stamps(days: Dates) -> Times:
    """Return 00:00 in Shanghai of each day, in epoch ms."""
    return days.astype(np.int64) * DAY_MS - OFFSET_MS


def days_in_name(file: Path) -> Sequence[date]:
    """Return the distinct dates like 20230201 that stand in a file name."""
    found = {parse_day(text) for text in _NAME_DAY.findall(file.name)} - {None}
    return [date.fromordinal(day + _EPOCH_ORDINAL) for day in found if day is not None]


def parse_day(text: str) -> int | None:
    """Return days since 1970-01-01, or None if the text is not a date."""
    found = _DAY.fullmatch(text)
    parts = found.group(1, 3, 4) if found else None
    if parts is None and (compact := _COMPACT_DAY.fullmatch(text)):
        parts = compact.group(1, 2, 3)
    if parts is None:
        return None
    try:
        return date(*(int(part) for part in parts)).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return None


def parse_clock(text: str) -> int | None:
    """Return ms from 00:00 UTC of the written date, or None if the text is not a clock."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    millis = int((found.group(4) or "")[:3].ljust(3, "0"))
    clock = _millis(hour, minute, second, millis)
    if clock is None or found.group(5):
        return clock
    if found.group(6) is None:
        return clock - OFFSET_MS
    ahead = (int(found.group(7)) * 60 + int(found.group(8))) * 60_000
    return clock - ahead if found.group(6) == "+" else clock + ahead


def _packed_clock(text: str) -> int | None:
    found = _PACKED_CLOCK.fullmatch(text.zfill(9))
    clock = _millis(*(int(part) for part in found.groups())) if found else None
    return None if clock is None else clock - OFFSET_MS


def _millis(hour: int, minute: int, second: int, millis: int) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1000 + millis


def _on_days(cells: Cells, parse: Callable[[str], int | None], days: Dates) -> Times:
    cells.require()
    clocks = _mapped(cells.text, parse)
    bad = clocks == _NOTHING
    cells.faults.add(bad & ~cells.missing, f"{cells.name} {{}} is not a time of day", cells.text)
    return days.astype(np.int64) * DAY_MS + np.where(bad, 0, clocks)


def _mapped(text: pl.Series, parse: Callable[[str], int | None]) -> Times:
    distinct: list[str] = text.drop_nulls().unique().to_list()
    parsed = [_NOTHING if (value := parse(one)) is None else value for one in distinct]
    found = text.replace_strict(distinct, parsed, default=_NOTHING, return_dtype=pl.Int64)
    return found.fill_null(_NOTHING).to_numpy()

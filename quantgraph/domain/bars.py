"""Bars: one OHLCV period each, stamped at its start, held as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from quantgraph.domain.calendar import DAY_MS, Dates, day_start, to_ms
from quantgraph.domain.sources import Source

Column = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


SESSION_MINUTES = 240


class Period(StrEnum):
    """Bar length. Intraday periods follow session time: HOUR_1 never spans lunch."""

    MIN_1 = "MIN_1"
    MIN_5 = "MIN_5"
    MIN_15 = "MIN_15"
    MIN_30 = "MIN_30"
    HOUR_1 = "HOUR_1"
    DAY_1 = "DAY_1"
    WEEK_1 = "WEEK_1"
    MONTH_1 = "MONTH_1"
    QUARTER_1 = "QUARTER_1"
    HALF_YEAR_1 = "HALF_YEAR_1"
    YEAR_1 = "YEAR_1"

    @property
    def minutes(self) -> int:
        """Session minutes of an intraday bar, 0 for a day and longer."""
        return _MINUTES.get(self, 0)

    @property
    def per_day(self) -> int:
        """Bars of a full session; 1 for a day and longer."""
        return SESSION_MINUTES // self.minutes if self.minutes else 1

    @property
    def base(self) -> "Period":
        """The period that this one is aggregated from: MIN_1 or DAY_1."""
        return Period.MIN_1 if self.minutes else Period.DAY_1


_MINUTES = {
    Period.MIN_1: 1,
    Period.MIN_5: 5,
    Period.MIN_15: 15,
    Period.MIN_30: 30,
    Period.HOUR_1: 60,
}


class Adjustment(StrEnum):
    """How prices are made comparable across ex-right days."""

    NONE = "NONE"
    FRONT = "FRONT"
    BACK = "BACK"
    FRONT_RATIO = "FRONT_RATIO"
    BACK_RATIO = "BACK_RATIO"


@dataclass(frozen=True, slots=True)
class BarField:
    """One column: its numpy type, unit and meaning; contracts and store follow this table."""

    name: str
    dtype: str
    unit: str
    meaning: str
    price: bool = False
    always: bool = False  # never missing where there is a bar at all


BAR_FIELDS: Mapping[str, BarField] = {
    f.name: f
    for f in (
        BarField(
            "time",
            "int64",
            "epoch ms",
            "Start of the bar; of a day and longer, 00:00 of its first trading day",
            always=True,
        ),
        BarField("open", "float64", "yuan", "First traded price", price=True),
        BarField("high", "float64", "yuan", "Highest traded price", price=True),
        BarField("low", "float64", "yuan", "Lowest traded price", price=True),
        BarField("close", "float64", "yuan", "Last traded price", price=True),
        BarField("volume", "int64", "shares", "Traded quantity"),
        BarField("amount", "float64", "yuan", "Traded money"),
        BarField(
            "previous_close",
            "float64",
            "yuan",
            "Reference price before this bar, after ex-right adjustment by the exchange",
            price=True,
        ),
        BarField("suspended", "bool", "", "True where the instrument did not trade that day"),
    )
}
PRICES = tuple(f.name for f in BAR_FIELDS.values() if f.price)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class BarColumns:
    """Equal-length columns by field name; `valid` has a mask only where values are missing.

    `kept` where the same object answers again while nothing has changed: what is made of it may
    be kept with it.
    """

    length: int
    values: Mapping[str, Column]
    valid: Mapping[str, Mask] = field(default_factory=dict[str, Mask])
    kept: bool = False

    def __post_init__(self) -> None:
        """Refuse columns of unequal length: a shifted column is a wrong price."""
        for name, column in (*self.values.items(), *self.valid.items()):
            if len(column) != self.length:
                raise ValueError(f"column {name} has {len(column)} rows, not {self.length}")

    def take(self, rows: slice | Mask) -> "BarColumns":
        """Return the chosen rows of every column."""
        values = {name: column[rows] for name, column in self.values.items()}
        length = len(range(*rows.indices(self.length))) if isinstance(rows, slice) else rows.sum()
        return BarColumns(
            int(length), values, {name: mask[rows] for name, mask in self.valid.items()}
        )

    def pick(self, fields: tuple[str, ...]) -> "BarColumns":
        """Return only the named columns, in that order."""
        valid = {name: self.valid[name] for name in fields if name in self.valid}
        return BarColumns(self.length, {name: self.values[name] for name in fields}, valid)

    def missing(self, name: str) -> Mask | None:
        """Return where `name` has no value, or None if it is whole."""
        mask = self.valid.get(name)
        return None if mask is None else ~mask

    def present(self, name: str) -> Mask:
        """Return where `name` has a value, row by row."""
        mask = self.valid.get(name)
        return np.ones(self.length, np.bool_) if mask is None else mask


def join_rows(parts: Sequence[BarColumns], dtypes: Mapping[str, str]) -> BarColumns:
    """Return the rows of all parts, one after the other."""
    length = sum(part.length for part in parts)
    values: dict[str, Column] = {}
    for name, dtype in dtypes.items():
        columns = [part.values[name] for part in parts]
        values[name] = np.concatenate(columns) if columns else np.empty(0, dtype)
    masked = [name for name in dtypes if any(name in part.valid for part in parts)]
    valid = {name: np.concatenate([part.present(name) for part in parts]) for name in masked}
    return BarColumns(length, values, valid)


@dataclass(frozen=True, slots=True)
class Window:
    """Which bars by their stamp: start and end in epoch ms, both included, or the `last` ones.

    With neither start nor last, `last` is 250 (filled in by `resolve_window`).
    """

    start: int | None = None
    end: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class BarRequest:
    """The same span, period, adjustment and fields for one or many symbols."""

    symbols: tuple[str, ...]
    period: Period
    window: Window
    adjustment: Adjustment = Adjustment.NONE
    fields: tuple[str, ...] = tuple(BAR_FIELDS)


_NAMED = 20


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the source holds of this series, so that an answer can say whether it is whole.

    `complete`: every session of the asked span has its bars. `missing` counts the sessions of
    the span without any bar, `missing_dates` names the first of them (at most 20); both are None
    where the calendar does not cover the span, and then `complete` is None as well. `gaps` are
    all those sessions, known where the judgement was made and on no wire. `download_id` is the job
    that fetches what is missing, where that was asked for.
    """

    held_from: int | None
    held_to: int | None
    complete: bool | None
    missing: int | None
    missing_dates: tuple[date, ...] = ()
    gaps: Dates | None = field(default=None, compare=False, repr=False)
    download_id: str | None = None

    @classmethod
    def of(cls, held_from: int | None, held_to: int | None, gaps: Dates) -> "Coverage":
        """Return the coverage of a span that lacks these sessions."""
        named: list[date] = gaps[:_NAMED].tolist()
        return cls(held_from, held_to, len(gaps) == 0, len(gaps), tuple(named), gaps)

    def since(self, day: date) -> "Coverage":
        """Return the coverage of the span from a day on."""
        if self.gaps is None:
            return self
        gaps = self.gaps[self.gaps >= np.datetime64(day, "D")]
        return Coverage.of(self.held_from, self.held_to, gaps)


@dataclass(frozen=True, slots=True)
class BarSeries:
    """The answer for one symbol. `anchor` is the bar that an adjusted price is equal to.

    `fingerprint` tells the ex-right events that the prices went through: two spans of a series
    belong together only where it is the same. None where no price was adjusted.
    `held`: it was imported into the store of this gateway, and changes with that alone; what is
    IMPORTED at another gateway changes there.
    """

    symbol: str
    period: Period
    adjustment: Adjustment
    source: Source
    columns: BarColumns
    coverage: Coverage
    anchor: int | None = None
    fingerprint: str | None = None
    held: bool = False


# A whole trading day, or an instant (aware). A datetime is a date in Python: test it first.
TimeBound = date | datetime


def window(
    start: TimeBound | None = None, end: TimeBound | None = None, last: int | None = None
) -> Window:
    """Return the window between two bounds, both included, in epoch ms.

    A bound beyond the years of any market means the first or last instant of those years: dates
    near the year 9999 stand for "no end", and calendar arithmetic would overflow there.
    """
    first = None if start is None else _milliseconds(start)
    final = None if end is None else _milliseconds(end)
    if final is not None and not isinstance(end, datetime):
        final = min(final + DAY_MS - 1, _LATEST)
    return Window(first, final, last)


_EARLIEST = day_start(date(1900, 1, 1))
_LATEST = day_start(date(2200, 1, 1)) - 1


def _milliseconds(bound: TimeBound) -> int:
    exact = to_ms(bound) if isinstance(bound, datetime) else day_start(bound)
    return min(max(exact, _EARLIEST), _LATEST)

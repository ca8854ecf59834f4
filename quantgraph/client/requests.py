"""What a caller may write for periods, bounds and columns."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import TypedDict, TypeVar

from quantgraph.domain.bars import (
    BAR_FIELDS,
    Adjustment,
    BarRequest,
    Period,
    TimeBound,
    window,
)
from quantgraph.domain.errors import bad_request
from quantgraph.domain.instruments import checked_symbol

E = TypeVar("E", bound=StrEnum)
Bound = date | datetime | str | None


class BarOptions(TypedDict, total=False):
    """Which bars. Bounds are dates (whole trading days) or aware datetimes, both included.

    `period` (DAY_1) and `adjustment` (NONE) may be names ("MIN_1", "FRONT_RATIO"), bounds ISO 8601
    text ("2023-02-01", "2023-02-01T09:30:00+08:00"). `fields` are names of BAR_FIELDS, all where
    absent; `time` always comes along.
    """

    period: Period | str
    start: Bound
    end: Bound
    adjustment: Adjustment | str
    fields: Iterable[str] | None


def bar_request(symbols: Iterable[str], options: BarOptions, last: int | None = None) -> BarRequest:
    """Return the checked request. Errors: BAD_REQUEST."""
    names = (symbols,) if isinstance(symbols, str) else tuple(symbols)
    return BarRequest(
        tuple(checked_symbol(each) for each in names),
        _member(Period, options.get("period", Period.DAY_1)),
        window(_bound(options.get("start")), _bound(options.get("end")), last),
        _member(Adjustment, options.get("adjustment", Adjustment.NONE)),
        _columns(options.get("fields")),
    )


def _member(kind: type[E], value: E | str) -> E:
    try:
        return kind(value)
    except ValueError:
        text = f"{value!r} is not one of {', '.join(kind)}."
        raise bad_request(text) from None


def _bound(value: Bound) -> TimeBound | None:
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise bad_request(f"{value} has no offset; write for example {value}+08:00.")
    return value


def _parsed(text: str) -> TimeBound:
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        example = "2023-02-01 or 2023-02-01T09:30:00+08:00"
        raise bad_request(f"{text!r} is not a date or an instant like {example}.") from None


def _columns(fields: Iterable[str] | None) -> tuple[str, ...]:
    if fields is None:
        return tuple(BAR_FIELDS)
    asked = {"time", *fields}
    unknown = asked - BAR_FIELDS.keys()
    if unknown:
        known = ", ".join(BAR_FIELDS)
        raise bad_request(f"{', '.join(sorted(unknown))}: unknown column; choose from {known}.")
    return tuple(name for name in BAR_FIELDS if name in asked)

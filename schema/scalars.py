"""Own strict scalars: what is accepted and written is stated, and nothing else is."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from quantgraph.domain.calendar import SHANGHAI
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.instruments import checked_symbol

Long = NewType("Long", int)
Symbol = NewType("Symbol", str)
TimeBound = NewType("TimeBound", date)

SAFE_INTEGER = 2**53 - 1
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
T = TypeVar("T")


def _refuse(kind: str, found: object, expected: str) -> GraphQLError:
    return GraphQLError(f"{found!r:.60} is not a {kind}: expected {expected}.")


def _text(value: object, kind: str, expected: str) -> str:
    if not isinstance(value, str):
        raise _refuse(kind, value, expected)
    return value


def parse_decimal(value: object) -> Decimal:
    """Read a plain decimal string; numbers are refused because JSON makes doubles of them."""
    expected = 'a string like "12.34": up to 15 digits before and 9 after the point, no exponent'
    text = _text(value, "Decimal", expected)
    if _DECIMAL.fullmatch(text) is None:
        raise _refuse("Decimal", value, expected)
    return Decimal(text)


def parse_long(value: object) -> int:
    """Read an integer that every JSON reader keeps exactly."""
    if type(value) is not int or not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        raise _refuse("Long", value, f"an integer from -{SAFE_INTEGER} to {SAFE_INTEGER}")
    return value


def parse_date(value: object) -> date:
    """Read YYYY-MM-DD."""
    expected = 'a calendar date "YYYY-MM-DD"'
    text = _text(value, "Date", expected)
    if _DATE.fullmatch(text) is None:
        raise _refuse("Date", value, expected)
    return _attempt(lambda: date.fromisoformat(text), "Date", text, expected)


def parse_instant(value: object) -> datetime:
    """Read an ISO 8601 instant; an offset is required because a naive time is ambiguous."""
    expected = 'an instant with its offset, like "2023-02-01T09:30:00+08:00"'
    text = _text(value, "DateTime", expected)
    if _INSTANT.fullmatch(text) is None:
        raise _refuse("DateTime", value, expected)
    return _attempt(lambda: _storable(datetime.fromisoformat(text)), "DateTime", text, expected)


def parse_bound(value: object) -> date:
    """Read a date (that whole trading day) or an instant."""
    text = _text(value, "TimeBound", 'a date "YYYY-MM-DD" or an instant with its offset')
    return parse_instant(text) if "T" in text else parse_date(text)


def parse_symbol(value: object) -> str:
    """Read a code with its market."""
    text = _text(value, "Symbol", "six digits, a dot and SH, SZ or BJ, like 600519.SH")
    try:
        return checked_symbol(text)
    except InvalidRequest as error:
        raise GraphQLError(error.message) from None


def write_decimal(value: Decimal) -> str:
    """Write plain notation; NaN and infinity never reach the wire."""
    if not value.is_finite():
        raise GraphQLError("a Decimal must be finite")
    return format(value, "f")


def write_instant(value: datetime) -> str:
    """Write market time, +08:00, with milliseconds where there are any."""
    if value.tzinfo is None:
        raise GraphQLError("a DateTime must have an offset")
    precision = "milliseconds" if value.microsecond else "seconds"
    try:
        shown = value.astimezone(SHANGHAI)
    except OverflowError:  # the last hours of year 9999, as the other wire may have set them
        shown = value
    return shown.isoformat(timespec=precision)


def write_bound(value: date) -> str:
    """Write a default value back in the form it is read."""
    return write_instant(value) if isinstance(value, datetime) else value.isoformat()


def write_long(value: int) -> int:
    """Write an integer that every JSON reader keeps exactly."""
    return parse_long(int(value))


def _storable(instant: datetime) -> datetime:
    """Return the instant unless the years 1 to 9999 cannot hold it in UTC and in market time."""
    try:
        instant.astimezone(UTC).astimezone(SHANGHAI)
    except OverflowError as error:
        raise ValueError from error
    return instant


def _attempt(parse: Callable[[], T], kind: str, found: str, expected: str) -> T:
    try:
        return parse()
    except ValueError:
        raise _refuse(kind, found, expected) from None


def _scalar(
    name: str, description: str, parse: Callable[[Any], Any], write: Callable[[Any], Any]
) -> ScalarDefinition:
    return strawberry.scalar(name=name, description=description, parse_value=parse, serialize=write)


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _scalar(
        "Decimal",
        'Exact decimal number as a plain string, for example "1720.15". No exponent, no NaN; '
        "input takes up to 15 digits before and 9 after the point. Used wherever money moves.",
        parse_decimal,
        write_decimal,
    ),
    datetime: _scalar(
        "DateTime",
        "Instant in ISO 8601 with a required offset. Written in market time, "
        'for example "2023-02-01T09:30:00+08:00".',
        parse_instant,
        write_instant,
    ),
    date: _scalar(
        "Date",
        'Calendar date "YYYY-MM-DD"; trading days are dates in Asia/Shanghai.',
        parse_date,
        date.isoformat,
    ),
    Long: _scalar(
        "Long",
        "Integer within ±(2^53 − 1), written as a JSON number. Shares and sequence numbers.",
        parse_long,
        write_long,
    ),
    Symbol: _scalar(
        "Symbol",
        'Code with market, for example "600519.SH": six digits, a dot and SH, SZ or BJ.',
        parse_symbol,
        str,
    ),
    TimeBound: _scalar(
        "TimeBound",
        'End of a time span: a date "YYYY-MM-DD" (that whole trading day) or an instant with its '
        "offset. Both ends of a span are included.",
        parse_bound,
        write_bound,
    ),
}

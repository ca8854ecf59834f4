"""The vendor's days and instants, read from milliseconds and digits: never from a local clock."""

from datetime import date, datetime

from quantgraph.domain.calendar import SHANGHAI, day_of, from_ms, to_ms

_DIGITS = 8
# Before 1980 there was no market; what lies there is a sentinel.
_EARLIEST_MS = 315_500_000_000
# 9999: nothing later is a date.
_LATEST_MS = 253_370_000_000_000


def digits_day(value: object) -> date | None:
    """Return the day of YYYYMMDD, a number or a text; None for 0, 99999999 and what is no day."""
    text = str(value).strip().partition(".")[0]
    if len(text) < _DIGITS or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def ms_day(value: object) -> date | None:
    """Return the day in Shanghai of epoch milliseconds; None where there is none."""
    if not isinstance(value, int | float) or not _EARLIEST_MS <= value <= _LATEST_MS:
        return None
    return day_of(int(value))


def day_digits(day: date | None) -> str:
    """Return a day as the vendor takes it, "" for an open end."""
    return "" if day is None else day.isoformat().replace("-", "")


def instant_digits(instant_ms: int | None) -> str:
    """Return an instant as the vendor takes it: Shanghai's clock, seconds; "" for an open end."""
    if instant_ms is None:
        return ""
    return from_ms(instant_ms).astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S")


def read_instant(value: object) -> int | None:
    """Return epoch milliseconds of a `timetag`: a number, or `YYYYMMDD HH:MM:SS[.mmm]`."""
    if isinstance(value, int | float):
        return int(value) if _EARLIEST_MS <= value <= _LATEST_MS else None
    text = str(value).strip()
    for form in ("%Y%m%d %H:%M:%S.%f", "%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S"):
        try:
            return to_ms(datetime.strptime(text, form).replace(tzinfo=SHANGHAI))
        except ValueError:
            continue
    return None

"""Instants and dates as parts of a row, from tables of days and minutes."""

from functools import cache

import numpy as np
import numpy.typing as npt

from quantgraph.rows.matrix import Part, Texts
from quantgraph.rows.texts import DAY_MS, OFFSET_MS, day_texts

# Days with a text at hand, since 1970: up to June 2149.
_DAYS = 1 << 16
_ZONE = b'+08:00"'
_MINUTES_OF_DAY = 1440


def instants(values: npt.NDArray[np.int64]) -> list[Part] | None:
    """Return epoch ms as quoted instants; None where one is before 1970 or after 2149."""
    minutes, spent = _divided(values + OFFSET_MS, 60_000)
    days, minutes = _divided(minutes, _MINUTES_OF_DAY)
    if _highest(days) >= _DAYS:
        return None
    if not np.count_nonzero(spent):
        return [_days()[days], _whole_minutes()[minutes]]
    seconds, parts = _divided(spent, 1000)
    return [_days()[days], _minutes()[minutes], _seconds()[seconds], _parts()[parts], _ZONE]


def dates(values: npt.NDArray[np.int64]) -> list[Part] | None:
    """Return the quoted dates in Shanghai of epoch ms; None as above."""
    days = (values + OFFSET_MS) // DAY_MS
    if _highest(days) >= _DAYS:
        return None
    return [_days()[days], b'"']


def _divided(
    values: npt.NDArray[np.int64], by: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    # numpy's divmod takes three times as long.
    whole = values // by
    return whole, values - whole * by


def _highest(days: npt.NDArray[np.int64]) -> int:
    # As unsigned numbers those before 1970 are the highest.
    return int(np.maximum.reduce(days.view(np.uint64)))


@cache
def _days() -> Texts:
    return day_texts(np.arange(_DAYS), b'"0000-00-00').view("V11")


@cache
def _whole_minutes() -> Texts:
    return np.array([b'T%02d:%02d:00+08:00"' % divmod(n, 60) for n in range(1440)]).view("V16")


@cache
def _minutes() -> Texts:
    return np.array([b"T%02d:%02d:" % divmod(n, 60) for n in range(1440)]).view("V7")


@cache
def _seconds() -> Texts:
    return np.array([b"%02d" % n for n in range(60)]).view("u2")


@cache
def _parts() -> Texts:
    """Return the milliseconds of a second; none of them has no text."""
    return np.array([b"", *(b".%03d" % n for n in range(1, 1000))]).view("u4")

"""Longer bars from shorter ones, and bars from single trades; pure columns, no single values."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, BarColumns, Column, Mask, Period
from quantgraph.domain.calendar import DAY_MS, OFFSET_MS, Times, at, dates_of, day_of, day_start

_MINUTE_MS = 60_000
_MORNING = at(date(1970, 1, 1), time(9, 30)) + OFFSET_MS
_NOON = at(date(1970, 1, 1), time(11, 30)) + OFFSET_MS
_AFTERNOON = at(date(1970, 1, 1), time(13, 0)) + OFFSET_MS
_CLOSE = at(date(1970, 1, 1), time(15, 0)) + OFFSET_MS
_EXACT = 2.0**53
# More base bars than any one bar of the period can hold.
_MOST_BARS = {
    Period.WEEK_1: 7,
    Period.MONTH_1: 31,
    Period.QUARTER_1: 92,
    Period.HALF_YEAR_1: 184,
    Period.YEAR_1: 366,
}
_MONTHS = {Period.MONTH_1: 1, Period.QUARTER_1: 3, Period.HALF_YEAR_1: 6, Period.YEAR_1: 12}


def most_bars(period: Period) -> int:
    """Return an upper bound of the base bars in one bar of the period."""
    return _MOST_BARS.get(period, period.minutes or 1)


def bucket_start(period: Period, instant: int) -> int:
    """Return the first instant of the period's bar that holds `instant` (epoch ms)."""
    if period.minutes:
        return int(_minute_buckets(np.array([instant], np.int64), period.minutes)[0])
    return day_start(_first_day(period, day_of(instant)))


def bucket_end(period: Period, instant: int) -> int:
    """Return the last instant of the period's bar that holds `instant` (epoch ms)."""
    if period.minutes:
        return bucket_start(period, instant) + period.minutes * _MINUTE_MS - 1
    first = _first_day(period, day_of(instant))
    if period is Period.WEEK_1:
        return day_start(first + timedelta(days=7)) - 1
    return day_start(_add_months(first, _MONTHS.get(period, 0))) - 1


def needed_fields(fields: tuple[str, ...], period: Period) -> tuple[str, ...]:
    """Return the base columns that aggregating `fields` reads: the time, always, among them."""
    needed = {"time", *fields}
    # On a suspended day a daily bar repeats the last close: it must not be the week's open.
    if not period.minutes and needed & {"open", "high", "low", "close"}:
        needed.add("suspended")
    return tuple(name for name in BAR_FIELDS if name in needed)


def aggregate_bars(base: BarColumns, period: Period) -> BarColumns:
    """Return the bars of `period` from its base bars (MIN_1 or DAY_1), all that `base` holds.

    Intraday bars follow session time from 09:30 and from 13:00 and are stamped at the start of
    their stretch. A bar of a week and longer is stamped as its first base bar, that is 00:00 of
    the first day of the period that has a bar. Volume and amount are missing where any part of
    them is; `suspended` is true where every day was.
    """
    times = base.values["time"]
    if period.minutes:
        buckets = _minute_buckets(times, period.minutes)
    else:
        buckets = _day_buckets(times, period)
    starts = _starts(buckets)
    if not len(starts):
        return base
    groups = _Groups(base, starts)
    values: dict[str, Column] = {"time": (buckets if period.minutes else times)[starts]}
    valid: dict[str, Mask] = {}
    for name in base.values:
        if name != "time":
            values[name], mask = _RULES[name](groups, name)
            if not mask.all():
                valid[name] = mask
    return BarColumns(len(starts), values, valid)


def minute_bars(trades: Mapping[str, Column]) -> BarColumns:
    """Return MIN_1 bars from one or more trades (`time`, `price`, `quantity`, `amount`) in order.

    A minute without a trade has no bar. Trades of the opening auction belong to the first minute,
    trades at and after 11:30 and 15:00 to the last minute before.
    """
    return _from_trades(trades, _minute_buckets(trades["time"], 1))


def day_bars(trades: Mapping[str, Column]) -> BarColumns:
    """Return DAY_1 bars from one or more trades in time order."""
    days = (trades["time"] + OFFSET_MS) // DAY_MS * DAY_MS - OFFSET_MS
    return _from_trades(trades, days)


def exact_sums(values: Column, starts: Times) -> Column:
    """Return the sum per group, correctly rounded where the values are decimals of few places.

    Adding 27,135 amounts as doubles drifts by cents; as whole hundredths they add up exactly.
    """
    if values.dtype != np.float64:
        return np.add.reduceat(values, starts)
    for scale in (100.0, 10_000.0):
        whole = np.rint(values * scale)
        if (whole / scale == values).all() and np.abs(whole).sum() < _EXACT:
            return np.add.reduceat(whole.astype(np.int64), starts) / scale
    return np.add.reduceat(values, starts)


def _starts(buckets: Times) -> Times:
    """Return where each run of equal buckets begins."""
    if not len(buckets):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.r_[True, buckets[1:] != buckets[:-1]])


def _minute_buckets(times: Times, minutes: int) -> Times:
    clock = (times + OFFSET_MS) % DAY_MS
    midnight = times - clock
    opening = np.where(clock < _AFTERNOON - 30 * _MINUTE_MS, _MORNING, _AFTERNOON)
    closing = np.where(opening == _MORNING, _NOON, _CLOSE)
    inside = np.clip(clock, opening, closing - 1) - opening
    length = minutes * _MINUTE_MS
    return midnight + opening + inside // length * length


def _day_buckets(times: Times, period: Period) -> Times:
    days = dates_of(times)
    if period is Period.WEEK_1:
        return (days.astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    months = days.astype("datetime64[M]").astype(np.int64)
    return months // _MONTHS[period]


def _first_day(period: Period, day: date) -> date:
    if period is Period.WEEK_1:
        return day - timedelta(days=day.weekday())
    months = _MONTHS.get(period)
    if months is None:
        return day
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _add_months(first: date, months: int) -> date:
    if not months:
        return first + timedelta(days=1)
    ahead = first.month - 1 + months
    return first.replace(year=first.year + ahead // 12, month=ahead % 12 + 1)


def _from_trades(trades: Mapping[str, Column], buckets: Times) -> BarColumns:
    starts = _starts(buckets)
    price = trades["price"]
    values = {
        "time": buckets[starts],
        "open": price[starts],
        "high": np.maximum.reduceat(price, starts),
        "low": np.minimum.reduceat(price, starts),
        "close": price[np.r_[starts[1:], len(buckets)] - 1],
        "volume": exact_sums(trades["quantity"], starts),
        "amount": exact_sums(trades["amount"], starts),
    }
    return BarColumns(len(starts), values)


class _Groups:
    """The base bars by group, and which of them traded."""

    def __init__(self, base: BarColumns, starts: Times) -> None:
        self.base = base
        self.starts = starts
        traded = np.ones(base.length, np.bool_)
        if "suspended" in base.values:
            traded = ~(base.values["suspended"] & self.valid("suspended"))
        sizes = np.diff(np.r_[starts, base.length])
        # where nothing traded at all, the repeated closes are all there is
        self.traded = traded | np.repeat(~np.logical_or.reduceat(traded, starts), sizes)

    def valid(self, name: str) -> Mask:
        mask = self.base.valid.get(name)
        return np.ones(self.base.length, np.bool_) if mask is None else mask

    def whole(self, mask: Mask) -> Mask:
        return np.logical_and.reduceat(mask, self.starts)


Answer = tuple[Column, Mask]


def _first_traded(groups: _Groups, name: str) -> Answer:
    places = np.where(groups.traded, np.arange(groups.base.length), groups.base.length)
    return _at(groups, name, np.minimum.reduceat(places, groups.starts))


def _last_traded(groups: _Groups, name: str) -> Answer:
    places = np.where(groups.traded, np.arange(groups.base.length), -1)
    return _at(groups, name, np.maximum.reduceat(places, groups.starts))


def _first(groups: _Groups, name: str) -> Answer:
    return _at(groups, name, groups.starts)


def _at(groups: _Groups, name: str, places: Times) -> Answer:
    return groups.base.values[name][places], groups.valid(name)[places]


def _highest(groups: _Groups, name: str) -> Answer:
    values = np.where(groups.traded, groups.base.values[name], -np.inf)
    valid = groups.whole(groups.valid(name) | ~groups.traded)
    return np.maximum.reduceat(values, groups.starts), valid


def _lowest(groups: _Groups, name: str) -> Answer:
    values = np.where(groups.traded, groups.base.values[name], np.inf)
    valid = groups.whole(groups.valid(name) | ~groups.traded)
    return np.minimum.reduceat(values, groups.starts), valid


def _sum(groups: _Groups, name: str) -> Answer:
    return exact_sums(groups.base.values[name], groups.starts), groups.whole(groups.valid(name))


def _every(groups: _Groups, name: str) -> Answer:
    return groups.whole(groups.base.values[name]), groups.whole(groups.valid(name))


_RULES: Mapping[str, Callable[[_Groups, str], Answer]] = {
    "open": _first_traded,
    "high": _highest,
    "low": _lowest,
    "close": _last_traded,
    "volume": _sum,
    "amount": _sum,
    "previous_close": _first,
    "suspended": _every,
}

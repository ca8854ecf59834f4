"""Minute bars of replayed days, cut off where the clock stands."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import stack
from quantgraph.backends.sim.flow.minutes import MinuteBars, minute_bars, no_bars
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.moments import Moment
from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Column, Window
from quantgraph.domain.calendar import TradingCalendar, dates_of
from quantgraph.domain.coverage import Asked, HeldDays, judge
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.sources import Source

_MINUTE_MS = 60_000
_LAST = 250


class ReplayedSeries:
    """Makes MIN_1 series of nothing but recorded days. Blocking: call it in a worker."""

    def __init__(self, calendar: TradingCalendar, first: date) -> None:
        """Replay from a day on."""
        self._calendar = calendar
        self._first = first

    def days(self, today: date) -> list[date]:
        """Return the replayed days up to the clock's."""
        return self._calendar.between(self._first, today).tolist()

    def series(
        self,
        instrument: Instrument,
        days: Mapping[date, ReplayFrames],
        asked: tuple[BarRequest, Moment],
    ) -> BarSeries:
        """Return the finished minutes of the days in the window, each 60 s after its stamp."""
        request, now = asked
        window = request.window
        if window.start is None and window.last is None:
            window = replace(window, last=_LAST)
        made = [_bars(frames, day) for day, frames in days.items()]
        scale = next(iter(days.values())).scale if days else 1
        rows = _joined(made)
        rows = rows.take(slice(int(np.searchsorted(rows.times, now.ms - _MINUTE_MS, "right"))))
        shown = _cut(rows, window)
        first, last = (int(rows.times[0]), int(rows.times[-1])) if len(rows.times) else (None, None)
        held = HeldDays(request.period, first, last, dates_of(shown.times))
        return BarSeries(
            symbol=instrument.symbol,
            period=request.period,
            adjustment=request.adjustment,
            source=Source.REPLAY,
            columns=BarColumns(
                len(shown.times), {name: _column(shown, name, scale) for name in request.fields}
            ),
            coverage=judge(self._calendar, held, Asked(window, now.day, instrument)),
        )


def _bars(frames: ReplayFrames, day: date) -> MinuteBars:
    trades = frames.trades
    reference = frames.previous or (int(trades.price[0]) if len(trades) else 0)
    return minute_bars(trades, day, reference, frames.scale)


def _joined(days: list[MinuteBars]) -> MinuteBars:
    if not days:
        return no_bars()
    return MinuteBars(
        np.concatenate([each.times for each in days]),
        stack([each.bars for each in days]),
        np.concatenate([each.previous for each in days]),
    )


def _cut(rows: MinuteBars, window: Window) -> MinuteBars:
    left, right = 0, len(rows.times)
    if window.start is not None:
        left = int(np.searchsorted(rows.times, window.start))
    if window.end is not None:
        right = int(np.searchsorted(rows.times, window.end, side="right"))
    if window.last is not None:
        left = max(left, right - window.last)
    return rows.take(slice(left, max(left, right)))


def _column(rows: MinuteBars, name: str, scale: int) -> Column:
    if name == "time":
        return rows.times
    if name == "suspended":
        return np.zeros(len(rows.times), dtype=np.bool_)
    if name == "previous_close":
        return rows.previous / scale
    values: Column = getattr(rows.bars, name)
    return values if name in ("volume", "amount") else values / scale

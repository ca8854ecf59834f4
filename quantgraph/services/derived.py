"""Longer periods over bars that are only held by the minute and by the day."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quantgraph.domain.aggregation import (
    aggregate_bars,
    bucket_end,
    bucket_start,
    most_bars,
    needed_fields,
)
from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Coverage, Window
from quantgraph.domain.calendar import day_of
from quantgraph.domain.coverage import first_day
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.market import Bars
from quantgraph.services.workers import Workers


class DerivedBars:
    """Every period over a port that answers MIN_1 and DAY_1.

    A bar is made of all its base bars, whatever the window cuts: the window bounds the stamps of
    the bars it returns, as it does for stored periods.
    """

    def __init__(self, bars: Bars, workers: Workers) -> None:
        """Aggregate what `bars` gives, in the workers."""
        self._bars = bars
        self._workers = workers

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Answer any period; see `ports.Bars`."""
        if request.period is request.period.base:
            return await self._bars.bars(request)
        base = replace(
            request,
            period=request.period.base,
            window=_base_window(request),
            fields=needed_fields(request.fields, request.period),
        )
        series = await self._bars.bars(base)
        return await self._workers.run(self._aggregate_all, series, request)

    def _aggregate_all(
        self, series: Sequence[BarSeries | GatewayError], request: BarRequest
    ) -> Sequence[BarSeries | GatewayError]:
        return [
            one if isinstance(one, GatewayError) else self._aggregated(one, request)
            for one in series
        ]

    def _aggregated(self, base: BarSeries, request: BarRequest) -> BarSeries:
        rows = aggregate_bars(base.columns, request.period)
        kept = _in_window(rows, request.window)
        return replace(
            base,
            period=request.period,
            columns=kept.pick(request.fields),
            coverage=_coverage(base, kept, request.window),
        )


def _coverage(base: BarSeries, kept: BarColumns, window: Window) -> Coverage:
    """Judge no day before those that were asked for: more was read to complete the first bar."""
    if window.start is not None:
        return base.coverage.since(first_day(base.period, window.start))
    if kept.length:
        return base.coverage.since(day_of(int(kept.values["time"][0])))
    return base.coverage


def _base_window(request: BarRequest) -> Window:
    period, window = request.period, request.window
    start, end = window.start, window.end
    if start is not None:
        start = min(start, bucket_start(period, start))
    if end is not None:
        end = max(end, bucket_end(period, end))
    # One bar more than asked, so that the first one returned is never cut in the middle.
    last = None if window.last is None else (window.last + 1) * most_bars(period)
    return Window(start, end, last)


def _in_window(rows: BarColumns, window: Window) -> BarColumns:
    times = rows.values["time"]
    first, stop = 0, rows.length
    if window.start is not None:
        first = int(np.searchsorted(times, window.start, side="left"))
    if window.end is not None:
        stop = int(np.searchsorted(times, window.end, side="right"))
    if window.last is not None:
        first = max(first, stop - window.last)
    return rows.take(slice(first, max(stop, first)))

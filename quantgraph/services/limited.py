"""What one request and one operation may ask of the bars below."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quantgraph.config import LimitsConfig
from quantgraph.domain.bars import BarRequest, BarSeries, Window
from quantgraph.domain.budget import present_budget, row_limit
from quantgraph.domain.calendar import DAY_MS, TradingCalendar, day_start, shown_instant
from quantgraph.domain.errors import GatewayError, bad_request, start_after_end
from quantgraph.domain.ports.gateway import ReadyBars, no_bars
from quantgraph.domain.ports.market import Bars

DEFAULT_LAST = 250


def resolve_window(window: Window) -> Window:
    """Return the window with `last = 250` where neither start nor last is given.

    Errors: BAD_REQUEST for a last below 1 or beside a start, START_AFTER_END.
    """
    if window.last is not None and window.last < 1:
        raise bad_request(f"last is {window.last}; expected 1 or more.", last=window.last)
    if window.last is not None and window.start is not None:
        raise bad_request(
            "start and last exclude each other: give start (and end), or last (and end)."
        )
    if window.start is None:
        return window if window.last else replace(window, last=DEFAULT_LAST)
    if window.end is not None and window.start > window.end:
        raise start_after_end(shown_instant(window.start), shown_instant(window.end))
    return window


class LimitedBars:
    """Refuses what is too much before it is read, naming the limit and the bulk rpc."""

    def __init__(
        self,
        bars: Bars,
        limits: LimitsConfig,
        calendar: TradingCalendar,
        ready: ReadyBars = no_bars,
    ) -> None:
        """Guard `bars` and what is `ready` of them; an open window reaches the calendar's end."""
        self._bars = bars
        self._ready = ready
        self.limits = limits
        self._horizon = day_start(calendar.last) + DAY_MS

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Pass on a valid request of bearable size; see `ports.Bars`.

        Errors: BAD_REQUEST, START_AFTER_END, ROW_LIMIT, all before anything large is read.
        """
        request = self._resolved(request)
        budget = present_budget()
        await self._check(request, self.limits.bar_rows - budget.taken)
        series = await self._bars.bars(request)
        # Requests of one operation run side by side: each was within what was left at its start.
        budget.spend(_rows(series), self.limits.bar_rows)
        return series

    def ready(self, request: BarRequest) -> Sequence[BarSeries | GatewayError] | None:
        """Return the answer where it is at hand, counted and refused as by `bars`."""
        request = self._resolved(request)
        series = self._ready(request)
        if series is not None:
            if request.window.last is not None:
                self._check_last(request, request.window.last)
            present_budget().spend(_rows(series), self.limits.bar_rows)
        return series

    def _resolved(self, request: BarRequest) -> BarRequest:
        most = self.limits.batch_symbols
        if len(request.symbols) > most:
            raise bad_request(
                f"{len(request.symbols)} symbols in one request; the limit is {most} "
                "(limits.batch_symbols). Split the request.",
                limit=most,
            )
        window = resolve_window(request.window)
        return request if window is request.window else replace(request, window=window)

    def _check_last(self, request: BarRequest, last: int) -> None:
        asked = last * len(request.symbols)
        if asked > self.limits.bar_rows - present_budget().taken:
            raise row_limit(asked, self.limits.bar_rows)

    async def _check(self, request: BarRequest, left: int) -> None:
        if request.window.last is not None:
            self._check_last(request, request.window.last)
            return
        most = self._most_rows(request)
        if most * len(request.symbols) <= left:
            return
        # The window could hold too much: count what is there, a bounded number of rows at a time.
        size = max(1, 4 * self.limits.bar_rows // most)
        for place in range(0, len(request.symbols), size):
            symbols = request.symbols[place : place + size]
            left -= await self._count(replace(request, symbols=symbols), left)
            if left < 0:
                raise row_limit(self.limits.bar_rows - left, self.limits.bar_rows)

    async def _count(self, request: BarRequest, left: int) -> int:
        """Return how many rows the window holds; counting stops one row beyond `left`."""
        window = Window(end=request.window.end, last=max(left, 0) + 1)
        series = await self._bars.bars(replace(request, window=window, fields=("time",)))
        start = request.window.start or 0
        return sum(
            int(np.count_nonzero(s.columns.values["time"] >= start))
            for s in series
            if isinstance(s, BarSeries)
        )

    def _most_rows(self, request: BarRequest) -> int:
        start = request.window.start or 0
        end = (
            self._horizon if request.window.end is None else min(request.window.end, self._horizon)
        )
        days = max(0, end - start) // DAY_MS + 2
        return days * request.period.per_day


def _rows(series: Sequence[BarSeries | GatewayError]) -> int:
    return sum(each.columns.length for each in series if isinstance(each, BarSeries))

"""Bars and ticks in memory, whole and live."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Coverage, Period, Window
from quantgraph.domain.calendar import OFFSET_MS, day_start, to_ms
from quantgraph.domain.errors import (
    GatewayError,
    InvalidRequest,
    unknown_symbol,
)
from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import (
    SourceState,
    StreamKind,
)
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickKind, TickRequest
from tests.grpc_bridge.memory.system import LIMITS, NOW

SYMBOLS = ("000001.SZ", "000858.SZ", "600000.SH", "600519.SH")


def weekdays(first: date, last: date) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Every Monday to Friday, as if there were no holidays."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days[np.is_busday(days)]


def daily_columns(seed: int) -> BarColumns:
    """Days from 2020 to the day before NOW."""
    days = weekdays(date(2020, 1, 1), date(2024, 2, 29))
    return _columns(days.astype(np.int64) * 86_400_000 - OFFSET_MS, seed)


def minute_columns(seed: int, first: date) -> BarColumns:
    """Whole sessions of 240 minutes."""
    days = weekdays(first, date(2024, 2, 29)).astype(np.int64) * 86_400_000 - OFFSET_MS
    minutes = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
    return _columns((days[:, None] + minutes[None, :]).ravel(), seed)


def _columns(times: np.ndarray[Any, Any], seed: int) -> BarColumns:
    random = np.random.default_rng(seed)
    close = random.normal(100, 3, len(times)).round(2)
    volume = random.integers(0, 10**9, len(times))
    values = {
        "time": times, "open": close + 0.1, "high": close + 1.0, "low": close - 1.0,
        "close": close, "volume": volume, "amount": close * volume,
        "previous_close": close, "suspended": volume % 7 == 0,
    }  # fmt: skip
    return BarColumns(len(times), values, {"amount": volume % 5 != 0})


@dataclass
class MemoryBars:
    """Series by symbol and period, with the row limit that the services have."""

    held: dict[tuple[str, Period], BarColumns]
    limit: int = LIMITS.bar_rows
    source: Source = Source.IMPORTED
    asked: list[BarRequest] = field(default_factory=list)
    failing: dict[str, GatewayError] = field(default_factory=dict)

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        self.asked.append(request)
        found = [self._series(symbol, request) for symbol in request.symbols]
        rows = sum(each.columns.length for each in found if isinstance(each, BarSeries))
        if rows > self.limit:
            text = f"{rows} rows; at most {self.limit}. Use DownloadBars."
            raise InvalidRequest(Reason.ROW_LIMIT, text, limit=self.limit)
        return found

    def _series(self, symbol: str, request: BarRequest) -> BarSeries | GatewayError:
        if symbol in self.failing:
            return self.failing[symbol]
        if symbol not in SYMBOLS:
            return unknown_symbol(symbol)
        nothing = _columns(np.empty(0, np.int64), 0)
        held = self.held.get((symbol, request.period), nothing)
        times = held.values["time"]
        first, last = (int(times[0]), int(times[-1])) if held.length else (None, None)
        columns = held.take(_rows(times, request.window)).pick(request.fields)
        coverage = Coverage(first, last, complete=True, missing=0)
        anchor = last if request.adjustment != "NONE" else None
        span = (symbol, request.period, request.adjustment, self.source)
        return BarSeries(*span, columns, coverage, anchor)


def _rows(times: np.ndarray[Any, Any], window: Window) -> slice:
    first = 0 if window.start is None else int(np.searchsorted(times, window.start))
    last = len(times) if window.end is None else int(np.searchsorted(times, window.end, "right"))
    count = window.last or (250 if window.start is None else None)
    return slice(first if count is None else max(first, last - count), max(last, first))


@dataclass
class MemoryTicks:
    """A recording of so many rows for every symbol, cut at the limit as the store cuts it."""

    held: int = 3

    async def ticks(self, request: TickRequest) -> TickColumns:
        if request.symbol not in SYMBOLS:
            raise unknown_symbol(request.symbol)
        rows = min(self.held, request.limit)
        types = TICK_FIELDS[request.kind]
        values = {name: np.arange(rows).astype(types[name]) for name in request.fields}
        if "side" in values:
            sides = [1, -1] if request.kind is TickKind.LEVEL2_ORDER else [1, -1, 0]
            values["side"] = np.resize(np.array(sides, np.int8), rows)
        for name in values.keys() & {"type", "phase"}:
            values[name] = np.resize(np.array([1, 2], np.int8), rows)
        return TickColumns(request.symbol, request.kind, Source.IMPORTED, rows, values, {})


class MemoryBarStream:
    """Says a snapshot and a final bar, then nothing."""

    async def watch(self, watch: BarWatch) -> AsyncGenerator[BarEvent, None]:
        if watch.symbol not in SYMBOLS:
            raise unknown_symbol(watch.symbol)
        place = ("e1", watch.symbol, watch.period)
        bar = Bar(to_ms(NOW), 10.0, 10.5, 9.5, 10.25, 1_200, 12_300.5, None, suspended=False)
        yield BarEvent(StreamKind.SNAPSHOT, *place, bar, False, Source.SIMULATED, 4, None, 0)
        yield BarEvent(StreamKind.UPDATE, *place, bar, True, Source.SIMULATED, 7, 4, 2)
        state = SourceState(connected=True, last_event_time=None, lag_ms=None)
        yield BarEvent(StreamKind.HEARTBEAT, *place, source=state)
        await asyncio.Event().wait()


def day(year: int, month: int, number: int) -> int:
    """00:00 of a Shanghai day in epoch milliseconds."""
    return day_start(date(year, month, number))

"""How a download is cut into requests that each stay within the ports' row limit."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from quantgraph.domain.aggregation import bucket_end, bucket_start
from quantgraph.domain.bars import BarRequest, BarSeries, Coverage, Period, Window
from quantgraph.domain.calendar import DAY_MS, day_of, day_start, shown_instant
from quantgraph.domain.errors import GatewayError, start_after_end
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import Limits

# Auctions may add a bar at each end of the session.
_EXTRA_BARS = 2
_LISTED_DATES = 20


@dataclass(frozen=True, slots=True)
class Portion:
    """Symbols and the windows to read for them one after the other, or why they all failed.

    More than one symbol has one window only, so that each is finished before the next begins.
    """

    symbols: tuple[str, ...]
    windows: Sequence[Window]
    failures: Mapping[str, GatewayError] = field(default_factory=dict[str, GatewayError])


def bars_per_day(period: Period) -> int:
    """Return the most bars that one calendar day can have."""
    return period.per_day + (_EXTRA_BARS if period.minutes else 0)


def portions(gateway: Gateway, request: BarRequest, now: int) -> AsyncGenerator[Portion]:
    """Return groups of symbols, in the request's order, with the windows to read for them.

    `now` (epoch ms) ends a request without an end. Errors: START_AFTER_END, at once.
    """
    earliest = day_start(gateway.calendar.first)
    start, end = request.window.start, request.window.end
    if start is not None and end is not None and start > end:
        raise start_after_end(shown_instant(start), shown_instant(end))
    last = now if end is None else min(end, now)
    if start is None:
        return _held(gateway, request, last)
    # Years before the first exchange and after today hold nothing: they are not cut into spans.
    return _given(gateway, request, max(start, earliest), max(last, start))


async def _given(
    gateway: Gateway, request: BarRequest, first: int, last: int
) -> AsyncGenerator[Portion]:
    limits = gateway.limits
    windows = cut(first, last, _span_days(limits, request.period), request.period)
    rows = ((last - first) // DAY_MS + 2) * bars_per_day(request.period)
    size = 1
    if len(windows) == 1:
        size = max(1, min(limits.batch_symbols, limits.bar_rows // max(rows, 1)))
    for index in range(0, len(request.symbols), size):
        yield Portion(request.symbols[index : index + size], windows)


async def _held(gateway: Gateway, request: BarRequest, last: int) -> AsyncGenerator[Portion]:
    """Cut each symbol's history where it begins, symbols that begin together in one portion."""
    newest = Window(end=last, last=1)
    size = min(gateway.limits.batch_symbols, gateway.limits.bar_rows)
    for index in range(0, len(request.symbols), size):
        symbols = request.symbols[index : index + size]
        probe = replace(request, symbols=symbols, window=newest, fields=("time",))
        found = zip(symbols, await gateway.bars.bars(probe), strict=True)
        for first, group in groupby(found, lambda pair: _first_day(pair[1])):
            pairs = list(group)
            alike = tuple(symbol for symbol, _ in pairs)
            if isinstance(first, GatewayError):
                # A failure stands: another answer to a second question would be half a series.
                yield Portion(alike, (), dict.fromkeys(alike, first))
                continue
            if first is None:
                yield Portion(alike, [newest])
                continue
            async for portion in _given(gateway, replace(request, symbols=alike), first, last):
                yield portion


def _first_day(found: BarSeries | GatewayError) -> int | GatewayError | None:
    if isinstance(found, GatewayError):
        return found
    held = found.coverage.held_from
    # A longer bar may be stamped before the first base bar, but never before that bar's day.
    return None if held is None else day_start(day_of(held))


def _span_days(limits: Limits, period: Period) -> int:
    # One day less than fits: whoever guards the limit below may count a begun day as one more.
    return limits.bar_rows // bars_per_day(period) - 1


def cut(first: int, last: int, days: int, period: Period) -> list[Window]:
    """Return windows from first to last of at most so many Shanghai days (one at least) each.

    A window ends with a bar: one that the border cut would be read, and judged, on both sides.
    """
    windows: list[Window] = []
    while first <= last:
        stop = _stop(first, days, period)
        windows.append(Window(first, min(stop, last)))
        first = stop + 1
    # Nothing can lie between them: one empty window still asks whether the symbol exists.
    return windows or [Window(last, last)]


def _stop(first: int, days: int, period: Period) -> int:
    reach = day_start(day_of(first)) + max(days, 1) * DAY_MS - 1
    if period.base is period or period.minutes:
        return reach
    whole = bucket_start(period, reach + 1) - 1
    return whole if whole >= first else bucket_end(period, first)


def merged_coverage(parts: Sequence[Coverage]) -> Coverage:
    """Return the coverage of the parts together; what one part does not know, nobody knows."""
    complete = [part.complete for part in parts]
    missing = [part.missing for part in parts]
    dates = tuple(date for part in parts for date in part.missing_dates)
    return Coverage(
        parts[-1].held_from,
        parts[-1].held_to,
        None if None in complete else all(complete),
        None if None in missing else sum(each or 0 for each in missing),
        dates[:_LISTED_DATES],
    )

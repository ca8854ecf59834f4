"""Adjusted prices over raw bars and ex-right events."""

from collections.abc import Sequence
from dataclasses import replace

from quantgraph.domain.adjustment import (
    FRONTS,
    adjust_prices,
    fingerprint,
    relevant_events,
)
from quantgraph.domain.bars import BAR_FIELDS, PRICES, Adjustment, BarRequest, BarSeries
from quantgraph.domain.calendar import dates_of, day_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported
from quantgraph.domain.ports.market import Bars, Dividends
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers

Events = Sequence[Dividend] | None
_TRIES = 4


class AdjustedBars:
    """Bars with prices adjusted; the port below only ever sees adjustment NONE.

    FRONT kinds are anchored at the newest held bar of the series, BACK kinds at the oldest;
    `anchor` of the answer is that bar's stamp.
    """

    def __init__(self, bars: Bars, dividends: Dividends, workers: Workers) -> None:
        """Adjust what `bars` gives by what `dividends` tells."""
        self._bars = bars
        self._dividends = dividends
        self._workers = workers

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Answer every adjustment; ADJUSTMENT_UNAVAILABLE in the place of a symbol without it."""
        if request.adjustment is Adjustment.NONE:
            return await self._bars.bars(request)
        raw = replace(request, adjustment=Adjustment.NONE)
        if not set(request.fields) & set(PRICES):
            return [_labelled(series, request) for series in await self._bars.bars(raw)]
        series, events = await self._consistent(raw)
        return await self._workers.run(_adjust_all, series, events, request)

    async def _consistent(
        self, raw: BarRequest
    ) -> tuple[Sequence[BarSeries | GatewayError], Sequence[Events]]:
        """Return the bars and the events of one state: an import may commit between two reads."""
        events = await self._events(raw)
        for _ in range(_TRIES):
            # which side of an ex-day a row is on takes its day; without events nobody asks
            fields = _with_time(raw.fields) if any(events) else raw.fields
            series = await self._bars.bars(replace(raw, fields=fields))
            before, events = events, await self._events(raw)
            if events == before:
                return series, events
        text = "The ex-right events are being imported just now; ask again."
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)

    async def _events(self, request: BarRequest) -> Sequence[Events]:
        found = await self._dividends.dividends(request.symbols, request.period)
        return [None if each is None else tuple(each) for each in found]


def _with_time(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in BAR_FIELDS if name == "time" or name in fields)


def _adjust_all(
    series: Sequence[BarSeries | GatewayError], events: Sequence[Events], request: BarRequest
) -> Sequence[BarSeries | GatewayError]:
    return [_adjusted(*pair, request) for pair in zip(series, events, strict=True)]


def _adjusted(
    series: BarSeries | GatewayError, events: Events, request: BarRequest
) -> BarSeries | GatewayError:
    if isinstance(series, GatewayError):
        return series
    first, last = series.coverage.held_from, series.coverage.held_to
    if first is None or last is None:
        return _labelled(series, request)
    if events is None:
        return _unknown(series.symbol)
    relevant = relevant_events(events, day_of(first), day_of(last))
    columns = series.columns
    if relevant:
        try:
            days = dates_of(columns.values["time"])
            columns = adjust_prices(columns, days, relevant, request.adjustment)
        except GatewayError as error:
            return error
    anchor = last if request.adjustment in FRONTS else first
    return replace(
        series,
        columns=columns.pick(request.fields),
        adjustment=request.adjustment,
        anchor=anchor,
        fingerprint=fingerprint(relevant),
    )


def _labelled(series: BarSeries | GatewayError, request: BarRequest) -> BarSeries | GatewayError:
    if isinstance(series, GatewayError):
        return series
    picked = series.columns.pick(request.fields)
    return replace(series, columns=picked, adjustment=request.adjustment)


def _unknown(symbol: str) -> Unsupported:
    text = (
        f"The ex-right events of {symbol} are not known. Import its dividends "
        "(`quantgraph import dividends`) or bars with a previous-close column."
    )
    return Unsupported(Reason.ADJUSTMENT_UNAVAILABLE, text, symbol=symbol)

"""Recorded data through the agent: bars, ex-right events, recordings, statements."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.bulk import last_of, read_bulk
from quantgraph.backends.remote.channel import each_of, portions
from quantgraph.domain.bars import BarRequest, BarSeries, Coverage, Period
from quantgraph.domain.dividends import Dividend, DividendRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TickColumns, TickRequest
from quantgraph.v1 import bars_pb2, dividends_pb2, financials_pb2, ticks_pb2
from quantgraph.wire import bars, dividends, financials, ticks
from quantgraph.wire.failures import failure_from_proto

# Companies in one question: an answer with every column of many years is some 100 KB of each.
_COMPANIES = 20


class AgentHistory:
    """Implements `Bars`, `Dividends`, `Ticks` and `Financials`.

    Each series keeps the source that the agent says. Errors of all, beside those of the ports:
    TERMINAL_OFFLINE, TIMED_OUT, SOURCE_UNAVAILABLE, and the limits that the agent sets this key.
    """

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._agent = agent
        self._channel = agent.channel

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return one series per symbol: the last few bars one by one, a span as a download."""
        # A message without columns would not say how many rows there are.
        asked = request if request.fields else replace(request, fields=("time",))
        found = await self._series(asked)
        return [
            each if isinstance(each, GatewayError) else _given(each, request.fields)
            for each in found
        ]

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Return the events of the daily bars per symbol; a terminal's minutes have the same."""
        del period
        parts = await each_of(self._events, portions(symbols, self._agent.most_symbols))
        return [events for part in parts for events in part]

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Return a recording; see `ports.Ticks`."""
        message = ticks.request_to_proto(request)
        answer = await self._channel.call(
            "TickService/ListTicks", message, ticks_pb2.ListTicksResponse
        )
        return ticks.ticks_from_proto(answer, request.fields)

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Return the statements per symbol, None for an unknown symbol."""

        async def ask(symbols: Sequence[str]) -> Sequence[CompanyFinancials | None]:
            return await self._companies(replace(request, symbols=tuple(symbols)))

        parts = await each_of(ask, portions(request.symbols, _COMPANIES))
        return [company for part in parts for company in part]

    async def _series(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        last = request.window.last
        if last is not None and last <= self._agent.most_rows:
            alone = [replace(request, symbols=(symbol,)) for symbol in request.symbols]
            return await each_of(self._last, alone)
        # More than one message may hold: all up to the end comes, and is cut here.
        span = replace(request.window, last=None)
        once = tuple(dict.fromkeys(request.symbols))
        found = await read_bulk(self._channel, replace(request, symbols=once, window=span))
        told = [found[symbol] for symbol in request.symbols]
        if last is None:
            return told
        return [each if isinstance(each, GatewayError) else last_of(each, last) for each in told]

    async def _last(self, request: BarRequest) -> BarSeries | GatewayError:
        """Return the series of one symbol; only what is wrong with it alone stands in its place."""
        message = bars.request_to_proto(request)
        try:
            answer = await self._channel.call(
                "BarService/ListBars", message, bars_pb2.ListBarsResponse
            )
        except GatewayError as error:
            if error.reason in {Reason.UNKNOWN_SYMBOL, Reason.NOT_QUOTED}:
                return error
            raise
        return bars.series_from_proto(answer.series, request.fields)

    async def _events(self, symbols: Sequence[str]) -> list[Sequence[Dividend] | None]:
        message = dividends.request_to_proto(DividendRequest(tuple(symbols)))
        answer = await self._channel.call(
            "DividendService/ListDividends", message, dividends_pb2.ListDividendsResponse
        )
        return [_told(each) for each in answer.results]

    async def _companies(self, request: FinancialRequest) -> list[CompanyFinancials | None]:
        message = financials.request_to_proto(request)
        try:
            answer = await self._channel.call(
                "FinancialService/ListFinancials", message, financials_pb2.ListFinancialsResponse
            )
        except GatewayError as error:
            half = len(request.symbols) // 2
            if error.reason is not Reason.ROW_LIMIT or not half:
                raise
            first = replace(request, symbols=request.symbols[:half])
            rest = replace(request, symbols=request.symbols[half:])
            return [*await self._companies(first), *await self._companies(rest)]
        return [_company(each, request) for each in answer.results]


def _given(series: BarSeries, fields: tuple[str, ...]) -> BarSeries:
    """Return a series with the asked columns, and with what its coverage tells of gaps."""
    picked = series.columns.pick(fields)
    return replace(series, columns=picked, coverage=_spelt_out(series.coverage))


def _spelt_out(coverage: Coverage) -> Coverage:
    """Return a coverage with all its gaps, where the wire has named them all."""
    if coverage.missing is None or coverage.missing > len(coverage.missing_dates):
        return coverage
    return replace(coverage, gaps=np.array(coverage.missing_dates, "datetime64[D]"))


def _told(result: dividends_pb2.DividendsResult) -> Sequence[Dividend] | None:
    """Return the events of a symbol; None where nobody knows, or the agent has no such symbol."""
    if not result.HasField("history"):
        return None
    events = dividends.history_from_proto(result.history).events
    return None if events is None else [each.dividend for each in events]


def _company(
    result: financials_pb2.FinancialsResult, request: FinancialRequest
) -> CompanyFinancials | None:
    if result.HasField("financials"):
        return financials.company_from_proto(result.financials, request.fields)
    failure = failure_from_proto(result.failure)
    if failure.reason is Reason.UNKNOWN_SYMBOL:
        return None
    raise failure

"""Imported data first, the inner backend's otherwise; one series never mixes the two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np

from quantgraph.domain.bars import (
    BAR_FIELDS,
    Adjustment,
    BarColumns,
    BarRequest,
    BarSeries,
    Coverage,
    Period,
)
from quantgraph.domain.coverage import HeldDays
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, InvalidRequest, unknown_symbol
from quantgraph.domain.financials.tables import CompanyFinancials, FinancialRequest
from quantgraph.domain.instruments import Instrument, InstrumentKind, Market, classify
from quantgraph.domain.ports.market import Bars, Dividends, Ticks
from quantgraph.domain.ports.reference import Financials, Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, group_by_member
from quantgraph.domain.shelf import HeldBars, MarketShelf
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickRequest
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.listed import ListedInstruments
from quantgraph.services.workers import Workers

Answer = TypeVar("Answer")
Held = HeldBars | GatewayError | None
# More instruments than all exchanges list.
_EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class InnerMarket:
    """What answers where nothing is imported; it marks what it gives with its own source."""

    bars: Bars
    dividends: Dividends
    reference: Reference
    financials: Financials
    ticks: Ticks | None = None


class Recorded:
    """Bars (base periods), Dividends, Ticks, Reference and Financials over a store.

    A symbol's bars of one period are answered either from the store or from the inner market.
    Every call costs a fixed number of store transactions, whatever the number of symbols.
    """

    def __init__(
        self, shelf: MarketShelf, inner: InnerMarket, workers: Workers, judge: CoverageJudge
    ) -> None:
        """Read the shelf through the workers."""
        self._shelf = shelf
        self._inner = inner
        self._workers = workers
        self._judge = judge
        self._listed = ListedInstruments(shelf, workers)

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Answer base periods without adjustment; see `ports.Bars`."""
        if request.period is not request.period.base or request.adjustment is not Adjustment.NONE:
            text = f"{request.period} {request.adjustment} is not stored; ask the layers above."
            raise InvalidRequest(Reason.UNSUPPORTED_PERIOD, text)
        held, listed = await self._workers.run(self._read, request)
        absent = [s for s, found in zip(request.symbols, held, strict=True) if found is None]
        others: Mapping[str, BarSeries | GatewayError] = {}
        if absent:
            inner = await self._inner.bars.bars(replace(request, symbols=tuple(absent)))
            others = dict(zip(absent, inner, strict=True))
        return [
            self._series(symbol, found, request, listed.get(symbol))
            if found is not None
            else _or_empty(others[symbol], request, listed.get(symbol))
            for symbol, found in zip(request.symbols, held, strict=True)
        ]

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Answer from the store where the bars are its own or made inside its days.

        Imported events say nothing about invented prices. See `ports.Dividends`.
        """
        indices = {s: () for s in symbols if classify(s)[1] is InstrumentKind.INDEX}
        held = await self._workers.run(self._shelf.dividends, list(symbols), period)
        known: dict[str, Sequence[Dividend] | None] = {**held, **indices}
        absent = [symbol for symbol in symbols if symbol not in known]
        inner = await self._inner.dividends.dividends(absent, period) if absent else ()
        known.update(zip(absent, inner, strict=True))
        return [known[symbol] for symbol in symbols]

    async def tells_events(self, symbol: str) -> bool:
        """Return whether the events of a symbol's days or minutes are the store's to tell."""
        return symbol in await self._workers.run(self._shelf.dividends, [symbol], Period.MIN_1)

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Answer imported recordings, else the inner market's; empty columns without either."""
        held = await self._workers.run(self._shelf.read_ticks, request)
        if held is not None:
            return held
        if self._inner.ticks is not None:
            return await self._inner.ticks.ticks(request)
        if (await self.instruments([request.symbol]))[0] is None:
            raise unknown_symbol(request.symbol)
        dtypes = TICK_FIELDS[request.kind]
        columns = {name: np.empty(0, dtypes[name]) for name in request.fields}
        return TickColumns(request.symbol, request.kind, Source.IMPORTED, 0, columns, {})

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Answer imported descriptions, then the inner market's, then bare listings.

        An import of names alone leaves the listing days to the inner market.
        """
        held = await self._listed.find(symbols)
        bare = [s for s in symbols if s not in held or _is_bare(held[s])]
        inner = await self._inner.reference.instruments(bare) if bare else ()
        described = dict(zip(bare, inner, strict=True))
        return [_whole(held.get(symbol), described.get(symbol)) for symbol in symbols]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Merge both listings in symbol order; see `ports.Reference`."""
        held = await self._workers.run(self._shelf.search, search, first + 1, after)
        inner, more = await self._inner.reference.search(search, first, after)
        merged = {instrument.symbol: instrument for instrument in held}
        for instrument in inner:
            known = merged.get(instrument.symbol)
            if known is None or known.name is None:
                merged[instrument.symbol] = instrument
        ordered = sorted(merged)
        # asked once more: what the inner market calls by another name was not in its page
        page = [merged[symbol] for symbol in ordered[:first]]
        bare = [each.symbol for each in page if _is_bare(each)]
        described = await self._inner.reference.instruments(bare) if bare else ()
        known = {each.symbol: each for each in described if each is not None}
        found = [each.filled(known.get(each.symbol, each)) for each in page]
        return found, more or len(ordered) > first

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Merge the symbols of both listings; see `ports.Reference`."""
        held = await self._workers.run(self._shelf.search, InstrumentSearch(), _EVERY, None)
        inner = await self._inner.reference.market_symbols(market)
        return tuple(sorted({*inner, *(each.symbol for each in held if each.market is market)}))

    async def sectors(self) -> Sequence[Sector]:
        """Return imported sectors and those of the inner market under other names."""
        held = await self._workers.run(self._shelf.sectors)
        inner = await self._inner.reference.sectors()
        merged = {sector.name: sector for sector in (*inner, *held)}
        return [merged[name] for name in sorted(merged)]

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return the imported sector of that name, else the inner market's."""
        held = await self._workers.run(self._shelf.sector, name, day)
        return held or await self._inner.reference.sector(name, day)

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return the sectors per symbol of both; an imported one hides its namesake."""
        held, names = await self._workers.run(self._read_sectors, symbols)
        inner = await self._inner.reference.sectors_of(symbols)
        others = {sector.name: sector for found in inner for sector in found}
        kept = [sector for name, sector in others.items() if name not in names]
        merged = sorted((*held, *kept), key=lambda sector: sector.name)
        return group_by_member(merged, symbols)

    def _read_sectors(self, symbols: Sequence[str]) -> tuple[Sequence[Sector], frozenset[str]]:
        return self._shelf.sectors_of(symbols), self._shelf.sector_names()

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the imported weights of an index, else the inner market's."""
        held = await self._workers.run(self._shelf.weights, index_symbol, day)
        return held or await self._inner.reference.weights(index_symbol, day)

    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        """Answer from the store for every symbol with imported reports; see `ports.Financials`."""
        held = await self._workers.run(self._shelf.financials, request)
        absent = [symbol for symbol in request.symbols if symbol not in held]
        others: dict[str, CompanyFinancials | None] = {}
        if absent:
            inner = await self._inner.financials.financials(replace(request, symbols=tuple(absent)))
            others = dict(zip(absent, inner, strict=True))
        unknown = [symbol for symbol, found in others.items() if found is None]
        if unknown:
            listed = await self._workers.run(self._shelf.instruments, unknown)
            nothing = dict.fromkeys(request.fields, ())
            others |= {symbol: CompanyFinancials(symbol, nothing) for symbol in listed}
        return [
            CompanyFinancials(symbol, held[symbol]) if symbol in held else others[symbol]
            for symbol in request.symbols
        ]

    def _read(self, request: BarRequest) -> tuple[Sequence[Held], Mapping[str, Instrument]]:
        return self._shelf.read_bars(request), self._shelf.instruments(request.symbols)

    def _series(
        self,
        symbol: str,
        found: HeldBars | GatewayError,
        request: BarRequest,
        listed: Instrument | None,
    ) -> BarSeries | GatewayError:
        if isinstance(found, GatewayError):
            return found
        held = HeldDays(request.period, found.first, found.last, found.days)
        return BarSeries(
            symbol=symbol,
            period=request.period,
            adjustment=Adjustment.NONE,
            source=found.source,
            columns=found.columns,
            coverage=self._judge.judge(held, request.window, listed),
            held=found.source is Source.IMPORTED,
        )


def _is_bare(held: Instrument) -> bool:
    return held.name is None or held.list_date is None


def _whole(held: Instrument | None, inner: Instrument | None) -> Instrument | None:
    """Prefer what was imported with a name, and let the inner market say when it was listed."""
    if held is None or held.name is None:
        return inner or held
    return held if inner is None else held.filled(inner)


def _or_empty(
    answer: BarSeries | GatewayError, request: BarRequest, listed: Instrument | None
) -> BarSeries | GatewayError:
    """Give a listed symbol that nobody has bars of an empty series, not an unknown symbol."""
    unknown = isinstance(answer, GatewayError) and answer.reason is Reason.UNKNOWN_SYMBOL
    if not unknown or listed is None:
        return answer
    values = {name: np.empty(0, BAR_FIELDS[name].dtype) for name in request.fields}
    return BarSeries(
        symbol=listed.symbol,
        period=request.period,
        adjustment=Adjustment.NONE,
        source=Source.IMPORTED,
        columns=BarColumns(0, values),
        coverage=Coverage(None, None, complete=None, missing=None),
    )

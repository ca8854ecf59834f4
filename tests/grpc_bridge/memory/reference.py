"""What instruments, sectors, companies and lists are, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from quantgraph.backends.sim.catalog import SimCatalog
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.paths import World as SimWorld
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
)
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.instruments import Instrument, Market, classify
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import (
    CustomSector,
    IndexWeight,
    Sector,
    date_not_held,
    group_by_member,
)
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from tests.grpc_bridge.memory.bars import SYMBOLS, weekdays
from tests.grpc_bridge.memory.system import NOW, Inline

DIVIDENDS = (
    Dividend("600519.SH", date(2021, 6, 25), 1.01, 19.293, 0.0, 0.0, 0.0, 0.0),
    Dividend("600519.SH", date(2022, 6, 30), 1.02, source=Source.SIMULATED),
    Dividend("600519.SH", date(2023, 6, 30), None),
)


def instrument(symbol: str) -> Instrument:
    market, kind, board = classify(symbol)
    tick = Decimal("0.01")
    dates = (date(2001, 8, 27), None)
    return Instrument(symbol, f"股票{symbol[:6]}", market, kind, board, tick, *dates, False,
                      Source.SIMULATED)  # fmt: skip


class MemoryReference:
    def __init__(self) -> None:
        self.held = {
            "白酒": Sector(
                "白酒",
                "概念",
                ("000858.SZ", "600519.SH"),
                Source.IMPORTED,
                date(2024, 1, 2),
                (date(2024, 1, 2),),
            ),
            "银行": Sector("银行", None, ("000001.SZ", "600000.SH"), Source.SIMULATED),
            "空": Sector("空", None, (), Source.SIMULATED),
        }

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        return [instrument(each) if each in SYMBOLS else None for each in symbols]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        rest = [
            each
            for each in SYMBOLS
            if each > (after or "")
            and each.startswith(search.text or "")
            and search.admits(instrument(each))
        ]
        return [instrument(each) for each in rest[:first]], len(rest) > first

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        return tuple(each for each in SYMBOLS if each.endswith(market))

    async def sectors(self) -> Sequence[Sector]:
        return sorted(self.held.values(), key=lambda sector: sector.name)

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        found = self.held.get(name)
        if found is None or day is None:
            return found
        if found.day is None or day < found.day:
            raise date_not_held(name, day, found.day)
        return found

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        return group_by_member(sorted(self.held.values(), key=lambda each: each.name), symbols)

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        if day is not None and day < date(2024, 1, 2):
            raise date_not_held(index_symbol, day, date(2024, 1, 2))
        if index_symbol != "000300.SH":
            return ()
        return [IndexWeight(index_symbol, "600519.SH", 5.5, date(2024, 1, 2), Source.IMPORTED)]


class MemoryDividends:
    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        assert period is Period.DAY_1
        return [DIVIDENDS if each == "600519.SH" else None for each in symbols]


class MemoryShelf:
    """Custom sectors that live as long as the test."""

    def load(self) -> Sequence[CustomSector]:
        return ()

    def replace(self, name: str | None, sector: CustomSector | None) -> None:
        del name, sector


class StillClock:
    """The simulated terminal's clock, at NOW."""

    def moment(self) -> Moment:
        return Moment("e1", NOW.date(), int(NOW.timestamp() * 1000))

    def wait(self, step_ms: int) -> float:
        return step_ms / 1000


class MemoryCatalog(SimCatalog):
    """The simulated lists, with what real terminals alone tell."""

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        tags = request.tags or ("GE_EXTRA_STOCK", "GE_SH")
        return [InstrumentTags(each, tags, Source.TERMINAL) for each in request.symbols]

    async def terminal_subscriptions(self) -> Sequence[TerminalSubscription]:
        return [
            TerminalSubscription("10.0.0.1:1", "600519.SH", "600519.SH", Period.MIN_1, 3_001, 6),
            TerminalSubscription("10.0.0.1:2", "rb2405.SF", None, None, 3_000, 0),
        ]


def simulated_lists() -> SimCatalog:
    days = weekdays(date(2014, 1, 1), date(2024, 12, 31))
    calendar = TradingCalendar(days, first=date(2014, 1, 1), last=date(2024, 12, 31), source="test")
    paths = Paths(SimWorld(1, calendar, date(2023, 2, 1), NoListings()))
    return MemoryCatalog(StillClock(), Inline(), paths)


class MemoryFinancials:
    async def financials(self, request: FinancialRequest) -> Sequence[CompanyFinancials | None]:
        return [
            self._company(each, request) if each in SYMBOLS else None for each in request.symbols
        ]

    def _company(self, symbol: str, request: FinancialRequest) -> CompanyFinancials:
        reports: dict[Statement, tuple[FinancialReport, ...]] = {}
        for statement, names in request.fields.items():
            values = {name: float(index) for index, name in enumerate(names)}
            texts = {name: "甲" for name in names if name.endswith(("name", "type", "nature"))}
            row = FinancialReport(symbol, statement, date(2023, 12, 31), date(2024, 3, 1),
                                  Source.IMPORTED, {**values, **texts})  # fmt: skip
            texted = {k: v for k, v in row.values.items() if k != "change_reason"}
            reports[statement] = (replace(row, values=texted),)
        return CompanyFinancials(symbol, reports)

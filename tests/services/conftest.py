"""Bars over a real store: an inner market that knows little, and the chain as it is assembled."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pytest

from quantgraph.config import CalendarConfig, LimitsConfig
from quantgraph.domain.bars import BAR_FIELDS, BarColumns, BarSeries, Coverage
from quantgraph.domain.calendar import starts_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import unknown_symbol
from quantgraph.domain.financials.tables import CompanyFinancials
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.sectors import IndexWeight, Sector, group_by_member
from quantgraph.domain.sources import Source
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.calendar import load_calendar
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.derived import DerivedBars
from quantgraph.services.limited import LimitedBars
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.workers import Workers
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

KNOWN = ("300750.SZ", "600036.SH", "600519.SH")


class FixedClock:
    def now(self):
        return datetime(2024, 8, 21, 2, 0, tzinfo=UTC)


def instrument(symbol, name):
    return Instrument(symbol, name, *classify(symbol), None, None, None, False, Source.SIMULATED)


class SmallMarket:
    """A market of three symbols and ten equal days, which counts how it is asked."""

    def __init__(self):
        self.asked = []

    async def bars(self, request):
        self.asked.append(request)
        days = starts_of([date(2023, 2, day) for day in (1, 2, 3, 6, 7, 8, 9, 10, 13, 14)])
        answers = []
        for symbol in request.symbols:
            if symbol not in KNOWN:
                answers.append(unknown_symbol(symbol))
                continue
            values = {
                name: days if name == "time" else np.ones(10, BAR_FIELDS[name].dtype)
                for name in request.fields
            }
            coverage = Coverage(int(days[0]), int(days[-1]), complete=True, missing=0)
            columns = BarColumns(10, values)
            answers.append(
                BarSeries(
                    symbol, request.period, request.adjustment, Source.SIMULATED, columns, coverage
                )
            )
        return answers

    async def dividends(self, symbols, period):
        event = Dividend("300750.SZ", date(2023, 2, 3), 2.0, 0.0, 1.0, 0.0, 0.0, 0.0)
        return [[event] if symbol == "300750.SZ" else [] for symbol in symbols]

    async def instruments(self, symbols):
        return [
            instrument(symbol, f"名{symbol[:3]}") if symbol in KNOWN else None for symbol in symbols
        ]

    async def search(self, search, first, after):
        found = [
            symbol
            for symbol in KNOWN
            if symbol > (after or "")
            and symbol.startswith(search.text or "")
            and search.admits(instrument(symbol, ""))
        ]
        return [instrument(symbol, f"名{symbol[:3]}") for symbol in found[:first]], len(
            found
        ) > first

    async def sectors(self):
        return [Sector("银行", None, ("600036.SH",), Source.SIMULATED)]

    async def sector(self, name, day=None):
        del day
        return next((one for one in await self.sectors() if one.name == name), None)

    async def sectors_of(self, symbols):
        return group_by_member(await self.sectors(), symbols)

    async def weights(self, index_symbol, day=None):
        del day
        return [IndexWeight(index_symbol, "600036.SH", 100.0, date(2023, 2, 1), Source.SIMULATED)]

    async def financials(self, request):
        empty = dict.fromkeys(request.fields, ())
        return [
            CompanyFinancials(symbol, empty) if symbol in KNOWN else None
            for symbol in request.symbols
        ]


@dataclass
class Chain:
    """Every layer of the bars, and what lies below."""

    store: MarketStore
    inner: SmallMarket
    recorded: Recorded
    adjusted: AdjustedBars
    derived: DerivedBars
    limited: LimitedBars
    workers: Workers


@pytest.fixture(scope="session")
def calendar(tmp_path_factory):
    return load_calendar(CalendarConfig(), tmp_path_factory.mktemp("calendar"))


def build(store, calendar, workers, limits=None):
    inner = SmallMarket()
    judge = CoverageJudge(calendar, FixedClock())
    recorded = Recorded(store, InnerMarket(inner, inner, inner, inner), workers, judge)
    adjusted = AdjustedBars(recorded, recorded, workers)
    derived = DerivedBars(adjusted, workers)
    limited = LimitedBars(derived, limits or LimitsConfig(), calendar)
    return Chain(store, inner, recorded, adjusted, derived, limited, workers)


@pytest.fixture
def workers():
    workers = Workers(2, 64)
    yield workers
    workers.close()


@pytest.fixture
def chain(tmp_path, calendar, workers):
    """The chain over an empty store."""
    store = MarketStore(tmp_path / "data")
    yield build(store, calendar, workers)
    store.close()


@pytest.fixture
def load(chain, calendar, tmp_path):
    """Write a text to a file and import it."""

    def run(kind, text, **options):
        file = tmp_path / "file.csv"
        file.write_text(text)
        report = Importer(chain.store, calendar, FixedClock()).import_files(
            ImportKind(kind), [file], ImportOptions(**options)
        )
        assert not report.failures

    return run


@pytest.fixture(scope="session")
def market(shared, calendar, tmp_path_factory):
    """A store of all shared bars and trades."""
    store = MarketStore(tmp_path_factory.mktemp("market"))
    importer = Importer(store, calendar, FixedClock())
    for kind, pattern, options in (
        (ImportKind.BARS, "daily/baostock_*.csv", ImportOptions()),
        (ImportKind.BARS, "daily/tushare_unadj_*.csv", ImportOptions(layout="tushare-daily")),
        (ImportKind.BARS, "daily/wondertrader_*.csv", ImportOptions()),
        (ImportKind.BARS, "minute/*", ImportOptions()),
        (ImportKind.TRADES, "l2/*_trade.csv.gz", ImportOptions()),
    ):
        assert not importer.import_files(kind, sorted(shared.glob(pattern)), options).failures
    yield store
    store.close()


@pytest.fixture
def full(market, calendar, workers):
    """The chain over all shared bars."""
    market.counter.reset()
    return build(market, calendar, workers)

"""The trading calendar, an empty store, and one that holds every shared market file."""

from datetime import UTC, datetime

import pytest

from quantgraph.config import CalendarConfig
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

# kind, files below the shared folder, options: how each of them is imported
FILES = (
    (ImportKind.BARS, "daily/baostock_*.csv", {}),
    (ImportKind.BARS, "daily/tushare_unadj_*.csv", {"layout": "tushare-daily"}),
    (ImportKind.BARS, "daily/wondertrader_*.csv", {}),
    (ImportKind.BARS, "minute/*", {}),
    (ImportKind.TRADES, "l2/*_trade.csv.gz", {}),
    (ImportKind.QUOTES, "l2/*_snapshot.csv.gz", {}),
    (ImportKind.INSTRUMENTS, "instruments/*", {}),
    (ImportKind.SECTORS, "sector/*.csv", {}),
    (ImportKind.WEIGHTS, "index/*.xls", {}),
    (ImportKind.FINANCIALS, "financial/*", {}),
)


class FixedClock:
    def now(self):
        return datetime(2024, 8, 21, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def calendar(tmp_path_factory):
    return load_calendar(CalendarConfig(), tmp_path_factory.mktemp("calendar"))


@pytest.fixture
def store(tmp_path):
    store = MarketStore(tmp_path / "data", memory=128_000_000)
    yield store
    store.close()


@pytest.fixture
def importer(store, calendar):
    return Importer(store, calendar, FixedClock())


@pytest.fixture
def load(importer, tmp_path):
    """Write a text to a file and import it; the report of that file."""

    def run(kind, text, name="file.csv", **options):
        file = tmp_path / name
        file.write_text(text) if isinstance(text, str) else file.write_bytes(text)
        return importer.import_files(ImportKind(kind), [file], ImportOptions(**options)).files[0]

    return run


@pytest.fixture(scope="session")
def held(shared, calendar, tmp_path_factory):
    """Every shared market file in one store, to be read only; with the reports of the imports."""
    store = MarketStore(tmp_path_factory.mktemp("held"), memory=128_000_000)
    importer = Importer(store, calendar, FixedClock())
    reports = {}
    for kind, pattern, options in FILES:
        files = sorted(shared.glob(pattern))
        report = importer.import_files(kind, files, ImportOptions(**options))
        assert not report.failures
        for file in report.files:
            reports.update(dict.fromkeys((path.name for path in file.files), file.outcome))
    yield store, reports
    store.close()

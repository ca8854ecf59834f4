"""What the simulated half of the gateway makes of the imported half."""

from contextlib import asynccontextmanager
from datetime import date, time
from pathlib import Path

import pytest

from api.assembly import open_assembly
from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarRequest, Period, window
from quantgraph.domain.calendar import at, day_of
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.reasons import Reason
from quantgraph.loading import load_config
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

ROOT = Path(__file__).parents[2]
CALENDAR = load_calendar(CalendarConfig(), ROOT)


@pytest.fixture
def assembled(tmp_path, monkeypatch):
    """Assemble a gateway over the test's own data folder."""
    monkeypatch.delenv("APP_MODE", raising=False)

    @asynccontextmanager
    async def run(**sections):
        settings = {"data_dir": str(tmp_path), **sections}
        async with open_assembly(load_config(ROOT / "config.toml", settings)) as assembly:
            yield assembly

    return run


@pytest.fixture
def load(tmp_path):
    """Import a file or a text as another process would: through a store of its own."""

    def run(kind, source, layout=None):
        file = source
        if isinstance(source, str):
            file = tmp_path / "import.csv"
            file.write_text(source)
        store = MarketStore(tmp_path / "mock")
        try:
            importer = Importer(store, CALENDAR, SystemClock())
            options = ImportOptions(layout=layout)
            report = importer.import_files(ImportKind(kind), [file], options)
            assert not report.failures
        finally:
            store.close()

    return run


async def read(assembly, symbol, period, bounds):
    request = BarRequest((symbol,), period, bounds)
    return (await assembly.gateway.bars.bars(request))[0].columns.values


async def test_minutes_made_inside_an_ex_day_begin_at_the_reference_price(assembled, load, shared):
    """Four shares became 5.6 on 2022-06-06: the close before was 79.98."""
    load("bars", shared / "daily/baostock_unadj_601012.csv")
    day = date(2022, 6, 6)
    async with assembled() as assembly:
        rows = await read(assembly, "601012.SH", Period.MIN_1, window(day, day))
    assert rows["time"][0] == at(day, time(9, 30))
    assert rows["previous_close"][0] == 56.94
    assert rows["previous_close"][1] == rows["close"][0]


BAR = "symbol,date,open,high,low,close\n{symbol},{day},9,9,9,9\n"
MINUTE = "symbol,time,open,high,low,close\n600519.SH,2024-03-01 09:30:00,9,9,9,9\n"


async def test_an_import_while_serving_is_followed_by_quotes_and_told_of(assembled, load):
    async with assembled() as assembly:
        gateway = assembly.gateway
        assert (await gateway.system.info()).data.startswith("simulated")
        before = (await gateway.quotes.quotes(["600036.SH"]))[0]
        load("bars", BAR.format(symbol="600036.SH", day="2023-01-31"))
        after = (await gateway.quotes.quotes(["600036.SH"]))[0]
        assert before.previous_close != after.previous_close == 9.0
        assert (await gateway.system.info()).data.startswith("imported daily bars of 1 symbols")
        rows = await read(assembly, "600036.SH", Period.DAY_1, window(last=5))
        assert rows["close"].tolist() == [9.0]


async def test_a_new_name_is_known_as_soon_as_its_import_is_done(assembled, load):
    names = "symbol,name\n{symbol},{name}\n"
    async with assembled() as assembly:
        reference, quotes = assembly.gateway.reference, assembly.gateway.quotes
        for _ in range(2):
            assert await reference.instruments(["000404.SZ"]) == [None]
            assert (await quotes.quotes(["000404.SZ"]))[0].reason is Reason.UNKNOWN_SYMBOL
        for name in ("长虹华意", "别名"):
            load("instruments", names.format(symbol="000404.SZ", name=name))
            assert (await quotes.quotes(["000404.SZ"]))[0].last_price > 0
            assert (await reference.instruments(["000404.SZ"]))[0].name == name


async def test_an_import_later_than_the_clock_is_history_and_moves_it_at_the_next_start(
    assembled, load
):
    async with assembled() as assembly:
        load("bars", BAR.format(symbol="600036.SH", day="2023-06-01"))
        rows = await read(assembly, "600036.SH", Period.DAY_1, window(last=5))
        assert rows["close"].tolist() == [9.0]
        quote = (await assembly.gateway.quotes.quotes(["600036.SH"]))[0]
        assert quote.previous_close != 9.0
        assert day_of(quote.time) == date(2023, 2, 1)
    async with assembled() as assembly:
        info = await assembly.gateway.system.info()
        assert info.clock.trading_day == date(2023, 6, 2)


async def test_minutes_alone_move_the_clock_as_well(assembled, load):
    load("bars", MINUTE)
    async with assembled() as assembly:
        info = await assembly.gateway.system.info()
        assert info.clock.trading_day == date(2024, 3, 4)


@pytest.mark.parametrize("newest", ["2026-12-29", "2026-12-30", "2026-12-31"])
async def test_where_the_calendar_ends_the_clock_starts_on_its_last_whole_day(
    assembled, load, newest
):
    load("bars", BAR.format(symbol="600036.SH", day=newest))
    async with assembled() as assembly:
        info = await assembly.gateway.system.info()
        assert info.clock.trading_day == date(2026, 12, 30)
        assert ("calendar.covered_until" in info.data) is (newest > "2026-12-29")
        assert info.data == assembly.data
        assert (await assembly.gateway.quotes.quotes(["600036.SH"]))[0].last_price


@pytest.mark.parametrize(("megabytes", "again"), [(0, True), (128, False)])
async def test_columns_are_kept_unpacked_as_the_config_says(assembled, load, megabytes, again):
    load("bars", "symbol,date,open,high,low,close\n600519.SH,2023-02-01,10,10,10,10\n")
    request = BarRequest(("600519.SH",), Period.DAY_1, window(None, None))
    async with assembled(cache={"columns_mb": megabytes}) as assembly:
        assembly.store.read_bars(request)
        assembly.store.counter.reset()
        assembly.store.read_bars(request)
        assert (assembly.store.counter.loaded > 0) is again

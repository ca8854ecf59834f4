"""What the simulated half of the gateway makes of the imported half."""

from contextlib import asynccontextmanager
from datetime import date, time
from pathlib import Path

import pytest

from api.assembly import open_assembly
from quantgraph.config import CalendarConfig, load_config
from quantgraph.domain.bars import BarRequest, Period, window
from quantgraph.domain.calendar import at
from quantgraph.domain.clock import SystemClock
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

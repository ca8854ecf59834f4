"""An import that is killed loses at most the file in flight, and corrupts nothing."""

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.store.market import MarketStore

ROOT = Path(__file__).parents[2]
# The child imports one file after the other and stops dead at a given step of a given file.
CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from quantgraph.config import CalendarConfig
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

folder, victim, step, *files = sys.argv[1:]

class Clock:
    def now(self):
        return datetime(2024, 8, 21, tzinfo=UTC)

def watch(progress):
    if progress.file.name == victim and progress.done >= int(step):
        os.kill(os.getpid(), signal.SIGKILL)

store = MarketStore(Path(folder))
importer = Importer(store, load_calendar(CalendarConfig(), Path(folder)), Clock())
importer.import_files(ImportKind.BARS, [Path(f) for f in files], on_progress=watch)
"""


def write_file(path, symbols, days):
    rows = [
        f"{symbol},{day},10,10.2,9.9,10.1,1000,10000" for symbol in symbols for day in days.tolist()
    ]
    path.write_text("symbol,date,open,high,low,close,volume,amount\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_kill_9_in_the_middle_of_an_import_loses_only_that_file(tmp_path, calendar, share):
    days = calendar.between(date(2020, 1, 2), date(2020, 12, 31))
    symbols = [f"60{place:04d}.SH" for place in range(10)]
    first = write_file(tmp_path / "first.csv", symbols, days[:100])
    second = write_file(tmp_path / "second.csv", symbols, days[100:])
    step = int(share * len(symbols) * len(days[100:]))
    child = [sys.executable, "-c", CHILD, tmp_path / "data", second.name, str(step), first, second]
    killed = subprocess.run(
        child, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL

    store = MarketStore(tmp_path / "data")
    assert store.verify() == []
    held = store.read_bars(
        BarRequest(tuple(symbols), Period.DAY_1, Window(start=0), fields=("time",))
    )
    assert [one.columns.length for one in held] == [100] * 10
    assert {one.last for one in held} == {day_start(days[99].astype(object))}
    # and the store goes on taking imports
    again = [sys.executable, "-c", CHILD, tmp_path / "data", "none", "0", second]
    subprocess.run(again, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    assert store.newest_daily() == date(2020, 12, 31)
    store.close()

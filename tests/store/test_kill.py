"""`quantgraph import`, killed at any moment: files are held whole or not at all, and none is lost.

QUANTGRAPH_KILLS sets how often it is killed; a few times by default.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.store.market import MarketStore

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("QUANTGRAPH_KILLS", "3"))
FILES, SYMBOLS, DAYS = 10, 30, 40


@pytest.fixture(scope="module")
def files(calendar, tmp_path_factory):
    """Files that follow each other in time, so that each rewrites the chunks of the one before."""
    folder = tmp_path_factory.mktemp("files")
    days = calendar.between(date(2019, 1, 2), date(2021, 6, 30))[: FILES * DAYS].tolist()
    made = []
    for place in range(FILES):
        rows = [
            f"{600_000 + symbol}.SH,{day},10,10.2,9.9,{10 + place / 100},100,1000"
            for symbol in range(SYMBOLS)
            for day in days[place * DAYS : (place + 1) * DAYS]
        ]
        made.append(folder / f"{place:02}.csv")
        made[-1].write_text("symbol,date,open,high,low,close,volume,amount\n" + "\n".join(rows))
    return made


def start(folder, files):
    command = [sys.executable, "-m", "quantgraph", "import", "bars", *map(str, files)]
    return subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"APP_MODE": "mock"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def held_files(folder):
    """How many files are held, each of them whole; the store sound to the last byte."""
    store = MarketStore(folder / "mock")
    try:
        assert store.verify() == []
        with contextlib.closing(sqlite3.connect(store.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            imports = connection.execute("SELECT file FROM imports ORDER BY id").fetchall()
        names = tuple(f"{600_000 + symbol}.SH" for symbol in range(SYMBOLS))
        request = BarRequest(names, Period.DAY_1, Window(start=0), fields=("time", "close"))
        lengths = {0 if held is None else held.columns.length for held in store.read_bars(request)}
        [length] = lengths  # every symbol holds the same files
        whole, rest = divmod(length, DAYS)
        assert rest == 0
        assert [name for (name,) in imports] == [f"{place:02}.csv" for place in range(whole)]
        for held in store.read_bars(request) if whole else ():
            expected = np.repeat(10 + np.arange(whole) / 100, DAYS)
            assert held.columns.values["close"].tolist() == expected.tolist()
        return whole
    finally:
        store.close()


@pytest.fixture(scope="module")
def seconds(files, tmp_path_factory):
    """When an import that is left alone begins to write, and when it ends."""
    folder = tmp_path_factory.mktemp("alone")
    began = time.perf_counter()
    process = start(folder, files)
    store = folder / "mock" / "market.sqlite"
    while not store.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        assert process.poll() is None
    first = time.perf_counter() - began
    assert process.wait() == 0
    assert held_files(folder) == FILES
    return first, time.perf_counter() - began


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_import_keeps_whole_files_and_can_be_done_again(tmp_path, files, seconds, seed):
    first, last = seconds
    process = start(tmp_path, files)
    try:
        process.wait(timeout=random.Random(seed).uniform(first, last))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    code = process.wait()
    whole = held_files(tmp_path)
    # an import tells of a file once it is committed: what was told is held
    assert whole == FILES or code == -signal.SIGKILL
    again = start(tmp_path, files)
    assert again.wait() == 0
    assert held_files(tmp_path) == FILES

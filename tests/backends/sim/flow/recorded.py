"""The recorded day of 600519, 2023-02-01, as the importer stores it."""

from datetime import UTC, date, datetime

import numpy as np

from quantgraph.backends.sim.flow.recording import TRADE_COLUMNS, read_recording, snapshot_columns
from quantgraph.config import CalendarConfig
from quantgraph.domain.instruments import Board, InstrumentKind, Market, Segment
from quantgraph.domain.rules.sessions import list_phases
from quantgraph.domain.ticks import TickColumns, TickKind, TickRequest
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

SYMBOL, DAY = "600519.SH", date(2023, 2, 1)
PHASES = list_phases(Segment(Market.SH, InstrumentKind.STOCK, Board.MAIN), DAY)
VOLUME, AMOUNT = 3_397_389, 624_467_892_461
OPEN, HIGH, LOW, CLOSE = 185_498, 185_900, 181_140, 184_497


class FixedClock:
    def now(self):
        return datetime(2024, 8, 21, 2, 0, tzinfo=UTC)


def open_store(shared, folder):
    """A store that holds the day's displays and deals."""
    store = MarketStore(folder)
    importer = Importer(store, load_calendar(CalendarConfig(), folder), FixedClock())
    for kind, name in ((ImportKind.QUOTES, "snapshot"), (ImportKind.TRADES, "trade")):
        files = sorted(shared.glob(f"l2/600519_20230201_{name}.csv.gz"))
        assert not importer.import_files(kind, files, ImportOptions()).failures
    return store


def read_ticks(store, kind, columns):
    return store.read_ticks(TickRequest(SYMBOL, kind, None, None, columns, 1_000_000))


def read_day(store, kind=TickKind.LEVEL2_QUOTE, *, deals=True):
    """The recording, in hundredths of a yuan; without `deals` as if none had been recorded."""
    shots = read_ticks(store, kind, snapshot_columns(kind))
    trades = read_ticks(store, TickKind.TRADE, TRADE_COLUMNS) if deals else None
    return read_recording(shots, trades, 100)


def make_shots(kind, rows, start=0):
    """A recording of displays from rows of (ms after `start`, columns)."""
    names = snapshot_columns(kind)
    values, valid = {}, {}
    for name in names:
        cells = [row.get(name) for _, row in rows]
        values[name] = np.array([cell or 0 for cell in cells], np.float64)
        valid[name] = np.array([cell is not None for cell in cells], np.bool_)
    values["time"] = np.array([start + ms for ms, _ in rows], np.int64)
    del valid["time"]
    return TickColumns(SYMBOL, kind, None, len(rows), values, valid)

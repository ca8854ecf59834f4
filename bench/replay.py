"""How much faster than time a recorded day goes, with orders of ours waiting in it.

    uv run python -m bench.replay [--runs 3] [--data ../shared/data]

The level-2 day of 600519, 2023-02-01: all of its displays and deals through one order book, one
core. Writes its table into docs/performance.md.
"""

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from api.replays import StoreRecordings
from bench.report import write_table
from quantgraph.backends.sim.core.events import Command, Enter, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.recording import Recording
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.config import CalendarConfig
from quantgraph.domain.instruments import Board, InstrumentKind, Market, Segment
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase, list_phases
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

SYMBOL, DAY = "600519.SH", date(2023, 2, 1)
PHASES = list_phases(Segment(Market.SH, InstrumentKind.STOCK, Board.MAIN), DAY)
TRADING_S = 4 * 3_600
NEEDED = 1_000


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def read_recording(data: Path) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        store = MarketStore(Path(folder))
        importer = Importer(store, load_calendar(CalendarConfig(), Path(folder)), _Now())
        for kind, name in ((ImportKind.QUOTES, "snapshot"), (ImportKind.TRADES, "trade")):
            files = sorted(data.glob(f"l2/600519_20230201_{name}.csv.gz"))
            if not files:
                raise SystemExit(f"There is no recorded day below {data}; see --data.")
            importer.import_files(kind, files, ImportOptions())
        found = StoreRecordings(store, {SYMBOL: DAY}).read(SYMBOL, DAY, 100)
        store.close()
    assert found is not None
    return found


def resting(count: int) -> Iterator[Command]:
    """Orders of ours around the first price: the nearest trade within minutes, the rest wait."""
    for number in range(count):
        side = Side.BUY if number % 2 else Side.SELL
        away = 200 + 60 * number
        limit = 185_000 - away if side is Side.BUY else 185_000 + away
        yield Enter(number + 1, side, 100, limit=min(max(limit, 166_118), 203_034))


def run(recording: Recording, orders: int) -> tuple[float, int]:
    """Seconds for a whole day from the recording on, and the commands that the book took."""
    begun = time.perf_counter()
    frames = ReplayFrames(recording, PHASES)
    venue, shadow = Venue(Terms(Market.SH, 184_576, (166_118, 203_034))), Shadow()
    turns = sorted({(span.start, span.phase) for span in PHASES} | {(PHASES[-1].end, Phase.CLOSED)})
    placed = False
    for frame in frames.between(PHASES[0].start - 1, PHASES[-1].end):
        while turns and turns[0][0] <= frame.at:
            venue.apply(Turn(turns.pop(0)[1]))
        for command in shadow.feed(frame, venue.phase):
            venue.apply(command)
        if not placed and venue.phase is Phase.CONTINUOUS:
            placed = True
            for order in resting(orders):
                venue.apply(order)
    return time.perf_counter() - begun, venue.fingerprint()[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    recording = read_recording(asked.data)
    where = f"CPython {platform.python_version()}, {platform.machine()}"
    lines = [
        f"A recorded level-2 day through one order book, median of {asked.runs} runs; {where}.",
        "",
        f"| orders of ours | commands | simulated seconds per second | of ×{NEEDED:,} |",
        "|---:|---:|---:|---:|",
    ]
    for orders in (0, 10, 100):
        runs = [run(recording, orders) for _ in range(asked.runs)]
        speed = TRADING_S / statistics.median(seconds for seconds, _ in runs)
        row = f"| {orders} | {runs[0][1]:,} | {speed:,.0f} | {speed / NEEDED:.1f} |"
        print(row)
        lines.append(row)
    write_table("replay", "\n".join(lines))


if __name__ == "__main__":
    main()

"""A real store that a test imports texts into, and a gateway that answers from it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from quantgraph.config import CalendarConfig
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.calendar import load_calendar
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.derived import DerivedBars
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.workers import Workers
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore
from tests.grpc_bridge.memory.system import LIMITS, MarketClock
from tests.grpc_bridge.world import World


class Folder:
    """A store, and texts imported into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MarketStore(folder / "data")
        self.calendar: TradingCalendar = load_calendar(CalendarConfig(), folder)

    def load(self, kind: str, text: str) -> None:
        file = self.folder / "file.csv"
        file.write_text(text)
        importer = Importer(self.store, self.calendar, MarketClock())
        assert not importer.import_files(ImportKind(kind), [file]).failures

    def gateway(self, workers: Workers) -> Gateway:
        """Return a gateway that answers from the store, thirty days to a request."""
        nobody: Any = None
        judge = CoverageJudge(self.calendar, MarketClock())
        inner = InnerMarket(nobody, nobody, nobody, nobody)
        recorded = Recorded(self.store, inner, workers, judge)
        adjusted = AdjustedBars(recorded, recorded, workers)
        return replace(
            World().gateway,
            bars=DerivedBars(adjusted, workers),
            calendar=self.calendar,
            limits=replace(LIMITS, bar_rows=31),
        )

"""On which day a simulated world begins, and which recorded days it lives again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from api.imported import choose_start
from quantgraph.backends.sim.flow.recording import (
    TRADE_COLUMNS,
    Recording,
    read_recording,
    snapshot_columns,
)
from quantgraph.backends.sim.flow.stored import STORED_FIELDS
from quantgraph.backends.sim.laps import latest_start
from quantgraph.config import MockConfig
from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import DAY_MS, TradingCalendar, day_start
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.shelf import MarketShelf
from quantgraph.domain.ticks import TickColumns, TickKind, TickRequest
from quantgraph.services.curtain import CurtainedShelf, View
from quantgraph.store.market import MarketStore

# More rows than any day of a symbol has.
_EVERY = 100_000_000


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """The first day, what is said about it, and until which day each symbol is replayed.

    A symbol is replayed from the first day on, as long as no recorded trading day is missing.
    `behind`: something held is of the first day or later, and must not be told before its time.
    """

    start: date
    note: str = ""
    replayed: Mapping[str, date] = field(default_factory=dict[str, date])
    behind: bool = False

    def recordings(self, store: MarketStore) -> "StoreRecordings":
        """Return the recorded days as the simulated market reads them."""
        return StoreRecordings(store, self.replayed)

    def shelf(self, store: MarketStore, clock: Clock) -> MarketShelf:
        """Return the store as the world may see it."""
        if not self.behind:
            return store
        return CurtainedShelf(store, View(clock, self.start, self.replayed.get))


def plan_world(config: MockConfig, store: MarketStore, calendar: TradingCalendar) -> WorldPlan:
    """Return how mock mode begins.

    Raises StartupError CONFIG_INVALID where `mock.start` lies outside of the trading calendar.
    """
    replays = config.liquidity == "replay"
    shown: Mapping[str, Sequence[date]] = store.recorded_days() if replays else {}
    bars: Mapping[str, Sequence[date]] = store.minute_days() if replays else {}
    recorded = shown or bars
    newest = store.newest_day()
    if config.start is not None:
        start, note = _asked(config.start, calendar), ""
    elif recorded:
        start, note = _asked(min(days[0] for days in recorded.values()), calendar), ""
    else:
        start, note = choose_start(newest, calendar)
    if replays and not recorded:
        note += "; neither quotes nor minutes are held, so nothing is replayed"
    runs = {
        symbol: _run({*shown.get(symbol, ()), *bars.get(symbol, ())}, start, calendar)
        for symbol in {**shown, **bars}
    }
    replayed = {symbol: until for symbol, until in runs.items() if until is not None}
    if replayed:
        note += f"; {len(replayed)} symbols are replayed from {start} on"
    return WorldPlan(start, note, replayed, newest is not None and newest >= start)


def _asked(start: date, calendar: TradingCalendar) -> date:
    latest = latest_start(calendar)
    if calendar.first <= start <= latest:
        return start if calendar.is_session(start) else calendar.next_session(start)
    text = (
        f"mock.start is {start}; expected a day from {calendar.first} to {latest}, which the "
        "trading calendar covers."
    )
    raise StartupError(Reason.CONFIG_INVALID, text, key="mock.start")


def _run(days: Collection[date], start: date, calendar: TradingCalendar) -> date | None:
    """Return the last of the recorded trading days that follow each other from the start on."""
    last, day = None, start
    while day in days:
        last, day = day, calendar.next_session(day)
    return last


class StoreRecordings:
    """Implements `sim.recordings.Recordings`: level 2 where it is held, else five levels."""

    def __init__(self, store: MarketStore, replayed: Mapping[str, date]) -> None:
        """Read from `store` until the last replayed day of each symbol."""
        self._store = store
        self._replayed = replayed

    def until(self, symbol: str) -> date | None:
        """Return the last day that a symbol is replayed on, None if it is not; never blocks."""
        return self._replayed.get(symbol)

    def read(self, symbol: str, day: date, scale: int) -> Recording | None:
        """Return a day in ticks of 1/`scale` yuan, None where nothing is displayed: blocking."""
        for kind in (TickKind.LEVEL2_QUOTE, TickKind.SNAPSHOT):
            shots = self._ticks((symbol, kind), day, snapshot_columns(kind))
            if shots is not None and shots.length:
                trades = self._ticks((symbol, TickKind.TRADE), day, TRADE_COLUMNS)
                return read_recording(shots, trades, scale)
        return None

    def minutes(self, symbol: str, day: date) -> tuple[BarColumns, float | None] | None:
        """Return a day's minute bars, and the close before it where a daily bar tells it."""
        window = Window(day_start(day), day_start(day) + DAY_MS - 1)
        held = self._bars(BarRequest((symbol,), Period.MIN_1, window, fields=STORED_FIELDS))
        if held is None:
            return None
        return held, self._reference(symbol, day)

    def _reference(self, symbol: str, day: date) -> float | None:
        daily = self._store.daily_bars(symbol, day, day)
        if daily is None or not daily.length:
            return None
        missing = daily.missing("previous_close")
        told = missing is None or not missing[0]
        return float(daily.values["previous_close"][0]) if told else None

    def _bars(self, request: BarRequest) -> BarColumns | None:
        held = self._store.read_bars(request)[0]
        if isinstance(held, GatewayError):
            raise held
        return None if held is None or not held.columns.length else held.columns

    def _ticks(
        self, series: tuple[str, TickKind], day: date, columns: tuple[str, ...]
    ) -> TickColumns | None:
        start = day_start(day)
        request = TickRequest(*series, start, start + DAY_MS - 1, columns, _EVERY)
        return self._store.read_ticks(request)

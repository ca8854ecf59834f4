"""Quotes of the simulated market at any instant, the same whoever asks."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from quantgraph.backends.sim.calling import Scene, indicate, show
from quantgraph.backends.sim.cutter import Tapes
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.depth import Display, Ladder, Limits, Rung
from quantgraph.backends.sim.flow.generated import GeneratedFrames
from quantgraph.backends.sim.forming import generated
from quantgraph.backends.sim.hours import day_instant
from quantgraph.backends.sim.live import displayed, printed, screens_on
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.program import program
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.streams import stream_key
from quantgraph.backends.sim.tape import Print
from quantgraph.domain.bars import Period
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.live_bars import FormingBar
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.rules.bands import price_band
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import DEPTH

# What a quote is made of: a path, the moment of the quote that stands, and a screen, if any.
_Asked: TypeAlias = tuple[Path, Moment, Screen | None]
_KEPT = 4_096
_NONE: Mapping[str, Screen] = {}


class Quoter:
    """Makes the quotes of a moment; between two steps of `interval_ms` they do not change.

    What they tell is what the screen has shown since it last changed, so a symbol that gets an
    order book is quoted as before.
    """

    def __init__(self, paths: Paths, interval_ms: int, levels: int = DEPTH) -> None:
        """Quote from the paths, every `interval_ms` of trading time, so many levels a side."""
        self._paths = paths
        self.levels = levels
        self._interval = interval_ms
        self._tapes = Tapes(paths.world.seed)
        self._scenes: Memo[tuple[Instrument, date, int, int], Scene] = Memo(_KEPT)
        self._newest: Memo[str, tuple[_Asked, Quote]] = Memo(_KEPT)

    def step(self, now: Moment) -> int:
        """Return the number of the quote that stands at the moment, within its day."""
        return now.running_ms // self._interval

    def read(
        self, symbols: Sequence[str], now: Moment, screens: Mapping[str, Screen] = _NONE
    ) -> Mapping[str, Quote]:
        """Return the quotes of those that exist, loading their paths: blocking."""
        return self.quote(self._paths.load(symbols, now.day), now, screens)

    def instant(self, now: Moment) -> Moment:
        """Return the moment of the quote that stands."""
        instant = day_instant(now.day, self.step(now) * self._interval)
        return Moment(now.epoch, now.day, instant)

    def quote(
        self, paths: Mapping[str, Path], now: Moment, screens: Mapping[str, Screen] = _NONE
    ) -> Mapping[str, Quote]:
        """Return the quotes of loaded paths: quick enough for the event loop.

        `screens` are of those among them that have an order book.
        """
        at = self.instant(now)
        live = screens_on(screens, at.day)
        found = {
            symbol: self._recall(symbol, (path, at, live.get(symbol)))
            for symbol, path in paths.items()
        }
        new = {symbol: paths[symbol] for symbol, quote in found.items() if quote is None}
        made: Mapping[str, Quote] = self._make(new, at, live) if new else {}
        return {symbol: quote or made[symbol] for symbol, quote in found.items()}

    def _recall(self, symbol: str, asked: _Asked) -> Quote | None:
        """Return the quote where it was made before; one order alone asks for it three times.

        Of a symbol that has an order book, while its screen displays the same.
        """
        known = self._newest.get(symbol)
        if known is None or known[0][0] is not asked[0] or known[0][1:] != asked[1:]:
            return None
        return known[1]

    def _make(
        self, paths: Mapping[str, Path], at: Moment, screens: Mapping[str, Screen]
    ) -> Mapping[str, Quote]:
        prints = self._tapes.prints(paths, at)
        made: dict[str, Quote] = {}
        for symbol, path in paths.items():
            state = prints.get(symbol)
            if state is None:
                quote = _silent(symbol, at)
            else:
                quote = self._quote(path, (state, screens.get(symbol)), at)
            asked = path, at, screens.get(symbol)
            made[symbol] = self._newest.put(symbol, (asked, quote))[1]
        return made

    def forming(self, path: Path, now: Moment, period: Period) -> FormingBar | None:
        """Return the bar under way (MIN_1 or DAY_1) as the quote that stands has it."""
        return generated(self._tapes, path, self.instant(now), period)

    def frames(self, path: Path, day: date) -> GeneratedFrames | None:
        """Return a symbol's day as frames, None where it has no bar on it: call it in a worker."""
        tape = self._tapes.day(path, day)
        if tape is None:
            return None
        scene = self._scene(path.instrument, day, (tape.previous, tape.usual), tape.scale)
        return GeneratedFrames(tape, self._tapes, scene)

    def _quote(self, path: Path, shown: tuple[Print, Screen | None], now: Moment) -> Quote:
        (state, screen), instrument = shown, path.instrument
        scripted = screen is not None and screen.scripted
        state, scale = printed(state, screen) if screen else state, state.scale
        book = displayed(screen, self.levels) if screen else self.book(instrument, state, now)
        return Quote(
            symbol=instrument.symbol,
            time=now.ms,
            last_price=state.last / scale if state.volume else None,
            open=state.open / scale if state.volume else None,
            high=state.high / scale if state.volume else None,
            low=state.low / scale if state.volume else None,
            previous_close=state.previous / scale,
            volume=state.volume,
            amount=state.amount,
            bids=_levels(book.bids, scale),
            asks=_levels(book.asks, scale),
            suspended=False,
            source=Source.SIMULATED if scripted else path.source(now.day),
            halted=screen is not None and screen.halted,
        )

    def book(self, instrument: Instrument, state: Print, at: Moment) -> Display:
        """Return the displayed levels at the moment of a quote, the best ones.

        While an auction collects orders that meet, it is one price on both sides.
        """
        usual = state.previous, state.usual
        key = (instrument, at.day, *usual)
        make = partial(self._scene, instrument, at.day, usual, state.scale)
        scene = self._scenes.fetch(key, make)
        book = indicate(show(state, scene, scene.program.shown(at.ms)))
        return Display(book.bids[: self.levels], book.asks[: self.levels])

    def _scene(
        self, instrument: Instrument, day: date, usual: tuple[int, int], scale: int
    ) -> Scene:
        """Return what decides the display of a day besides what trades.

        `usual`: the close before in ticks, and the shares of a usual second.
        """
        previous, shares = usual
        purpose = f"book/{day.toordinal()}"
        key = stream_key(self._paths.world.seed, instrument.symbol, purpose)
        limits = self._ask_band(instrument, day, previous, scale)
        ladder = Ladder(key, previous, shares, limits)
        return Scene(limits, program(instrument.segment, day), ladder, key)

    def _ask_band(
        self, instrument: Instrument, day: date, previous: int, scale: int
    ) -> Limits | None:
        close = Decimal(previous) / scale
        try:
            band = price_band(instrument, close, day, self._paths.world.calendar)
        except OrderRefused:
            return None  # no rule tells a band: prices move freely, and orders are refused
        return None if band is None else Limits(int(band.low * scale), int(band.high * scale))


def _levels(rungs: tuple[Rung, ...], scale: int) -> tuple[Level, ...]:
    return tuple(Level(rung.price / scale, rung.quantity) for rung in rungs)


def _silent(symbol: str, now: Moment) -> Quote:
    """Return the quote of a symbol that has no bar on the day."""
    return Quote(
        symbol=symbol,
        time=now.ms,
        last_price=None,
        open=None,
        high=None,
        low=None,
        previous_close=None,
        volume=0,
        amount=0.0,
        bids=(),
        asks=(),
        suspended=True,
        source=Source.SIMULATED,
    )

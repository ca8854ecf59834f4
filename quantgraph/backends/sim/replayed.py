"""A simulated market in which some symbols live recorded days again."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from decimal import Decimal

from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.forming import recorded
from quantgraph.backends.sim.hours import day_instant, day_length
from quantgraph.backends.sim.live import screens_on
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import World, price_scale
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.recordings import Recordings, Replays
from quantgraph.backends.sim.replayed_bars import ReplayedSeries
from quantgraph.backends.sim.replayed_quotes import make_quote, overlay
from quantgraph.backends.sim.securities import Source as Prices
from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.live_bars import FormingBar
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.streams import SourceState
from quantgraph.domain.ticks import DEPTH

# A pause or a jump of the clock is noticed after so many real seconds.
_LONGEST_WAIT_S = 0.25
_SHORTEST_WAIT_S = 0.01
Loaded = Mapping[str, ReplayFrames]


class ReplayedMarket(SimMarket):
    """A `SimMarket` whose recorded symbols show their recorded quotes and minutes, as REPLAY.

    Only up to the clock, on the days that are replayed; on all others, and all other symbols, the
    market is the generated one. A board of both is labelled SIMULATED.
    """

    def __init__(self, world: World, parts: MarketParts, recordings: Recordings) -> None:
        """Read nothing until it is asked for."""
        self.replays = Replays(recordings, world.calendar, world.start)
        super().__init__(replace(world, lived=self.replays.days), parts)
        self._parts = parts
        self._bars = ReplayedSeries(world.calendar, world.start)
        self._shown: int | None = None

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return finished bars; minutes of a symbol that is replayed today are recorded ones."""
        now = self._clock.moment()
        replayed = self._covered(request.symbols, now) if request.period is Period.MIN_1 else []
        if not replayed:
            return await super().bars(request)
        made = await self._run(self._minutes, replace(request, symbols=tuple(replayed)), now)
        others = tuple(symbol for symbol in request.symbols if symbol not in made)
        inner = await super().bars(replace(request, symbols=others)) if others else ()
        found = {**dict(zip(others, inner, strict=True)), **made}
        return [found[symbol] for symbol in request.symbols]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that exist, as columns."""
        now = self._clock.moment()
        days = await self._days(self._covered(symbols, now), now.day)
        board = await super().board(symbols, fields)
        return overlay(board, await self._quotes(days, now.day))

    async def forming(self, symbol: str, period: Period) -> FormingBar | None:
        """Return the bar under way; of a recorded day as it was recorded."""
        now = self._clock.moment()
        days = await self._days(self._covered([symbol], now), now.day)
        if symbol not in days:
            return await super().forming(symbol, period)
        return recorded(days[symbol], self._quoter.instant(now), period)

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote and every new one until closed. Errors: UNKNOWN_SYMBOL."""
        last: tuple[str, date, int] | None = None
        while True:
            now = self._clock.moment()
            if not self._covered([symbol], now):
                async with aclosing(super().follow(symbol)) as quotes:
                    async for quote in quotes:
                        yield quote
                        if self._covered([symbol], self._clock.moment()):
                            break  # a new epoch began: the recorded days come again
                continue
            mark = now.epoch, now.day, self._quoter.step(now)
            if mark != last:
                last = mark
                quote = (await self.quotes([symbol]))[0]
                if isinstance(quote, GatewayError):
                    raise quote
                self._shown = quote.time
                yield quote
            wait = self._clock.wait(self._parts.interval_ms)
            await asyncio.sleep(min(max(wait, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))

    def state(self) -> SourceState:
        """Return that the simulation runs, and its last quote."""
        state, shown = super().state(), self._shown
        if shown is None or (state.last_event_time or 0) >= shown:
            return state
        lag = max(self._clock.moment().ms - shown, 0)
        return SourceState(connected=True, last_event_time=shown, lag_ms=lag)

    async def source(self, symbol: str, day: date) -> Prices | None:
        """Return where the prices of a symbol's day come from; see `SimMarket`."""
        lived = self.replays.lives(symbol, day)
        frames = (await self._days([symbol], day)).get(symbol) if lived else None
        if frames is None:
            return await super().source(symbol, day)
        previous = await self._reference(symbol, day, frames)
        return None if previous is None else Prices(previous, frames, frames.so_far)

    async def _reference(self, symbol: str, day: date, frames: ReplayFrames) -> Decimal | None:
        """Return the close before the day, in yuan: the generated one where none was recorded."""
        if frames.previous is not None:
            return Decimal(frames.previous) / frames.scale
        generated = await super().source(symbol, day)
        return None if generated is None else generated.previous_close

    async def _newest(
        self, quoter: Quoter, symbols: Sequence[str]
    ) -> Sequence[Quote | GatewayError]:
        now = self._clock.moment()
        days = await self._days(self._covered(symbols, now), now.day)
        others = [symbol for symbol in symbols if symbol not in days]
        inner = await super()._newest(quoter, others) if others else ()
        found: dict[str, Quote | GatewayError] = dict(zip(others, inner, strict=True))
        found |= await self._quotes(days, now.day, quoter.levels)
        return [found[symbol] for symbol in symbols]

    def _covered(self, symbols: Sequence[str], now: Moment) -> list[str]:
        return [symbol for symbol in dict.fromkeys(symbols) if self.replays.lives(symbol, now.day)]

    async def _quotes(self, days: Loaded, day: date, levels: int = DEPTH) -> Mapping[str, Quote]:
        """Return the quotes of recorded days; of live symbols with our orders in them."""
        screens = await self._screens(list(days))
        # Read after the order books, but of the day that was asked for: it may just have ended.
        now = self._clock.moment()
        at = self._quoter.instant(now) if now.day == day else self._last(now.epoch, day)
        shown = screens_on(screens, day)
        return {
            s: make_quote(s, (frames, shown.get(s)), at.ms, levels) for s, frames in days.items()
        }

    def _last(self, epoch: str, day: date) -> Moment:
        return Moment(epoch, day, day_instant(day, day_length(day)))

    async def _days(self, symbols: Sequence[str], day: date) -> Loaded:
        """Return the recorded days of those that have one, read in a worker where need be."""
        ready = {symbol: self.replays.ready(symbol, day) for symbol in symbols}
        held = {symbol: found[0] for symbol, found in ready.items() if found is not None}
        new = [symbol for symbol, found in ready.items() if found is None]
        if new:
            held |= await self._run(self._load, new, day)
        return {symbol: frames for symbol, frames in held.items() if frames is not None}

    def _load(self, symbols: Sequence[str], day: date) -> dict[str, ReplayFrames | None]:
        known = self._paths.instruments(symbols, day)
        return {symbol: self._read(known[symbol], day) for symbol in symbols if symbol in known}

    def _read(self, instrument: Instrument, day: date) -> ReplayFrames | None:
        scale = price_scale(instrument)
        return self.replays.load(instrument.symbol, instrument.segment, day, scale)

    def _minutes(self, request: BarRequest, now: Moment) -> dict[str, BarSeries | GatewayError]:
        """Return the minutes of the replayed days so far: blocking."""
        found: dict[str, BarSeries | GatewayError] = {}
        known = self._paths.instruments(request.symbols, now.day)
        for symbol, instrument in known.items():
            days = {day: self._read(instrument, day) for day in self._bars.days(now.day)}
            held = {day: frames for day, frames in days.items() if frames is not None}
            found[symbol] = self._bars.series(instrument, held, (request, now))
        return found

"""A simulated market in which some symbols live recorded days again."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np

from quantgraph.backends.sim.clock import Moment
from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.flow.replay import ReplayFrames, Totals
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.paths import World, price_scale
from quantgraph.backends.sim.recordings import Recordings, Replays
from quantgraph.backends.sim.replayed_bars import ReplayedSeries
from quantgraph.backends.sim.securities import Source as Prices
from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.snapshots import DEPTH, QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState

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
        super().__init__(world, parts)
        self._parts = parts
        self.replays = Replays(recordings, world.start)
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

    async def source(self, symbol: str, day: date) -> Prices | None:
        """Return the recorded day where there is one: orders are matched against it."""
        now = self._clock.moment()
        frames = (await self._days(self._covered([symbol], now), now)).get(symbol)
        if frames is None or frames.previous is None or now.day != day:
            return await super().source(symbol, day)
        close = Decimal(frames.previous) / frames.scale
        return Prices(close, frames, lambda at: _tally(frames.totals(at)))

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol. Errors per symbol: UNKNOWN_SYMBOL."""
        now = self._clock.moment()
        days = await self._days(self._covered(symbols, now), now)
        others = [symbol for symbol in symbols if symbol not in days]
        inner = await super().quotes(others) if others else ()
        found: dict[str, Quote | GatewayError] = dict(zip(others, inner, strict=True))
        at = self._quoter.instant(now)
        found |= {symbol: make_quote(symbol, frames, at.ms) for symbol, frames in days.items()}
        return [found[symbol] for symbol in symbols]

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that exist, as columns."""
        now = self._clock.moment()
        days = await self._days(self._covered(symbols, now), now)
        board = await super().board(symbols, fields)
        at = self._quoter.instant(now)
        quotes = {symbol: make_quote(symbol, frames, at.ms) for symbol, frames in days.items()}
        return _overlaid(board, quotes)

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

    def _covered(self, symbols: Sequence[str], now: Moment) -> list[str]:
        return [symbol for symbol in dict.fromkeys(symbols) if self.replays.covers(symbol, now)]

    async def _days(self, symbols: Sequence[str], now: Moment) -> Loaded:
        """Return the recorded days of those that have one, read in a worker where need be."""
        held = {symbol: self.replays.ready(symbol, now.day) for symbol in symbols}
        new = [symbol for symbol, frames in held.items() if frames is None]
        if new:
            held |= await self._run(self._load, new, now.day)
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


def _tally(so_far: Totals) -> Tally:
    if not so_far.volume:
        return Tally()
    prices = (so_far.open, so_far.high, so_far.low, so_far.last)
    return Tally(*prices, so_far.volume, so_far.amount)


def make_quote(symbol: str, frames: ReplayFrames, at: int) -> Quote:
    """Return what was recorded up to an instant (epoch ms), stamped with the newest of it."""
    totals, scale = frames.totals(at), frames.scale
    bids, asks = frames.screen(at)
    price = {name: getattr(totals, name) / scale if totals.volume else None for name in _PRICES}
    newest = frames.newest(at)
    return Quote(
        symbol=symbol,
        time=at if newest is None else newest,
        last_price=price["last"],
        open=price["open"],
        high=price["high"],
        low=price["low"],
        previous_close=None if frames.previous is None else frames.previous / scale,
        volume=totals.volume,
        amount=totals.amount / scale,
        bids=tuple(Level(rung.price / scale, rung.quantity) for rung in bids[:DEPTH]),
        asks=tuple(Level(rung.price / scale, rung.quantity) for rung in asks[:DEPTH]),
        suspended=False,
        source=Source.REPLAY,
    )


_PRICES = ("last", "open", "high", "low")


def _overlaid(board: QuoteColumns, quotes: Mapping[str, Quote]) -> QuoteColumns:
    """Return a board whose rows of replayed symbols are their quotes."""
    rows = {s: row for row, s in enumerate(board.symbols) if s in quotes}
    if not rows:
        return board
    values = {name: np.array(column) for name, column in board.values.items()}
    valid = {name: np.array(mask) for name, mask in board.valid.items()}
    for name, column in values.items():
        for symbol, row in rows.items():
            cell = _cell(quotes[symbol], name)
            column[row] = 0 if cell is None else cell
            if cell is None or name in valid:
                mask = valid.setdefault(name, np.ones(len(board.symbols), np.bool_))
                mask[row] = cell is not None
    source = Source.REPLAY if len(rows) == len(board.symbols) else board.source
    return QuoteColumns(board.symbols, source, values, valid)


def _cell(quote: Quote, name: str) -> float | None:
    """Return a quote's cell of a board's column, None where there is none."""
    side, _, rest = name.partition("_")
    if side not in ("bid", "ask"):
        return getattr(quote, name)
    field, _, level = rest.partition("_")
    levels = quote.bids if side == "bid" else quote.asks
    return getattr(levels[int(level) - 1], field) if int(level) <= len(levels) else None

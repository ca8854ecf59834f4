"""The bars that are under way on the clock day: a minute and the day, as the screen shows them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

import numpy as np

from quantgraph.backends.sim.cutter import Tapes
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.days import MINUTES
from quantgraph.backends.sim.flow.minutes import minute_bars
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.tape import Print
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import day_start
from quantgraph.domain.live_bars import Bar, FormingBar
from quantgraph.domain.quotes import Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState

_MINUTE_MS = 60_000


class Market(Protocol):
    """What quotes a symbol and tells how its bars stand."""

    def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield every new quote. Errors: UNKNOWN_SYMBOL."""
        ...

    async def forming(self, symbol: str, period: Period) -> FormingBar | None:
        """Return the bar under way; None where nothing has traded in it."""
        ...

    def state(self) -> SourceState:
        """Return whether it quotes."""
        ...


class SimBarFeed:
    """Implements `BarFeed`: whenever the screen changes, the bar under way may have."""

    def __init__(self, market: Market) -> None:
        """Follow nothing yet."""
        self._market = market

    async def follow(self, symbol: str, period: Period) -> AsyncGenerator[FormingBar | None, None]:
        """Yield the bar under way (MIN_1 or DAY_1) at every quote. Errors: UNKNOWN_SYMBOL."""
        async with aclosing(self._market.follow(symbol)) as quotes:
            async for _ in quotes:
                yield await self._market.forming(symbol, period)

    def state(self) -> SourceState:
        """Return whether the market quotes."""
        return self._market.state()


def generated(tapes: Tapes, path: Path, now: Moment, period: Period) -> FormingBar | None:
    """Return the bar under way of a generated day: quick once the path is loaded."""
    if period is Period.DAY_1:
        symbol = path.instrument.symbol
        bar = _day(tapes.prints({symbol: path}, now).get(symbol), now)
    else:
        bar = _minute(tapes, path, now)
    return None if bar is None else FormingBar(bar, path.source(now.day))


def recorded(frames: ReplayFrames, now: Moment, period: Period) -> FormingBar | None:
    """Return the bar under way of a recorded day, made of its deals so far."""
    if period is Period.DAY_1:
        known = frames.previous is not None
        bar = _day(frames.print(now.ms), now, known=known)
    else:
        bar = _recorded_minute(frames, now)
    return None if bar is None else FormingBar(bar, Source.REPLAY)


def _minute(tapes: Tapes, path: Path, now: Moment) -> Bar | None:
    tape = tapes.day(path, now.day)
    minute = now.session_ms // _MINUTE_MS
    if tape is None or minute >= MINUTES:
        return None
    second = tape.program.second(tape.program.shown(now.ms))
    # Nothing of the minute is on the screen yet, or an auction collects orders.
    if second // 60 != minute:
        return None
    seconds, place, scale = tapes.minute(tape, minute), second % 60, tape.scale
    before = int(tape.minutes.parts.close[minute - 1]) if minute else tape.previous
    return Bar(
        time=_stamp(now, minute),
        open=int(seconds.parts.open[0]) / scale,
        high=int(seconds.high[place]) / scale,
        low=int(seconds.low[place]) / scale,
        close=int(seconds.parts.close[place]) / scale,
        volume=int(seconds.volume[place]),
        amount=float(seconds.amount[place]),
        previous_close=before / scale,
        suspended=False,
    )


def _day(state: Print | None, now: Moment, *, known: bool = True) -> Bar | None:
    if state is None or not state.volume:
        return None
    return Bar(
        time=day_start(now.day),
        open=state.open / state.scale,
        high=state.high / state.scale,
        low=state.low / state.scale,
        close=state.last / state.scale,
        volume=state.volume,
        amount=state.amount,
        previous_close=state.previous / state.scale if known else None,
        suspended=False,
    )


def _recorded_minute(frames: ReplayFrames, now: Moment) -> Bar | None:
    trades, scale = frames.trades, frames.scale
    so_far = trades.until(now.ms)
    minute = now.session_ms // _MINUTE_MS
    if not len(so_far) or minute >= MINUTES:
        return None
    reference = frames.previous or int(trades.price[0])
    rows = minute_bars(so_far, now.day, reference, scale)
    row = int(np.searchsorted(rows.times, _stamp(now, minute)))
    bars = rows.bars
    # The rows go on, flat, to the end of the day: only what traded is told.
    if row >= len(rows.times) or not bars.volume[row]:
        return None
    return Bar(
        time=int(rows.times[row]),
        open=int(bars.open[row]) / scale,
        high=int(bars.high[row]) / scale,
        low=int(bars.low[row]) / scale,
        close=int(bars.close[row]) / scale,
        volume=int(bars.volume[row]),
        amount=float(bars.amount[row]),
        previous_close=int(rows.previous[row]) / scale,
        suspended=False,
    )


def _stamp(now: Moment, minute: int) -> int:
    """Return when a minute of the session begins; lunch is left out."""
    clock = 570 + minute if minute < MINUTES // 2 else 780 + minute - MINUTES // 2
    return day_start(now.day) + clock * _MINUTE_MS

"""Generated days of some symbols, with orders of ours among the others'.

Run alone it prints what each symbol's day came to. It needs no library but numpy.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date, time
from heapq import merge

import numpy as np

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Expire, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.flow.frames import Frame
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.streams import stream_key, word
from quantgraph.domain.calendar import TradingCalendar, at
from quantgraph.domain.instruments import classify
from quantgraph.domain.orders import PriceType, Side

DAY = date(2023, 2, 1)
# A main board of each exchange, and one with trading after hours; one of them has a wide spread.
SYMBOLS = ("000001.SZ", "600519.SH", "688981.SH")
SEED = 7
# Both auctions, some minutes of trading, the close and what follows it.
WINDOWS = ((time(9, 14), time(9, 33)), (time(14, 55), time(15, 31)))
_EACH = 5  # one frame in so many meets an order of ours


def calendar() -> TradingCalendar:
    """Return weekdays: no calendar library is needed to say when 2023-02-01 was."""
    days = np.arange(np.datetime64("1990-12-19"), np.datetime64("2024-01-01"))
    return TradingCalendar(
        days[np.is_busday(days)], first=date(1990, 12, 19), last=date(2023, 12, 31), source="test"
    )


class Stand:
    """One symbol's venue, its frames, and orders that its seed alone decides."""

    def __init__(self, quoter: Quoter, symbol: str, seed: int) -> None:
        frames = quoter.frames(quoter._paths.load([symbol], DAY)[symbol], DAY)
        assert frames is not None
        limits = frames._scene.limits
        band = None if limits is None else (limits.low, limits.high)
        self.symbol, self.frames, self.plan = symbol, frames, frames._plan
        self.venue = Venue(Terms(classify(symbol)[0], frames._tape.previous, band))
        self.shadow, self.count = Shadow(), 0
        self._luck = stream_key(seed, symbol, "orders")

    def coming(self) -> Iterator[tuple[int, str, Frame]]:
        for begin, end in WINDOWS:
            for frame in self.frames.between(at(DAY, begin), at(DAY, end)):
                yield frame.at, self.symbol, frame

    def step(self, frame: Frame) -> None:
        phase = self.plan.phase(frame.at)
        if phase is not self.venue.phase:
            self.venue.apply(Turn(phase))
        for command in (*self.shadow.feed(frame, phase), *self._ours(frame)):
            self.venue.apply(command)

    def _ours(self, frame: Frame) -> list[Command]:
        luck = word(self._luck, frame.at)
        if luck % _EACH or not (frame.bids and frame.asks):
            return []
        self.count += 1
        side = Side.BUY if luck >> 8 & 1 else Side.SELL
        kinds = [PriceType.LIMIT] * 8 + [kind for kind in PriceType if not kind.priced]
        kind = kinds[(luck >> 12) % len(kinds)]
        best = (frame.bids if side is Side.BUY else frame.asks)[0].price
        limit = best + (luck >> 20) % 7 - 3 if kind.priced else None
        gone = 1 + (luck >> 32) % self.count
        return [Cancel(gone), Enter(self.count, side, 100 * (1 + (luck >> 40) % 60), kind, limit)]


def play(symbols: tuple[str, ...] = SYMBOLS, seed: int = SEED) -> dict[str, str]:
    """Play all of them in the order of time; return the fingerprint of each."""
    quoter = Quoter(Paths(World(SEED, calendar(), DAY, NoListings())), 1_000)
    stands = {symbol: Stand(quoter, symbol, seed) for symbol in symbols}
    for _, symbol, frame in merge(*(stand.coming() for stand in stands.values())):
        stands[symbol].step(frame)
    for stand in stands.values():
        stand.venue.apply(Expire())
        assert stand.count > 50
    return {symbol: stand.venue.fingerprint()[0] for symbol, stand in stands.items()}


if __name__ == "__main__":
    json.dump(play(), sys.stdout)

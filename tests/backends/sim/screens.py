"""A market of a frame every other minute: what a seed says each symbol's screen showed on a day."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.series import FrameSeries
from quantgraph.backends.sim.securities import Security, Source, list_security
from quantgraph.backends.sim.streams import stream_key, word
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase, PhaseSpan, list_phases

STEP_MS = 120_000
_LATE_MS = 60_000
_LEVELS = 7  # more than five, so that a best-five order leaves some behind
_REACH = Decimal("0.08")  # of the close: inside the narrowest band
_CALLS = (Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION)


class Screens:
    """Implements `Frames` over one symbol's day: both auctions, trading, and deals after hours.

    Frames are made when somebody first asks: most symbols of a day are traded by nobody.
    """

    def __init__(self, key: int, close: int, spans: tuple[PhaseSpan, ...]) -> None:
        self._key, self._close, self._spans = key, close, spans
        self._count = 0
        self._made: FrameSeries | None = None
        self._tallies: list[tuple[int, Tally]] = []

    def standing(self, at: int) -> Frame:
        return self._series.standing(at)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        return self._series.between(after, until)

    def so_far(self, at: int) -> Tally:
        """What had traded by an instant."""
        assert self._series is not None
        index = bisect_right(self._tallies, at, key=lambda each: each[0])
        return replace(self._tallies[index - 1][1]) if index else Tally()

    @property
    def last(self) -> int:
        """The day's close, in ticks."""
        assert self._series is not None
        return self._tallies[-1][1].last or self._close

    @property
    def _series(self) -> FrameSeries:
        if self._made is None:
            frames = list(self._frames())
            tally = Tally()
            for frame in frames:
                for deal in frame.deals:
                    tally.count(deal.price, deal.quantity)
                self._tallies.append((frame.at, replace(tally)))
            self._made = FrameSeries(frames)
        return self._made

    def _draw(self, bound: int) -> int:
        """Return the next number below a bound."""
        self._count += 1
        return (word(self._key, self._count) >> 8) % bound

    def _frames(self) -> Iterator[Frame]:
        reach = int(self._close * _REACH) - _LEVELS
        middle, frame = self._close, Frame(0, (), (), ())
        for number, span in enumerate(self._spans):
            if span.phase in _CALLS:
                frame = self._call(frame, middle, span.start)
                yield frame
                following = self._spans[number + 1].phase if span is not self._spans[-1] else None
                if following not in _CALLS:
                    frame = self._print(frame, span.end)
                    yield frame
            elif span.phase is Phase.CONTINUOUS:
                for at in range(span.start, span.end, STEP_MS):
                    step = self._draw(7) - 3
                    middle = min(max(middle + step, self._close - reach), self._close + reach)
                    frame = self._trade(at, middle)
                    yield frame
            elif span.phase is Phase.AFTER_HOURS:
                price = frame.deals[0].price if frame.deals else middle
                for at in range(span.start + _LATE_MS, span.end, _LATE_MS):
                    deal = Deal(price, 100 * (1 + self._draw(9)), None)
                    yield replace(frame, at=at, deals=(deal,))

    def _ladder(self, best: int, step: int) -> tuple[Rung, ...]:
        prices = range(best, best + step * _LEVELS, step)
        return tuple(Rung(price, 100 * (1 + self._draw(40))) for price in prices if price > 0)

    def _trade(self, at: int, middle: int) -> Frame:
        deals: list[Deal] = []
        for _ in range(self._draw(3)):
            taker = Side.BUY if self._draw(2) else Side.SELL
            price = middle + (self._draw(4) if taker is Side.BUY else -self._draw(4))
            deals.append(Deal(price, 100 * (1 + self._draw(30)), taker))
        bids, asks = self._ladder(middle - 1, -1), self._ladder(middle + self._draw(3), 1)
        quiet = self._draw(40)  # now and then one side is empty
        return Frame(at, tuple(deals), bids if quiet != 1 else (), asks if quiet != 2 else ())

    def _call(self, before: Frame, middle: int, at: int) -> Frame:
        """Collect: somebody reaches the best offer, who can be filled there."""
        bids, asks = before.bids, before.asks
        if not asks or (bids and bids[0].price >= asks[0].price):
            return (
                replace(before, at=at, deals=())
                if asks
                else Frame(at, (), ((Rung(middle, 500)),), self._ladder(middle, 1))
            )
        return Frame(at, (), (Rung(asks[0].price, min(400, asks[0].quantity)), *bids), asks)

    def _print(self, collected: Frame, at: int) -> Frame:
        """Match what was collected, as far as it goes."""
        bid, ask = collected.bids[0], collected.asks[0]
        if bid.price < ask.price:
            return replace(collected, at=at)
        quantity = min(bid.quantity, ask.quantity)
        rest = [Rung(each.price, each.quantity - quantity) for each in (bid, ask)]
        bids = (*(rest[:1] if rest[0].quantity else ()), *collected.bids[1:])
        asks = (*(rest[1:] if rest[1].quantity else ()), *collected.asks[1:])
        return Frame(at, (Deal(ask.price, quantity, None),), bids, asks)


def open_screens(
    seed: int, instrument: Instrument, day: tuple[date, Decimal], calendar: TradingCalendar
) -> tuple[Security, Screens]:
    """Return a symbol's security for a day, given its close before, and its screens."""
    when, close = day
    spans = list_phases(instrument.segment, when)
    key = stream_key(seed, instrument.symbol, when.isoformat())
    probe = list_security(
        instrument, when, Source(close, FrameSeries(()), Tally), calendar=calendar
    )
    screens = Screens(key, probe.ticks(close), spans)
    return replace(probe, frames=screens, so_far=screens.so_far), screens

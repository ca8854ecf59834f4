"""When what was recorded happened: deals and displays in one row of instants."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantgraph.backends.sim.flow.growth import grown_trades
from quantgraph.backends.sim.flow.recording import Ladder, Recording, Shots, Trades
from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.bars import Mask
from quantgraph.domain.rules.sessions import Phase, PhaseSpan

_AUCTIONS = (Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION)
_TRADING = (Phase.CONTINUOUS, Phase.AFTER_HOURS)
_LATEST = 1 << 62


@dataclass(frozen=True, slots=True)
class Auction:
    """A call auction of the day: from `start` up to, not including, `end`, epoch ms."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Instants in order: which display each shows (-1: none), how many deals lie up to it."""

    at: Ints
    shot: Ints
    deals: Ints


@dataclass(frozen=True, slots=True)
class Placed:
    """A recording whose deals and displays stand at the instants of a timeline."""

    shots: Shots
    trades: Trades
    line: Timeline


def auctions(phases: Sequence[PhaseSpan]) -> tuple[Auction, ...]:
    """Return the auctions of a day; phases that follow each other at once are one auction."""
    found: list[Auction] = []
    for span in phases:
        if span.phase not in _AUCTIONS:
            continue
        if found and found[-1].end == span.start:
            found[-1] = Auction(found[-1].start, span.end)
        else:
            found.append(Auction(span.start, span.end))
    return tuple(found)


def place(recording: Recording, phases: Sequence[PhaseSpan]) -> Placed:
    """Put deals and displays into one order.

    The number of trades that a display tells, or its volume, says which deals lie before it: its
    own stamp is of whole seconds. A display stands when all its deals have happened, so nothing
    is shown too early. An auction trades at its end, though it is published a second later.
    """
    shots = _shown(recording.shots, phases)
    if recording.trades is None:
        trades, told = grown_trades(shots)
        counts = np.array(told, np.int64)
    else:
        trades = recording.trades
        counts = _included(shots, trades)
    trades = _settle(trades, phases)
    for auction in auctions(phases):
        shots, counts = _before_prints(shots, counts, trades, auction.end)
    return Placed(shots, trades, _merge(shots.time, trades.time, counts))


def _shown(shots: Shots, phases: Sequence[PhaseSpan]) -> Shots:
    """Leave out empty displays, except those of continuous trading: there they tell a halt."""
    shown: Mask = np.any((shots.bids.price > 0) | (shots.asks.price > 0), axis=1)
    for span in phases:
        if span.phase is Phase.CONTINUOUS:
            shown |= (shots.time >= span.start) & (shots.time < span.end)
    return _take(shots, shown)


def _take(shots: Shots, rows: Mask | Ints) -> Shots:
    def side(ladder: Ladder) -> Ladder:
        return Ladder(ladder.price[rows], ladder.quantity[rows])

    return Shots(
        shots.time[rows],
        shots.last[rows],
        shots.high[rows],
        shots.low[rows],
        shots.volume[rows],
        shots.amount[rows],
        shots.count[rows],
        side(shots.bids),
        side(shots.asks),
    )


def _included(shots: Shots, trades: Trades) -> Ints:
    """Return how many deals each display includes: by number, else by volume, else by time."""
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(trades.quantity)])
    by_number = np.clip(shots.count, 0, len(trades))
    if np.array_equal(sums[by_number], shots.volume):
        return np.maximum.accumulate(by_number)
    by_volume = np.searchsorted(sums, shots.volume, side="right") - 1
    if np.array_equal(sums[by_volume], shots.volume):
        return np.maximum.accumulate(by_volume)
    return np.maximum.accumulate(np.searchsorted(trades.time, shots.time, side="right"))


def _settle(trades: Trades, phases: Sequence[PhaseSpan]) -> Trades:
    """Return the deals at instants at which they can have been matched.

    What is stamped after a stretch of trading was matched at its end: by the auction that ends
    there, or as the last of continuous trading.
    """
    times = trades.time.copy()
    gathering = auctions(phases)
    for auction in gathering:
        # an auction trades with nobody before its end: what has a taker is stamped a moment late
        inside = (times >= auction.start) & (times < auction.end)
        times[inside & (trades.side != 0)] = auction.start - 1
        times[inside & (trades.side == 0)] = auction.end
    stretches = [(each.start, each.end, each.end) for each in gathering]
    stretches += [(each.start, each.end, each.end - 1) for each in phases if each.phase in _TRADING]
    ordered = sorted(stretches)
    following = [start for start, _, _ in ordered[1:]] + [_LATEST]
    for (_, end, newest), start in zip(ordered, following, strict=True):
        times[(times >= end) & (times < start)] = newest
    auctioned = np.isin(times, [auction.end for auction in gathering])
    return replace(trades, time=times, side=np.where(auctioned, 0, trades.side))


def _before_prints(shots: Shots, counts: Ints, trades: Trades, end: int) -> tuple[Shots, Ints]:
    """Show what an auction came to in the last moment before it trades at `end`.

    A display that is stamped with the end or later, but tells no print, is of before it.
    """
    first, last = np.searchsorted(trades.time, [end, end + 1])
    early = np.flatnonzero(counts <= first)
    if first == last or not len(early):
        return shots, counts
    row = early[-1]
    rows = np.flatnonzero((counts > first) | (shots.time < end))
    rows = np.sort(np.append(rows, row))
    shots, counts = _take(shots, rows), counts[rows]
    times = shots.time.copy()
    times[np.flatnonzero(rows == row)[-1]] = end - 1
    return replace(shots, time=times), counts


def _merge(shown: Ints, traded: Ints, counts: Ints) -> Timeline:
    """Return the instants of both; a deal that a display does not tell comes after it."""
    places = counts + np.arange(len(shown))
    is_shot = np.zeros(len(shown) + len(traded), np.bool_)
    is_shot[places] = True
    times = np.empty(len(is_shot), np.int64)
    times[is_shot], times[~is_shot] = shown, traded
    displays: Ints = np.cumsum(is_shot, dtype=np.int64)
    before = displays - is_shot
    at: Ints = np.maximum.accumulate(times - before) + before
    deals: Ints = np.cumsum(~is_shot, dtype=np.int64)
    last = np.flatnonzero(np.append(at[1:] != at[:-1], [True][: len(at)]))
    # within an instant a display comes last: what follows it stands a millisecond later
    return Timeline(at[last], np.where(is_shot[last], displays[last] - 1, -1), deals[last])

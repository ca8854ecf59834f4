"""A recorded day as frames: every deal at its own instant, every display as it was recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.gathering import Gathered, gather_fixed, gather_freely
from quantgraph.backends.sim.flow.recording import Ladder, Recording
from quantgraph.backends.sim.flow.timeline import Auction, Placed, auctions, place
from quantgraph.backends.sim.streams import Ints
from quantgraph.backends.sim.tape import Print
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Act, Phase, PhaseSpan

_TAKERS = {1: Side.BUY, -1: Side.SELL}
Rungs = tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What had traded by an instant: ticks, shares, ticks times shares. 0: nothing yet."""

    last: int
    open: int
    high: int
    low: int
    volume: int
    amount: int
    rising: bool


_NOTHING = Totals(0, 0, 0, 0, 0, 0, rising=False)


class ReplayFrames:
    """Implements `Frames` over one recorded day.

    Between two recorded displays the older one is shown less what was traded since. In an auction
    both sides wait at the price of the moment: what would match, and on one side what would be
    left. The display before an auction trades matches exactly what was printed.
    """

    def __init__(self, recording: Recording, phases: Sequence[PhaseSpan]) -> None:
        """Lay out the day once; `phases` are its session's, of the symbol's segment."""
        placed = place(recording, phases)
        self.scale = recording.scale
        self.previous = recording.previous
        self.trades = placed.trades
        self._at = placed.line.at
        self._shot: list[int] = placed.line.shot.tolist()
        self._until: list[int] = placed.line.deals.tolist()
        # the newest frame with a display, up to each frame
        shown = np.where(placed.line.shot >= 0, np.arange(len(self._at)), -1)
        self._base: list[int] = np.maximum.accumulate(shown).tolist()
        self._deals = _deals(placed)
        self._totals = _Running.of(placed)
        self._shots = placed.shots
        self._gathered = _gathered(placed, phases)
        self._trading = [span for span in phases if span.phase is Phase.CONTINUOUS]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._until)

    @property
    def instants(self) -> Ints:
        """When the frames stand, epoch ms."""
        return self._at

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown."""
        row = self._row(at)
        if row < 0:
            return Frame(at, (), (), (), shown=False)
        base = max(self._base[row], 0)
        shown = self._display(base)
        for each in range(base + 1, row + 1):
            shown = self._next(each, shown)
        return self._frame(row, shown)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        standing = self.standing(after)
        shown = standing.bids, standing.asks
        for row in range(self._row(after) + 1, self._row(until) + 1):
            shown = self._next(row, shown)
            yield self._frame(row, shown)

    def newest(self, at: int) -> int | None:
        """Return when the newest frame at or before an instant stands, None before the first."""
        row = self._row(at)
        return int(self._at[row]) if row >= 0 else None

    def halted(self, at: int) -> bool:
        """Return whether the screen tells a halt: nothing in it since continuous trading."""
        frame = self.standing(at)
        dark = frame.shown and frame.empty
        return dark and any(span.start <= frame.at < span.end for span in self._trading)

    def totals(self, at: int) -> Totals:
        """Return what had traded by an instant."""
        row = self._row(at)
        return self._totals.at(self._until[row]) if row >= 0 else _NOTHING

    def so_far(self, at: int) -> Tally:
        """Return what had traded by an instant, as an order book counts it."""
        told = self.totals(at)
        if not told.volume:
            return Tally()
        return Tally(told.open, told.high, told.low, told.last, told.volume, told.amount)

    def print(self, at: int) -> Print:
        """Return what had traded by an instant, as a generated day tells it."""
        told = self.totals(at)
        return Print(
            last=told.last,
            open=told.open,
            high=told.high,
            low=told.low,
            previous=self.previous or 0,
            volume=told.volume,
            amount=told.amount / self.scale,
            rising=told.rising,
            usual=0,
            scale=self.scale,
        )

    def _row(self, at: int) -> int:
        return int(np.searchsorted(self._at, at, side="right")) - 1

    def _frame(self, row: int, shown: tuple[Rungs, Rungs]) -> Frame:
        first = self._until[row - 1] if row else 0
        deals = tuple(self._deals[first : self._until[row]])
        return Frame(int(self._at[row]), deals, *shown)

    def screen(self, at: int) -> tuple[Rungs, Rungs]:
        """Return the levels as they were recorded, in an auction what would match."""
        row = self._row(at)
        shot = self._shot[self._base[row]] if row >= 0 and self._base[row] >= 0 else -1
        if shot in self._gathered:
            return self._recorded(shot)
        standing = self.standing(at)
        return standing.bids, standing.asks

    def _next(self, row: int, shown: tuple[Rungs, Rungs]) -> tuple[Rungs, Rungs]:
        if self._shot[row] >= 0:
            return self._display(row)
        first = self._until[row - 1] if row else 0
        for deal in self._deals[first : self._until[row]]:
            shown = _less(shown, deal)
        return shown

    def _display(self, row: int) -> tuple[Rungs, Rungs]:
        shot = self._shot[row]
        if shot < 0:
            return (), ()
        return self._gathered.get(shot) or self._recorded(shot)

    def _recorded(self, shot: int) -> tuple[Rungs, Rungs]:
        return _rungs(self._shots.bids, shot), _rungs(self._shots.asks, shot)


@dataclass(frozen=True, slots=True)
class _Running:
    """Running totals after each number of deals."""

    price: Ints
    high: Ints
    low: Ints
    volume: Ints
    amount: Ints

    @classmethod
    def of(cls, placed: Placed) -> "_Running":
        price, quantity = placed.trades.price, placed.trades.quantity
        return cls(
            price,
            np.maximum.accumulate(price),
            np.minimum.accumulate(price),
            np.cumsum(quantity),
            np.cumsum(price * quantity),
        )

    def at(self, deals: int) -> Totals:
        if not deals:
            return _NOTHING
        row = deals - 1
        return Totals(
            last=int(self.price[row]),
            open=int(self.price[0]),
            high=int(self.high[row]),
            low=int(self.low[row]),
            volume=int(self.volume[row]),
            amount=int(self.amount[row]),
            rising=row > 0 and bool(self.price[row] >= self.price[row - 1]),
        )


def _deals(placed: Placed) -> list[Deal]:
    trades = placed.trades
    pairs = zip(trades.price.tolist(), trades.quantity.tolist(), strict=True)
    sides: list[int] = trades.side.tolist()
    return [Deal(*pair, _TAKERS.get(side)) for pair, side in zip(pairs, sides, strict=True)]


def _gathered(placed: Placed, phases: Sequence[PhaseSpan]) -> dict[int, tuple[Rungs, Rungs]]:
    """Return what waits at each display that an auction showed, by the display's row."""
    found: dict[int, tuple[Rungs, Rungs]] = {}
    line, shown = placed.line, placed.line.shot >= 0
    for auction in auctions(phases):
        inside = shown & (line.at >= auction.start) & (line.at < auction.end)
        rows = line.shot[inside].tolist()
        cut = int(np.searchsorted(line.at[inside], _fixed_from(auction, phases)))
        printed = _printed(placed, auction.end)
        screens = [_match(placed, row) for row in rows]
        states = gather_freely(screens[:cut], printed)
        start = states[-1] if states else _standing(placed, rows)
        states += gather_fixed(start, screens[cut:], printed)
        found |= {row: state.levels for row, state in zip(rows, states, strict=True)}
    return found


def _fixed_from(auction: Auction, phases: Sequence[PhaseSpan]) -> int:
    """Return from when on an auction takes no cancels."""
    inside = [span for span in phases if auction.start <= span.start < auction.end]
    return min((s.start for s in inside if Act.CANCEL not in s.phase.acts), default=auction.end)


def _standing(placed: Placed, rows: Sequence[int]) -> Gathered:
    """Return the display that an auction begins with: what continuous trading left."""
    if not rows or not rows[0]:
        return Gathered()
    before, shots = rows[0] - 1, placed.shots
    bids, asks = _rungs(shots.bids, before), _rungs(shots.asks, before)
    crossed = bids and asks and bids[0].price >= asks[0].price
    return Gathered() if crossed else Gathered.of(bids, asks)


def _match(placed: Placed, row: int) -> Rung | None:
    """Return what a screen says would match: both sides at one price."""
    bids, asks = placed.shots.bids, placed.shots.asks
    price, quantity = int(bids.price[row, 0]), int(bids.quantity[row, 0])
    same = price == int(asks.price[row, 0]) and price > 0 and quantity > 0
    return Rung(price, quantity) if same else None


def _printed(placed: Placed, end: int) -> Rung | None:
    """Return what an auction printed at its end, None where nothing traded."""
    left, right = np.searchsorted(placed.trades.time, [end, end + 1])
    if left == right:
        return None
    price = int(placed.trades.price[left])
    return Rung(price, int(placed.trades.quantity[left:right].sum()))


def _rungs(ladder: Ladder, row: int) -> Rungs:
    pairs = zip(ladder.price[row].tolist(), ladder.quantity[row].tolist(), strict=True)
    return tuple(Rung(price, quantity) for price, quantity in pairs if price and quantity)


def _less(shown: tuple[Rungs, Rungs], deal: Deal) -> tuple[Rungs, Rungs]:
    """Return a display after a deal: whoever was better is gone, and what was traded."""
    bids, asks = shown
    if deal.taker is not Side.SELL:
        asks = _eaten([r for r in asks if r.price >= deal.price], deal)
    if deal.taker is not Side.BUY:
        bids = _eaten([r for r in bids if r.price <= deal.price], deal)
    if deal.taker is Side.BUY:
        bids = tuple(rung for rung in bids if rung.price < deal.price)
    if deal.taker is Side.SELL:
        asks = tuple(rung for rung in asks if rung.price > deal.price)
    return tuple(bids), tuple(asks)


def _eaten(rungs: Sequence[Rung], deal: Deal) -> Rungs:
    if not rungs or rungs[0].price != deal.price:
        return tuple(rungs)
    left = rungs[0].quantity - deal.quantity
    return (Rung(deal.price, left), *rungs[1:]) if left > 0 else tuple(rungs[1:])

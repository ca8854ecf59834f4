"""Ten price levels each side around the last trade, which stay where they are.

Where a level lies and how many shares wait at it hangs on its price; the size changes now and
then. So a price that moves uncovers levels and covers others, as it does in a real book.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from quantgraph.backends.sim.streams import word

LEVELS: Final = 10
_SEALED: Final = 60  # how many times the usual size waits at a limit that nobody trades against
_STEPS: Final = 4_000  # of the previous close: so much lies between two levels, at least a tick
_LOT: Final = 100  # what invented orders are multiples of; no rule judges them
# The cheaper a share, the coarser its tick and the more waits at each: so many seconds' usual
# volume, by the ticks of the previous close. Moutai shows one second's, a bank a dozen's.
_QUEUE: Final = 15_000
_LONGEST: Final = 60
# One word decides a level: bits of its own for every choice.
_STEP: Final = 0x1FF
_PHASE: Final = 12
_WEIGHT: Final = 24
_HALF: Final = 32
_CALMEST: Final = 200  # seconds that a size stands at least
_SIZES: Final = 1 << 40  # counters beyond prices
# What a ladder remembers: with it some 15 kB a symbol, so 75 MB of a whole market.
_KEPT_LEVELS: Final = 64
_KEPT_SIDES: Final = 16


@dataclass(slots=True, init=False)
class Rung:
    """One displayed level: price in ticks, quantity in shares. Nobody changes one."""

    price: int
    quantity: int

    def __init__(self, price: int, quantity: int) -> None:
        self.price = price
        self.quantity = quantity


Rungs = tuple[Rung, ...]


@dataclass(slots=True, init=False)
class Display:
    """The displayed levels, best first. Nobody changes one."""

    bids: Rungs
    asks: Rungs

    def __init__(self, bids: Rungs, asks: Rungs) -> None:
        self.bids = bids
        self.asks = asks


@dataclass(frozen=True, slots=True)
class Limits:
    """The day's band in ticks."""

    low: int
    high: int


class _Level:
    """A level from one second of the day up to another; `luck` is its own for the whole day."""

    __slots__ = ("luck", "rung", "since", "until")

    def __init__(self, since: int, until: int, rung: Rung, luck: int) -> None:
        self.since = since
        self.until = until
        self.rung = rung
        self.luck = luck


class _Side:
    """Ten levels, of which none changes from one second of the day up to another."""

    __slots__ = ("rungs", "since", "until")

    def __init__(self, levels: Sequence[_Level]) -> None:
        self.since, self.until = 0, 1 << 62
        for each in levels:
            self.since = max(self.since, each.since)
            self.until = min(self.until, each.until)
        self.rungs: Rungs = tuple([each.rung for each in levels])


class Ladder:
    """The levels of one symbol's day, at any second of it.

    `key` names the symbol and the day; it and each price decide sizes and gaps, nothing else does.
    A level stands for minutes and is asked for at every screen, so the last ones are remembered:
    forgetting some costs time, never an answer. Two threads may ask at once.
    """

    __slots__ = (
        "_ceiling",
        "_floor",
        "_key",
        "_levels",
        "_limits",
        "_marks",
        "_sides",
        "_usual",
        "_wide",
    )

    def __init__(self, key: int, previous: int, usual: int, limits: Limits | None) -> None:
        """Begin with the close before in ticks, a second's usual shares, and the band."""
        seconds = min(max(_QUEUE // max(previous, 1), 1), _LONGEST)
        self._key = key
        self._usual = max(usual * seconds // _LOT, 2)
        self._wide = max(1, previous // _STEPS)
        self._limits = limits
        self._floor = 1 if limits is None else max(limits.low, 1)
        self._ceiling = 1 << 62 if limits is None else limits.high
        self._levels: dict[int, _Level] = {}
        self._sides: dict[tuple[int, int, bool], _Side] = {}
        self._marks: dict[int, int] = {}

    def display(self, last: int, second: int, *, rising: bool) -> Display:
        """Return the book that fits the last trade; `rising`: a buyer made it.

        At the upper limit there are no sellers, at the lower one no buyers: the price is sealed.
        """
        if last >= self._ceiling:
            return Display(_seal(self._side(last, -1, second, at=True)), ())
        if self._limits is not None and last <= self._limits.low:
            return Display((), _seal(self._side(last, 1, second, at=True)))
        bids = self._side(last, -1, second, at=not rising)
        return Display(bids, self._side(last, 1, second, at=rising))

    def _side(self, last: int, way: int, second: int, *, at: bool) -> Rungs:
        """Return the levels on one side of a price; `at`: one is at the price itself."""
        place = last, way, at
        side = self._sides.get(place)
        if side is None or not side.since <= second < side.until:
            levels = [self._level(price, second) for price in self._prices(last, way, at=at)]
            side = _Side(levels)
            if len(self._sides) >= _KEPT_SIDES:
                self._sides.clear()
            self._sides[place] = side
        return side.rungs

    def _prices(self, last: int, way: int, *, at: bool) -> Iterable[int]:
        """Return where the levels lie, from the nearest one on."""
        if self._wide == 1:
            first = last if at else last + way
            beyond = max(first - LEVELS, self._floor - 1) if way < 0 else self._ceiling + 1
            return range(first, beyond if way < 0 else min(first + LEVELS, beyond), way)
        found, cell = [last] if at else [], last // self._wide
        while len(found) < LEVELS:
            price = self._mark(cell)
            cell += way
            if (price - last) * way <= 0:
                continue
            if not self._floor <= price <= self._ceiling:
                break
            found.append(price)
        return found

    def _mark(self, cell: int) -> int:
        """Return the one level that lies somewhere in a cell of the grid."""
        found = self._marks.get(cell)
        if found is None:
            if len(self._marks) >= _KEPT_LEVELS:
                self._marks.clear()
            found = cell * self._wide + word(self._key, cell) % self._wide
            self._marks[cell] = found
        return found

    def _level(self, price: int, second: int) -> _Level:
        found = self._levels.get(price)
        if found is None or not found.since <= second < found.until:
            luck = word(self._key, _SIZES + price) if found is None else found.luck
            if len(self._levels) >= _KEPT_LEVELS:
                self._levels.clear()
            phase, stands = luck >> _PHASE & _STEP, _CALMEST + (luck & _STEP)
            step = (second + phase) // stands
            since = step * stands - phase
            found = _Level(since, since + stands, self._rung(luck, step, price), luck)
            self._levels[price] = found
        return found

    def _rung(self, luck: int, step: int, price: int) -> Rung:
        """Return whole lots: some seconds' worth, more at round prices."""
        now, usual = word(luck, step), self._usual
        lots = 1 + (now & 0xFFFF) * usual // 0x10000
        lots += (now >> _HALF & 0xFFFF) * usual // 0x10000
        weight = 2 + (luck >> _WEIGHT & 3) + (3 if price % 10 == 0 else 0)
        return Rung(price, lots * weight // 2 * _LOT)


def _seal(rungs: Rungs) -> Rungs:
    return (Rung(rungs[0].price, rungs[0].quantity * _SEALED), *rungs[1:])

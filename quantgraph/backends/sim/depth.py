"""Ten price levels each side around the last trade, which stay where they are.

Where a level lies and how many shares wait at it hangs on its price; the size changes now and
then. So a price that moves uncovers levels and covers others, as it does in a real book.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from quantgraph.backends.sim.streams import word
from quantgraph.backends.sim.tape import Print

LEVELS = 10
_SEALED = 60  # how many times the usual size waits at a limit that nobody trades against
_STEPS = 4_000  # of the previous close: so much lies between two levels, at least a tick
_LOT = 100  # what invented orders are multiples of; no rule judges them
# The cheaper a share, the coarser its tick and the more waits at each: so many seconds' usual
# volume, by the ticks of the previous close. Moutai shows one second's, a bank a dozen's.
_QUEUE, _LONGEST = 15_000, 60
# One word decides a level: bits of its own for every choice.
_STEP, _PHASE, _WEIGHT, _HALF = 0x1FF, 12, 24, 32
_CALMEST = 200  # seconds that a size stands at least
_SIZES = 1 << 40  # counters beyond prices
_KEPT = 16_384  # levels of some hundred symbols, about 4 MB


@dataclass(frozen=True, slots=True)
class Rung:
    """One displayed level: price in ticks, quantity in shares."""

    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Display:
    """The displayed levels, best first."""

    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """The day's band in ticks."""

    low: int
    high: int


def display(state: Print, limits: Limits | None, key: int, second: int) -> Display:
    """Return the book that fits the last trade, at a second of the day.

    `key` names the symbol and the day; it and each price decide sizes and gaps, nothing else does.
    At the upper limit there are no sellers, at the lower one no buyers: the price is sealed.
    """
    ladder = _Ladder(state, key, second)
    floor, ceiling = (1, None) if limits is None else (max(limits.low, 1), limits.high)
    down, up = ladder.downward(), ladder.upward()
    if ceiling is not None and state.last >= ceiling:
        return Display(_seal(ladder.rungs(_above(down, floor, ceiling))), ())
    if limits is not None and state.last <= limits.low:
        return Display((), _seal(ladder.rungs(_below(up, ceiling, floor))))
    bids = _above(down, floor, None if state.rising else state.last)
    asks = _below(up, ceiling, state.last if state.rising else None)
    return Display(ladder.rungs(bids), ladder.rungs(asks))


class _Ladder:
    """The levels of a symbol's day at a second of it."""

    def __init__(self, state: Print, key: int, second: int) -> None:
        self._last, self._key, self._second = state.last, key, second
        self._wide = max(1, state.previous // _STEPS)
        seconds = min(max(_QUEUE // max(state.previous, 1), 1), _LONGEST)
        self._usual = max(state.usual * seconds // _LOT, 2)

    def downward(self) -> Iterator[int]:
        """Yield the levels' prices below the last trade, from the nearest one on."""
        return self._levels(-1)

    def upward(self) -> Iterator[int]:
        """Yield the levels' prices above the last trade, from the nearest one on."""
        return self._levels(1)

    def rungs(self, prices: Iterable[int]) -> tuple[Rung, ...]:
        key, second, usual = self._key, self._second, self._usual
        return tuple([_rung(key, price, second, usual) for price in islice(prices, LEVELS)])

    def _levels(self, way: int) -> Iterator[int]:
        wide, cell = self._wide, self._last // self._wide
        while True:
            # one level somewhere in each cell of the grid
            price = cell * wide + (_place(self._key, cell) % wide if wide > 1 else 0)
            if (price - self._last) * way > 0:
                yield price
            cell += way


def _rung(key: int, price: int, second: int, usual: int) -> Rung:
    luck = _place(key, _SIZES + price)
    step = (second + (luck >> _PHASE & _STEP)) // (_CALMEST + (luck & _STEP))
    return _size(luck, step, price, usual)


# A level stands for minutes, and is asked for every second.
_place = lru_cache(_KEPT)(word)


@lru_cache(_KEPT)
def _size(luck: int, step: int, price: int, usual: int) -> Rung:
    """Return whole lots: some seconds' worth, more at round prices."""
    now = word(luck, step)
    lots = 1 + (now & 0xFFFF) * usual // 0x10000
    lots += (now >> _HALF & 0xFFFF) * usual // 0x10000
    weight = 2 + (luck >> _WEIGHT & 3) + (3 if price % 10 == 0 else 0)
    return Rung(price, lots * weight // 2 * _LOT)


def _above(prices: Iterator[int], floor: int, first: int | None) -> Iterator[int]:
    if first is not None:
        yield first
    for price in prices:
        if price < floor:
            return
        yield price


def _below(prices: Iterator[int], ceiling: int | None, first: int | None) -> Iterator[int]:
    if first is not None:
        yield first
    for price in prices:
        if ceiling is not None and price > ceiling:
            return
        yield price


def _seal(rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
    return (Rung(rungs[0].price, rungs[0].quantity * _SEALED), *rungs[1:])

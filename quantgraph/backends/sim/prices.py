"""The price side of cutting bars: a rough path through open, extremes and close."""

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, Flags, last_active, mean_price
from quantgraph.backends.sim.streams import Ints, bell, below, draw

COLLECTING = 2  # parts of a day, 14:57 and 14:58, in which the closing auction collects orders
_CHOICES = 32
_CALM = 60  # parts so short that few deals tell all of them: seldom beyond open and close
_NEAR = 4  # what the last trade before the closing auction keeps of its distance, as a divisor
_FINE = 256  # path positions are kept in 1/256 tick


def part_prices(bars: Block, cut: Cut, active: Flags, still: Flags) -> Block:
    """Return prices without volumes; in `still` parts there is but one price."""
    order = np.arange(cut.parts)
    path = _call(_path(bars, cut), bars, cut)
    # A part in which nothing trades keeps the close of the last one in which something did.
    held = np.maximum.accumulate(np.where(active, order, 0), axis=1)
    close = np.take_along_axis(path, held, axis=1)
    close = np.where(order >= last_active(active)[:, None], bars.close[:, None], close)
    opens = np.concatenate([bars.open[:, None], close[:, :-1]], axis=1)
    opens = np.where(still, close, opens)
    free = active & ~still
    reach = 2 * (bars.high - bars.low)[:, None] // _root(cut.parts) + 1
    words = draw(cut.keys[:, None], order + 3 * cut.parts)
    up, down = below(words, reach), below(words << np.uint64(32), reach)
    if cut.parts <= _CALM:
        up, down = up * (words % 4 == 0) // 2, down * (words % 4 == 1) // 2
    high = np.minimum(np.maximum(opens, close) + np.where(free, up, 0), bars.high[:, None])
    low = np.maximum(np.minimum(opens, close) - np.where(free, down, 0), bars.low[:, None])
    rows = np.arange(len(active))
    high[rows, np.where(free, high, -1).argmax(axis=1)] = bars.high
    low[rows, np.where(free, low, np.iinfo(np.int64).max).argmin(axis=1)] = bars.low
    none = np.zeros_like(close)
    return Block(opens, high, low, close, none, none.astype(np.float64))


def _call(path: Ints, bars: Block, cut: Cut) -> Ints:
    """Let the day open at its open, and come near the close before that is called."""
    if cut.opening is not None:
        path[:, 0] = np.where(cut.opening, bars.open, path[:, 0])
    if cut.closing is not None:
        before = path[:, -2 - COLLECTING]
        near = bars.close + (before - bars.close) // _NEAR
        path[:, -2 - COLLECTING] = np.where(cut.closing, near, before)
    return path


def _path(bars: Block, cut: Cut) -> Ints:
    """Return a close per part: a line through the extremes, roughened, folded into the range."""
    first, second, start, end = _turns(bars, cut)
    at = np.arange(1, cut.parts + 1)
    opens, close = bars.open[:, None], bars.close[:, None]
    rising = opens * _FINE + (first - opens) * _FINE * at // start
    middle = first * _FINE + (second - first) * _FINE * (at - start) // np.maximum(end - start, 1)
    ending = second * _FINE + (close - second) * _FINE * (at - end) // (cut.parts - end)
    line = np.where(at <= start, rising, np.where(at <= end, middle, ending))
    span = (bars.high - bars.low)[:, None]
    steps = bell(draw(cut.keys[:, None], at - 1 + 2 * cut.parts)) * span * _FINE
    walk = np.cumsum(steps // (2000 * _root(cut.parts)), axis=1)
    bridge = walk - walk[:, -1:] * at // cut.parts
    return _fold(line + bridge, bars.low[:, None], bars.high[:, None])


def _turns(bars: Block, cut: Cut) -> tuple[Ints, Ints, Ints, Ints]:
    """Choose which extreme comes first and when each is reached, as columns.

    Of some random choices the one is taken whose mean price comes nearest to amount / volume.
    """
    words = draw(cut.keys[:, None], np.arange(_CHOICES))
    one, two = below(words, cut.parts - 1) + 1, below(words << np.uint64(31), cut.parts - 1) + 1
    start, end = np.minimum(one, two), np.maximum(one, two)
    falling = (words & np.uint64(1)).astype(np.bool_)
    low, high = bars.low[:, None], bars.high[:, None]
    first, second = np.where(falling, high, low), np.where(falling, low, high)
    opens, close = bars.open[:, None], bars.close[:, None]
    twice = (opens + first) * start + (first + second) * (end - start)
    twice = twice + (second + close) * (cut.parts - end)
    off = np.abs(twice / (2.0 * cut.parts) - mean_price(bars, cut)[:, None])
    best = off.argmin(axis=1)[:, None]
    picked = [np.take_along_axis(column, best, axis=1) for column in (first, second, start, end)]
    return picked[0], picked[1], picked[2], picked[3]


def _fold(fine: Ints, low: Ints, high: Ints) -> Ints:
    """Reflect positions at the ends of the range, and round to whole ticks."""
    span = np.maximum((high - low) * _FINE, 1)
    inside = np.mod(fine - low * _FINE, 2 * span)
    inside = np.where(inside > span, 2 * span - inside, inside)
    return np.clip(low + (inside + _FINE // 2) // _FINE, low, high)


def _root(parts: int) -> int:
    return int(parts**0.5)

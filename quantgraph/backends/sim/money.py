"""The money side of cutting bars: volumes and amounts that the prices of the parts allow."""

from dataclasses import replace

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, Flags, Floats, last_active, mean_price
from quantgraph.backends.sim.streams import Ints, below, draw

_WEIGHT = 2.0**24


def part_lots(bars: Block, cut: Cut, active: Flags, parts: Block) -> Ints:
    """Share whole lots out by weight and chance; every active part gets at least one."""
    order = np.arange(cut.parts) + 4 * cut.parts
    luck = 32 + below(draw(cut.keys[:, None], order), 192)
    weights = np.where(active, luck * cut.weights, 0)
    lots = bars.volume // cut.scale
    ones = active & (lots > 0)[:, None]
    rest = lots - ones.sum(axis=1)
    return ones + _share_out(rest, _balance(weights, parts, mean_price(bars, cut)))


def _balance(weights: Ints, parts: Block, mean: Floats) -> Ints:
    """Reweigh the parts above and below the mean price against each other so that it comes out."""
    middle = parts.high + parts.low
    above = middle >= 2 * mean[:, None]
    upper, lower = np.where(above, weights, 0), np.where(above, 0, weights)
    sums = [np.maximum(side.sum(axis=1), 1) for side in (upper, lower)]
    high, low = (
        (side * middle).sum(axis=1) / (2.0 * total)
        for side, total in zip((upper, lower), sums, strict=True)
    )
    both = (upper.any(axis=1)) & (lower.any(axis=1)) & (high > low)
    share = np.where(both, (mean - low) / np.where(both, high - low, 1.0), 0.5)
    sides = (np.clip(share, 0.0, 1.0), np.clip(1.0 - share, 0.0, 1.0))
    weighed = [
        np.floor(side * (part * _WEIGHT / total)[:, None]).astype(np.int64)
        for side, part, total in zip((upper, lower), sides, sums, strict=True)
    ]
    return np.where(both[:, None], weighed[0] + weighed[1], weights)


def _share_out(total: Ints, weights: Ints) -> Ints:
    """Divide each total by the weights of its row, without remainder."""
    sums = np.cumsum(weights, axis=1)
    upto = total[:, None] * sums // np.maximum(sums[:, -1:], 1)
    return np.diff(upto, axis=1, prepend=0)


def part_money(bars: Block, cut: Cut, active: Flags, parts: Block) -> Block:
    """Turn lots into shares and give every part an amount that its prices allow."""
    rows, last = np.arange(len(active)), last_active(active)
    lots = parts.volume
    odd = bars.volume - lots.sum(axis=1) * cut.scale
    whole = np.floor(bars.amount - odd * bars.close / cut.scale + 1e-6).astype(np.int64)
    floor, ceiling = bars.low * lots.sum(axis=1), bars.high * lots.sum(axis=1)
    # An index, or a bar whose amount contradicts its prices, is divided by volume alone.
    money = bars.amount * cut.scale
    near = cut.scale + money * 1e-9
    sound = (money >= bars.low * bars.volume - near) & (money <= bars.high * bars.volume + near)
    target = np.clip(whole, floor, ceiling)
    lots = np.where(sound[:, None], _lean(lots, parts, bars, target), lots)
    slack = (parts.high - parts.low) * lots
    least = parts.low * lots
    exact = least + _fill(target - least.sum(axis=1), slack)
    loose = _pour(np.maximum(np.floor(bars.amount), 0), lots)
    parted = np.where(sound[:, None], exact, loose)
    volume = lots * cut.scale[:, None]
    volume[rows, last] += odd
    amount = parted.astype(np.float64)
    # What is left is a multiple of the amount's own last bit, so that every sum stays exact.
    amount[rows, last] += bars.amount - parted.sum(axis=1)
    return replace(parts, volume=volume, amount=amount)


def _lean(lots: Ints, parts: Block, bars: Block, target: Ints) -> Ints:
    """Move lots between parts until highs and lows enclose the amount to be reached."""
    spare = lots > 0
    for keep in (spare, np.zeros_like(spare)):
        short = target - (parts.high * lots).sum(axis=1)
        lots = _move(lots, keep, bars.high[:, None] - parts.high, short)
        over = (parts.low * lots).sum(axis=1) - target
        lots = _move(lots, keep, parts.low - bars.low[:, None], over)
    return lots


def _move(lots: Ints, keep: Flags, gap: Ints, need: Ints) -> Ints:
    """Move just enough lots into the part without a gap for the sum of lot × gap to gain `need`."""
    free = np.where(gap > 0, np.maximum(lots - keep, 0), 0)
    gain = (gap * free).sum(axis=1)
    share = np.where((need > 0) & (gain > 0), need / np.maximum(gain, 1), 0.0)[:, None]
    moved = np.where(share > 0, np.minimum(free, np.floor(free * share).astype(np.int64) + 1), 0)
    lots = lots - moved
    lots[np.arange(len(lots)), gap.argmin(axis=1)] += moved.sum(axis=1)
    return lots


def _fill(total: Ints, room: Ints) -> Ints:
    """Divide each total over its row in proportion to the room, never beyond it."""
    whole = np.maximum(room.sum(axis=1), 1)
    share = (total / whole)[:, None]
    part = np.clip(np.floor(room * share).astype(np.int64) - 1, 0, room)
    left = (total - part.sum(axis=1))[:, None]
    taken = np.minimum(np.cumsum(room - part, axis=1), left)
    return part + np.diff(taken, axis=1, prepend=0)


def _pour(total: Floats, lots: Ints) -> Ints:
    """Divide whole totals by lots; an index counts too much money for integer products."""
    sums = np.cumsum(lots, axis=1)
    upto = np.floor(total[:, None] * (sums / np.maximum(sums[:, -1:], 1)))
    return np.diff(upto, axis=1, prepend=0.0).astype(np.int64)

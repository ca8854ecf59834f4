"""Cutting bars into shorter bars that add up to them exactly: days to minutes, minutes to seconds.

Whole numbers carry everything: prices are ticks, and money is counted in lots times ticks, which
is whole yuan because a lot is 1 / tick shares. So sums of the parts are exact in any order.
"""

from dataclasses import replace

import numpy as np

from quantgraph.backends.sim.block import Block, Cut, Flags
from quantgraph.backends.sim.money import part_lots, part_money
from quantgraph.backends.sim.prices import COLLECTING, part_prices
from quantgraph.backends.sim.streams import Ints

# Lots from which on an auction has a share of its own: the rest still trades at other prices.
_OPENS, _CLOSES = 2, 8


def split(bars: Block, cut: Cut, *, money: bool = True) -> Block:
    """Return the parts as rows × parts; opens to amounts of a row aggregate to its bar exactly.

    A bar without volume gives flat parts without volume. Without `money` volumes and amounts are
    left at zero, which saves more than half of the work.
    """
    active, still = stage(bars, cut)
    prices = part_prices(bars, cut, active, still)
    if not money:
        return prices
    shares = part_lots(bars, cut, active, prices)
    return part_money(bars, cut, active, replace(prices, volume=shares))


def stage(bars: Block, cut: Cut) -> tuple[Flags, Flags]:
    """Return the parts in which anything trades, and those in which it trades at one price."""
    lots: Ints = bars.volume // cut.scale
    busy = np.clip(np.where(bars.volume > 0, np.maximum(lots // 4, 1), 0), 0, cut.parts)
    active = _active(busy, cut.parts)
    still = np.zeros_like(active)
    if cut.opening is not None:
        _open(active, still, cut.opening & (busy > 0), lots)
    if cut.closing is not None:
        _close(active, still, cut.closing, lots)
    return active, still


def _open(active: Flags, still: Flags, opening: Flags, lots: Ints) -> None:
    """Let the first part be an auction; a single lot trades later instead, so may range."""
    called = opening & (lots >= _OPENS)
    still[called, 0] = True
    active[opening & ~called, 0] = False
    alone = opening & ~active[:, 1:].any(axis=1)
    active[alone, active.shape[1] // 2] = True


def _close(active: Flags, still: Flags, closing: Flags, lots: Ints) -> None:
    """Let the last part be an auction, and nothing trade while it collects orders."""
    called = closing & (lots >= _CLOSES)
    active[closing, -1 - COLLECTING : -1] = False
    active[closing, -1] = called[closing]
    still[called, -1] = True


def _active(busy: Ints, parts: int) -> Flags:
    """Mark `busy` parts of each row, evenly spread from the first on: where anything trades."""
    group = np.arange(parts) * busy[:, None] // parts
    active = np.ones(group.shape, dtype=np.bool_)
    active[:, 1:] = group[:, 1:] != group[:, :-1]
    return active & (busy > 0)[:, None]

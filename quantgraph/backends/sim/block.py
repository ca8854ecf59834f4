"""Many bars side by side as whole numbers, and how they are to be cut into shorter ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantgraph.backends.sim.streams import Ints, Words

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """Bars as equal-shaped arrays: prices in ticks, volume in shares, amount in yuan."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    amount: Floats

    def take(self, rows: slice | int) -> "Block":
        """Return the chosen rows; of a table, one row as flat columns."""
        return Block(
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.amount[rows],
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """How to cut: the number of parts, a stream key per bar, ticks per yuan, volume weights.

    `opening`: the first part of these bars is an auction, at one price, the open. `closing`: so is
    the last, at the close, while the two parts before it collect its orders. None: of no bar.
    """

    parts: int
    keys: Words
    scale: Ints
    weights: Ints
    opening: Flags | None = None
    closing: Flags | None = None


def session_weights() -> Ints:
    """Return how a day's volume lies over its 240 minutes: heavy at the open and the close."""
    minute = np.arange(240)
    return 64 + np.maximum(0, 30 - minute) * 6 + np.maximum(0, minute - 220) * 4


def stack(blocks: Sequence[Block]) -> Block:
    """Return all bars of the blocks one after the other, as flat columns."""
    return Block(
        np.concatenate([each.open.reshape(-1) for each in blocks]),
        np.concatenate([each.high.reshape(-1) for each in blocks]),
        np.concatenate([each.low.reshape(-1) for each in blocks]),
        np.concatenate([each.close.reshape(-1) for each in blocks]),
        np.concatenate([each.volume.reshape(-1) for each in blocks]),
        np.concatenate([each.amount.reshape(-1) for each in blocks]),
    )


def mean_price(bars: Block, cut: Cut) -> Floats:
    """Return amount / volume in ticks, or the middle of the bar where that is no price of it."""
    middle = (bars.open + bars.high + bars.low + bars.close) / 4.0
    mean = bars.amount * cut.scale / np.maximum(bars.volume, 1)
    return np.where((mean >= bars.low) & (mean <= bars.high), mean, middle)


def last_active(active: Flags) -> Ints:
    """Return the last active part of each row; the very last where none is."""
    return active.shape[1] - 1 - active[:, ::-1].argmax(axis=1) * active.any(axis=1)

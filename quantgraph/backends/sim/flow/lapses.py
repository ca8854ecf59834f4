"""What trades between two screens: some minutes of a day at once, as bars of three seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantgraph.backends.sim.block import Block, Flags
from quantgraph.backends.sim.cadence import SCREEN_MS
from quantgraph.backends.sim.flow.dealing import Lapse
from quantgraph.backends.sim.streams import Ints

_SECONDS = SCREEN_MS // 1_000
LAPSES = 60 // _SECONDS  # of a minute


@dataclass(frozen=True, slots=True)
class Lapses:
    """Minutes from `first` on, as rows; columns as in `Lapse`."""

    first: int
    columns: tuple[Ints | Flags, ...]

    @classmethod
    def of(cls, minutes: tuple[int, Sequence[Block]], rising: Flags, scale: int) -> "Lapses":
        """Put minutes in seconds together, told with the number of the first.

        `rising`: whether the last trade before each minute went up; `scale`: ticks of a yuan. The
        first second of the day is the opening auction, which has a screen of its own.
        """
        first, blocks = minutes
        volume = np.stack([each.volume for each in blocks])
        turnover = np.rint(np.stack([each.amount for each in blocks]) * scale).astype(np.int64)
        opens, close = (np.stack([getattr(e, name) for e in blocks]) for name in ("open", "close"))
        moved: Ints = np.where(volume > 0, np.sign(close - opens), 0)
        ways = _rising(moved, rising)
        if first == 0:
            volume[0, 0] = turnover[0, 0] = 0
        high, low = (np.stack([getattr(e, name) for e in blocks]) for name in ("high", "low"))
        before = np.concatenate([rising[:, None], ways[:, _SECONDS - 1 : -1 : _SECONDS]], axis=1)
        columns = (
            opens[:, ::_SECONDS].copy(),  # a view would keep every second of it
            _three(high).max(axis=2),
            _three(low).min(axis=2),
            close[:, _SECONDS - 1 :: _SECONDS].copy(),
            _three(volume).sum(axis=2),
            _three(turnover).sum(axis=2),
            before,
            ways[:, _SECONDS - 1 :: _SECONDS],
        )
        return cls(first, columns)

    def __contains__(self, number: int) -> bool:
        """Return whether a minute is among them."""
        return 0 <= number - self.first < len(self.columns[0])

    def minute(self, number: int) -> list[Lapse]:
        """Return one minute's."""
        row = number - self.first
        columns = [each[row].tolist() for each in self.columns]
        return [Lapse(*each) for each in zip(*columns, strict=True)]


def _three(column: Ints) -> Ints:
    return column.reshape(len(column), LAPSES, _SECONDS)


def _rising(ways: Ints, before: Flags) -> Flags:
    """Return whether the last trade up to each second went up."""
    order: Ints = np.arange(LAPSES * _SECONDS, dtype=np.int64)
    moved: Ints = np.where(ways != 0, order, -1)
    newest: Ints = np.maximum.accumulate(moved, axis=1)
    told: Flags = np.take_along_axis(ways, np.maximum(newest, 0), axis=1) > 0
    return np.where(newest < 0, before.reshape(-1, 1), told)

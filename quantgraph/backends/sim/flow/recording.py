"""One recorded day of a symbol: its displays and its deals as whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quantgraph.backends.sim.streams import Ints
from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.level2 import DEPTH as MOST_LEVELS
from quantgraph.domain.ticks import DEPTH, TickColumns, TickKind

_BASIC = ("time", "last_price", "high", "low", "previous_close", "volume", "amount", "trade_count")
TRADE_COLUMNS = ("time", "price", "quantity", "side")


@dataclass(frozen=True, slots=True)
class Ladder:
    """One side of many displays, rows × levels, best first. Price 0: no price is shown there."""

    price: Ints
    quantity: Ints


@dataclass(frozen=True, slots=True)
class Shots:
    """Recorded displays in time order: epoch ms, prices in ticks, quantities in shares.

    `last`, `high`, `low` are 0 before the first trade; `amount` is in ticks times shares.
    """

    time: Ints
    last: Ints
    high: Ints
    low: Ints
    volume: Ints
    amount: Ints
    count: Ints
    bids: Ladder
    asks: Ladder

    def __len__(self) -> int:
        """Return the number of displays."""
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Trades:
    """Single deals in their order. `side`: 1 the buyer took, -1 the seller, 0 an auction."""

    time: Ints
    price: Ints
    quantity: Ints
    side: Ints

    def __len__(self) -> int:
        """Return the number of deals."""
        return len(self.time)

    def until(self, instant: int) -> "Trades":
        """Return the deals up to an instant (epoch ms), those at it included."""
        end = int(np.searchsorted(self.time, instant, side="right"))
        return Trades(self.time[:end], self.price[:end], self.quantity[:end], self.side[:end])


@dataclass(frozen=True, slots=True)
class Recording:
    """What is held of one symbol and day. Without single deals `trades` is None.

    `previous` is the reference price in ticks, None where the recording does not tell it.
    """

    shots: Shots
    trades: Trades | None
    previous: int | None
    scale: int


def snapshot_columns(kind: TickKind) -> tuple[str, ...]:
    """Return the columns of a recording of displays that a replay reads."""
    depth = MOST_LEVELS if kind is TickKind.LEVEL2_QUOTE else DEPTH
    return (*_BASIC, *(name for side in ("bid", "ask") for name in _names(side, depth)))


def read_recording(shots: TickColumns, trades: TickColumns | None, scale: int) -> Recording | None:
    """Return the recorded day in ticks of 1/`scale` yuan, None where no display is in it."""
    if not shots.length:
        return None
    levels = MOST_LEVELS if shots.kind is TickKind.LEVEL2_QUOTE else DEPTH
    cells = _Cells(shots.values, shots.valid, scale)
    references = cells.prices("previous_close")
    told = references[references > 0]
    held = trades is not None and trades.length > 0
    return Recording(
        _shots(cells, levels),
        _trades(trades, scale) if trades is not None and held else None,
        int(told[0]) if len(told) else None,
        scale,
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    values: Mapping[str, Column]
    valid: Mapping[str, Mask]
    scale: int

    def numbers(self, name: str) -> Ints:
        """Return a column of whole numbers, 0 where nothing is told."""
        return self._told(name).astype(np.int64)

    def prices(self, name: str) -> Ints:
        return np.rint(self._told(name) * self.scale).astype(np.int64)

    def _told(self, name: str) -> Column:
        held = self.valid.get(name)
        values = self.values[name]
        return values if held is None else np.where(held, values, 0)

    def ladder(self, side: str, levels: int) -> Ladder:
        names = _names(side, levels)
        return Ladder(
            np.stack([self.prices(name) for name in names[::2]], axis=1),
            np.stack([self.numbers(name) for name in names[1::2]], axis=1),
        )


def _shots(cells: _Cells, levels: int) -> Shots:
    return Shots(
        time=cells.numbers("time"),
        last=cells.prices("last_price"),
        high=cells.prices("high"),
        low=cells.prices("low"),
        volume=cells.numbers("volume"),
        amount=cells.prices("amount"),
        count=cells.numbers("trade_count"),
        bids=cells.ladder("bid", levels),
        asks=cells.ladder("ask", levels),
    )


def _trades(columns: TickColumns, scale: int) -> Trades:
    cells = _Cells(columns.values, columns.valid, scale)
    return Trades(
        cells.numbers("time"),
        cells.prices("price"),
        cells.numbers("quantity"),
        cells.numbers("side"),
    )


def _names(side: str, levels: int) -> tuple[str, ...]:
    pairs = ((f"{side}_price_{n}", f"{side}_quantity_{n}") for n in range(1, levels + 1))
    return tuple(name for pair in pairs for name in pair)

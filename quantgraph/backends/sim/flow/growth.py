"""Deals made out of what grew between two recorded displays, where no single deal was recorded."""

from collections.abc import Iterator

import numpy as np

from quantgraph.backends.sim.flow.recording import Shots, Trades

_LOT = 100  # what a new high or low is told by; recorded volumes need not be multiples


def grown_trades(shots: Shots) -> tuple[Trades, list[int]]:
    """Return deals that add up to each display's volume, and how many each display includes.

    Their prices tell the last price, a new high or low, and the money as exactly as whole ticks
    allow. A buyer took where the price is at or above the middle of the display before.
    """
    rows: list[tuple[int, int, int, int]] = []
    counts: list[int] = []
    for row in range(len(shots)):
        before = row - 1 if row else None
        side = _taker(shots, row, before)
        time = int(shots.time[row])
        rows += [(time, price, quantity, side) for price, quantity in _deals(shots, row, before)]
        counts.append(len(rows))
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Trades(table[:, 0], table[:, 1], table[:, 2], table[:, 3]), counts


def _deals(shots: Shots, row: int, before: int | None) -> Iterator[tuple[int, int]]:
    """Yield price and quantity of each deal, the last price last."""
    quantity = int(shots.volume[row]) - _told(shots.volume, before)
    money = int(shots.amount[row]) - _told(shots.amount, before)
    last = int(shots.last[row])
    if quantity <= 0 or last <= 0:
        return
    lot = min(_LOT, max(quantity // 4, 1))
    marks = [price for price in _extremes(shots, row, before) if price != last]
    for price in marks[: (quantity - 1) // lot]:
        yield price, lot
        quantity, money = quantity - lot, money - lot * price
    rest, money = quantity - lot, money - lot * last
    if rest > 0:
        yield from _spread(rest, money, (int(shots.low[row]), int(shots.high[row])))
    yield last, min(lot, quantity)


def _spread(quantity: int, money: int, bounds: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield one or two neighbouring prices whose money is the wanted one, within the bounds."""
    low, high = bounds
    floor = min(max(money // quantity, low), high)
    above = min(max(money - floor * quantity, 0), quantity) if floor < high else 0
    for price, part in ((floor, quantity - above), (floor + 1, above)):
        if part:
            yield price, part


def _extremes(shots: Shots, row: int, before: int | None) -> Iterator[int]:
    high, low = int(shots.high[row]), int(shots.low[row])
    old_high, old_low = _told(shots.high, before), _told(shots.low, before)
    if high > old_high:
        yield high
    if low and (low < old_low or not old_low) and low != high:
        yield low


def _taker(shots: Shots, row: int, before: int | None) -> int:
    place = row if before is None else before
    bid, ask = int(shots.bids.price[place, 0]), int(shots.asks.price[place, 0])
    if not bid or not ask:
        return 1 if ask else -1
    return 1 if 2 * int(shots.last[row]) >= bid + ask else -1


def _told(column: np.ndarray, row: int | None) -> int:
    return 0 if row is None else int(column[row])

"""The deals of a second: prices and shares that make just its bar."""

from dataclasses import dataclass

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.flow.frames import Deal
from quantgraph.domain.orders import Side


@dataclass(frozen=True, slots=True)
class Second:
    """What traded within a second: prices in ticks, `turnover` in ticks x shares.

    `open` is the last price before it, `lot` the shares of which a deal is a multiple if it can.
    `risen`: the last trade before it went up; `rising`: so did the last one of it.
    """

    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int
    lot: int
    risen: bool
    rising: bool


def split_deals(second: Second, limits: Limits | None) -> tuple[Deal, ...]:
    """Return the deals in order: to the extremes and to the close.

    Volume and extremes are met, and the turnover too, where there are shares enough for all three;
    else the extremes, as far as there are shares. Who took is told by whether the price rose.
    """
    if not second.volume:
        return ()
    parts = _parts(second, second.lot) or _parts(second, 1) or _extremes(second)
    deals: list[Deal] = []
    before, rising = second.open, second.risen
    for number, (price, quantity) in enumerate(parts, 1):
        last = number == len(parts)
        rising = second.rising if last else price > before or (price == before and rising)
        deals.append(Deal(price, quantity, _taker(price, before, limits, rising=rising)))
        before = price
    return tuple(deals)


def _taker(price: int, before: int, limits: Limits | None, *, rising: bool) -> Side:
    """Return who took: at a limit that was reached before, nobody is left but the one side."""
    if limits is not None and price == before:
        if price >= limits.high:
            return Side.SELL
        if price <= limits.low:
            return Side.BUY
    return Side.BUY if rising else Side.SELL


def _parts(second: Second, unit: int) -> list[tuple[int, int]] | None:
    """Return prices and shares in order, None where these units are too coarse or too few.

    Seen from the close, `gain` is what the deals above it bring and those below it cost.
    """
    if second.high == second.low:
        return [(second.close, second.volume)]
    gain, rest = divmod(second.turnover - second.close * second.volume, unit)
    whole = second.volume // unit
    if rest or not whole:
        return None
    above, below = second.high - second.close, second.close - second.low
    shares = _weigh(gain, above, below)
    if shares is None:
        return None
    most, least, step = shares
    spent = most + least + (step != 0)
    if spent >= whole:
        return None
    high = [(second.high, most * unit)] if most else []
    low = [(second.low, least * unit)] if least else []
    between = [(second.close + step, unit)] if step else []
    order = [*low, *between, *high] if second.close >= second.open else [*high, *between, *low]
    return [*order, (second.close, second.volume - spent * unit)]


def _extremes(second: Second) -> list[tuple[int, int]]:
    """Return a share at each extreme, one at the close, and the rest where the money is."""
    low, high, close = second.low, second.high, second.close
    order = [low, high] if close >= second.open else [high, low]
    marks = [price for price in order if price != close][: second.volume - 1]
    rest = second.volume - len(marks) - 1
    money = second.turnover - sum(marks) - close
    floor = min(max(money // rest, low), high) if rest else close
    above = min(max(money - floor * rest, 0), rest) if floor < high else 0
    between = [(floor, rest - above), (floor + 1, above)]
    told = [*((price, 1) for price in marks), *between, (close, 1)]
    return [(price, quantity) for price, quantity in told if quantity]


def _weigh(gain: int, above: int, below: int) -> tuple[int, int, int] | None:
    """Return units at the high and at the low, and how far from the close one more unit lies.

    They bring `gain` exactly: above x high - below x low + step.
    """
    if not below:
        return _single(gain, above)
    if not above:
        mirrored = _single(-gain, below)
        return None if mirrored is None else (0, mirrored[0], -mirrored[2])
    least = max(1, -(-(above - gain) // below))
    most, step = divmod(gain + below * least, above)
    return most, least, step


def _single(gain: int, above: int) -> tuple[int, int, int] | None:
    most, step = divmod(gain, above)
    return (most, 0, step) if gain >= 0 else None

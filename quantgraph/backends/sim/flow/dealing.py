"""The deals between two screens: prices and shares that make just their bar."""

from typing import Final, NamedTuple

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.flow.frames import Deal
from quantgraph.domain.orders import Side

# An enum's members are looked up in its class, these are at hand.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL


class Lapse(NamedTuple):
    """What traded since the screen before: prices in ticks, `turnover` in ticks x shares.

    `open` is the last price before it. `risen`: the last trade before it went up; `rising`: so did
    the last one of it.
    """

    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int
    risen: bool
    rising: bool


def split_deals(lapse: Lapse, lot: int, limits: Limits | None) -> tuple[Deal, ...]:
    """Return the deals in order: to the extremes and to the close; in whole lots if they can be.

    Volume and extremes are met, and the turnover too, where there are shares enough for all three;
    else the extremes, as far as there are shares. Who took is told by whether the price rose.
    """
    if not lapse.volume:
        return ()
    parts = _parts(lapse, lot) or _parts(lapse, 1) or _extremes(lapse)
    deals: list[Deal] = []
    before, rising = lapse.open, lapse.risen
    for number, (price, quantity) in enumerate(parts, 1):
        last = number == len(parts)
        rising = lapse.rising if last else price > before or (price == before and rising)
        deals.append(Deal(price, quantity, _taker(price, before, limits, rising=rising)))
        before = price
    return tuple(deals)


def _taker(price: int, before: int, limits: Limits | None, *, rising: bool) -> Side:
    """Return who took: at a limit that was reached before, nobody is left but the one side."""
    if limits is not None and price == before:
        if price >= limits.high:
            return _SELL
        if price <= limits.low:
            return _BUY
    return _BUY if rising else _SELL


def _parts(lapse: Lapse, unit: int) -> list[tuple[int, int]] | None:
    """Return prices and shares in order, None where these units are too coarse or too few.

    Seen from the close, `gain` is what the deals above it bring and those below it cost.
    """
    if lapse.high == lapse.low:
        return [(lapse.close, lapse.volume)]
    gain, rest = divmod(lapse.turnover - lapse.close * lapse.volume, unit)
    whole = lapse.volume // unit
    if rest or not whole:
        return None
    above, below = lapse.high - lapse.close, lapse.close - lapse.low
    shares = _weigh(gain, above, below)
    if shares is None:
        return None
    most, least, step = shares
    spent = most + least + (step != 0)
    if spent >= whole:
        return None
    high = [(lapse.high, most * unit)] if most else []
    low = [(lapse.low, least * unit)] if least else []
    between = [(lapse.close + step, unit)] if step else []
    order = [*low, *between, *high] if lapse.close >= lapse.open else [*high, *between, *low]
    return [*order, (lapse.close, lapse.volume - spent * unit)]


def _extremes(lapse: Lapse) -> list[tuple[int, int]]:
    """Return a share at each extreme, one at the close, and the rest where the money is."""
    low, high, close = lapse.low, lapse.high, lapse.close
    order = [low, high] if close >= lapse.open else [high, low]
    marks = [price for price in order if price != close][: lapse.volume - 1]
    rest = lapse.volume - len(marks) - 1
    money = lapse.turnover - sum(marks) - close
    floor = min(max(money // rest, low), high) if rest else close
    above = min(max(money - floor * rest, 0), rest) if floor < high else 0
    between = [(floor, rest - above), (floor + 1, above)]
    told = [*[(price, 1) for price in marks], *between, (close, 1)]
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

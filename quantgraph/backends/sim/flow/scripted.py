"""Scenarios over a symbol's day: the same frames, seen otherwise from an instant on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from quantgraph.backends.sim.depth import Limits, Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame, Frames
from quantgraph.backends.sim.flow.gathering import Gathered
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.scenarios import fill_parameters

_BEHIND = 4  # levels behind a queue
_SHARE = 50  # which part of the queue waits at each of them
Change = Callable[[Frame], Frame]
Rungs = tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario plays: from `at` (epoch ms), previous close and band in ticks."""

    at: int
    previous: int
    limits: Limits | None


class Overlay:
    """Implements `Frames`: those of another, changed from an instant on.

    At `turns` there is a frame though the other has none.
    """

    def __init__(self, base: Frames, change: Change, turns: Sequence[int]) -> None:
        """Change what `base` shows from the first turn on."""
        self._base = base
        self._change = change
        self._turns = sorted(turns)

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown."""
        frame = self._base.standing(at)
        turn = max((each for each in self._turns if each <= at), default=None)
        if turn is None:
            return frame
        return self._change(frame if frame.at >= turn else replace(frame, at=turn, deals=()))

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        left = after
        for turn in [each for each in self._turns if after < each <= until]:
            yield from map(self._seen, self._base.between(left, turn - 1))
            yield next(map(self._seen, self._base.between(turn - 1, turn)), self.standing(turn))
            left = turn
        yield from map(self._seen, self._base.between(left, until))

    def _seen(self, frame: Frame) -> Frame:
        return self._change(frame) if frame.at >= self._turns[0] else frame


def play(name: str, values: Mapping[str, Decimal], base: Frames, stage: Stage) -> Frames:
    """Return a symbol's frames with a scenario from `stage.at` on.

    Raises NotFound UNKNOWN_SCENARIO; InvalidRequest BAD_REQUEST for wrong parameters, and for a
    sealed limit where the day has no price limits.
    """
    filled = fill_parameters(name, values)
    change, turns = _MAKERS[name](filled, stage)
    return Overlay(base, change, [stage.at, *turns])


def _sealed(values: Mapping[str, Decimal], stage: Stage, side: Side) -> tuple[Change, list[int]]:
    if stage.limits is None:
        text = "The symbol has no price limits on this day, so none can be sealed."
        raise InvalidRequest(Reason.BAD_REQUEST, text, field="name")
    price = stage.limits.high if side is Side.BUY else stage.limits.low
    return _pin(values, stage, price), []


def _seal_up(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    return _sealed(values, stage, Side.BUY)


def _seal_down(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    return _sealed(values, stage, Side.SELL)


def _one_price(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    price = max(stage.previous + _part(stage.previous, values["percent"]), 1)
    return _pin(values, stage, _clamp(price, stage.limits)), []


def _pin(values: Mapping[str, Decimal], stage: Stage, price: int) -> Change:
    """Let everything trade at one price; whoever waits there is on one side."""
    queue, traded, limits = int(values["queue"]), values["traded"], stage.limits
    buyers = limits is None or price > limits.low
    taker = Side.SELL if buyers else Side.BUY
    shown = tuple(_behind(price, queue, -1 if buyers else 1, limits))

    def change(frame: Frame) -> Frame:
        deals = _pinned_deals(frame, price, taker, traded)
        volume = _collected(frame)
        if not volume:
            return Frame(frame.at, deals, *((shown, ()) if buyers else ((), shown)))
        # an auction: as many as would match come to those who wait, from both sides
        rest = shown[1:]
        most = Rung(price, queue + volume) if queue + volume else None
        waiting = (*([most] if most else []), *rest)
        takers = (Rung(price, volume),)
        return Frame(frame.at, deals, *((waiting, takers) if buyers else (takers, waiting)))

    return change


def _pinned_deals(frame: Frame, price: int, taker: Side, traded: Decimal) -> tuple[Deal, ...]:
    auctioned = sum(deal.quantity for deal in frame.deals if deal.taker is None)
    others = sum(deal.quantity for deal in frame.deals if deal.taker is not None)
    quantity = int(others * traded / 100)
    found = [Deal(price, auctioned, None)] if auctioned else []
    return (*found, *([Deal(price, quantity, taker)] if quantity else []))


def _behind(price: int, queue: int, step: int, limits: Limits | None) -> Iterator[Rung]:
    if queue:
        yield Rung(price, queue)
    for level in range(1, _BEHIND + 1):
        place = price + step * level
        if queue >= _SHARE and place > 0 and place == _clamp(place, limits):
            yield Rung(place, queue // _SHARE)


def _collected(frame: Frame) -> int:
    """Return what would match of an auction's book, 0 for a display that is not crossed."""
    if not frame.bids or not frame.asks or frame.bids[0].price < frame.asks[0].price:
        return 0
    book = Gathered.of(frame.bids, frame.asks)
    prices = {*book.bids, *book.asks}
    return max(min(book.demand(price), book.supply(price)) for price in prices)


def _halt(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    resumed = stage.at + int(values["minutes"]) * 60_000 if values["minutes"] else None

    def change(frame: Frame) -> Frame:
        over = resumed is not None and frame.at >= resumed
        return frame if over else Frame(frame.at, (), (), ())

    return change, [] if resumed is None else [resumed]


def _gap(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    delta = _part(stage.previous, values["percent"])
    return lambda frame: _moved(frame, delta, stage.limits), []


def _crash(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    depth = _part(stage.previous, values["percent"])
    fall, recovery = int(values["fall"]) * 1_000, int(values["recovery"]) * 1_000

    def change(frame: Frame) -> Frame:
        spent = frame.at - stage.at
        if spent < fall:
            # who sells is in a hurry: they take whatever is bid
            deals = tuple(replace(deal, taker=deal.taker and Side.SELL) for deal in frame.deals)
            return _moved(replace(frame, deals=deals), -depth * spent // fall, stage.limits)
        left = max(fall + recovery - spent, 0)
        delta = -depth * left // recovery if recovery else 0
        return _moved(frame, delta, stage.limits)

    return change, [stage.at + fall, stage.at + fall + recovery]


def _thin(values: Mapping[str, Decimal], stage: Stage) -> tuple[Change, list[int]]:
    levels, gap, size = (int(values[name]) for name in ("levels", "gap", "size"))
    traded, limits = values["traded"], stage.limits

    def side(rungs: Rungs, step: int) -> Rungs:
        prices = [rungs[0].price + step * gap * n for n in range(1, levels + 1)] if rungs else []
        kept = [p for p in prices if p > 0 and p == _clamp(p, limits)] if size else []
        return tuple(Rung(price, size) for price in dict.fromkeys(kept))

    def change(frame: Frame) -> Frame:
        if frame.empty or _collected(frame):
            return frame
        bids, asks = side(frame.bids, -1), side(frame.asks, 1)
        auctioned = tuple(deal for deal in frame.deals if deal.taker is None)
        others = [deal for deal in frame.deals if deal.taker is not None]
        makers = asks if others and others[-1].taker is Side.BUY else bids
        quantity = min(int(sum(deal.quantity for deal in others) * traded / 100), size)
        if not makers or not quantity:
            return Frame(frame.at, auctioned, bids, asks)
        deal = Deal(makers[0].price, quantity, others[-1].taker)
        return Frame(frame.at, (*auctioned, deal), bids, asks)

    return change, []


def _moved(frame: Frame, delta: int, limits: Limits | None) -> Frame:
    """Return a frame at other prices; whoever would be beyond a limit waits at it, if he can."""
    if not delta or frame.empty:
        return frame
    deals = tuple(replace(d, price=_clamp(d.price + delta, limits)) for d in frame.deals)
    return Frame(
        frame.at,
        deals,
        _moved_side(frame.bids, delta, (limits, Side.BUY)),
        _moved_side(frame.asks, delta, (limits, Side.SELL)),
    )


def _moved_side(rungs: Rungs, delta: int, where: tuple[Limits | None, Side]) -> Rungs:
    limits, side = where
    found: dict[int, int] = {}
    for rung in rungs:
        price = rung.price + delta
        held = _clamp(price, limits)
        # a buyer above the upper limit waits at it; one below the lower limit is not taken
        keen = held < price if side is Side.BUY else held > price
        if held == price or keen:
            found[held] = found.get(held, 0) + rung.quantity
    return tuple(Rung(*pair) for pair in found.items())


def _clamp(price: int, limits: Limits | None) -> int:
    low, high = (1, price) if limits is None else (limits.low, limits.high)
    return min(max(price, low), max(high, low))


def _part(previous: int, percent: Decimal) -> int:
    return int(previous * percent / 100)


_MAKERS: Mapping[str, Callable[[Mapping[str, Decimal], Stage], tuple[Change, list[int]]]] = {
    "SEALED_LIMIT_UP": _seal_up,
    "SEALED_LIMIT_DOWN": _seal_down,
    "HALT": _halt,
    "GAP_OPEN": _gap,
    "ONE_PRICE_DAY": _one_price,
    "THIN_BOOK": _thin,
    "FLASH_CRASH": _crash,
}

"""What the screen of a generated day displays at any instant, auctions included.

An auction collects orders at one price, where both sides meet, so it matches there whatever the
exchange's way to choose among several. As long as orders may be cancelled the price wanders.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from quantgraph.backends.sim.cadence import SCREEN_MS
from quantgraph.backends.sim.depth import Display, Ladder, Limits, Rung
from quantgraph.backends.sim.program import Program
from quantgraph.backends.sim.streams import word
from quantgraph.backends.sim.tape import Call, Print
from quantgraph.domain.rules.sessions import Phase

_WANDERS_MS = 20_000  # how long an indicative price stands
_MOST = 5  # steps of 1/2000 of the price that it may be off the open, at first
_LOT = 100  # as in depth.py: a choice, no rule
_COUNTERS = 1 << 50  # beyond those of levels and sizes


@dataclass(frozen=True, slots=True)
class Scene:
    """What a symbol's screen needs to know of its day: limits, program, levels, a key for luck."""

    limits: Limits | None
    program: Program
    ladder: Ladder
    key: int


def show(state: Print, scene: Scene, at: int) -> Display:
    """Return the orders displayed at an instant of the day; `state` is of the same instant.

    While an auction collects, both sides reach its price, and none goes beyond it but those that
    waited before; see `indicate`.
    """
    plan = scene.program
    if at < plan.prints:
        return _opening(state, scene, at)
    if at < plan.begins:
        return _book(state, scene, _fixed(plan))
    if state.call is not None:
        return _closing(state.call, state, scene, at)
    if plan.breaks <= at < plan.resumes:
        return _book(state, scene, plan.breaks - 1)
    return _book(state, scene, min(at, plan.close - 1))


def indicate(book: Display) -> Display:
    """Return what a screen tells of an auction: one price, and the shares that meet at it.

    The smaller side is what would trade; the difference is left over. Without orders that meet
    the book is told as it is.
    """
    bids, asks = book.bids, book.asks
    if not bids or not asks or bids[0].price < asks[0].price:
        return book
    price = _meeting(bids, asks)
    bought = sum(rung.quantity for rung in bids if rung.price >= price)
    sold = sum(rung.quantity for rung in asks if rung.price <= price)
    return Display((Rung(price, bought),), (Rung(price, sold),))


def _meeting(bids: Iterable[Rung], asks: Iterable[Rung]) -> int:
    """Return the price that is in both sides: a generated auction has no other one."""
    return ({rung.price for rung in bids} & {rung.price for rung in asks}).pop()


def _opening(state: Print, scene: Scene, at: int) -> Display:
    plan, call = scene.program, state.call
    begins = plan.span(Phase.OPEN_AUCTION)
    if begins is None or call is None or at < begins.start:
        return Display((), ())
    # Nobody cancels from 09:20 on, so what stands then has to stand a screen before.
    if call.volume and at < _fixed(plan) - SCREEN_MS:
        state = replace(state, last=_wander(state, scene, at))
    book = _book(state, scene, _fixed(plan))
    if not call.volume:
        return book
    return _gather(book, replace(call, price=state.last), _grown(call.volume, at, begins.start))


def _fixed(plan: Program) -> int:
    """Return when the book stands that the opening auction leaves behind: nobody cancels then."""
    span = plan.span(Phase.OPEN_AUCTION_FIXED)
    return plan.prints if span is None else span.start


def _wander(state: Print, scene: Scene, at: int) -> int:
    """Return an indicative price that comes nearer to the open."""
    left = max(_fixed(scene.program) - at, 0)
    most = min(_MOST, 1 + left // 60_000)
    steps = word(scene.key, _COUNTERS + at // _WANDERS_MS) % (2 * most + 1) - most
    price = max(state.open + steps * max(state.previous // 2_000, 1), 1)
    if scene.limits is None:
        return price
    return min(max(price, scene.limits.low), scene.limits.high)


def _grown(volume: int, at: int, start: int, length: int = 600_000) -> int:
    """Return what would be matched: whole lots that grow to the volume in the end."""
    steps, last = (at - start) // SCREEN_MS, length // SCREEN_MS - 1
    if steps >= last:
        return volume
    least = max(volume // 4 // _LOT * _LOT, min(_LOT, volume))
    return least + (volume - least) * steps // last // _LOT * _LOT


def _closing(call: Call, state: Print, scene: Scene, at: int) -> Display:
    """Return the book before, in and after the closing auction: in it nobody cancels."""
    plan = scene.program
    before = replace(state, last=call.last, rising=call.rising)
    book = _thin(_book(before, scene, plan.ends - 1), call)
    if at < plan.ends or not call.volume:
        return book
    beyond = max(_beyond(book, call.price))
    matched = call.volume
    if at < plan.close:
        spare = matched - beyond - _LOT
        grown = _grown(spare, at, plan.ends, plan.close - plan.ends) if spare > 0 else spare
        matched = beyond + _LOT + grown
    full = _gather(book, call, matched)
    return full if at < plan.close else _left(full, call)


def _gather(book: Display, call: Call, matched: int) -> Display:
    """Return a book whose sides meet at the auction's price with just so many shares.

    Of those who waited there before, only one side can have any: as many are left over.
    """
    bought, sold = _beyond(book, call.price)
    bids = _joined(book.bids, Rung(call.price, matched - bought))
    asks = _joined(book.asks, Rung(call.price, matched - sold))
    return Display(
        tuple(sorted(bids, key=lambda rung: -rung.price)),
        tuple(sorted(asks, key=lambda rung: rung.price)),
    )


def _joined(rungs: tuple[Rung, ...], more: Rung) -> list[Rung]:
    waiting = sum(rung.quantity for rung in rungs if rung.price == more.price)
    rest = [rung for rung in rungs if rung.price != more.price]
    return [*rest, Rung(more.price, waiting + more.quantity)]


def _beyond(book: Display, price: int) -> tuple[int, int]:
    """Return the shares that are bought above and sold below a price."""
    bought = sum(rung.quantity for rung in book.bids if rung.price > price)
    sold = sum(rung.quantity for rung in book.asks if rung.price < price)
    return bought, sold


def _thin(book: Display, call: Call) -> Display:
    """Leave out who would trade better than the auction prints, beyond what it prints."""
    most = max(call.volume - _LOT, 0)
    bids = _within(book.bids, most, [rung.price > call.price for rung in book.bids])
    asks = _within(book.asks, most, [rung.price < call.price for rung in book.asks])
    return Display(bids, asks)


def _within(rungs: tuple[Rung, ...], most: int, better: list[bool]) -> tuple[Rung, ...]:
    sums = accumulate([rung.quantity for rung in rungs])
    trios = zip(rungs, sums, better, strict=True)
    return tuple(rung for rung, upto, goes in trios if not goes or upto <= most)


def _left(book: Display, call: Call) -> Display:
    """Return what an auction leaves behind: one side at its price and better is gone."""
    bids = _after(book.bids, call.volume, [rung.price >= call.price for rung in book.bids])
    asks = _after(book.asks, call.volume, [rung.price <= call.price for rung in book.asks])
    return Display(bids, asks)


def _after(rungs: tuple[Rung, ...], traded: int, reached: list[bool]) -> tuple[Rung, ...]:
    left: list[Rung] = []
    for rung, goes in zip(rungs, reached, strict=True):
        taken = min(traded, rung.quantity) if goes else 0
        traded -= taken
        if rung.quantity > taken:
            left.append(Rung(rung.price, rung.quantity - taken))
    return tuple(left)


def _book(state: Print, scene: Scene, instant: int) -> Display:
    second = instant // 1_000 % 86_400
    return scene.ladder.display(state.last, second, rising=state.rising)

"""Each price type in each phase, before an empty, a thin and a deep book."""

import pytest

from quantgraph.backends.sim.core.events import End, Ended, Enter, Event, Refused, Trade, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

BUY, SELL = Side.BUY, Side.SELL
MARKET_KINDS = [kind for kind in PriceType if not kind.priced]
OURS = 1

# Offers and bids, price and shares, best first. What waits has the keys -1, -2 ... in this order.
BOOKS = {
    "empty": ([], []),
    "one-sided": ([], [(999, 100)]),
    "thin": ([(1001, 100), (1003, 100)], [(999, 100), (998, 100)]),
    "deep": ([(1000 + n, 100) for n in range(1, 8)], [(1000 - n, 100) for n in range(1, 8)]),
}


def venue_with(book: str, phase: Phase = Phase.CONTINUOUS) -> Venue:
    venue = Venue(Terms(Market.SH, 1000, (900, 1100)))
    asks, bids = BOOKS[book]
    orders = [(SELL, *each) for each in asks] + [(BUY, *each) for each in bids]
    for number, (side, price, quantity) in enumerate(orders, 1):
        assert venue.apply(Enter(-number, side, quantity, limit=price)) == []
    venue.apply(Turn(phase))
    return venue


def bought(*trades: tuple[int, int]) -> list[Event]:
    """Trades of ours with the first offers: price and shares."""
    return [Trade(OURS, -n, *each, BUY) for n, each in enumerate(trades, 1)]


def ended(left: int) -> list[Event]:
    return [Ended(OURS, left, End.UNFILLED)]


FIVE = [(1000 + n, 100) for n in range(1, 6)]
SEVEN = [(1000 + n, 100) for n in range(1, 8)]
# A buy: price type, book, shares, what comes of it, and where the rest then waits.
CASES: list[tuple[PriceType, str, int, list[Event], Rung | None]] = [
    (PriceType.OWN_BEST, "empty", 300, ended(300), None),
    (PriceType.OWN_BEST, "one-sided", 300, [], Rung(999, 400)),
    (PriceType.OWN_BEST, "thin", 300, [], Rung(999, 400)),
    (PriceType.OWN_BEST, "deep", 300, [], Rung(999, 400)),
    (PriceType.OPPOSITE_BEST, "empty", 300, ended(300), None),
    (PriceType.OPPOSITE_BEST, "one-sided", 300, ended(300), None),
    (PriceType.OPPOSITE_BEST, "thin", 100, bought((1001, 100)), None),
    (PriceType.OPPOSITE_BEST, "thin", 300, bought((1001, 100)), Rung(1001, 200)),
    (PriceType.OPPOSITE_BEST, "deep", 300, bought((1001, 100)), Rung(1001, 200)),
    (PriceType.BEST_FIVE_CANCEL, "empty", 300, ended(300), None),
    (PriceType.BEST_FIVE_CANCEL, "one-sided", 300, ended(300), None),
    (PriceType.BEST_FIVE_CANCEL, "thin", 150, bought((1001, 100), (1003, 50)), None),
    (
        PriceType.BEST_FIVE_CANCEL,
        "thin",
        300,
        [*bought((1001, 100), (1003, 100)), *ended(100)],
        None,
    ),
    (PriceType.BEST_FIVE_CANCEL, "deep", 500, bought(*FIVE), None),
    (PriceType.BEST_FIVE_CANCEL, "deep", 700, [*bought(*FIVE), *ended(200)], None),
    (PriceType.BEST_FIVE_LIMIT, "empty", 300, ended(300), None),
    (PriceType.BEST_FIVE_LIMIT, "one-sided", 300, [], Rung(999, 400)),
    (PriceType.BEST_FIVE_LIMIT, "thin", 300, bought((1001, 100), (1003, 100)), Rung(1003, 100)),
    (PriceType.BEST_FIVE_LIMIT, "deep", 700, bought(*FIVE), Rung(1005, 200)),
    (PriceType.FILL_OR_KILL, "empty", 300, ended(300), None),
    (PriceType.FILL_OR_KILL, "one-sided", 300, ended(300), None),
    (PriceType.FILL_OR_KILL, "thin", 200, bought((1001, 100), (1003, 100)), None),
    (PriceType.FILL_OR_KILL, "thin", 201, ended(201), None),
    (PriceType.FILL_OR_KILL, "deep", 700, bought(*SEVEN), None),
    (PriceType.FILL_OR_KILL, "deep", 701, ended(701), None),
]


@pytest.mark.parametrize(("kind", "book", "quantity", "events", "rests"), CASES)
def test_a_market_type_buys_as_its_exchange_defines_it(
    kind: PriceType, book: str, quantity: int, events: list[Event], rests: Rung | None
) -> None:
    venue = venue_with(book)
    before = venue.depth(BUY)
    assert venue.apply(Enter(OURS, BUY, quantity, kind)) == events
    assert venue.open_quantity(OURS) == (rests.quantity - _shown(before, rests) if rests else 0)
    assert rests is None or venue.depth(BUY)[0] == rests
    assert rests is not None or venue.depth(BUY) == before


def _shown(rungs: tuple[Rung, ...], at: Rung) -> int:
    return sum(rung.quantity for rung in rungs if rung.price == at.price)


@pytest.mark.parametrize("kind", MARKET_KINDS)
@pytest.mark.parametrize("book", BOOKS)
def test_a_sell_is_a_buy_in_the_mirror(kind: PriceType, book: str) -> None:
    venue, mirror = venue_with(book), _mirrored(book)
    for each, side in ((venue, BUY), (mirror, SELL)):
        each.apply(Enter(OURS, side, 450, kind))
    flipped = tuple(Rung(2000 - rung.price, rung.quantity) for rung in mirror.depth(SELL))
    assert venue.depth(BUY) == flipped
    assert venue.tally.volume == mirror.tally.volume


def _mirrored(book: str) -> Venue:
    venue = Venue(Terms(Market.SH, 1000, (900, 1100)))
    asks, bids = BOOKS[book]
    orders = [(BUY, *each) for each in asks] + [(SELL, *each) for each in bids]
    for number, (side, price, quantity) in enumerate(orders, 1):
        venue.apply(Enter(-number, side, quantity, limit=2000 - price))
    venue.apply(Turn(Phase.CONTINUOUS))
    return venue


AUCTIONS = [Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION]
SHUT = [Phase.CLOSED, Phase.PRE_OPEN, Phase.LUNCH, Phase.AFTER_HOURS]


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("kind", MARKET_KINDS)
@pytest.mark.parametrize("phase", [*AUCTIONS, *SHUT])
def test_a_market_type_needs_continuous_trading(phase: Phase, kind: PriceType, book: str) -> None:
    venue = venue_with(book, phase)
    why = Reason.PRICE_TYPE_UNSUPPORTED if phase in AUCTIONS else Reason.SESSION_CLOSED
    before = venue.depth(BUY), venue.depth(SELL)
    assert venue.apply(Enter(OURS, BUY, 100, kind)) == [Refused(OURS, why)]
    assert (venue.depth(BUY), venue.depth(SELL)) == before


@pytest.mark.parametrize("kind", MARKET_KINDS)
def test_a_market_type_brings_no_price_and_a_limit_order_must(kind: PriceType) -> None:
    venue = venue_with("deep")
    assert venue.apply(Enter(OURS, BUY, 100, kind, 1001)) == [
        Refused(OURS, Reason.PRICE_NOT_ALLOWED)
    ]
    assert venue.apply(Enter(OURS, BUY, 100)) == [Refused(OURS, Reason.PRICE_REQUIRED)]


def test_a_limit_order_waits_in_every_auction_and_is_refused_where_nothing_is_taken() -> None:
    for phase in AUCTIONS:
        venue = venue_with("thin", phase)
        assert venue.apply(Enter(OURS, BUY, 100, limit=1003)) == []
        assert venue.best(BUY) == 1003
    for phase in (Phase.CLOSED, Phase.PRE_OPEN, Phase.LUNCH):
        venue = venue_with("thin", phase)
        assert venue.apply(Enter(OURS, BUY, 100, limit=1003)) == [
            Refused(OURS, Reason.SESSION_CLOSED)
        ]

"""Continuous trading: price first, then time; what is displayed is what waits."""

import pytest

from quantgraph.backends.sim.core.events import (
    Cancel,
    End,
    Ended,
    Enter,
    Lower,
    Refused,
    Trade,
    Turn,
)
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

BUY, SELL = Side.BUY, Side.SELL


def limit(key: int, side: Side, price: int, quantity: int) -> Enter:
    return Enter(key, side, quantity, PriceType.LIMIT, price)


def trading(*orders: Enter) -> Venue:
    venue = Venue(Terms(Market.SH, 1000, (900, 1100)))
    venue.apply(Turn(Phase.CONTINUOUS))
    for order in orders:
        assert venue.apply(order) == []
    return venue


def test_the_better_price_trades_first_whoever_came_first() -> None:
    venue = trading(limit(1, SELL, 1002, 100), limit(2, SELL, 1001, 100))
    assert venue.apply(limit(3, BUY, 1002, 150)) == [
        Trade(3, 2, 1001, 100, BUY),
        Trade(3, 1, 1002, 50, BUY),
    ]
    assert venue.depth(SELL) == (Rung(1002, 50),)


def test_at_one_price_the_first_to_come_is_the_first_to_trade() -> None:
    venue = trading(limit(1, BUY, 999, 100), limit(2, BUY, 999, 200))
    assert venue.ahead(2) == 100
    assert venue.apply(limit(3, SELL, 990, 150)) == [
        Trade(1, 3, 999, 100, SELL),
        Trade(2, 3, 999, 50, SELL),
    ]
    assert (venue.ahead(1), venue.ahead(2), venue.open_quantity(2)) == (None, 0, 150)


def test_what_is_left_of_a_limit_order_waits_at_its_limit() -> None:
    venue = trading(limit(1, SELL, 1001, 100))
    venue.apply(limit(2, BUY, 1003, 300))
    assert (venue.best(BUY), venue.best(SELL), venue.last) == (1003, None, 1001)
    assert venue.depth(BUY) == (Rung(1003, 200),)


def test_a_cancel_takes_out_what_is_open_and_a_second_one_changes_nothing() -> None:
    venue = trading(limit(1, BUY, 999, 300), limit(2, BUY, 999, 100))
    venue.apply(limit(3, SELL, 999, 100))
    assert venue.apply(Cancel(1)) == [Ended(1, 200, End.CANCELED)]
    assert venue.apply(Cancel(1)) == []
    assert venue.depth(BUY) == (Rung(999, 100),)


def test_the_days_figures_count_every_trade() -> None:
    venue = trading(limit(1, SELL, 1005, 100), limit(2, SELL, 1001, 100), limit(3, BUY, 990, 100))
    venue.apply(limit(4, BUY, 1005, 200))
    venue.apply(limit(5, SELL, 990, 100))
    turnover = 1001 * 100 + 1005 * 100 + 990 * 100
    assert venue.tally == Tally(1001, 1005, 990, 990, 300, turnover)


def test_a_venue_that_opens_in_mid_day_counts_on() -> None:
    venue = Venue(Terms(Market.SZ, 1000), Tally(1010, 1020, 1005, 1015, 5_000, 5_000_000))
    venue.apply(Turn(Phase.CONTINUOUS))
    venue.apply(limit(-1, SELL, 1021, 100))
    venue.apply(limit(1, BUY, 1021, 100))
    assert venue.tally == Tally(1010, 1021, 1005, 1021, 5_100, 5_102_100)


@pytest.mark.parametrize("price", [899, 1101, 0, -5])
def test_a_price_outside_the_band_is_refused_and_changes_nothing(price: int) -> None:
    venue = trading()
    assert venue.apply(limit(1, BUY, price, 100)) == [Refused(1, Reason.PRICE_BAND)]
    assert (venue.best(BUY), venue.open_quantity(1)) == (None, 0)


def test_a_key_that_is_open_cannot_be_used_again() -> None:
    venue = trading(limit(1, BUY, 999, 100))
    with pytest.raises(ValueError, match="new key"):
        venue.apply(limit(1, BUY, 998, 100))
    with pytest.raises(ValueError, match="one share"):
        venue.apply(limit(2, BUY, 998, 0))
    assert venue.depth(BUY) == (Rung(999, 100),)


def test_an_order_that_loses_shares_keeps_its_place() -> None:
    venue = trading()
    for key in (-1, -2):
        venue.apply(limit(key, BUY, 100, 500))
    before = venue.fingerprint()
    assert venue.apply(Lower(-1, 200)) == []
    assert venue.fingerprint() != before
    assert venue.depth(BUY)[0].quantity == 800
    assert (venue.open_quantity(-1), venue.ahead(-2)) == (300, 300)
    assert venue.apply(Lower(-1, 300)) == [Ended(-1, 300, End.CANCELED)]
    assert venue.apply(Lower(-1, 300)) == []

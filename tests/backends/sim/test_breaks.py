"""A share without a band stops by itself where a trade moves too far from the day's open."""

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from quantgraph.backends.sim.keeping import dump_exchange, load_exchange
from quantgraph.domain.calendar import at
from quantgraph.domain.orders import OrderState, PriceType
from quantgraph.domain.reasons import Reason

from .conftest import START
from .hall import BUY, NOW, SELL, SYMBOL, Floor, fills, frame, instrument, order, states

MINUTE = 60_000
FRESH = "688123.SH"


class Unbanded(Floor):
    """The hall's share on its first day at the STAR market: any price goes, it opened at 10.00."""

    def __init__(self, clock: time = time(10), **more) -> None:
        super().__init__(now=at(START, clock), **more)
        self.exchange.listed.clear()
        self.instrument = replace(instrument(FRESH, list_date=START), symbol=SYMBOL)
        self.enlist(START)

    def deal(self, price: str, quantity: int = 100):
        return self.take(self.exchange.inject_trade(SYMBOL, (Decimal(price), quantity), self.now))

    @property
    def halted(self) -> bool:
        screen = self.exchange.screen(SYMBOL)
        assert screen is not None
        return screen.halted


@pytest.mark.parametrize(
    ("price", "stops"), [("12.99", False), ("13.00", True), ("7.01", False), ("7.00", True)]
)
def test_a_trade_thirty_percent_from_the_open_stops_it_for_ten_minutes(price, stops) -> None:
    floor = Unbanded()
    floor.deal(price)
    assert floor.halted is stops
    floor.move(NOW + 10 * MINUTE - 1)
    assert floor.halted is stops
    floor.move(NOW + 10 * MINUTE)
    assert not floor.halted


def test_each_move_stops_it_once_up_or_down() -> None:
    floor = Unbanded()
    floor.deal("13.00")
    floor.move(NOW + 10 * MINUTE)
    floor.deal("7.00")
    assert not floor.halted
    floor.deal("15.99")
    assert not floor.halted
    floor.deal("16.00")
    assert floor.halted
    floor.move(NOW + 20 * MINUTE)
    floor.deal("25.00")
    assert not floor.halted


def test_a_trade_beyond_both_moves_stops_it_once() -> None:
    floor = Unbanded()
    floor.deal("16.00")
    floor.move(NOW + 10 * MINUTE)
    assert not floor.halted
    floor.deal("16.50")
    assert not floor.halted


def test_orders_wait_meanwhile_and_an_auction_of_them_follows() -> None:
    floor = Unbanded()
    floor.deal("13.00")
    assert states(floor.place("a", BUY, 200, "10.05")) == [OrderState.WORKING]
    assert states(floor.place("s", SELL, 200, "10.03")) == [OrderState.WORKING]
    assert floor.refuse("b", BUY, 200, None, price_type=PriceType.OWN_BEST) is (Reason.SUSPENDED)
    floor.place("c", BUY, 200, "10.10")
    assert states(floor.withdraw("c")) == [OrderState.CANCELED]
    assert floor.move(NOW + 10 * MINUTE - 1) == []
    reports = floor.move(NOW + 10 * MINUTE)
    assert fills(reports) == [("10.04", 200)] * 2  # the middle of what was ordered
    assert reports[-1].time.minute == 10


def test_the_trade_that_stops_it_may_be_ours() -> None:
    floor = Unbanded()
    floor.place("w", SELL, 200, "13.00")
    floor.show({"9.99": 500}, {"13.00": 300}, ("10.00", 500, BUY), ("10.01", 500, BUY))
    assert not floor.halted
    assert fills(floor.place("b", BUY, 200, "13.00")) == [("13.00", 200)] * 2
    assert floor.halted


@pytest.mark.parametrize(
    ("clock", "halted", "over"),
    [
        # The pause counts trading time: lunch is none, and the closing auction ends it.
        (time(11, 25), time(13, 4, 59), time(13, 5)),
        (time(14, 50), time(14, 56, 59), time(14, 57)),
    ],
)
def test_the_pause_counts_trading_time_and_ends_with_it(clock, halted, over) -> None:
    floor = Unbanded(clock)
    floor.deal("13.00")
    floor.move(at(START, halted))
    assert floor.halted
    floor.move(at(START, over))
    assert not floor.halted


def test_a_share_with_a_band_does_not_stop() -> None:
    floor = Floor()
    floor.take(floor.exchange.inject_trade(SYMBOL, (Decimal("11.00"), 100), NOW))
    floor.take(floor.exchange.inject_trade(SYMBOL, (Decimal("9.00"), 100), NOW))
    screen = floor.exchange.screen(SYMBOL)
    assert screen is not None
    assert not screen.halted


def test_an_operator_ends_the_pause_and_stops_what_pauses_for_longer() -> None:
    floor = Unbanded()
    floor.deal("13.00")
    floor.take(floor.exchange.resume(SYMBOL, NOW))
    assert not floor.halted
    floor.deal("16.00")
    floor.take(floor.exchange.halt(SYMBOL, NOW))
    floor.move(NOW + 10 * MINUTE)
    assert floor.halted
    floor.take(floor.exchange.resume(SYMBOL, floor.now))
    assert not floor.halted


def test_a_pause_is_kept_with_the_exchange() -> None:
    floor = Unbanded()
    floor.place("w", SELL, 200, "13.00")
    floor.deal("13.00", 1_000)
    state = dump_exchange(floor.exchange)
    other = load_exchange(state, floor.exchange.rules, floor.exchange.listed)
    assert dump_exchange(other) == state
    until = NOW + 10 * MINUTE
    new = order("new", BUY, 200, "10.00")
    for each in (floor.exchange, other):
        assert each.advance(until - 1) == []
        each.advance(until)
    assert floor.exchange.fingerprint() == other.fingerprint()
    assert floor.exchange.place(new, until)[1] == other.place(new, until)[1]


def test_it_is_the_same_however_often_time_is_looked_at() -> None:
    def played(step: int):
        floor = Unbanded()
        floor.place("a", BUY, 200, "9.50")
        for second in range(1, 30):
            price = "13.00" if second == 5 else "10.00"
            shown = ({"9.99": 500}, {"10.00": 500})
            floor.board.frames.append(frame(NOW + second * 1_000, *shown, (price, 100, BUY)))
        floor.exchange.script(SYMBOL, floor.board, NOW)
        for when in range(NOW, NOW + 12 * MINUTE, step):
            floor.move(when)
        floor.move(NOW + 12 * MINUTE)
        return floor.exchange.fingerprint(), floor.reports

    assert played(777) == played(60_000)

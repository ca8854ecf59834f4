"""What is due happens at its instant: not before it, and never because it once was to."""

from datetime import timedelta

from quantgraph.domain.calendar import from_ms, to_ms
from quantgraph.domain.orders import OrderState

from .hall import BUY, NOW, SELL, SYMBOL, Board, Floor, fills, frame

DISPLAY = {"9.99": 500}, {"10.01": 500}


def test_an_order_lives_up_to_its_expiry_and_not_a_moment_longer() -> None:
    floor = Floor()
    floor.place("a", BUY, 300, "9.50", expires_at=from_ms(NOW) + timedelta(seconds=5))
    assert floor.move(NOW + 4_998) == []
    through = ("9.50", 100, SELL)
    before = floor.add(NOW + 4_999, {"9.49": 500}, {"9.60": 500}, through) + floor.move(NOW + 4_999)
    assert fills(before) == [("9.50", 100)]
    at_last = floor.add(NOW + 5_000, {"9.49": 500}, {"9.60": 500}, through) + floor.move(
        NOW + 5_000
    )
    assert [(each.state, to_ms(each.time)) for each in at_last] == [
        (OrderState.EXPIRED, NOW + 5_000)
    ]
    assert floor.exchange.next > NOW + 5_000


def test_what_was_to_come_comes_no_more_when_a_script_took_its_place() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.50")
    floor.add(NOW + 1_000, *DISPLAY)
    other = Board()
    other.frames = [frame(NOW, *DISPLAY), frame(NOW + 60_000, {"9.40": 500}, {"9.45": 500})]
    floor.take(floor.exchange.script(SYMBOL, other, NOW))
    assert floor.move(NOW + 2_000) == []
    assert floor.exchange.at == NOW + 2_000
    shown = floor.exchange.screen(SYMBOL)
    assert shown is not None
    assert shown.at < NOW + 1_000
    assert fills(floor.move(NOW + 60_000)) == [("9.50", 100)]

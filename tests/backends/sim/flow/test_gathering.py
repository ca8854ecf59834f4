"""An auction told by its screens: its book only grows, and keeps room for the print."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.gathering import Gathered, gather_fixed, gather_freely

SCREENS = st.lists(st.builds(Rung, st.integers(995, 1_005), st.integers(1, 50)), max_size=12)


def rising(screens):
    """Without cancels what would match never becomes less."""
    most = 0
    found = []
    for screen in screens:
        most += screen.quantity
        found.append(Rung(screen.price, most))
    return found


@settings(max_examples=200)
@given(SCREENS.filter(bool), st.integers(995, 1_005), st.integers(1, 50))
def test_whatever_was_on_the_screen_the_print_comes_out_and_nobody_leaves(screens, price, more):
    screens = rising(screens)
    printed = Rung(price, screens[-1].quantity + more)
    states = gather_fixed(Gathered(), screens, printed)
    assert states[-1].gives(printed)
    for older, newer in pairwise(states):
        for was, now in ((older.bids, newer.bids), (older.asks, newer.asks)):
            assert all(now.get(limit, 0) >= quantity for limit, quantity in was.items())


def test_a_screen_that_can_be_met_is_met():
    screens = [Rung(1_000, 100), Rung(1_001, 110), Rung(1_000, 130)]
    states = gather_fixed(Gathered(), screens, Rung(1_000, 200))
    assert [state.gives(screen) for state, screen in zip(states[:2], screens, strict=False)] == [
        True,
        True,
    ]
    assert states[-1].gives(Rung(1_000, 200))


def test_what_would_spoil_the_print_is_never_shown():
    big = gather_freely([Rung(1_000, 500)], Rung(1_010, 100))
    assert big == [Gathered()]
    kept = gather_freely([Rung(1_000, 500), None], Rung(1_010, 700))
    assert kept[0].gives(Rung(1_000, 500))
    assert kept[1] == Gathered()


def test_what_continuous_trading_left_waits_on():
    start = Gathered.of((Rung(999, 50),), (Rung(1_001, 70),))
    states = gather_fixed(start, [Rung(1_003, 20), Rung(1_003, 90)], Rung(1_003, 90))
    assert states[-1].gives(Rung(1_003, 90))
    assert states[-1].bids[999] == 50
    assert states[-1].asks[1_001] == 70

"""Screens come out of the pipes as they went in."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.engine.flat import pickled
from quantgraph.backends.sim.screen import Screen

NUMBER = st.integers(-(2**53), 2**53)
RUNGS = st.lists(st.builds(Rung, NUMBER, NUMBER), max_size=10).map(tuple)
MAYBE = st.none() | NUMBER
SCREEN = st.builds(
    Screen,
    at=NUMBER,
    tally=st.builds(Tally, MAYBE, MAYBE, MAYBE, MAYBE, NUMBER, NUMBER),
    bids=RUNGS,
    asks=RUNGS,
    more_volume=NUMBER,
    more_turnover=NUMBER,
    halted=st.booleans(),
    scripted=st.booleans(),
)


@given(st.dictionaries(st.text(max_size=9), SCREEN, max_size=3))
def test_a_screen_is_read_as_it_was_written(screens: dict[str, Screen]) -> None:
    assert pickle.loads(pickled((screens, 7))) == (screens, 7)


def test_a_screen_takes_less_than_half_the_bytes() -> None:
    rungs = tuple(Rung(180_000 + each, 100 * each) for each in range(10))
    screen = Screen(1_675_215_000_000, Tally(1, 2, 3, 4, 5, 6), rungs, rungs, 0, 0, False, False)
    screens = {str(each): screen for each in range(1)}
    assert len(pickled(screens)) < len(pickle.dumps(screens, pickle.HIGHEST_PROTOCOL))

"""The fingerprint: the same everywhere, another after any change, and never moved by a look."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Halt, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase

from . import busy

# The day of busy.py on every machine and every Python; a change of what a venue does changes it.
EXPECTED = "59b40ec728fe93ac597152e5510992e8"


def told(*commands: Command) -> tuple[str, int]:
    venue = Venue(Terms(Market.SZ, 1000, (900, 1100)))
    for command in commands:
        venue.apply(command)
    return venue.fingerprint()


def test_a_busy_day_has_the_one_fingerprint_it_has_everywhere() -> None:
    assert busy.lived().fingerprint() == (EXPECTED, len(busy.commands()))


@pytest.mark.parametrize("seed", ["0", "1", "31337"])
def test_no_hash_seed_shows_in_it(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, busy.__file__]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == EXPECTED


def test_a_look_and_a_dump_in_mid_day_change_nothing() -> None:
    plain, watched = (Venue(Terms(Market.SH, 1000, (900, 1100))) for _ in range(2))
    for number, command in enumerate(busy.commands(150)):
        plain.apply(command)
        watched.apply(command)
        if number % 50 == 0:
            watched.fingerprint()
            watched = Venue.load(watched.dump())
    assert watched.fingerprint() == plain.fingerprint()


ORDER = Enter(1, Side.BUY, 100, PriceType.LIMIT, 1000)
OTHERS: list[list[Command]] = [
    [ORDER],
    [Enter(2, Side.BUY, 100, PriceType.LIMIT, 1000)],
    [Enter(1, Side.SELL, 100, PriceType.LIMIT, 1000)],
    [Enter(1, Side.BUY, 200, PriceType.LIMIT, 1000)],
    [Enter(1, Side.BUY, 100, PriceType.LIMIT, 1001)],
    [Enter(1, Side.BUY, 100, PriceType.OWN_BEST)],
    [Enter(1, Side.BUY, 100, PriceType.OPPOSITE_BEST)],
    [ORDER, Cancel(1)],
    [ORDER, Cancel(2)],
    [ORDER, Halt()],
    [ORDER, Halt(resumed=True)],
    [ORDER, Turn(Phase.LUNCH)],
    [],
]


def test_whatever_is_told_otherwise_is_another_fingerprint() -> None:
    shown = sorted(told(Turn(Phase.CONTINUOUS), *each)[0] for each in OTHERS)
    assert all(one != other for one, other in pairwise(shown))


def test_what_a_venue_answers_is_in_it_and_not_only_what_it_was_told() -> None:
    strict = Venue(Terms(Market.SZ, 1000, (900, 999)))
    free = Venue(Terms(Market.SZ, 1000, (900, 1100)))
    for venue in (strict, free):
        venue.apply(Turn(Phase.CONTINUOUS))
        venue.apply(ORDER)
    assert strict.fingerprint() != free.fingerprint()

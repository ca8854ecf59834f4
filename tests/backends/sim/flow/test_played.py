"""One seed, one history: whatever the process, the Python, and whoever else is traded."""

import json
import sys

import pytest

from .. import pythons
from . import played


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    return played.play()


def test_every_python_of_this_machine_tells_the_same_days(python: str, here) -> None:
    told = pythons.ask(python, "31337", played.__file__)
    assert json.loads(told) == here


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_no_hash_seed_shows_in_a_day(hash_seed: str, here) -> None:
    told = pythons.ask(sys.executable, hash_seed, played.__file__)
    assert json.loads(told) == here


def test_a_symbols_day_is_the_same_whoever_else_is_traded(here) -> None:
    first, second, third = played.SYMBOLS
    assert played.play((third, first)) == {first: here[first], third: here[third]}
    assert played.play((second,)) == {second: here[second]}


def test_other_orders_are_another_day(here) -> None:
    others = played.play(seed=played.SEED + 1)
    assert all(others[symbol] != here[symbol] for symbol in played.SYMBOLS)

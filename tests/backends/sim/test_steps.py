"""Random acts by the ten thousand that a seed decides, each of them checked; `just soak` does more.

QUANTGRAPH_STEPS sets how many, 100,000 in CI; a failing seed is told with the command to repeat it.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from quantgraph.domain.orders import PriceType
from quantgraph.domain.scenarios import SCENARIOS

from . import pythons
from .steps import Life

# Two at once: CI has two cores.
STEPS = int(os.environ.get("QUANTGRAPH_STEPS", "100000" if os.environ.get("CI") else "30000"))
SEEDS = (1, 2)
_COUNT = re.compile(r"([a-zA-Z][\w ]*) (\d+)(?:,|$)", re.MULTILINE)


def test_no_random_life_breaks_a_promise() -> None:
    counts: Counter[str] = Counter()
    for told in _live(STEPS // len(SEEDS)):
        counts.update({name: int(number) for name, number in _COUNT.findall(told)})
    # A life in which nothing happens keeps every promise.
    wanted = [f"ended {state}" for state in ("FILLED", "CANCELED", "EXPIRED")]
    wanted += [f"took {kind}" for kind in PriceType]
    wanted += [f"played {each.name}" for each in SCENARIOS]
    wanted += ["fills in auctions", "fills in trading", "fills after hours"]
    wanted += ["events paid", "restored", "trades of strangers", "paid in", "paid out"]
    assert [each for each in wanted if not counts[each]] == []


def test_a_life_is_the_same_in_every_python_of_this_machine(python: str) -> None:
    told = pythons.ask(python, "31337", "-m", "tests.backends.sim.steps", "--steps", "400")
    assert told.splitlines()[1].strip() == _after(400)


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_a_life_is_the_same_under_any_hash_seed(hash_seed: str) -> None:
    told = pythons.ask(
        sys.executable, hash_seed, "-m", "tests.backends.sim.steps", "--steps", "400"
    )
    assert told.splitlines()[1].strip() == _after(400)


def test_a_life_of_another_seed_is_another() -> None:
    assert _after(400, seed=2) != _after(400)


def _live(steps: int) -> Iterator[str]:
    """Yield what each seed's life told; a failure tells the command that repeats it."""
    module = [sys.executable, "-m", "tests.backends.sim.steps", "--steps", str(steps), "--seed"]
    pipe = subprocess.PIPE
    lives = [
        subprocess.Popen(
            [*module, str(seed)], cwd=pythons.ROOT, stdout=pipe, stderr=pipe, text=True
        )
        for seed in SEEDS
    ]
    ended = [(*life.communicate(), life.returncode) for life in lives]
    assert [errors for _, errors, code in ended if code] == []
    yield from (told for told, _, _ in ended)


def _after(steps: int, seed: int = 1) -> str:
    life = Life(seed)
    life.run(steps)
    return life.trial.fingerprint

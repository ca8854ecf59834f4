"""A gateway that is killed anywhere, and what its orders are after the restart.

QUANTGRAPH_KILLS sets how many random courses the slow test lives through (1,000), and
QUANTGRAPH_SEED the first of their seeds. See `tests/services/kills`.
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.services.kills import matrix

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork to kill")
ROOT = Path(__file__).parents[2]
COURSES = int(os.environ.get("QUANTGRAPH_KILLS", "1000"))
SEED = int(os.environ.get("QUANTGRAPH_SEED", "1"))
# No power is cut here, so fsyncs may cost nothing; `test_durable.py` watches them.
_MEMORY = Path("/dev/shm")


def run(*works):
    """Let nurseries of gateways work side by side; return what each printed, and its exit code."""
    where = ("--folder", str(_MEMORY)) if _MEMORY.is_dir() else ()
    done = []
    with ExitStack() as stack:
        for words in works:
            command = [sys.executable, "-m", "tests.services.kills", *words, *where]
            done.append(
                stack.enter_context(
                    subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                )
            )
        told = [process.communicate()[0] for process in done]
    return [
        ([json.loads(line) for line in text.splitlines()], process.returncode)
        for text, process in zip(told, done, strict=True)
    ]


def courses(count, seed):
    """Live through so many random courses on all cores; return those that went wrong, and kills."""
    jobs = os.cpu_count() or 1
    part = -(-count // jobs)
    works = [
        ("schedules", "--count", str(part), "--seed", str(seed + n * part)) for n in range(jobs)
    ]
    told = run(*works)
    print(f"{jobs * part} courses from seed {seed}; again: QUANTGRAPH_SEED={seed}")
    wrong = [line for lines, _ in told for line in lines if line.get("faults")]
    assert all(lines[-1].get("failed") == 0 or wrong for lines, _ in told)
    return wrong, sum(lines[-1]["kills"] for lines, _ in told), jobs * part


@pytest.fixture(scope="module")
def matrices():
    """What was found wrong in each case."""
    told = run(("submit",), ("batch,cancel,approval,timer",))
    return {line["case"]: line["faults"] for lines, _ in told for line in lines if "case" in line}


NAMES = [f"{kind}-{case}" for kind, (cases, *_) in matrix.KINDS.items() for case in cases]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_kill_interrupts_is_as_the_terminal_has_it_once_and_audited(matrices, name):
    assert matrices[name] == []


def test_random_kills_lose_and_double_nothing():
    wrong, kills, count = courses(16, SEED)
    assert (wrong, kills >= count) == ([], True)


@pytest.mark.slow
def test_a_thousand_random_kills_lose_and_double_nothing():
    wrong, kills, count = courses(COURSES, SEED)
    assert (wrong, kills >= count) == ([], True)

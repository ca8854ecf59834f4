"""A process of ours: begun again when it ends or hangs, and gone when we are."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from functools import partial

import pytest

from api.keeper import Keeper, KeptProcess
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
# Says that it began, and ends when its input does; the other does not.
LIVES = "import sys; open(sys.argv[1], 'w').write('x'); sys.stdin.read()"
DEAF = "import sys, time; open(sys.argv[1], 'w').write('x'); time.sleep(60)"
TIED = "from api.tied import Tie; import os, time; tie = Tie(); {} tie.hold(); time.sleep(60)"


@asynccontextmanager
async def kept(tmp_path, program, **how):
    """Keep a program; give its keeper, and a list that grows with each of its lives."""
    way, lives, loop = tmp_path / "way", [], asyncio.get_running_loop()
    os.mkfifo(way)
    end = os.open(way, os.O_RDWR | os.O_NONBLOCK)
    loop.add_reader(end, lambda: lives.extend(os.read(end, 9)))
    answers = how.pop("answers", lambda: True)
    command = (sys.executable, "-S", "-c", program, str(way))
    keeper = Keeper(KeptProcess("east", command, answers, first_s=0.01, **how))
    keeper.start()
    try:
        await until(lambda: lives)
        yield keeper, lives
    finally:
        await keeper.close()
        loop.remove_reader(end)
        os.close(end)
    assert keeper.process is None


async def test_one_that_is_killed_is_begun_again(tmp_path):
    async with kept(tmp_path, LIVES) as (keeper, lives):
        first = keeper.process
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(lives) == 2)
        assert keeper.process != first


async def test_one_that_does_not_answer_is_killed_and_begun_again(tmp_path):
    looks, answering = [], False

    def answers():
        looks.append(answering)
        return answering

    async with kept(tmp_path, LIVES, answers=answers, silent_s=0.05) as (keeper, lives):
        first = keeper.process
        # It may take longer to begin than it may be silent later.
        await until(lambda: len(looks) > 3)
        answering = True
        await until(lambda: looks[-1])
        os.kill(first, signal.SIGSTOP)
        answering = False
        await until(lambda: len(lives) == 2)
        assert keeper.process != first


async def test_one_that_never_answers_is_killed_after_its_time_to_begin(tmp_path):
    how = {"answers": lambda: False, "silent_s": 0.02, "start_s": 0.05}
    async with kept(tmp_path, LIVES, **how) as (_, lives):
        await until(lambda: len(lives) > 2)


async def test_one_that_does_not_end_is_killed_after_its_time(tmp_path):
    async with kept(tmp_path, DEAF, grace_s=0.1) as (keeper, _):
        assert keeper.process is not None


async def test_what_cannot_be_begun_is_tried_again(tmp_path):
    tries = []
    command = (str(tmp_path / "nothing"),)
    kept = KeptProcess("east", command, lambda: False, first_s=0.001, most_s=0.002)
    keeper = Keeper(kept)
    keeper._live = partial(_counted, keeper._live, tries)
    keeper.start()
    await until(lambda: len(tries) > 2)
    await keeper.close()


async def _counted(live, tries):
    tries.append(1)
    return await live()


@pytest.mark.parametrize(
    ("serving", "code"),
    [
        ("", 1),
        ("tie.to(lambda: os._exit(7));", 7),
        # Its loop stands still, and hears nothing of it.
        ("tie = Tie(0.05); tie.to(lambda: None);", 1),
    ],
)
def test_a_tied_process_ends_with_its_input(serving, code):
    ran = subprocess.run(
        [sys.executable, "-c", TIED.format(serving)], input=b"", timeout=20, check=False
    )
    assert ran.returncode == code


async def test_one_that_answers_is_told_to_read_again_and_not_before(tmp_path):
    told, looks, answering = (
        "signal.signal(1, lambda *_: out.write('h') and out.flush())",
        [],
        False,
    )

    def answers():
        looks.append(answering)
        return answering

    program = f"import signal, sys; out = open(sys.argv[1], 'w'); {told}; out.write('x')"
    program += "\nout.flush()\nfor _ in sys.stdin: pass"
    async with kept(tmp_path, program, answers=answers, silent_s=0.05, start_s=20.0) as (
        keeper,
        lives,
    ):
        keeper.reread()
        seen = len(looks)
        await until(lambda: len(looks) > seen + 3)
        assert lives == [*b"x"]
        answering = True
        await until(lambda: len(lives) == 2)
        assert lives == [*b"xh"]

"""What is pushed on its way to the loop: in turns, one thread at a time."""

import asyncio
import threading
from itertools import count, pairwise

import pytest

from quantgraph.backends.xtquant import inbox
from quantgraph.backends.xtquant.inbox import Inbox
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.backends.xtquant.turnstile import Turnstile
from tests.doubles import native
from tests.waiting import settled


async def test_rows_are_handled_in_turns_of_time_and_others_come_in_between(monkeypatch) -> None:
    ticks = count()
    # Each look at the clock finds it a millisecond later: a turn has room for two.
    monkeypatch.setattr(inbox, "monotonic", lambda: next(ticks) / 1_000)
    seen: list[str] = []
    made = Inbox(asyncio.get_running_loop(), lambda key, _: seen.append(key[0]))
    codes = [f"{number:06d}.SH" for number in range(9)]
    made.put("tick", {code: {"time": 1} for code in codes})

    async def others() -> None:
        while len(seen) < len(codes):
            turns.append(len(seen))
            await asyncio.sleep(0)

    turns: list[int] = []
    await asyncio.gather(others(), settled())
    assert seen == codes
    assert max(after - before for before, after in pairwise(turns)) == 2


async def test_a_row_that_makes_no_sense_silences_nobody() -> None:
    seen: list[int] = []

    def take(key, row) -> None:
        if row["n"] is None:
            raise ValueError(key)
        seen.append(row["n"])

    made = Inbox(asyncio.get_running_loop(), take)
    made.put("tick", {"a": [{"n": 1}, {"n": None}, {"n": 2}], "b": {"n": 3}})
    await settled()
    made.put("tick", {"a": {"n": 4}})
    await settled()
    assert (seen, made.broken) == ([1, 2, 3, 4], 1)


def test_a_second_thread_decodes_when_the_first_has_ended() -> None:
    entered, free, heard = threading.Event(), threading.Event(), []

    def decode(told):
        if told == "first":
            entered.set()
            assert free.wait(20)
        heard.append(told)

    turn = Turnstile(lambda callback: callback)(decode)
    first, second = (threading.Thread(target=turn, args=(told,)) for told in ("first", "second"))
    first.start()
    assert entered.wait(20)
    second.start()
    second.join(0.05)
    assert heard == []
    free.set()
    for each in (first, second):
        each.join(20)
    assert heard == ["first", "second"]


def test_what_fails_in_one_thread_holds_up_no_other() -> None:
    def fail(told):
        raise ValueError(told)

    heard = Turnstile(lambda callback: callback)(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="told"):
            heard("told")


def test_the_sdks_callbacks_pass_one_turnstile_however_often_it_is_loaded() -> None:
    native.installed()
    found = load_sdk().data.subscribe_callback_wrapper
    assert isinstance(found, Turnstile)
    assert load_sdk().data.subscribe_callback_wrapper is found

"""A limit ends what takes too long, leaves alone what does not, and swallows no cancellation."""

import asyncio

import pytest

from api.deadlines import Deadlines


async def test_what_is_done_in_time_is_left_alone():
    deadlines = Deadlines(60)
    with deadlines.watch():
        await asyncio.sleep(0)
    assert not deadlines._watched


async def test_what_takes_too_long_is_ended():
    deadlines = Deadlines(0.05)
    with pytest.raises(TimeoutError), deadlines.watch():
        await asyncio.Event().wait()
    assert asyncio.current_task().cancelling() == 0
    assert not deadlines._watched


async def test_others_are_not_ended_with_it():
    deadlines = Deadlines(0.05)
    ended = asyncio.Event()

    async def slow():
        with pytest.raises(TimeoutError), deadlines.watch():
            await asyncio.Event().wait()
        ended.set()

    async def late():
        await ended.wait()
        with deadlines.watch():
            await asyncio.sleep(0)
        return "done"

    assert (await asyncio.gather(slow(), late()))[1] == "done"


async def test_a_cancellation_from_outside_stays_one():
    deadlines = Deadlines(60)
    inside = asyncio.Event()

    async def watched():
        with deadlines.watch():
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(watched())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines._watched


async def test_an_error_of_the_body_stays_itself():
    with pytest.raises(KeyError), Deadlines(60).watch():
        raise KeyError


async def test_the_timer_rests_when_nothing_is_watched(monkeypatch):
    deadlines, looked = Deadlines(0.05), asyncio.Event()
    look = deadlines._look

    def seen():
        look()
        looked.set()

    monkeypatch.setattr(deadlines, "_look", seen)
    with deadlines.watch():
        pass
    await looked.wait()
    assert deadlines._timer is None
    with pytest.raises(TimeoutError), deadlines.watch():
        await asyncio.Event().wait()

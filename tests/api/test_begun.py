"""Work is begun without a task, done at once where nothing waits, and else ends as in a task."""

import asyncio
from contextvars import ContextVar

import pytest

from api.begun import Begun

PLACE = ContextVar("PLACE", default="outside")


async def answer(*futures):
    return [await each for each in futures]


async def test_what_never_waits_is_done_at_once():
    begun = Begun(answer())
    assert begun.done
    assert begun.result() == []
    assert await begun == []


async def test_what_waits_goes_on_where_it_is_awaited():
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    begun = Begun(answer(*futures))
    assert not begun.done
    for number, each in enumerate(futures):
        asyncio.get_running_loop().call_soon(each.set_result, number)
    assert await begun == [0, 1, 2]


async def test_what_has_come_before_anybody_awaits_is_not_lost():
    future = asyncio.get_running_loop().create_future()
    begun = Begun(answer(future))
    future.set_result("early")
    await asyncio.sleep(0)
    assert await begun == ["early"]


async def test_an_error_waits_for_who_asks_for_the_result():
    async def failing(wait):
        await asyncio.sleep(wait)
        raise KeyError(wait)

    begun = Begun(failing(0))
    assert not begun.done
    with pytest.raises(KeyError):
        await begun

    async def failed():
        raise KeyError

    begun = Begun(failed())
    assert begun.done
    with pytest.raises(KeyError):
        begun.result()


async def test_all_steps_share_one_context_and_leave_the_others_alone():
    async def work():
        token = PLACE.set("inside")
        await asyncio.sleep(0)
        seen = PLACE.get()
        PLACE.reset(token)
        return seen, PLACE.get()

    begun = Begun(work())
    assert PLACE.get() == "outside"
    assert await asyncio.create_task(_awaited(begun)) == ("inside", "outside")
    assert PLACE.get() == "outside"


async def _awaited(begun):
    return await begun


@pytest.mark.parametrize("end", ["cancelled", "closed"])
async def test_who_stops_waiting_ends_the_work(end):
    ended = []

    async def work():
        token = PLACE.set("inside")
        try:
            await asyncio.Event().wait()
        finally:
            PLACE.reset(token)
            ended.append(True)

    begun = Begun(work())
    if end == "closed":
        rest = begun.__await__()
        next(rest)
        rest.close()
    else:
        task = asyncio.create_task(_awaited(begun))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended


async def test_a_time_limit_around_the_rest_reaches_the_work():
    begun = Begun(answer(asyncio.get_running_loop().create_future()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await begun


async def test_work_that_meets_a_cancellation_at_once_is_cancelled_where_it_is_awaited():
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    begun = Begun(answer(future))
    assert begun.failed
    with pytest.raises(asyncio.CancelledError):
        await begun

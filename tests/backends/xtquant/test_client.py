"""The thread of the data SDK: one call at a time, each with its own deadline."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from quantgraph.backends.xtquant.client import DataLimits, DataThread
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from tests.waiting import until

_LIMITS = DataLimits(seconds=5.0, waiting=3, pause_seconds=0.0, lost_threads=1)


@pytest_asyncio.fixture
async def thread() -> AsyncGenerator[DataThread]:
    made = DataThread(_LIMITS)
    yield made
    made.close()


class _Hang:
    """A call that begins, and comes back when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.free = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.free.wait(20)
        return "late"


async def _reason(thread: DataThread, seconds: float | None = None) -> Reason:
    with pytest.raises(GatewayError) as told:
        await thread.run(lambda: None, seconds)
    return told.value.reason


async def _lose(thread: DataThread) -> _Hang:
    hang = _Hang()
    with pytest.raises(GatewayError) as told:
        await thread.run(hang, 0.05)
    assert told.value.reason is Reason.TIMED_OUT
    return hang


async def _came_back(thread: DataThread) -> None:
    await until(lambda: not thread.state.hanging)


async def test_all_calls_run_on_one_thread_that_is_not_the_loops(thread: DataThread) -> None:
    found = {await thread.run(threading.get_ident) for _ in range(3)}
    assert len(found) == 1
    assert threading.get_ident() not in found


async def test_what_a_call_raises_is_raised_where_it_was_asked(thread: DataThread) -> None:
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 // 0)


async def test_more_calls_than_may_wait_are_refused(thread: DataThread) -> None:
    hang = _Hang()
    waiting = [asyncio.create_task(thread.run(hang)) for _ in range(_LIMITS.waiting)]
    await asyncio.sleep(0)
    assert await _reason(thread) is Reason.OVERLOADED
    hang.free.set()
    assert await asyncio.gather(*waiting) == ["late"] * 3
    assert thread.state.waiting == 0


async def test_a_call_that_hangs_is_answered_and_a_fresh_thread_takes_over(
    thread: DataThread,
) -> None:
    hang = await _lose(thread)
    assert thread.state.hanging == 1
    hang.free.set()
    await _came_back(thread)
    assert await thread.run(lambda: "again") == "again"


async def test_nothing_is_asked_while_a_call_hangs(thread: DataThread) -> None:
    calm = DataThread(DataLimits(pause_seconds=60.0))
    its = await calm.run(threading.get_ident)
    hang = await _lose(calm)
    assert await _reason(calm) is Reason.SOURCE_UNAVAILABLE
    # As soon as it comes back the same thread goes on.
    hang.free.set()
    await _came_back(calm)
    assert await calm.run(threading.get_ident) == its
    calm.close()


async def test_only_so_many_threads_are_given_up(thread: DataThread) -> None:
    spare = DataThread(DataLimits(pause_seconds=0.0, lost_threads=2))
    first = await _lose(spare)
    second = await _lose(spare)
    assert spare.state.hanging == 2
    assert await _reason(spare) is Reason.SOURCE_UNAVAILABLE
    for hang in (first, second):
        hang.free.set()
    await _came_back(spare)
    spare.close()


async def test_who_waits_behind_a_hung_call_is_told_at_once(thread: DataThread) -> None:
    hang = _Hang()
    late = asyncio.create_task(thread.run(hang, 0.05))
    behind = asyncio.create_task(thread.run(lambda: "never", 60.0))
    with pytest.raises(GatewayError) as told:
        await behind
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    with pytest.raises(GatewayError):
        await late
    hang.free.set()
    await _came_back(thread)


async def test_a_call_behind_a_slow_one_has_its_whole_time_from_its_own_turn(
    thread: DataThread,
) -> None:
    hang = _Hang()
    slow = asyncio.create_task(thread.run(hang, 20.0))
    assert await asyncio.to_thread(hang.begun.wait, 5)
    # Its turn did not come in time: it is dropped, and the thread is not given up for it.
    ran = threading.Event()
    with pytest.raises(GatewayError) as told:
        await thread.run(ran.set, 0.02)
    assert told.value.reason is Reason.TIMED_OUT
    assert thread.state.hanging == 0
    hang.free.set()
    assert await slow == "late"
    await thread.run(lambda: None)
    assert not ran.is_set()


async def test_what_waited_for_its_turn_is_given_its_time_all_the_same(
    thread: DataThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By this clock the call began ten seconds after it is asked how long it has run.
    moments = iter([1010.0, 1000.0])
    monkeypatch.setattr("quantgraph.backends.xtquant.client.monotonic", lambda: next(moments))
    hang = _Hang()
    asyncio.get_running_loop().call_later(0.1, hang.free.set)
    assert await thread.run(hang, 0.02) == "late"


async def test_a_cancelled_caller_leaves_no_work_behind(thread: DataThread) -> None:
    hang, ran = _Hang(), threading.Event()
    slow = asyncio.create_task(thread.run(hang))
    gone = asyncio.create_task(thread.run(ran.set))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    hang.free.set()
    await slow
    await thread.run(lambda: None)
    assert not ran.is_set()


def test_no_thread_begins_before_something_is_asked() -> None:
    before = threading.active_count()
    made = DataThread(_LIMITS)
    assert threading.active_count() == before
    made.close()

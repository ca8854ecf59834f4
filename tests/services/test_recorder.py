"""Entries on their way to the journal: in order, together, and none forgotten."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from quantgraph.domain.errors import LimitReached, Unavailable
from quantgraph.domain.journal import Outcome, Recorded
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.services.recorder import Recorder

TIMES = datetime(2023, 2, 1, tzinfo=UTC)


def outcome(order_id):
    report = ExecutionReport(None, "sim-1", OrderState.WORKING, 0, None, TIMES)
    return Outcome(order_id, report)


class Journal:
    """A journal that commits only when told, remembers what came together, and may be broken."""

    def __init__(self):
        self.batches = []
        self.disk = threading.Event()
        self.broken = 0
        self.anchored = threading.Event()

    def anchor(self):
        self.anchored.set()

    def record(self, entries):
        self.batches.append(list(entries))
        assert self.disk.wait(10)
        if self.broken:
            self.broken -= 1
            return [Unavailable(Reason.STORE_UNAVAILABLE, "no disk")] * len(entries)
        return [
            ValueError(entry) if entry == "bad" else Recorded(entry, "d", new=True)
            for entry in entries
        ]


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
async def recorder(journal):
    recorder = Recorder(journal, 2, 0.001)
    yield recorder
    journal.disk.set()
    await recorder.close()


async def ask(recorder, journal, *entries):
    """Ask for the first, and for the others once the first is under way."""
    first = asyncio.create_task(recorder.record(entries[0]))
    while not journal.batches:
        await asyncio.sleep(0)
    others = [asyncio.create_task(recorder.record(each)) for each in entries[1:]]
    await asyncio.sleep(0)
    return [first, *others]


async def test_what_comes_during_a_commit_shares_the_next_one(recorder, journal):
    asked = await ask(recorder, journal, "a", "b", "c", "d")
    journal.disk.set()
    assert [each.order for each in await asyncio.gather(*asked)] == ["a", "b", "c", "d"]
    assert journal.batches == [["a"], ["b", "c", "d"]]
    assert (await recorder.record("e")).order == "e"


async def test_nobody_is_answered_before_the_commit(recorder, journal):
    [asked] = await ask(recorder, journal, "a")
    for _ in range(100):
        await asyncio.sleep(0)
    assert not asked.done()
    journal.disk.set()
    assert (await asked).new


async def test_an_error_reaches_the_one_it_belongs_to(recorder, journal):
    asked = await ask(recorder, journal, "a", "bad", "c")
    journal.disk.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found[1], ValueError)
    assert [each.order for each in found[::2]] == ["a", "c"]


async def test_what_was_asked_for_is_recorded_though_the_caller_gives_up(recorder, journal):
    asked = await ask(recorder, journal, "a", "b", "c")
    asked[0].cancel()
    asked[1].cancel()
    journal.disk.set()
    assert (await asked[2]).order == "c"
    await recorder.close()
    assert journal.batches == [["a"], ["b", "c"]]


async def test_what_is_asked_in_one_turn_of_the_loop_goes_together(recorder, journal):
    journal.disk.set()
    await asyncio.gather(*(recorder.record(each) for each in "abc"))
    assert journal.batches == [["a", "b", "c"]]


async def test_an_outcome_is_offered_again_until_the_disk_takes_it(recorder, journal):
    journal.broken = 3
    told = outcome("o1")
    asked = await ask(recorder, journal, told)
    journal.disk.set()
    assert (await asked[0]).order is told
    assert journal.batches == [[told]] * 4


async def test_a_broken_disk_refuses_intents_and_keeps_outcomes_in_front(recorder, journal):
    journal.broken = 1
    first, second = outcome("o1"), outcome("o2")
    journal.disk.set()
    found = await asyncio.gather(
        recorder.record(first),
        recorder.record("intent"),
        recorder.record(second),
        return_exceptions=True,
    )
    assert isinstance(found[1], Unavailable)
    assert [found[0].order, found[2].order] == [first, second]
    assert journal.batches == [[first, "intent", second], [first, second]]


async def test_closing_tries_a_last_time(recorder, journal):
    journal.broken = 10**9
    asked = asyncio.create_task(recorder.record(outcome("o1")))
    journal.disk.set()
    while len(journal.batches) < 2:
        await asyncio.sleep(0)
    await recorder.close()
    with pytest.raises(Unavailable):
        await asked
    with pytest.raises(Unavailable):  # and once for what comes still later
        await recorder.record(outcome("o2"))


async def test_what_comes_while_the_last_commit_runs_is_recorded_as_well(recorder, journal):
    asked = await ask(recorder, journal, "a")
    closing = asyncio.create_task(recorder.close())
    await asyncio.sleep(0)
    late = asyncio.create_task(recorder.record("late"))
    for _ in range(10):
        await asyncio.sleep(0)
    journal.disk.set()
    await closing
    assert [(await each).order for each in [*asked, late]] == ["a", "late"]
    assert journal.batches == [["a"], ["late"]]


async def test_a_journal_that_fails_altogether_fails_everything_that_waits(recorder, journal):
    def record(entries):
        raise RuntimeError("no journal")

    journal.record = record
    found = await asyncio.gather(*map(recorder.record, "ab"), return_exceptions=True)
    assert [str(each) for each in found] == ["no journal"] * 2


async def test_places_come_back_whatever_became_of_their_orders(recorder):
    with recorder.place():
        with pytest.raises(ZeroDivisionError), recorder.place():
            1 / 0  # noqa: B018 any failure will do
        with recorder.place(), pytest.raises(LimitReached) as caught, recorder.place():
            pass
        assert caught.value.reason is Reason.OVERLOADED


async def test_it_is_quiet_once_all_that_was_asked_for_was_heard_of(journal):
    heard = []
    recorder = Recorder(journal, 2, heard=lambda entry, _: heard.append((entry, recorder.quiet)))
    assert recorder.quiet
    asked = await ask(recorder, journal, "a", "b")
    assert not recorder.quiet
    journal.disk.set()
    await asyncio.gather(*asked)
    assert recorder.quiet
    assert [entry for entry, _ in heard] == ["a", "b"]
    await recorder.close()


async def test_what_the_disk_has_not_taken_is_not_heard_of_yet(recorder, journal):
    journal.broken = 1
    [asked] = await ask(recorder, journal, outcome("a"))
    journal.disk.set()
    while len(journal.batches) < 2:
        assert not recorder.quiet
        await asyncio.sleep(0)
    await asked
    assert recorder.quiet

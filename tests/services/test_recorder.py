"""Entries on their way to the journal: in order, together, and none forgotten."""

import asyncio
import threading

import pytest

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.journal import Recorded
from quantgraph.services.recorder import Recorder
from quantgraph.services.workers import Workers


class Journal:
    """A journal that commits only when told, and remembers what came together."""

    def __init__(self):
        self.batches = []
        self.disk = threading.Event()

    def record(self, entries):
        self.batches.append(list(entries))
        assert self.disk.wait(10)
        return [
            ValueError(entry) if entry == "bad" else Recorded(entry, "d", new=True)
            for entry in entries
        ]


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def workers():
    workers = Workers(1, 0)
    yield workers
    workers.close()


@pytest.fixture
def recorder(journal, workers):
    return Recorder(journal, workers)


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


async def test_a_pool_that_is_full_refuses_and_the_next_is_taken(recorder, journal, workers):
    gate = threading.Event()
    busy = asyncio.create_task(workers.run(gate.wait, 10))
    await asyncio.sleep(0)
    with pytest.raises(LimitReached):
        await recorder.record("a")
    gate.set()
    await busy
    journal.disk.set()
    assert (await recorder.record("b")).order == "b"
    assert journal.batches == [["b"]]

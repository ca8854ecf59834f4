"""What is due is looked at in turns that leave room for others of the loop."""

import asyncio
from itertools import chain

import pytest

from quantgraph.services import agenda as module
from quantgraph.services.agenda import Agenda
from tests.waiting import until


class Item:
    planned = 0.0


class Time:
    now = 100.0

    def monotonic(self):
        return self.now


class Stage:
    """An agenda whose items cost 3 ms each."""

    def __init__(self, time):
        self.time = time
        self.turns = []
        self.agenda = Agenda(self.flush, 0.0)
        self.items, self.late = [Item() for _ in range(40)], Item()
        for each in self.items:
            self.agenda.add(each, 0.0)

    def flush(self, items):
        if not self.turns:
            self.agenda.add(self.late, 0.0)  # news of a turn come behind what it leaves over
        self.turns.append([])
        for each in items:
            self.turns[-1].append(each)
            self.time.now += 0.003


@pytest.fixture
async def stage(monkeypatch):
    time = Time()
    monkeypatch.setattr(module, "time", time)
    return Stage(time)


async def test_much_that_is_due_is_looked_at_in_several_turns_and_in_order(stage):
    await until(lambda: not stage.agenda.busy)
    assert [len(turn) for turn in stage.turns] == [2] * 20 + [1]
    assert list(chain(*stage.turns)) == [*stage.items, stage.late]


async def test_a_turn_has_three_times_as_long_as_others_had_before_it(stage):
    await until(lambda: stage.turns)
    while stage.agenda.busy:
        stage.time.now += 0.0047  # somebody else's work in each turn of the loop
        await asyncio.sleep(0)
    assert list(chain(*stage.turns)) == [*stage.items, stage.late]
    # Others come twice between two turns: 9.4 ms, so that 28.2 ms are ten items.
    assert {len(turn) for turn in stage.turns[2:-1]} == {10}

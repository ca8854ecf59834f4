"""A mailbox never grows, never loses the newest quote, and always shows its gaps."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.quotes import Quote, QuotePolicy
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import QuoteWatch, StreamKind
from quantgraph.services.mailbox import Mailbox

A, B = "600519.SH", "000001.SZ"


class Time:
    """A clock that moves only when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def quote(symbol: str, price: float) -> Quote:
    level = ()
    return Quote(symbol, 0, price, 1, 1, 1, 1, 0, 0.0, level, level, False, Source.SIMULATED)


def watch(**changes) -> QuoteWatch:
    return QuoteWatch((A, B), **changes)


async def drain(box: Mailbox):
    events = []
    while (taken := await box.take(0)) is not None:
        events.append(box.event(StreamKind.UPDATE, "e", taken))
    return events


async def test_the_newest_quote_wins_and_says_how_many_it_hides():
    box = Mailbox(watch(), Time())
    box.put(quote(A, 1.0), 1)
    assert (await drain(box))[0].previous_sequence is None
    for number in range(2, 6):
        box.put(quote(A, float(number)), number)
    [event] = await drain(box)
    assert (event.sequence, event.previous_sequence, event.conflated_count) == (5, 1, 3)
    assert event.quote.last_price == 5.0


@given(st.lists(st.one_of(st.sampled_from([A, B]), st.none()), max_size=60))
def test_the_chain_of_sequences_is_complete_under_any_conflation(moves):
    async def run():
        box, count, seen = Mailbox(watch(), Time()), {A: 0, B: 0}, {A: [], B: []}
        for move in [*moves, None]:
            if move is None:
                for event in await drain(box):
                    seen[event.quote.symbol].append(event)
            else:
                count[move] += 1
                box.put(quote(move, float(count[move])), count[move])
        for symbol, events in seen.items():
            before = None
            for event in events:
                assert event.previous_sequence == before
                assert event.conflated_count == (
                    0 if before is None else event.sequence - before - 1
                )
                before = event.sequence
            assert (before or 0) == count[symbol]

    asyncio.run(run())


MOVES = st.one_of(
    st.sampled_from([A, B]), st.floats(0.01, 0.7).map(lambda s: round(s, 2)), st.none()
)


@given(st.sampled_from([0, 200, 500]), st.lists(MOVES, max_size=40))
def test_who_is_asked_is_told_what_one_who_waits_is_told(interval, moves):
    async def run():
        time, count = Time(), 0
        waits, asked = (Mailbox(watch(min_interval_ms=interval), time) for _ in range(2))
        for move in [*moves, 1.0, None]:
            if move is None:
                told = [replace(each, kind=StreamKind.UPDATE) for each in asked.due("e", 99)]
                assert told == await drain(waits)
                assert asked.next_due() == waits.next_due()
                assert asked.tally() == waits.tally()
            elif isinstance(move, float):
                time.now += move
            else:
                count += 1
                for box in (waits, asked):
                    box.put(quote(move, float(count)), count)

    asyncio.run(run())


async def test_a_symbol_is_told_by_a_snapshot_first_and_by_updates_then():
    box = Mailbox(watch(), Time())
    for symbol, number in ((A, 1), (B, 1), (A, 2)):
        box.put(quote(symbol, 1.0), number)
        [event] = box.due("e", 9)
        assert (event.kind is StreamKind.SNAPSHOT) is (number == 1)
    box.put(quote(A, 1.0), 2)  # a snapshot may overtake what it shows
    assert box.due("e", 9) == []
    for symbol in (A, B):
        box.put(quote(symbol, 1.0), 3)
    assert [event.quote.symbol for event in box.due("e", 1)] == [A]
    assert [event.quote.symbol for event in box.due("e", 1)] == [B]


async def test_a_busy_symbol_does_not_starve_a_quiet_one():
    box = Mailbox(watch(), Time())
    box.put(quote(A, 1.0), 1)
    box.put(quote(B, 1.0), 1)
    box.put(quote(A, 2.0), 2)
    assert [event.quote.symbol for event in await drain(box)] == [A, B]


async def test_an_interval_paces_each_symbol():
    time = Time()
    box = Mailbox(watch(min_interval_ms=500), time)
    box.put(quote(A, 1.0), 1)
    assert len(await drain(box)) == 1
    box.put(quote(A, 2.0), 2)
    assert await drain(box) == []
    time.now = 0.5
    assert [event.sequence for event in await drain(box)] == [2]


async def test_readers_of_one_interval_are_told_on_the_same_ticks():
    time = Time()
    early, late = (Mailbox(watch(min_interval_ms=400), time) for _ in range(2))
    for number, now in enumerate((0.03, 0.31), start=1):
        time.now = now
        for box in (early, late)[:number]:
            box.put(quote(A, 1.0), number)
            await drain(box)
    time.now = 0.4
    await drain(early)
    for box in (early, late):
        box.put(quote(A, 2.0), 3)
    assert early.next_due() == late.next_due() == 0.8
    time.now = 0.8
    assert [len(await drain(box)) for box in (early, late)] == [1, 1]


async def test_after_a_pause_a_paced_quote_waits_for_others_but_not_an_interval():
    time = Time()
    box = Mailbox(watch(min_interval_ms=60_000), time)
    box.put(quote(A, 1.0), 1)
    await drain(box)
    time.now = 500.01
    box.put(quote(A, 2.0), 2)
    assert 500.01 < box.next_due() <= 500.06


async def test_a_full_buffer_ends_the_stream():
    box = Mailbox(watch(policy=QuotePolicy.BUFFER, buffer_size=3), Time())
    for number in range(1, 4):
        box.put(quote(A, 1.0), number)
    assert [event.sequence for event in await drain(box)] == [1, 2, 3]
    for number in range(4, 8):
        box.put(quote(A, 1.0), number)
    with pytest.raises(LimitReached, match="3 quotes waited"):
        await box.take(0)


async def test_what_a_snapshot_already_showed_is_not_shown_again():
    box = Mailbox(watch(), Time())
    box.put(quote(A, 1.0), 1)
    box.event(StreamKind.SNAPSHOT, "e", (quote(A, 1.0), 1))
    assert await drain(box) == []
    box.put(quote(A, 2.0), 2)
    assert [event.previous_sequence for event in await drain(box)] == [1]


async def test_a_failure_reaches_the_reader_after_what_waits():
    box = Mailbox(watch(), Time())
    box.put(quote(A, 1.0), 1)
    box.fail(ValueError("gone"))
    assert await box.take(0) is not None
    with pytest.raises(ValueError, match="gone"):
        await box.take(0)


async def test_a_waiting_reader_wakes_when_a_quote_comes():
    box = Mailbox(watch(), asyncio.get_running_loop().time)
    waiting = asyncio.create_task(box.take(60))
    await asyncio.sleep(0)
    box.put(quote(B, 1.0), 1)
    assert (await waiting)[0].symbol == B

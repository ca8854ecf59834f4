"""The book of live streams: each key's own, the newest first, gone when they end."""

from datetime import UTC, datetime

import pytest

from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.quotes import Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import QuoteWatch
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.services.mailbox import Mailbox
from quantgraph.services.subscriptions import StreamBook

NOW = datetime(2024, 3, 1, 2, tzinfo=UTC)
ONE, OTHER = Actor("k1", Wire.GRAPHQL, "1.1.1.1:5"), Actor("k2", Wire.GRAPHQL, "1.1.1.1:5")


class Clock:
    def now(self):
        return NOW


@pytest.fixture
def book():
    return StreamBook(Clock())


async def names(book, actor, first=9):
    return [each.operation for each in await book.held(actor, first)]


async def test_a_key_is_told_of_its_own_streams_the_newest_first(book):
    with book.open(ONE, "quotes"), book.open(OTHER, "bars"), book.open(ONE, "fills"):
        assert await names(book, ONE) == ["fills", "quotes"]
        assert await names(book, ONE, first=1) == ["fills"]
        assert await names(book, OTHER) == ["bars"]


async def test_a_stream_that_ends_is_forgotten_however_it_ends(book):
    with pytest.raises(RuntimeError), book.open(ONE, "quotes"):
        raise RuntimeError
    assert await names(book, ONE) == []
    assert not book._of_key


async def test_a_stream_is_own_where_the_same_connection_asks_by_the_same_wire(book):
    with book.open(ONE, "quotes"):
        for actor, own in (
            (ONE, True),
            (Actor("k1", Wire.GRAPHQL, "1.1.1.1:6"), False),
            (Actor("k1", Wire.GRPC, "1.1.1.1:5"), False),
        ):
            (found,) = await book.held(actor, 9)
            assert (found.own, found.opened_at) == (own, NOW)
    nowhere = Actor("k1", Wire.GRAPHQL)
    with book.open(nowhere, "quotes"):
        assert [each.own for each in await book.held(nowhere, 9)] == [False]


async def test_a_log_is_asked_how_far_it_is_ahead(book):
    class Reader:
        def tally(self):
            return Tally(5, 0, 0, None, "sim-1")

    async def lag():
        return 12

    with book.open(ONE, "fills"):
        assert (await book.held(ONE, 9))[0].tally is None
        attach(Reader(), lag)
        (found,) = await book.held(ONE, 9)
    assert found.tally == Tally(5, 0, 12, None, "sim-1")


def test_what_readers_were_told_stays_counted_when_they_are_gone(book):
    class Reader:
        def tally(self):
            return Tally(5, 2, 0)

    with book.open(ONE, "nobody has read yet"):
        assert book.told() == (0, 0)
    for times in (1, 2):
        with book.open(OTHER, "quotes"):
            attach(Reader())
            assert book.told() == (5 * times, 2 * times)
        assert book.told() == (5 * times, 2 * times)


def test_a_mailbox_counts_what_it_gave_what_it_dropped_and_what_waits():
    box = Mailbox(QuoteWatch(("a", "b")), lambda: 0.0)
    for sequence in (1, 4, 9):
        box.put(quote("a"), sequence)
        assert box.tally().waiting == 1
        box.due("e", 10)
    box.put(quote("b"), 1)
    box.put(quote("b"), 2)
    assert box.tally() == Tally(3, 2 + 4, 1, 2)
    assert box.fork(lambda _: None).tally() == box.tally()


def quote(symbol):
    return Quote(symbol, 1, 1.0, 1, 1, 1, 1, 0, 0.0, (), (), False, Source.SIMULATED)

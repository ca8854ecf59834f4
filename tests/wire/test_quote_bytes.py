"""Bytes of quote events that readers share say what each of them would be told alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import QuoteEvent, SourceState, StreamKind
from quantgraph.v1 import quotes_pb2
from quantgraph.wire import quote_bytes
from quantgraph.wire.quote_bytes import QuoteBytes
from quantgraph.wire.quotes import event_from_proto, quote_to_proto
from quantgraph.wire.received import received


def quote(symbol, volume, levels):
    book = tuple(Level(10.0 + each, each) for each in range(levels))
    figures = (10.0, None, 11.0, 9.0, None, volume, 1.5)
    return Quote(symbol, 1_700_000_000_000, *figures, book, book, False, Source.SIMULATED)


QUOTES = [quote(f"60000{n % 2}.SH", n, n) for n in range(6)]
QUOTES += [received(quote_to_proto(each)) for each in QUOTES]
EVENTS = st.one_of(
    st.builds(
        QuoteEvent,
        st.sampled_from([StreamKind.SNAPSHOT, StreamKind.UPDATE]),
        st.sampled_from(["e1", "e2"]),
        st.sampled_from(QUOTES),
        st.integers(0, 3),
        st.none() | st.integers(0, 300),
        st.none() | st.integers(0, 300),
    ),
    st.builds(
        lambda connected: QuoteEvent(
            StreamKind.HEARTBEAT, "e1", source=SourceState(connected, 5, None)
        ),
        st.booleans(),
    ),
)


@settings(max_examples=60)
@given(st.lists(st.lists(EVENTS, max_size=8), max_size=5))
def test_every_reader_reads_its_own_events_from_shared_bytes(messages):
    shared = QuoteBytes()
    for events in messages:
        found = quotes_pb2.WatchQuotesResponse.FromString(shared.message(events))
        assert [event_from_proto(each) for each in found.events] == events


def test_a_quote_is_written_once_for_all_readers(monkeypatch):
    written = []
    whole = quote_bytes.quote_to_proto
    monkeypatch.setattr(
        quote_bytes, "quote_to_proto", lambda each: (written.append(each), whole(each))[1]
    )
    shared = QuoteBytes()
    for before in (1, 1, 2, 3):
        shared.message([QuoteEvent(StreamKind.UPDATE, "e1", QUOTES[0], 4, before, 3 - before)])
    assert written == [QUOTES[0]]
    # What another gateway wrote goes out as it came.
    shared.message([QuoteEvent(StreamKind.UPDATE, "e1", QUOTES[-1], 5, 4, 0)])
    assert len(written) == 1

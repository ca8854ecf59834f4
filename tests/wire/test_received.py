"""A quote that another gateway wrote is any quote, and is read no sooner than somebody looks."""

import copy
import pickle
from dataclasses import replace

import pytest

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.sources import Source
from quantgraph.v1 import quotes_pb2
from quantgraph.wire import received as module
from quantgraph.wire.quotes import quote_to_proto
from quantgraph.wire.received import received, written

BOOK = (Level(10.0, 100), Level(9.9, 300))
QUOTE = Quote(
    "600519.SH", 1_700_000_000_123, 10.0, None, 11.0, 9.0, None, 7, 1.5, BOOK, (), False,
    Source.TERMINAL,
)  # fmt: skip


def came():
    return received(quote_to_proto(QUOTE))


def test_it_is_the_quote_that_was_written():
    assert came() == QUOTE
    assert came() == QUOTE
    assert came() == came()
    assert hash(came()) == hash(QUOTE)
    assert came() != replace(QUOTE, volume=8)
    assert came() != 7
    assert repr(came()) == repr(QUOTE).replace("Quote(", "ReceivedQuote(", 1)
    for made in (copy.copy(came()), pickle.loads(pickle.dumps(came()))):
        assert made == QUOTE


def test_who_changes_it_has_a_quote_without_its_bytes():
    changed = replace(came(), volume=8)
    assert changed == replace(QUOTE, volume=8)
    assert written(changed) is None
    assert written(QUOTE) is None
    assert written(came()) == quote_to_proto(QUOTE).SerializeToString()


def test_only_whoever_looks_has_it_read_and_once(monkeypatch):
    read, whole = [], module.quote_from_proto
    monkeypatch.setattr(module, "quote_from_proto", lambda each: read.append(1) or whole(each))
    quote = came()
    assert (quote.symbol, quote.time, quote.source) == (QUOTE.symbol, QUOTE.time, QUOTE.source)
    assert written(quote)
    assert read == []
    assert (quote.bids, quote.open, quote.last_price) == (BOOK, None, 10.0)
    assert read == [1]
    with pytest.raises(AttributeError):
        quote.colour  # noqa: B018 asked for


@pytest.mark.parametrize("wrong", [{"source": 99}, {"time": {"seconds": 1 << 60}}])
def test_what_is_wrong_is_found_when_it_comes(wrong):
    message = quotes_pb2.Quote(symbol="600519.SH")
    message.MergeFrom(quotes_pb2.Quote(**{"source": 1, **wrong}))
    with pytest.raises(InvalidRequest):
        received(message)

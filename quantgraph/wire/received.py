"""A quote as another gateway wrote it: read when somebody looks, sent on as it came."""

from dataclasses import fields
from typing import Any

from quantgraph.domain.quotes import Quote
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.fields import ms_from_proto
from quantgraph.wire.quotes import quote_from_proto

_FIELDS = tuple(each.name for each in fields(Quote))
_set = object.__setattr__


class ReceivedQuote(Quote):
    """A Quote whose bytes are known; reading all of it costs ten times as much as who it is of.

    Whatever of it can be wrong is read at once. One that was made of fields has no bytes.
    """

    __slots__ = ("data",)

    data: bytes | None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the field has
        """Read the rest of it: called for what is not there yet."""
        if name == "data":
            return None
        if name not in _FIELDS or self.data is None:
            raise AttributeError(name)
        whole = quote_from_proto(quotes_pb2.Quote.FromString(self.data))
        for each in _FIELDS:
            _set(self, each, getattr(whole, each))
        return getattr(whole, name)

    def __eq__(self, other: object) -> bool:
        """Compare it as any quote."""
        if not isinstance(other, Quote):
            return NotImplemented
        return all(getattr(self, each) == getattr(other, each) for each in _FIELDS)

    __hash__ = Quote.__hash__


def received(message: quotes_pb2.Quote) -> Quote:
    """Return a quote that came, not read but for symbol, time and source.

    Errors: INVALID_ARGUMENT for a time or a source that is none.
    """
    quote = ReceivedQuote.__new__(ReceivedQuote)
    _set(quote, "time", ms_from_proto(message.time, "time"))
    _set(quote, "source", SOURCE.from_proto(message.source, "source"))
    _set(quote, "symbol", message.symbol)
    # Not the message: it would keep all that came with it.
    _set(quote, "data", message.SerializeToString())
    return quote


def written(quote: Quote) -> bytes | None:
    """Return the bytes that a quote came as, None where it was made here."""
    return quote.data if isinstance(quote, ReceivedQuote) else None

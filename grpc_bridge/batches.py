"""Requests that name many symbols."""

from collections.abc import Sequence

from quantgraph.domain.system import Limits
from quantgraph.wire.fields import invalid_field, symbols_from_proto


def checked_batch(limits: Limits, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols of a request, or raise BAD_REQUEST for a wrong one or too many."""
    if len(texts) > limits.batch_symbols:
        text = f"{len(texts)} symbols; at most {limits.batch_symbols} in one request."
        raise invalid_field("symbols", text)
    return symbols_from_proto(texts, "symbols")

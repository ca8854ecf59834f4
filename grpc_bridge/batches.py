"""Requests that name many symbols."""

from collections.abc import Sequence

from quantgraph.domain.system import Limits
from quantgraph.wire.fields import invalid_field, symbols_from_proto


def checked_batch(limits: Limits, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols of a request, or raise BAD_REQUEST for a wrong one or too many."""
    checked_size(limits, texts, "symbols")
    return symbols_from_proto(texts, "symbols")


def checked_size(limits: Limits, texts: Sequence[str], field: str) -> None:
    """Raise BAD_REQUEST where a field of a request names too many symbols."""
    if len(texts) > limits.batch_symbols:
        text = f"{len(texts)} symbols; at most {limits.batch_symbols} in one request."
        raise invalid_field(field, text)

"""What the span of a request tells: never a document, a secret or an account's number."""

import re
from collections.abc import Iterator, Mapping

from api.log_lines import clean
from quantgraph.domain.calls import Call, Transport
from quantgraph.domain.redaction import HIDDEN
from quantgraph.domain.traces import Trail

# Characters of one argument, or of an operation's name; root fields that a span is named by.
_LONGEST, _NAMED = 64, 3
# An API key, also of which some is missing: whoever puts one into an argument is not to lose it.
_KEY = re.compile(r"qg_[0-9a-f]{8}_[0-9a-f]*")


def name_of(call: Call) -> str:
    """Return what the request is called: one of few names, whoever asks."""
    return ", ".join(call.fields[:_NAMED]) or "refused"


def attributes_of(
    call: Call, trail: Trail, allowed: frozenset[str]
) -> Iterator[tuple[str, str | int]]:
    """Yield what is told besides; of arguments those `allowed`, without what names a person."""
    yield "quantgraph.transport", call.transport
    yield "quantgraph.request_id", call.request_id
    yield "quantgraph.key_id", call.key_id
    yield "quantgraph.cost", call.points
    if call.name is not None:
        yield "graphql.operation.name", _told(call.name)
    if call.transport == Transport.GRPC and call.fields:
        service, _, method = call.fields[0].rpartition("/")
        yield from (("rpc.system", "grpc"), ("rpc.service", service), ("rpc.method", method))
    asked: Mapping[str, str] = {} if trail.asked is None else trail.asked(allowed)
    for name, value in asked.items():
        # Allowed or not: an account's number is told nowhere.
        yield f"quantgraph.argument.{name}", _told(value)


def _told(text: str) -> str:
    """Return a text of a client without numbers of accounts and keys."""
    return clean(_KEY.sub(HIDDEN, text)[:_LONGEST])

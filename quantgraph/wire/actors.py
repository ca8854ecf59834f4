"""Whose act a call is, as a gateway tells it to its agent: in one header."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

from quantgraph.domain.access import GATEWAY, Actor, Wire
from quantgraph.domain.errors import bad_request

HEADER = "x-quantgraph-actor"


def actor_to_headers(actor: Actor) -> tuple[tuple[str, str], ...]:
    """Return the header that names an actor; none for what nobody asked for."""
    if actor == GATEWAY:
        return ()
    parts = (actor.key_id, actor.wire.value, actor.peer)
    return ((HEADER, " ".join(quote(each, safe=":") for each in parts)),)


def actor_from_headers(metadata: Iterable[tuple[str, Any]]) -> Actor | None:
    """Return who is named, None where nobody is. Errors: BAD_REQUEST."""
    told = next((value for name, value in metadata if name == HEADER), None)
    if told is None:
        return None
    try:
        key_id, wire, peer = str(told).split(" ")
        return Actor(unquote(key_id), Wire(unquote(wire)), unquote(peer))
    except ValueError:
        raise bad_request(f"{HEADER} names no actor.") from None

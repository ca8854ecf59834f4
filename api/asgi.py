"""ASGI's own types, and the few things every handler does with them."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]


# Where a scope's headers are kept once they were looked at.
_HEADERS = "quantgraph.headers"


def header(scope: Scope, name: bytes) -> str | None:
    """Return a header's value, or None; the first one where it comes twice."""
    headers = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = dict(reversed(list(scope["headers"])))
    value = headers.get(name)
    return None if value is None else str(value, "latin-1")


def peer_of(scope: Scope) -> str:
    """Return the address at the other end, `host:port`; empty where the server tells none."""
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""


class Gone(Exception):
    """The client has gone: nobody is left to answer."""


async def deliver(send: Send, message: Message) -> None:
    """Send, or raise Gone."""
    try:
        await send(message)
    except (OSError, RuntimeError) as error:
        # uvicorn raises the one, uvloop on a cut socket and uvicorn after a close the other.
        raise Gone from error


async def respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send a whole response; nothing happens where the client has gone."""
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    with suppress(Gone):
        await deliver(send, start)
        await deliver(send, {"type": "http.response.body", "body": body})

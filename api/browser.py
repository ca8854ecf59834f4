"""Guards what browsers do on their own: foreign host names, foreign origins, preflights."""

from collections.abc import Callable, Iterable
from time import time
from urllib.parse import urlsplit

import orjson

from api.asgi import App, Headers, Message, Receive, Scope, Send, header, respond
from api.bills import Shown
from api.callers import request_id_of
from api.errors import show_error
from quantgraph.config import HttpConfig
from quantgraph.domain.calls import Call, Calls, NoCalls, Transport
from quantgraph.domain.errors import Forbidden
from quantgraph.domain.reasons import Reason

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SENT = (
    b"content-type, authorization, x-api-key, last-event-id, x-request-id, "
    b"x-graphql-event-stream-token, traceparent"
)
_EXPOSED = b"x-request-id, ratelimit, ratelimit-policy, retry-after"
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"POST, GET, PUT, DELETE, OPTIONS"),
    (b"access-control-allow-headers", _SENT),
    (b"access-control-max-age", b"600"),
]


class BrowserGuard:
    """Wraps the whole HTTP side.

    A page of another site can make a browser send requests here, and a hostile name server can
    make its own name mean 127.0.0.1: so Host must be ours and Origin must be allowed.
    """

    def __init__(
        self, inner: App, config: HttpConfig, shown: Callable[[], Shown], calls: Calls | None = None
    ) -> None:
        """Guard `inner`. Beyond loopback every request needs a key, so any Host may be asked.

        `shown` returns the `extensions` of an answer that cost nothing; `calls` hears of what is
        refused.
        """
        self._inner = inner
        self._shown = shown
        self._calls = calls or NoCalls()
        local = config.host in LOOPBACK
        self._hosts: frozenset[str] | None = None
        if local or config.allowed_hosts:
            self._hosts = LOOPBACK | {config.host.lower()} | _lower(config.allowed_hosts)
        self._origins = _lower(config.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        host, origin = header(scope, b"host") or "", header(scope, b"origin")
        if self._hosts is not None and _name(host) not in self._hosts:
            await self._refuse(scope, send, f"Host {host[:80]!r} is not served here.")
        elif origin is None or self._is_own(origin, host):
            await self._inner(scope, receive, send)
        elif origin.lower() not in self._origins:
            text = f"Origin {origin[:80]!r} may not call; add it to http.allowed_origins."
            await self._refuse(scope, send, text)
        else:
            await self._cross(scope, receive, send, origin)

    async def _cross(self, scope: Scope, receive: Receive, send: Send, origin: str) -> None:
        allow = (b"access-control-allow-origin", origin.encode("latin-1"))
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await respond(send, 204, b"", [allow, (b"vary", b"origin"), *_PREFLIGHT])
            return

        async def allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                exposed = (b"access-control-expose-headers", _EXPOSED)
                message["headers"] = [*message.get("headers", []), allow, exposed]
            await send(message)

        await self._inner(scope, receive, allowed)

    async def _refuse(self, scope: Scope, send: Send, text: str) -> None:
        request_id, code = request_id_of(scope), Reason.FORBIDDEN
        trail = self._calls.trail(None)
        way = Transport.WEBSOCKET if scope["type"] == "websocket" else Transport.HTTP
        known = (way, (), None, "", request_id, 0, code.value, False, trail)
        self._calls.ended(Call(time(), 0.0, *known))
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "forbidden"})
            return
        errors = [show_error(Forbidden(code, text), request_id)]
        body = orjson.dumps({"errors": errors, "extensions": self._shown()})
        media = (b"content-type", b"application/json; charset=utf-8")
        await respond(send, 403, body, [media, (b"x-request-id", request_id.encode())])

    @staticmethod
    def _is_own(origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:  # "http://[": no browser sends it
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower().rstrip("/") for name in names)


def _name(host: str) -> str:
    """Return the host without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()

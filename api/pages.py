"""Whatever is no GraphQL: explorer page and health, each request told to the log like any other."""

from contextlib import suppress
from time import perf_counter, time

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from api.asgi import Message, Receive, Scope, Send, header
from api.callers import new_request_id, request_id_of
from quantgraph.domain.calls import OK, Call, Calls, Transport

_OTHER = "/…"


class Pages:
    """Serves routes. Paths are told where they are routes of ours; others may hold anything."""

    def __init__(self, routes: list[BaseRoute], calls: Calls) -> None:
        """Serve `routes`, and tell `calls`."""
        self._app = Starlette(routes=routes)
        self._calls = calls
        self._known = {each.path for each in routes if isinstance(each, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # of no concern here: there is no socket but /graphql
            await send({"type": "websocket.close", "code": 1008})
            place = (Transport.WEBSOCKET, (_OTHER,), None, "", new_request_id(), 0)
            self._calls.ended(Call(time(), 0.0, *place, "CLOSED_1008", False))
            return
        began, request_id, status = perf_counter(), request_id_of(scope), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", []), own]
            await send(message)

        with suppress(ConnectionError):
            try:
                await self._app(scope, receive, named)
            finally:
                path = scope["path"] if scope["path"] in self._known else _OTHER
                outcome = OK if status < 400 else f"HTTP_{status}"
                took = perf_counter() - began
                place = (Transport.HTTP, (path,), None, "", request_id, 0, outcome, False)
                trail = self._calls.trail(header(scope, b"traceparent"))
                self._calls.ended(Call(time(), took, *place, trail))

"""The single-connection mode of graphql-sse: one stream for many operations, each asked apart.

PUT reserves a stream, GET opens it, POST begins an operation on it, DELETE stops one.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import parse_qs

from api.asgi import Headers, Receive, Scope, header, peer_of, respond
from api.bills import Bill
from api.callers import Caller
from api.credentials import from_headers
from api.execution import Executor
from api.negotiation import EVENTS, GRAPHQL_JSON, accepted, qualities
from api.reply import Reply
from api.requests import GraphQLRequest
from api.reservations import Reservations, ReservedStream
from api.sse import SharedEvents
from api.statuses import HttpRefused
from api.streaming import Job, events, send_stream
from quantgraph.config import Config
from quantgraph.domain.errors import LimitReached, bad_request
from quantgraph.domain.ports.gateway import Access
from quantgraph.domain.reasons import Reason

TOKEN = b"x-graphql-event-stream-token"
_LONGEST_ID = 1_000
_Read: TypeAlias = Callable[[Scope, Receive], Awaitable[GraphQLRequest]]


class SharedConnections:
    """Answers the requests that reserve, open and use shared streams."""

    def __init__(self, executor: Executor, access: Access, config: Config) -> None:
        """Run with `executor` the operations of those whom `access` lets in."""
        self._executor = executor
        self._access = access
        self.reservations = Reservations(config)

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        self.reservations.drain()

    @staticmethod
    def concerns(scope: Scope) -> bool:
        """Return whether a request is one of this mode."""
        method: str = scope["method"]
        if method in ("PUT", "DELETE"):
            return True
        if method == "GET" and _parameter(scope, "token"):
            return True
        return header(scope, TOKEN) is not None

    async def respond(self, scope: Scope, receive: Receive, reply: Reply, read: _Read) -> None:
        """Answer one request; `read` reads the GraphQL request of a POST.

        Raises HttpRefused, RequestRefused and GatewayError.
        """
        match scope["method"]:
            case "PUT":
                await self._reserve(scope, reply)
            case "GET":
                await self._open(scope, receive, reply)
            case "POST":
                await self._begin(scope, receive, reply, read)
            case "DELETE":
                await self._stop(scope, reply)
            case method:
                allow: Headers = [(b"allow", b"POST, PUT, DELETE, GET")]
                raise HttpRefused(405, bad_request(f"{method} is not answered here."), allow)

    async def _reserve(self, scope: Scope, reply: Reply) -> None:
        taken = qualities(header(scope, b"accept") or "*/*")
        if not any(taken.get(name, 0) for name in ("text/plain", "text/*", "*/*")):
            raise HttpRefused(406, bad_request("A reservation is answered in text/plain."))
        principal = await self._access.authenticate(from_headers(scope), peer_of(scope))
        if self.reservations.find(_token(scope)) is not None:
            raise HttpRefused(409, bad_request("This stream is reserved already."))
        token = self.reservations.reserve(principal).token
        await _told(reply, 201, token)

    async def _open(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        """Open a stream: its token is the ticket, since an EventSource can show no other key."""
        stream = self.reservations.find(_token(scope))
        if stream is None:
            raise _unknown()
        credential = from_headers(scope)
        if credential is not None:
            await self._own(scope)
        if accepted(header(scope, b"accept")).stream != EVENTS:
            raise HttpRefused(406, bad_request(f"A stream is answered in {EVENTS}."))
        if stream.opened:
            raise HttpRefused(409, bad_request("This stream is open already."))
        caller = Caller(stream.principal, reply.request_id, peer=peer_of(scope))
        await self._access.recheck(caller.principal, caller.peer)
        with self._executor.visit(caller, lambda _: self.reservations.expel(stream)):
            self.reservations.open(stream)
            try:
                await send_stream(SharedEvents(), stream.messages(), receive, reply)
            finally:
                await self.reservations.close(stream)

    async def _begin(self, scope: Scope, receive: Receive, reply: Reply, read: _Read) -> None:
        # Whatever the Accept header: a refusal must not look like an operation that began.
        reply.media = GRAPHQL_JSON
        stream = await self._own(scope)
        request = await read(scope, receive)
        operation_id = request.extensions.get("operationId")
        if not isinstance(operation_id, str) or not 0 < len(operation_id) <= _LONGEST_ID:
            text = f"`extensions.operationId` must be a string of 1 to {_LONGEST_ID} characters."
            raise HttpRefused(400, bad_request(text))
        if operation_id in stream:
            raise HttpRefused(409, bad_request("An operation of this id runs already."))
        most = self._executor.limits.subscriptions
        if len(stream) >= most:
            text = f"{most} operations run on this stream; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
        caller = Caller(stream.principal, reply.request_id, peer=peer_of(scope), bill=reply.bill)
        held = stream.hold(operation_id)
        try:
            operation = await self._executor.prepare(request, caller)
        except BaseException:
            stream.drop(held)
            raise
        stream.start(held, events(self._executor, Job(operation, request, caller)))
        reply.rates = self._executor.till.headers(caller.bill)
        reply.bill = Bill(told=True)  # the operation's end is told, not that it began
        await _told(reply, 202)

    async def _stop(self, scope: Scope, reply: Reply) -> None:
        stream = await self._own(scope)
        operation_id = _parameter(scope, "operationId")
        if not operation_id:
            raise HttpRefused(400, bad_request("`operationId` must be in the query string."))
        stream.stop(operation_id)
        await _told(reply, 200)

    async def _own(self, scope: Scope) -> ReservedStream:
        """Return the caller's own stream: others' do not exist."""
        principal = await self._access.authenticate(from_headers(scope), peer_of(scope))
        stream = self.reservations.find(_token(scope))
        if stream is None or stream.principal != principal:
            raise _unknown()
        return stream


def _unknown() -> HttpRefused:
    text = "There is no such event stream: it has ended, or its reservation has. PUT a new one."
    return HttpRefused(404, bad_request(text))


def _token(scope: Scope) -> str | None:
    return header(scope, TOKEN) or _parameter(scope, "token")


def _parameter(scope: Scope, name: str) -> str | None:
    query: bytes = scope["query_string"]
    if not query:
        return None
    try:
        found = parse_qs(query.decode(), max_num_fields=10).get(name)
    except (UnicodeDecodeError, ValueError):
        return None
    return found[-1] if found else None


async def _told(reply: Reply, status: int, token: str = "") -> None:
    own = [(b"x-request-id", reply.request_id.encode()), (b"cache-control", b"no-store")]
    headers = [*own, *reply.rates]
    if token:
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    reply.begun = True
    await respond(reply.send, status, token.encode(), headers)

"""GraphQL over HTTP: one POST, one response, or a stream of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import parse_qs

from cachetools import LRUCache
from graphql import OperationType

from api.asgi import Gone, Headers, Receive, Scope, Send, header
from api.compression import chosen_encoding
from api.credentials import from_headers
from api.deadlines import Deadlines
from api.documents import Operation
from api.errors import show_error, show_failure
from api.execution import Caller, Executor, RequestRefused, Response, new_request_id
from api.negotiation import EVENTS, GRAPHQL_JSON, JSON, accepted, is_json
from api.reply import Reply
from api.requests import GraphQLRequest, read_json, read_request
from api.sse import send_events
from quantgraph.config import HttpConfig
from quantgraph.domain.errors import GatewayError, Unavailable, bad_request
from quantgraph.domain.ports import Access
from quantgraph.domain.reasons import Kind, Reason

_STATUS = {
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
# Plain JSON clients take any status but 200 for a broken server, so a request that is well-formed
# and only its document is wrong answers 200 to them.
_DOCUMENT_FAULTS = {Reason.GRAPHQL_PARSE_FAILED, Reason.GRAPHQL_VALIDATION_FAILED}


# Requests known by their bytes, and the length to which they are.
_KNOWN, _KEPT_BODY = 512, 2_048


class HttpRefused(Exception):
    """The request never became GraphQL: status, allowed methods and the reason."""

    def __init__(self, status: int, error: GatewayError, headers: Headers | None = None) -> None:
        """Carry what the response needs."""
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers or []


class GraphQLOverHttp:
    """The ASGI handler of /graphql for HTTP."""

    def __init__(self, executor: Executor, access: Access, config: HttpConfig) -> None:
        """Answer with `executor` those whom `access` lets in."""
        self._executor = executor
        self._access = access
        self._config = config
        self._deadlines = Deadlines(config.body_seconds)
        self._stalls = Deadlines(config.write_seconds)
        self._known: LRUCache[bytes, GraphQLRequest] = LRUCache(_KNOWN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = new_request_id()
        reply = Reply(send, JSON, request_id, self._stalls)
        try:
            media = self._media(scope)
            reply = Reply(send, JSON if media == EVENTS else media, request_id, self._stalls)
            reply.encoding = self._encoding(scope)
            reply.whole = scope["http_version"] == "1.0"
            principal = await self._access.authenticate(from_headers(scope))
            request = await self._request(scope, receive)
            caller = Caller(principal, request_id)
            operation = await self._executor.prepare(request, caller)
            self._check(scope, media, operation)
            if media == EVENTS:
                await self._stream(receive, reply, (operation, request, caller))
            else:
                await reply.json(200, await self._executor.run(operation, request, caller))
        except HttpRefused as refused:
            shown = {"errors": [show_error(refused.error, request_id)]}
            await reply.json(refused.status, shown, refused.headers)
        except RequestRefused as refused:
            await reply.json(_status(refused.reason, reply.media), refused.response)
        except GatewayError as error:
            await self._refuse(reply, error)
        except (ConnectionError, Gone):
            return  # the client has gone; there is nobody to answer
        except Exception:
            # What has begun cannot become another answer: uvicorn cuts it, and the client sees.
            if not reply.begun:
                await reply.json(500, {"errors": [show_failure(request_id)]})
            raise

    async def _refuse(self, reply: Reply, error: GatewayError) -> None:
        headers: Headers = []
        if error.reason.kind is Kind.UNAUTHENTICATED:
            headers = [(b"www-authenticate", b'Bearer realm="quantgraph"')]
        shown = {"errors": [show_error(error, reply.request_id)]}
        await reply.json(_STATUS.get(error.reason.kind, 400), shown, headers)

    def _media(self, scope: Scope) -> str:
        media = accepted(header(scope, b"accept"), (GRAPHQL_JSON, JSON, EVENTS))
        if media is None:
            text = f"Nothing acceptable; offered are {GRAPHQL_JSON}, {JSON} and {EVENTS}."
            raise HttpRefused(406, bad_request(text))
        return media

    def _encoding(self, scope: Scope) -> str | None:
        if not self._config.compression:
            return None
        return chosen_encoding(header(scope, b"accept-encoding"))

    async def _request(self, scope: Scope, receive: Receive) -> GraphQLRequest:
        if scope["method"] == "GET" and self._config.get_queries:
            return _from_query(scope["query_string"])
        if scope["method"] != "POST":
            allow = b"POST, GET" if self._config.get_queries else b"POST"
            text = f"{scope['method']} is not answered here; send a POST with a JSON body."
            raise HttpRefused(405, bad_request(text), [(b"allow", allow)])
        if not is_json(header(scope, b"content-type")):
            text = "Content-Type must be application/json (UTF-8)."
            raise HttpRefused(415, bad_request(text), [(b"accept", JSON.encode())])
        if header(scope, b"content-encoding") not in (None, "identity"):
            raise HttpRefused(415, bad_request("Compressed request bodies are not read."))
        body = await self._body(scope, receive)
        known = self._known.get(body)
        if known is None:
            known = read_request(read_json(body))
            # What comes again is short, or long only because of its variables.
            if len(body) <= _KEPT_BODY:
                self._known[body] = known
        return known

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit, seconds = self._config.max_body_bytes, self._deadlines.seconds
        declared = header(scope, b"content-length") or "0"
        if not declared.isdigit() or int(declared) > limit:
            raise _too_large(limit)
        try:
            with self._deadlines.watch():
                return await _read_body(receive, limit)
        except TimeoutError:
            text = f"The body has not arrived within {seconds} s (http.body_seconds)."
            refusal = Unavailable(Reason.TIMED_OUT, text)
            raise HttpRefused(408, refusal, [(b"connection", b"close")]) from None

    @staticmethod
    def _check(scope: Scope, media: str, operation: Operation) -> None:
        if operation.type is OperationType.SUBSCRIPTION and media != EVENTS:
            text = f"A subscription needs Accept: {EVENTS}, or a WebSocket."
            raise HttpRefused(406, bad_request(text))
        if scope["method"] == "GET" and operation.type is not OperationType.QUERY:
            text = "Only queries are answered by GET."
            raise HttpRefused(405, bad_request(text), [(b"allow", b"POST")])

    async def _stream(
        self, receive: Receive, reply: Reply, work: tuple[Operation, GraphQLRequest, Caller]
    ) -> None:
        reply.begun = True
        async with aclosing(self._responses(*work)) as responses:
            await send_events(responses, receive, reply.send, reply.request_id)

    async def _responses(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> AsyncGenerator[Response, None]:
        try:
            if operation.type is not OperationType.SUBSCRIPTION:
                yield await self._executor.run(operation, request, caller)
                return
            async with aclosing(self._executor.stream(operation, request, caller)) as stream:
                async for response in stream:
                    yield response
        except RequestRefused as refused:
            yield refused.response


async def _read_body(receive: Receive, limit: int) -> bytes:
    size, parts = 0, list[bytes]()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(parts)


def _status(reason: Reason, media: str) -> int:
    if media == JSON and reason in _DOCUMENT_FAULTS:
        return 200
    return _STATUS.get(reason.kind, 400)


def _too_large(limit: int) -> HttpRefused:
    return HttpRefused(413, bad_request(f"The body is larger than {limit} bytes.", limit=limit))


def _from_query(query: bytes) -> GraphQLRequest:
    try:
        members = parse_qs(query.decode(), keep_blank_values=True, max_num_fields=10)
    except (UnicodeDecodeError, ValueError):
        raise bad_request("The query string cannot be read.") from None
    value: dict[str, object] = {name: values[-1] for name, values in members.items()}
    for name in ("variables", "extensions"):
        if value.get(name):
            value[name] = read_json(str(value[name]))
        else:
            value.pop(name, None)
    return read_request(value)

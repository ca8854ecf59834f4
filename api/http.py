"""GraphQL over HTTP: one POST, one response, or a stream of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import parse_qs

from graphql import OperationType

from api.asgi import Gone, Headers, Receive, Scope, Send, header, peer_of
from api.bills import Bill
from api.bodies import Bodies
from api.callers import Caller, request_id_of
from api.compression import chosen_encoding
from api.credentials import from_headers
from api.deadlines import Deadlines
from api.documents import Operation
from api.errors import show_error, show_failure
from api.execution import Executor
from api.live import Tellers
from api.multipart import Parts
from api.negotiation import EVENTS, GRAPHQL_JSON, JSON, PARTS, Wanted, accepted, is_json
from api.quick import BEGUN, UNDERSTOOD, Understood, Work
from api.reply import Reply
from api.requests import GraphQLRequest, read_json
from api.responses import Event, RequestRefused, Response
from api.shared import SharedConnections
from api.sse import DistinctEvents, read_event_id
from api.statuses import HttpRefused, Statuses
from api.streaming import Job, Telling, events, expelling, send_stream
from quantgraph.config import Config
from quantgraph.domain.calls import GONE, Transport
from quantgraph.domain.errors import GatewayError, Unavailable, bad_request
from quantgraph.domain.ports.gateway import Access
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.domain.streams import LogPlace

# Headers that are one request's, or are answered with headers of their own.
_OWN = (b"origin", b"x-request-id", b"traceparent")


class GraphQLOverHttp:
    """The ASGI handler of /graphql for HTTP."""

    def __init__(
        self,
        executor: Executor,
        access: Access,
        config: Config,
        tellers: Tellers | None = None,
    ) -> None:
        """Answer with `executor` those whom `access` lets in, `tellers` tell quotes."""
        self._executor = executor
        self._tellers = tellers
        self._access = access
        self._config = config.http
        self._deadlines = Deadlines(config.http.body_seconds)
        self._stalls = Deadlines(config.http.write_seconds)
        self._statuses = Statuses(config.http.status_codes)
        self.shared = SharedConnections(executor, access, config)
        self.bodies = Bodies(executor.reader, self._statuses.ill_formed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        work: Work | None = scope.get(BEGUN)
        request_id = request_id_of(scope) if work is None else work.caller.request_id
        reply = Reply(send, JSON, request_id, self._stalls)
        if work is None:
            reply.bill = Bill(parent=header(scope, b"traceparent"))
        else:
            reply.bill = work.caller.bill
        try:
            await self._respond(scope, receive, reply, work)
        except HttpRefused as refused:
            shown = {"errors": [show_error(refused.error, request_id)]}
            await self._answer(reply, refused.status, shown, refused.headers)
        except RequestRefused as refused:
            status = self._statuses.refused(refused.reason, reply.media)
            await self._answer(reply, status, refused.response)
        except GatewayError as error:
            await self._refuse(reply, error)
        except (ConnectionError, Gone):
            reply.bill.outcome = GONE
            return  # the client has gone; there is nobody to answer
        except Exception:
            # What has begun cannot become another answer: uvicorn cuts it, and the client sees.
            if not reply.begun:
                await self._answer(reply, 500, {"errors": [show_failure(request_id)]})
            reply.bill.outcome = Reason.INTERNAL.value
            raise
        finally:
            self._executor.till.tell(_transport(reply), request_id, reply.bill)

    async def _respond(
        self, scope: Scope, receive: Receive, reply: Reply, work: Work | None
    ) -> None:
        if self.shared.concerns(scope):
            await self.shared.respond(scope, receive, reply, self._request)
            return
        wanted = self._wanted(scope)
        reply.media = wanted.single or JSON
        reply.encoding = self._encoding(scope)
        reply.whole = scope["http_version"] == "1.0"
        if work is not None:
            await self._finish(reply, work)
            return
        credential = from_headers(scope)
        principal = await self._access.authenticate(credential, peer_of(scope))
        request = await self._request(scope, receive)
        caller = Caller(principal, reply.request_id, peer=peer_of(scope), bill=reply.bill)
        try:
            operation = await self._executor.prepare(request, caller)
        except RequestRefused as refused:
            if wanted.single is not None:
                raise
            caller.bill.note(refused.response)
            refused.response["extensions"] = self._executor.till.shown(caller.bill)
            reply.rates = self._executor.till.headers(caller.bill)
            await _stream(_framing(wanted), receive, reply, _once(refused))
            return
        self._check(scope, wanted, operation)
        if operation.type is OperationType.SUBSCRIPTION or wanted.single is None:
            caller = replace(caller, resume=_resumed(scope, wanted))
            framing = _framing(wanted)
            telling = None if self._tellers is None else Telling(self._tellers, framing.shared)
            job = Job(operation, request, caller, telling)
            reply.rates = self._executor.till.headers(caller.bill)
            with self._executor.visit(caller, expelling(reply)):
                await _stream(framing, receive, reply, events(self._executor, job))
        else:
            _understand(scope, Understood(reply.media, reply.encoding, credential))
            begun = self._executor.begin(operation, request, caller)
            await self._finish(reply, Work(caller, begun))

    async def _finish(self, reply: Reply, work: Work) -> None:
        response = await self._executor.finish(work.begun, work.caller)
        reply.rates = self._executor.till.headers(reply.bill)
        await reply.json(self._statuses.answered(response), response)

    async def _refuse(self, reply: Reply, error: GatewayError) -> None:
        headers: Headers = []
        if error.reason.kind is Kind.UNAUTHENTICATED:
            headers = [(b"www-authenticate", b'Bearer realm="quantgraph"')]
        shown = {"errors": [show_error(error, reply.request_id)]}
        await self._answer(reply, self._statuses.failed(error.reason), shown, headers)

    async def _answer(
        self, reply: Reply, status: int, response: Response, headers: Headers | None = None
    ) -> None:
        reply.media = self._statuses.media(reply.media, status)
        till = self._executor.till
        reply.rates = till.headers(reply.bill)
        response["extensions"] = till.shown(reply.bill)
        await reply.json(status, response, [*(headers or []), *_patience(status, response)])

    @staticmethod
    def _wanted(scope: Scope) -> Wanted:
        wanted = accepted(header(scope, b"accept"))
        if wanted.single is None and wanted.stream is None:
            text = f"Nothing acceptable; offered are {GRAPHQL_JSON}, {JSON}, {EVENTS} and {PARTS}."
            raise HttpRefused(406, bad_request(text))
        return wanted

    def _encoding(self, scope: Scope) -> str | None:
        if not self._config.compression:
            return None
        return chosen_encoding(header(scope, b"accept-encoding"))

    async def _request(self, scope: Scope, receive: Receive) -> GraphQLRequest:
        if scope["method"] == "GET" and self._config.get_queries:
            return self.bodies.stated(_from_query(scope["query_string"]))
        if scope["method"] != "POST":
            text = f"{scope['method']} is not answered here; send a POST with a JSON body."
            raise HttpRefused(405, bad_request(text), [(b"allow", self._allowed())])
        if not is_json(header(scope, b"content-type")):
            text = "Content-Type must be application/json (UTF-8)."
            raise HttpRefused(415, bad_request(text), [(b"accept", JSON.encode())])
        if header(scope, b"content-encoding") not in (None, "identity"):
            raise HttpRefused(415, bad_request("Compressed request bodies are not read."))
        return self.bodies.read(await self._body(scope, receive))

    def _allowed(self) -> bytes:
        return b"POST, PUT, DELETE, GET" if self._config.get_queries else b"POST, PUT, DELETE"

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
    def _check(scope: Scope, wanted: Wanted, operation: Operation) -> None:
        if operation.type is OperationType.SUBSCRIPTION and wanted.stream is None:
            text = f"A subscription needs Accept: {EVENTS} or {PARTS}, or a WebSocket."
            raise HttpRefused(406, bad_request(text))
        if scope["method"] == "GET" and operation.type is not OperationType.QUERY:
            text = "Only queries are answered by GET."
            raise HttpRefused(405, bad_request(text), [(b"allow", b"POST")])


def _framing(wanted: Wanted) -> Parts | DistinctEvents:
    return Parts() if wanted.stream == PARTS else DistinctEvents()


async def _stream(
    framing: Parts | DistinctEvents, receive: Receive, reply: Reply, source: AsyncGenerator[Event]
) -> None:
    reply.streamed = True
    async with aclosing(source) as items:
        await send_stream(framing, items, receive, reply)


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


def _transport(reply: Reply) -> str:
    return Transport.SSE if reply.streamed else Transport.HTTP


async def _once(refused: RequestRefused) -> AsyncGenerator[Event, None]:
    yield Event(refused.response, refused=True)


def _resumed(scope: Scope, wanted: Wanted) -> LogPlace | None:
    """Return where a reader of events was cut; other streams have no ids."""
    return read_event_id(header(scope, b"last-event-id")) if wanted.stream == EVENTS else None


def _understand(scope: Scope, understood: Understood) -> None:
    """Leave what the head means for those that come with the same bytes.

    An origin's answers have headers of their own, a GET has its document in its head, and an id
    or a span that the client gave is one request's.
    """
    alike = all(header(scope, name) is None for name in _OWN)
    if scope["method"] == "POST" and alike:
        scope[UNDERSTOOD] = understood


def _patience(status: int, response: Response) -> Headers:
    """Return when to ask again, in whole seconds, where too much was asked for."""
    if status != 429:
        return []
    details = response["errors"][0]["extensions"].get("details", {})
    ms = int(details.get("retry_after_ms", 1_000))
    return [(b"retry-after", b"%d" % -(-ms // 1_000))]


def _too_large(limit: int) -> HttpRefused:
    return HttpRefused(413, bad_request(f"The body is larger than {limit} bytes.", limit=limit))


def _from_query(query: bytes) -> dict[str, object]:
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
    return value

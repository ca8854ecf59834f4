"""The graphql-transport-ws protocol: one connection, many operations."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, aclosing, suppress
from typing import Any, NoReturn, TypeAlias, cast

import orjson
import structlog
from graphql import OperationType

from api.asgi import Gone, Receive, Scope, Send, deliver, peer_of
from api.bills import Bill
from api.callers import Caller, new_request_id
from api.credentials import from_headers, from_payload
from api.errors import show_error, show_failure
from api.execution import Executor
from api.live import Live, Tellers
from api.messages import Hangup, id_of, malformed, payload_of, read_message
from api.requests import GraphQLRequest
from api.responses import RequestRefused, Response
from api.slots import Text
from api.sockets import LINE
from quantgraph.config import Config
from quantgraph.domain.access import Principal
from quantgraph.domain.calls import Transport
from quantgraph.domain.errors import GatewayError, InvalidRequest, LimitReached, Unauthenticated
from quantgraph.domain.ports.gateway import Access
from quantgraph.domain.reasons import Reason

PROTOCOL = "graphql-transport-ws"
# Bytes that a close frame has for its reason.
_REASON = 123
# What ended an operation early, if anything did.
_Errors: TypeAlias = list[dict[str, Any]] | None
_log = structlog.get_logger(__name__)


class GraphQLOverWebSocket:
    """The ASGI handler of /graphql for WebSockets."""

    def __init__(
        self,
        executor: Executor,
        access: Access,
        config: Config,
        tellers: Tellers | None = None,
    ) -> None:
        """Answer with `executor` those whom `access` lets in.

        `tellers` tell quotes to sockets that take ready frames.
        """
        self._executor = executor
        self._access = access
        self._config = config
        self._tellers = tellers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either side closes it."""
        await receive()  # websocket.connect
        if PROTOCOL not in scope.get("subprotocols", []):
            await send({"type": "websocket.accept"})
            hangup = Hangup(4406, f"Subprotocol not acceptable; speak {PROTOCOL}")
            await self._hang_up(send, hangup)
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        line = scope.get(LINE)
        live = None if line is None or self._tellers is None else Live(self._tellers, line)
        connection = _Connection(self._executor, self._access, self._config, send, live)
        with suppress(Gone):
            try:
                await connection.serve(scope, receive)
            except Hangup as hangup:
                await self._hang_up(send, hangup)
            finally:
                await connection.end()

    async def _hang_up(self, send: Send, hangup: Hangup) -> None:
        bill = Bill(outcome=hangup.outcome)
        self._executor.till.tell(Transport.WEBSOCKET, new_request_id(), bill)
        shown = hangup.reason.encode()[:_REASON].decode(errors="ignore")
        await deliver(send, {"type": "websocket.close", "code": hangup.code, "reason": shown})


class _Connection:
    """One client: its identity once it has one, and its running operations."""

    def __init__(
        self,
        executor: Executor,
        access: Access,
        config: Config,
        send: Send,
        live: Live | None,
    ) -> None:
        self._live = live
        self._executor = executor
        self._access = access
        self._init_seconds = config.http.init_seconds
        self._send = send
        self._principal: Principal | None = None
        self._initialised = False
        # What it holds with its key, and why that is good no longer.
        self._held = ExitStack()
        self._ended: GatewayError | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, scope: Scope, receive: Receive) -> None:
        """Handle messages until the client goes, or its key. Raises Hangup."""
        init_due = asyncio.get_running_loop().time() + self._init_seconds
        try:
            while True:
                message = await self._receive(receive, init_due)
                if message["type"] == "websocket.disconnect":
                    return
                await self._handle(read_message(message), scope)
        except asyncio.CancelledError:
            if self._ended is None:
                raise
            _forbid(self._ended)

    async def end(self) -> None:
        """Cancel what runs and wait until it has cleaned up."""
        self._held.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self, receive: Receive, init_due: float) -> Any:  # noqa: ANN401 an ASGI message
        if self._initialised:
            return await receive()
        try:
            async with asyncio.timeout_at(init_due):
                return await receive()
        except TimeoutError:
            raise Hangup(4408, "Connection initialisation timeout") from None

    async def _handle(self, message: Mapping[str, Any], scope: Scope) -> None:
        match message.get("type"):
            case "connection_init":
                await self._init(message, scope)
            case "ping":
                await self._answer({"type": "pong", **payload_of(message)})
            case "pong":
                payload_of(message)
            case "subscribe":
                await self._subscribe(message, scope)
            case "complete":
                operation_id = id_of(message)
                task = self._operations.pop(operation_id, None)
                if task is not None:
                    task.cancel()
                    if self._live is not None:
                        self._live.stop(operation_id)
            case str(other):
                raise malformed(f"Unknown message type {other[:40]!r}")
            case _:
                raise malformed("A message needs a string as type")

    async def _init(self, message: Mapping[str, Any], scope: Scope) -> None:
        if self._initialised:
            raise Hangup(4429, "Too many initialisation requests")
        self._initialised = True
        payload = payload_of(message).get("payload")
        try:
            credential = from_payload(payload) or from_headers(scope)
            principal = await self._access.authenticate(credential, peer_of(scope))
            caller = Caller(principal, new_request_id(), peer=peer_of(scope))
            self._held.enter_context(self._executor.visit(caller, self._leaver()))
        except GatewayError as error:
            _forbid(error)
        self._principal = principal
        await self._answer({"type": "connection_ack"})

    def _leaver(self) -> Callable[[GatewayError], None]:
        """Return what ends the connection: it is the present task that reads."""
        task = asyncio.current_task()

        def leave(error: GatewayError) -> None:
            self._ended = error
            if task is not None:
                task.cancel()

        return leave

    async def _subscribe(self, message: Mapping[str, Any], scope: Scope) -> None:
        if self._principal is None:
            raise Hangup(4401, "Unauthorized")
        operation_id = id_of(message)
        if operation_id in self._operations:
            raise Hangup(4409, f"Subscriber for {operation_id} already exists")
        payload = message.get("payload")
        if not isinstance(payload, dict):
            raise malformed("subscribe needs an object as payload")
        caller = Caller(self._principal, new_request_id(), peer=peer_of(scope))
        try:
            await self._access.recheck(self._principal, caller.peer)
        except Unauthenticated as error:
            _forbid(error)
        except GatewayError as error:  # nobody can look now, and clients never try again after 4403
            await self._refuse(operation_id, error, caller)
            return
        try:
            request = self._executor.reader.read(cast("object", payload))
        except InvalidRequest as error:
            raise malformed(error.message) from None
        except GatewayError as error:  # its document is not one of those it may be
            await self._refuse(operation_id, error, caller)
            return
        most = self._executor.limits.subscriptions
        if len(self._operations) >= most:
            # Told from here, not from a task: who floods and reads nothing is read no further.
            text = f"{most} operations run on this connection; this is the most."
            refusal = LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
            await self._refuse(operation_id, refusal, caller)
            return
        while len(self._tasks) >= 2 * most:
            # Ended operations that still wait to say so: their client reads nothing.
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._run(operation_id, request, caller))
        self._operations[operation_id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refuse(self, operation_id: str, error: GatewayError, caller: Caller) -> None:
        errors = [show_error(error, caller.request_id)]
        caller.bill.note({"errors": errors})
        self._executor.till.tell(Transport.WEBSOCKET, caller.request_id, caller.bill)
        await self._finish(operation_id, self._priced(errors, caller))

    async def _run(self, operation_id: str, request: GraphQLRequest, caller: Caller) -> None:
        """Run one operation to its end and say so; never lets an exception escape."""
        try:
            with suppress(Gone), self._executor.underway:
                errors = await self._operate(operation_id, request, caller)
                caller.bill.note({"errors": errors})
                await self._finish(operation_id, self._priced(errors, caller))
        finally:
            self._executor.till.tell(Transport.WEBSOCKET, caller.request_id, caller.bill)

    def _priced(self, errors: _Errors, caller: Caller) -> _Errors:
        """Say what it cost in the first error: that message has no extensions of its own."""
        if errors:
            errors[0]["extensions"] |= self._executor.till.shown(caller.bill)
        return errors

    async def _operate(self, operation_id: str, request: GraphQLRequest, caller: Caller) -> _Errors:
        """Send an operation's responses; return the errors that ended it. Raises Gone."""
        try:
            operation = await self._executor.prepare(request, caller)
            call = None if self._live is None else await self._executor.quotes(operation, request)
            if call is not None and self._live is not None:
                opening = self._executor.till.opening(caller.bill)
                with self._executor.holding(operation, caller):
                    await self._live.run(call, caller.principal, operation_id, opening)
            elif operation.type is OperationType.SUBSCRIPTION:
                async with aclosing(self._executor.stream(operation, request, caller)) as stream:
                    async for event in stream:
                        await self._next(operation_id, event.response)
                        # A stream that always has more, sent without waiting, would keep
                        # everybody else from the loop.
                        await asyncio.sleep(0)
            else:
                response = await self._executor.run(operation, request, caller)
                caller.bill.note(response)
                await self._next(operation_id, response)
        except RequestRefused as refused:
            return refused.response["errors"]
        except GatewayError as error:
            return [show_error(error, caller.request_id)]
        except Gone:
            raise
        except Exception:
            _log.exception("unexpected_error", request_id=caller.request_id)
            return [show_failure(caller.request_id)]
        return None

    async def _next(self, operation_id: str, response: Response | orjson.Fragment) -> None:
        await self._answer({"id": operation_id, "type": "next", "payload": response})

    async def _finish(self, operation_id: str, errors: _Errors) -> None:
        # Forgotten before it is told: the client may use the id again as soon as it hears.
        self._operations.pop(operation_id, None)
        if errors is None:
            await self._answer({"id": operation_id, "type": "complete"})
        else:
            await self._answer({"id": operation_id, "type": "error", "payload": errors})

    async def _answer(self, message: Mapping[str, Any]) -> None:
        await deliver(
            self._send, {"type": "websocket.send", "text": await Text(message).gathered()}
        )


def _forbid(error: GatewayError) -> NoReturn:
    raise Hangup(4403, f"Forbidden: {error.message}", error.reason.value) from None

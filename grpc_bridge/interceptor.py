"""The frame around every call: request id, key, scope, parsing, limits and errors."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError, Message
from grpc import aio

from grpc_bridge.access import check_account, credential_of, named_by, remember, scope_of
from grpc_bridge.limits import ENDLESS, UNTIMED, CallLimits
from grpc_bridge.told import Told, tell_absent
from grpc_bridge.toll import Toll
from grpc_bridge.visiting import visiting
from quantgraph.domain.access import Scope, present_actor
from quantgraph.domain.audit import listen
from quantgraph.domain.calls import Underway
from quantgraph.domain.errors import (
    GatewayError,
    InvalidRequest,
    LimitReached,
    Unavailable,
    bad_request,
)
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason

Context = aio.ServicerContext[Any, Any]
_OURS = "/quantgraph.v1."
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # no generic at run time


class CallFrame(aio.ServerInterceptor):
    """Wraps every handler, whoever registered it: nothing is answered past this."""

    def __init__(self, gateway: Gateway, limits: CallLimits) -> None:
        """Check keys by the gateway's access; its audit log hears what is refused."""
        self._access = gateway.access
        self._audit = gateway.audit
        self._calls = gateway.calls
        self._toll = Toll(gateway.meter)
        self._streams = gateway.subscriptions
        self._visits = gateway.visits
        self.limits = limits
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._probes: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self.underway = Underway()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], "Awaitable[Handler | None]"],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """Return the wrapped handler; an unknown method stays UNIMPLEMENTED, and is told."""
        handler = await continuation(handler_call_details)
        if handler is None:
            tell_absent(self._calls, handler_call_details.invocation_metadata)
            return None
        method = handler_call_details.method
        if not handler.response_streaming:
            return grpc.unary_unary_rpc_method_handler(self._unary(method, handler))
        if not handler.request_streaming:
            stream = self._stream(method, handler)
            return grpc.unary_stream_rpc_method_handler(stream, None, _serialised)
        exchange = self._exchange(method, handler)
        return grpc.stream_stream_rpc_method_handler(exchange, None, _serialised)

    def end_streams(self) -> None:
        """Refuse new endless streams and end the open ones: the gateway is stopping.

        Probes stay: they are how a client hears of it.
        """
        self._stopping = True
        for task in self._tasks:
            task.cancel()

    def end_probes(self) -> None:
        """End what only asks how the gateway is."""
        for task in self._probes:
            task.cancel()

    def _told(self, method: str, context: Context, *, lasting: bool) -> Told:
        underway = self.underway if method.startswith(_OURS) else Underway()
        return Told((self._calls, underway), method, context, lasting=lasting)

    def _unary(self, method: str, handler: Handler) -> Callable[..., Awaitable[bytes]]:
        behaviour: Any = handler.unary_unary

        async def answer(raw: bytes, context: Context) -> bytes:
            with self._told(method, context, lasting=False) as told:
                try:
                    scope = await self._admit(method, context)
                    seconds = None if method in UNTIMED else self.limits.seconds
                    with self._refusals(method, scope):
                        request = _parsed(handler, raw, scope)
                        told.asked(request)
                        told.points = self._toll.take(method, request, context)
                        async with asyncio.timeout(seconds):
                            response: Message = await behaviour(request, context)
                    return self._checked(response)
                except TimeoutError:
                    text = f"Not finished after {self.limits.seconds} s and abandoned."
                    await told.refuse(Unavailable(Reason.TIMED_OUT, text))
                except Exception as error:
                    await told.refuse(error)

        return answer

    def _stream(self, method: str, handler: Handler) -> Callable[..., Awaitable[None]]:
        behaviour: Any = handler.unary_stream

        async def answer(raw: bytes, context: Context) -> None:
            with self._told(method, context, lasting=True) as told:
                try:
                    scope = await self._admit(method, context)
                    request = _parsed(handler, raw, scope)
                    told.asked(request)
                    told.points = self._toll.take(method, request, context)
                    with visiting(self._visits, scope), self._counted(method, context):
                        await _pump(behaviour(request, context), context)
                except asyncio.CancelledError:
                    await self._end(context, told)
                except Exception as error:
                    await told.refuse(error)

        return answer

    def _exchange(self, method: str, handler: Handler) -> Callable[..., Awaitable[None]]:
        behaviour: Any = handler.stream_stream

        async def answer(raws: AsyncIterator[bytes], context: Context) -> None:
            with self._told(method, context, lasting=True) as told:
                try:
                    scope = await self._admit(method, context)
                    told.points = self._toll.take(method, None, context)
                    requests = (_parsed(handler, raw, scope) async for raw in raws)
                    with visiting(self._visits, scope), self._counted(method, context):
                        await _pump(behaviour(requests, context), context)
                except asyncio.CancelledError:
                    await self._end(context, told)
                except Exception as error:
                    await told.refuse(error)

        return answer

    async def _admit(self, method: str, context: Context) -> Scope | None:
        scope = scope_of(method)
        if scope is not None:
            metadata = context.invocation_metadata()
            credential = credential_of(metadata)
            principal = await self._access.authenticate(credential, context.peer())
            remember(principal, context.peer(), named_by(principal, scope, metadata))
            with self._refusals(method, scope):
                principal.require(scope)
        return scope

    @contextmanager
    def _refusals(self, method: str, scope: Scope | None) -> Generator[None]:
        """Have the audit log hear of acts that are refused before any port is asked."""
        heard = listen()
        try:
            yield
        except GatewayError as error:
            name = method.rpartition("/")[2]
            acts = scope in {Scope.TRADE, Scope.ADMIN} and not name.startswith("Get")
            if acts and not heard:
                self._audit.refused(name[0].lower() + name[1:], None, error)
            raise

    def _checked(self, response: Message) -> bytes:
        body = response.SerializeToString()
        if len(body) > self.limits.message_bytes:
            text = (
                f"The answer has {len(body)} bytes, more than the {self.limits.message_bytes} of "
                "grpc.max_message_bytes. Ask for less; for bars use DownloadBars."
            )
            raise InvalidRequest(Reason.ROW_LIMIT, text, bytes=len(body))
        return body

    @contextmanager
    def _counted(self, method: str, context: Context) -> Generator[None]:
        if method not in ENDLESS:
            yield
            return
        peer, task = context.peer(), asyncio.current_task()
        self._refuse_more(method, peer)
        assert task is not None  # noqa: S101 a handler always runs in a task
        self._open[peer] += 1
        kept = self._tasks if method.startswith(_OURS) else self._probes
        kept.add(task)
        try:
            with self._held(method):
                yield
        finally:
            kept.discard(task)
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]

    def _held(self, method: str) -> AbstractContextManager[None]:
        """Have a stream listed among those of its key; probes have none."""
        service, _, name = method.removeprefix(_OURS).partition("/")
        if not method.startswith(_OURS):
            return nullcontext()
        return self._streams.open(present_actor(), f"{service}/{name}")

    def _refuse_more(self, method: str, peer: str) -> None:
        if self._stopping and method.startswith(_OURS):
            raise _stopping()
        if self._open[peer] >= self.limits.streams:
            text = f"This connection has {self._open[peer]} open streams; that is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text, limit=self.limits.streams)

    async def _end(self, context: Context, told: Told) -> None:
        """Say why at a stop of ours; a client's own cancel needs no answer."""
        if not self._stopping or context.cancelled() or context.done():
            raise asyncio.CancelledError
        await told.refuse(_stopping())


def _parsed(handler: Handler, raw: bytes, scope: Scope | None) -> Message:
    assert handler.request_deserializer is not None  # noqa: S101 every stub has one
    try:
        request: Message = handler.request_deserializer(raw)
    except DecodeError:
        text = "The bytes are not the request message of this rpc."
        raise bad_request(text) from None
    if scope is not None:
        check_account(request, scope)
    return request


def _serialised(message: Message | bytes) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()


async def _pump(
    answers: AsyncGenerator[Message | bytes] | Awaitable[None], context: Context
) -> None:
    if not isinstance(answers, AsyncGenerator):
        await answers  # it writes for itself
        return
    async with aclosing(answers):
        async for answer in answers:
            # Waits while the client does not read: a slow reader costs one message here.
            try:
                await context.write(answer)
            except aio.InternalError:  # the client has gone; nobody is left to be told
                raise asyncio.CancelledError from None


def _stopping() -> GatewayError:
    text = "The gateway is stopping; connect again later."
    return Unavailable(Reason.SHUTTING_DOWN, text)

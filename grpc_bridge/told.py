"""What a call is known by, and what the log is told of it once it has ended."""

import asyncio
import uuid
from collections.abc import Iterable
from functools import partial
from time import perf_counter, time
from types import TracebackType
from typing import Any, Literal, NoReturn, TypeAlias

from google.protobuf.message import Message
from grpc import StatusCode, aio

from grpc_bridge.access import caller_key
from grpc_bridge.arguments import fields_of
from grpc_bridge.status import refuse
from quantgraph.domain.calls import GONE, OK, Call, Calls, Transport, Underway, given_id
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.traces import follow

Context = aio.ServicerContext[Any, Any]
# What a caller sent beside its request.
Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]


class Told:
    """One call, from its first byte on: `with` it, so that its end is told whatever it is."""

    def __init__(
        self, listeners: tuple[Calls, Underway], method: str, context: Context, *, lasting: bool
    ) -> None:
        """Name it in the trailing metadata, as the caller did in `x-request-id` if at all."""
        calls, self._underway = listeners
        self._calls = calls
        self._field = method.removeprefix("/quantgraph.v1.").removeprefix("/")
        self._context = context
        self._lasting = lasting
        self._began = perf_counter()
        self._outcome = OK
        self.points = 0
        sent = context.invocation_metadata()
        self.trail = calls.trail(_sent(sent, "traceparent"))
        follow(self.trail)
        self.request_id = _request_id(sent)
        context.set_trailing_metadata((("x-request-id", self.request_id),))

    def asked(self, request: Message) -> None:
        """Know what is asked, where the call is traced."""
        if self.trail is not None:
            self.trail.asked = partial(fields_of, request)

    def __enter__(self) -> "Told":
        """Begin."""
        self._underway.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        """Tell."""
        self._underway.__exit__()
        if isinstance(error, asyncio.CancelledError) and self._outcome == OK:
            self._outcome = GONE
        took = perf_counter() - self._began
        known = (Transport.GRPC, (self._field,), None, caller_key(), self.request_id)
        rest = (self.points, self._outcome, self._lasting, self.trail)
        self._calls.ended(Call(time(), took, *known, *rest))
        return False

    async def refuse(self, error: Exception) -> NoReturn:
        """End the call with the status of an error, and remember its code. Always raises."""
        reason = error.reason if isinstance(error, GatewayError) else Reason.INTERNAL
        self._outcome = reason.value
        await refuse(self._context, error, self.request_id)


def tell_absent(calls: Calls, sent: Metadata | None) -> None:
    """Tell of a call of a method that does not exist, which gRPC refuses itself."""
    rest = (_request_id(sent), 0, StatusCode.UNIMPLEMENTED.name)
    calls.ended(Call(time(), 0.0, Transport.GRPC, ("unknown",), None, "", *rest, lasting=False))


def _request_id(sent: Metadata | None) -> str:
    return given_id(_sent(sent, "x-request-id")) or uuid.uuid4().hex


def _sent(metadata: Metadata | None, wanted: str) -> str | None:
    for name, value in metadata or ():
        if name == wanted and isinstance(value, str):
            return value
    return None

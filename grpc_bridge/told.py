"""What a call is known by, and what the log is told of it once it has ended."""

import asyncio
import uuid
from time import perf_counter, time
from types import TracebackType
from typing import Any, Literal, NoReturn

from grpc import aio

from grpc_bridge.access import caller_key
from grpc_bridge.status import refuse
from quantgraph.domain.calls import GONE, OK, Call, Calls, Transport, given_id
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

Context = aio.ServicerContext[Any, Any]


class Told:
    """One call, from its first byte on: `with` it, so that its end is told whatever it is."""

    def __init__(self, calls: Calls, method: str, context: Context, *, lasting: bool) -> None:
        """Name it in the trailing metadata, as the caller did in `x-request-id` if at all."""
        self._calls = calls
        self._field = method.removeprefix("/quantgraph.v1.").removeprefix("/")
        self._context = context
        self._lasting = lasting
        self._began = perf_counter()
        self._outcome = OK
        self.points = 0
        self.request_id = _given(context) or uuid.uuid4().hex
        context.set_trailing_metadata((("x-request-id", self.request_id),))

    def __enter__(self) -> "Told":
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        """Tell."""
        if isinstance(error, asyncio.CancelledError) and self._outcome == OK:
            self._outcome = GONE
        took = perf_counter() - self._began
        known = (Transport.GRPC, (self._field,), None, caller_key(), self.request_id)
        self._calls.ended(Call(time(), took, *known, self.points, self._outcome, self._lasting))
        return False

    async def refuse(self, error: Exception) -> NoReturn:
        """End the call with the status of an error, and remember its code. Always raises."""
        reason = error.reason if isinstance(error, GatewayError) else Reason.INTERNAL
        self._outcome = reason.value
        await refuse(self._context, error, self.request_id)


def _given(context: Context) -> str | None:
    for name, value in context.invocation_metadata() or ():
        if name == "x-request-id" and isinstance(value, str):
            return given_id(value)
    return None

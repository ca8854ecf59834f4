"""Answers that go on: a response per event, in whatever framing the client reads."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson
import structlog
from graphql import OperationType

from api.asgi import Gone, Headers, Receive, deliver
from api.callers import Caller
from api.documents import Operation
from api.errors import show_error, show_failure
from api.execution import Executor
from api.live import Tellers
from api.quote_texts import QuoteCall
from api.reply import Reply, even
from api.requests import GraphQLRequest
from api.responses import Event, RequestRefused, Response
from quantgraph.domain import members
from quantgraph.domain.calls import Transport
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.held import HeldLine

Item_contra = TypeVar("Item_contra", contravariant=True)
Item = TypeVar("Item")
# The response of frames that are ready: nothing asks for it.
_FRAMED = orjson.Fragment(b"")
_log = structlog.get_logger(__name__)


class Framing(Protocol[Item_contra]):
    """How a stream looks: its media type, what begins and ends it, what keeps it alive."""

    media: str
    opening: bytes
    beat: bytes
    beat_seconds: float
    ending: bytes

    def frame(self, given: Item_contra) -> Iterable[bytes]:
        """Return one item in pieces."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """An operation to run, for whom, and what it is asked with."""

    operation: Operation
    request: GraphQLRequest
    caller: Caller
    telling: "Telling | None" = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells live quotes to a connection, and how they are framed for all like it."""

    tellers: Tellers
    framing: members.Framing


async def events(executor: Executor, job: Job) -> AsyncGenerator[Event, None]:
    """Run an operation to its end. What ends it early is its last event: nothing is raised."""
    operation, request, caller = job.operation, job.request, job.caller
    begun = False
    try:
        if operation.type is not OperationType.SUBSCRIPTION:
            response = await executor.run(operation, request, caller)
            caller.bill.note(response)
            yield Event(response)
            return
        async with aclosing(await _streamed(executor, job)) as stream:
            async for event in stream:
                begun = True
                yield event
    except Exception as error:
        response = _refusal(error, caller)
        caller.bill.note(response)
        if not begun:  # the first message tells the cost, whatever else it says
            response["extensions"] = executor.till.shown(caller.bill)
        yield Event(response, refused=True)
    finally:
        executor.till.tell(Transport.SSE, caller.request_id, caller.bill)


def _refusal(error: Exception, caller: Caller) -> Response:
    """Return what tells of an error; what is not ours to tell is logged."""
    if isinstance(error, RequestRefused):
        return error.response
    if isinstance(error, GatewayError):
        return {"errors": [show_error(error, caller.request_id)]}
    _log.error("unexpected_error", request_id=caller.request_id, exc_info=error)
    return {"errors": [show_failure(caller.request_id)]}


async def _streamed(executor: Executor, job: Job) -> AsyncGenerator[Event, None]:
    """Return a subscription's events: shared frames where others are told the same."""
    if job.telling is not None:
        call = await executor.quotes(job.operation, job.request)
        if call is not None:
            return _told(executor, job, job.telling, call)
    return executor.stream(job.operation, job.request, job.caller)


async def _told(
    executor: Executor, job: Job, telling: Telling, call: QuoteCall
) -> AsyncGenerator[Event, None]:
    line = HeldLine()
    one = members.member(line, telling.framing, executor.till.opening(job.caller.bill))
    one.ended.add_done_callback(line.end)
    with executor.holding(job.operation, job.caller):
        async with telling.tellers.joined(call, job.caller.principal, one):
            while True:
                yield Event(_FRAMED, frames=await line.taken())


async def send_stream(
    framing: Framing[Item], items: AsyncIterator[Item], receive: Receive, reply: Reply
) -> None:
    """Send each item as it comes, then the ending; stop when the client goes, or at `last`."""
    reply.begun = True
    gone = asyncio.create_task(_disconnected(receive))
    try:
        head = {"type": "http.response.start", "status": 200, "headers": _headers(framing, reply)}
        await deliver(reply.send, head)
        await reply.piece(framing.opening)
        while (waited := await _next(items, gone, framing, reply)) is not None:
            for part in even(framing.frame(waited[0])):
                await reply.piece(part)
                # A stream that always has more would keep everybody else from the loop.
                await asyncio.sleep(0)
            if _is_last(waited[0], reply):
                break
        if not gone.done():
            await reply.piece(framing.ending)
            await deliver(reply.send, {"type": "http.response.body", "body": b""})
    except Gone:
        return
    finally:
        gone.cancel()


def _headers(framing: Framing[Item], reply: Reply) -> Headers:
    return [
        (b"content-type", framing.media.encode()),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-request-id", reply.request_id.encode()),
        *reply.rates,
    ]


async def _next(
    items: AsyncIterator[Item], gone: asyncio.Task[None], framing: Framing[Item], reply: Reply
) -> tuple[Item] | None:
    """Return the next item, or None at the end; keeps an idle connection alive meanwhile."""
    step = asyncio.ensure_future(_one(items))
    try:
        while True:
            done, _ = await asyncio.wait(
                {step, gone, *_awaited(reply)},
                timeout=framing.beat_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if gone in done:
                return None
            if reply.last is not None and reply.last.done():
                return (reply.last.result(),)
            if step in done:
                return step.result()
            await reply.piece(framing.beat)
    finally:
        if not step.done():
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)


def _awaited(reply: Reply) -> tuple[asyncio.Future[Any], ...]:
    return () if reply.last is None else (reply.last,)


def _is_last(item: object, reply: Reply) -> bool:
    return reply.last is not None and reply.last.done() and reply.last.result() is item


def expelling(reply: Reply) -> Callable[[GatewayError], None]:
    """Return what ends a stream of events, with the reason as its last one."""
    last = reply.last = asyncio.get_running_loop().create_future()

    def end(error: GatewayError) -> None:
        if not last.done():
            shown = show_error(error, reply.request_id)
            last.set_result(Event({"errors": [shown]}, refused=True))

    return end


async def _one(items: AsyncIterator[Item]) -> tuple[Item] | None:
    async for item in items:
        return (item,)
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""Server-sent events, the distinct-connections mode of the graphql-sse protocol."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain

from api.asgi import Gone, Receive, Send, deliver
from api.execution import Response
from api.reply import even
from api.slots import Text

_KEEPALIVE_S = 12.0


async def send_events(
    responses: AsyncIterator[Response], receive: Receive, send: Send, request_id: str
) -> None:
    """Send each response as a `next` event, then `complete`; stop when the client goes."""
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-request-id", request_id.encode()),
    ]
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await deliver(send, {"type": "http.response.start", "status": 200, "headers": headers})
        await _send(send, b":\n\n")
        while (response := await _next(responses, gone, send)) is not None:
            event = chain((b"event: next\ndata: ",), Text(response).pieces(), (b"\n\n",))
            for part in even(event):
                await _send(send, part)
                await asyncio.sleep(0)
        if not gone.done():
            await _send(send, b"event: complete\ndata:\n\n")
            await deliver(send, {"type": "http.response.body", "body": b""})
    except Gone:
        return
    finally:
        gone.cancel()


async def _next(
    responses: AsyncIterator[Response], gone: asyncio.Task[None], send: Send
) -> Response | None:
    """Return the next response, or None at the end; keeps an idle connection alive meanwhile."""
    step = asyncio.ensure_future(anext(responses, None))
    try:
        while True:
            waiting = {step, gone}
            done, _ = await asyncio.wait(
                waiting, timeout=_KEEPALIVE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if gone in done:
                return None
            if step in done:
                return step.result()
            await _send(send, b":\n\n")
    finally:
        if not step.done():
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)


async def _send(send: Send, part: bytes) -> None:
    await deliver(send, {"type": "http.response.body", "body": part, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

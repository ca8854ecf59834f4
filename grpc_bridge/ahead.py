"""Working ahead: the next item is made while the present one is used, and no more than that."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

from grpc import aio

T = TypeVar("T")
Context = aio.ServicerContext[Any, Any]


async def read_ahead(source: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """Yield what the source yields; it works on the next item meanwhile. Closing closes it."""
    async with aclosing(source):
        coming = asyncio.ensure_future(_next(source))
        try:
            while (item := await coming) is not None:
                coming = asyncio.ensure_future(_next(source))
                yield item[0]
        finally:
            coming.cancel()
            # Its end must be seen before the source is closed: a running generator cannot be.
            await asyncio.gather(coming, return_exceptions=True)


async def write_ahead(frames: AsyncGenerator[bytes], context: Context) -> None:
    """Write frames to a client; the next one is made while one is on its way, and no more."""
    sending: asyncio.Future[None] | None = None
    try:
        async for frame in frames:
            if sending is not None:
                await sending
            sending = asyncio.ensure_future(context.write(frame))
            await asyncio.sleep(0)  # lets it begin
        if sending is not None:
            await sending
    except aio.InternalError:  # the client has gone; nobody is left to be told
        raise asyncio.CancelledError from None
    finally:
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _next(source: AsyncGenerator[T]) -> tuple[T] | None:
    async for item in source:
        return (item,)
    return None

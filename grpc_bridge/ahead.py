"""Reading ahead: the next item is made while the present one is used, and no more than that."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


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


async def _next(source: AsyncGenerator[T]) -> tuple[T] | None:
    async for item in source:
        return (item,)
    return None

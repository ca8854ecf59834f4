"""Long lists walked through in slices: in between, the event loop is everybody's."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")
# Of a terminal's list these take about a millisecond.
_SLICE = 64


async def sliced(items: Iterable[T]) -> AsyncGenerator[T, None]:
    """Yield the items; after each slice others have their turn. The list must not change."""
    for number, item in enumerate(items, 1):
        yield item
        if not number % _SLICE:
            await asyncio.sleep(0)

"""What the subscriptions to a log share: where a reader begins, and where it would go on."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, TypeVar

import strawberry

from quantgraph.domain.streams import (
    AccountEvent,
    FillEvent,
    LogCursor,
    LogPlace,
    OrderEvent,
    StreamKind,
)
from schema.context import Info
from schema.scalars import Long

Logged = TypeVar("Logged", OrderEvent, FillEvent, AccountEvent)
EpochArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The log's identity from an earlier event."),
]
SequenceArgument = Annotated[
    Long | None,
    strawberry.argument(
        description="The last sequence you have, of that epoch; 0 for the whole log."
    ),
]


async def followed(
    info: Info, cursor: LogCursor, read: Callable[[LogCursor], AsyncGenerator[Logged, None]]
) -> AsyncGenerator[Logged, None]:
    """Yield a log's events from the cursor on; where the transport was cut, from there on."""
    place = info.context.resume
    if place is not None:
        cursor = LogCursor(cursor.account_id, place.epoch, place.sequence)
    async with aclosing(read(cursor)) as events:
        async for event in events:
            info.context.place = _place(event)
            yield event


def _place(event: OrderEvent | FillEvent | AccountEvent) -> LogPlace | None:
    """Return where a reader goes on after the event: not amid a snapshot, which comes whole."""
    if event.kind is StreamKind.SNAPSHOT or event.sequence is None:
        return None
    return LogPlace(event.epoch, event.sequence)

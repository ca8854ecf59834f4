"""The events of live books and queues."""

from typing import Any

import strawberry

from quantgraph.domain import depth as domain
from quantgraph.domain.streams import StreamKind
from schema.depth import OrderBook, OrderQueues
from schema.quotes import SourceState
from schema.scalars import Long, Symbol


@strawberry.type(description="What every item of a live book or of live queues has.")
class _DepthEvent:
    kind: StreamKind = strawberry.field(description="SNAPSHOT first, then UPDATE and HEARTBEAT.")
    symbol: Symbol = strawberry.field(description="Whose it is.")
    epoch: strawberry.ID = strawberry.field(
        description="Changes when sequences start over; a sequence is only comparable within it."
    )
    sequence: Long | None = strawberry.field(
        description="Number of this state, per symbol and number of levels."
    )
    previous_sequence: Long | None = strawberry.field(
        description="Number of the state that this stream delivered before; null for the first."
    )
    conflated_count: int | None = strawberry.field(
        description="States between the previous one and this that were skipped."
    )
    source: SourceState | None = strawberry.field(description="State of the source (heartbeats).")


@strawberry.type(description="One item of a live book; fields a kind does not have are null.")
class OrderBookEvent(_DepthEvent):
    book: OrderBook | None = strawberry.field(
        description="The newest book; null in a snapshot before the terminal's first push."
    )

    @classmethod
    def from_domain(cls, event: domain.DepthEvent[domain.OrderBook]) -> "OrderBookEvent":
        """Show a domain event."""
        book = event.told
        return cls(**_shared(event), book=None if book is None else OrderBook.from_domain(book))


@strawberry.type(description="One item of live queues; fields a kind does not have are null.")
class OrderQueuesEvent(_DepthEvent):
    queues: OrderQueues | None = strawberry.field(
        description="The newest queues; null in a snapshot before the terminal's first push."
    )

    @classmethod
    def from_domain(cls, event: domain.DepthEvent[domain.OrderQueues]) -> "OrderQueuesEvent":
        """Show a domain event."""
        queues = event.told
        return cls(
            **_shared(event), queues=None if queues is None else OrderQueues.from_domain(queues)
        )


def _shared(event: domain.DepthEvent[Any]) -> dict[str, Any]:
    before = event.previous_sequence
    return {
        "kind": event.kind,
        "symbol": Symbol(event.symbol),
        "epoch": strawberry.ID(event.epoch),
        "sequence": None if event.sequence is None else Long(event.sequence),
        "previous_sequence": None if before is None else Long(before),
        "conflated_count": event.conflated_count,
        "source": SourceState.from_domain(event.source),
    }

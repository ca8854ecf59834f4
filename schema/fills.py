"""The events of an account's executions."""

import strawberry

from quantgraph.domain import streams
from quantgraph.domain.streams import StreamKind
from schema.orders import Fill
from schema.quotes import SourceState
from schema.scalars import Long


@strawberry.type(description="One item of an account's executions; what a kind has not is null.")
class FillEvent:
    kind: StreamKind = strawberry.field(description="UPDATE with a fill, CAUGHT_UP, HEARTBEAT.")
    fill: Fill | None = strawberry.field(description="The execution.")
    epoch: strawberry.ID = strawberry.field(description="Identity of the order log; keep it.")
    sequence: Long | None = strawberry.field(
        description="Number of the event in the account's order log, which `orderUpdates` counts "
        "too: it grows, and passes over what was no execution."
    )
    source: SourceState | None = strawberry.field(description="State of the source (heartbeats).")

    @classmethod
    def from_domain(cls, event: streams.FillEvent) -> "FillEvent":
        """Show a domain event."""
        return cls(
            kind=event.kind,
            fill=None if event.fill is None else Fill.from_domain(event.fill),
            epoch=strawberry.ID(event.epoch),
            sequence=None if event.sequence is None else Long(event.sequence),
            source=SourceState.from_domain(event.source),
        )

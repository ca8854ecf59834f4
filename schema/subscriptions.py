"""The live streams that a key holds."""

from datetime import datetime

import strawberry

from quantgraph.domain import subscriptions as domain
from schema.scalars import Long


@strawberry.type(
    description="A live stream of the asking key. Counts are null before its first event."
)
class OpenStream:
    id: strawberry.ID = strawberry.field(description="Names it as long as it is open.")
    operation: str = strawberry.field(
        description="The field of a subscription, as in `quotes`, or the rpc, as in "
        "`QuoteService/WatchQuotes`."
    )
    own: bool = strawberry.field(description="Whether the connection that asks holds it.")
    opened_at: datetime = strawberry.field(description="When it began, real time.")
    account_id: strawberry.ID | None = strawberry.field(
        description="Whose log or trading state it reads, if any."
    )
    symbol_count: int | None = strawberry.field(
        description="Symbols that it follows; null where it follows none."
    )
    delivered_count: Long | None = strawberry.field(
        description="Events that it was told, without heartbeats; of `fills` the events of the "
        "order log that it went through."
    )
    conflated_count: Long | None = strawberry.field(
        description="Events that were dropped because a newer one took their place; null of "
        "`tradingUpdates`, where they are not counted."
    )
    waiting_count: Long | None = strawberry.field(
        description="Its lag: events that there are for it and that it has not taken."
    )

    @classmethod
    def from_domain(cls, held: domain.OpenStream) -> "OpenStream":
        """Show a domain stream."""
        tally = held.tally
        return cls(
            id=strawberry.ID(held.id),
            operation=held.operation,
            own=held.own,
            opened_at=held.opened_at,
            account_id=_account(tally),
            symbol_count=None if tally is None else tally.symbols,
            delivered_count=None if tally is None else Long(tally.delivered),
            conflated_count=Long(tally.conflated) if tally is not None and tally.skips else None,
            waiting_count=None if tally is None else Long(tally.waiting),
        )


def _account(tally: domain.Tally | None) -> strawberry.ID | None:
    if tally is None or tally.account_id is None:
        return None
    return strawberry.ID(tally.account_id)

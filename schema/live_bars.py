"""The events of a stream of bars."""

import strawberry

from quantgraph.domain import live_bars as domain
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from schema.bars import Bar
from schema.quotes import SourceState
from schema.scalars import Long, Symbol


@strawberry.type(description="One item of a stream of bars; fields a kind does not have are null.")
class BarEvent:
    kind: StreamKind = strawberry.field(description="SNAPSHOT first, then UPDATE and HEARTBEAT.")
    symbol: Symbol = strawberry.field(description="Whose bars these are.")
    period: Period = strawberry.field(description="Length of each bar.")
    bar: Bar | None = strawberry.field(
        description="The bar under way, or a final one; null in a snapshot where there is none."
    )
    final: bool | None = strawberry.field(
        description="Whether the bar is over: it is then what `bars` answers, and comes once."
    )
    data_source: Source | None = strawberry.field(description="Where the bar comes from.")
    epoch: strawberry.ID = strawberry.field(
        description="Changes when sequences start over; a sequence is only comparable within it."
    )
    sequence: Long | None = strawberry.field(
        description="Number of this bar's state, per symbol and period."
    )
    previous_sequence: Long | None = strawberry.field(
        description="Number of the state that this stream delivered before; null for the first."
    )
    conflated_count: int | None = strawberry.field(
        description="States between the previous one and this that were skipped: never a final one."
    )
    source: SourceState | None = strawberry.field(description="State of the source (heartbeats).")

    @classmethod
    def from_domain(cls, event: domain.BarEvent) -> "BarEvent":
        """Show a domain event."""
        return cls(
            kind=event.kind,
            symbol=Symbol(event.symbol),
            period=event.period,
            bar=None if event.bar is None else _bar(event.bar),
            final=event.final,
            data_source=event.data_source,
            epoch=strawberry.ID(event.epoch),
            sequence=_long(event.sequence),
            previous_sequence=_long(event.previous_sequence),
            conflated_count=event.conflated_count,
            source=SourceState.from_domain(event.source),
        )


def _bar(bar: domain.Bar) -> Bar:
    return Bar(
        time=from_ms(bar.time),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=_long(bar.volume),
        amount=bar.amount,
        previous_close=bar.previous_close,
        suspended=bar.suspended,
    )


def _long(number: int | None) -> Long | None:
    return None if number is None else Long(number)

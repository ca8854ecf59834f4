"""Quotes, and the events of a quote stream."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import strawberry

from quantgraph.domain import quotes as domain
from quantgraph.domain import streams
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from schema.scalars import Long, Symbol


@strawberry.type(description="One price level of the order book.")
class Level:
    price: float = strawberry.field(description="Price, yuan.")
    quantity: Long = strawberry.field(description="Quantity waiting at the price, shares.")


@strawberry.type(description="Newest state of a symbol. Prices in yuan.")
class Quote:
    symbol: Symbol = strawberry.field(description="Whose state this is.")
    time: datetime = strawberry.field(description="When the exchange published it.")
    last_price: float | None = strawberry.field(
        description="Last traded price; null before the first trade of the day."
    )
    open: float | None = strawberry.field(description="First price of the day.")
    high: float | None = strawberry.field(description="Highest price of the day.")
    low: float | None = strawberry.field(description="Lowest price of the day.")
    previous_close: float | None = strawberry.field(
        description="Reference price of the day: the previous close after ex-right adjustment."
    )
    volume: Long = strawberry.field(description="Quantity traded today, shares.")
    amount: float = strawberry.field(description="Money traded today, yuan.")
    bids: list[Level] = strawberry.field(description="Up to five buying levels, best first.")
    asks: list[Level] = strawberry.field(description="Up to five selling levels, best first.")
    suspended: bool = strawberry.field(description="Whether trading in it is suspended.")
    source: Source = strawberry.field(description="Where the quote comes from.")
    halted: bool = strawberry.field(
        description="Whether trading in it is stopped for now (临时停牌): limit orders inside the "
        "price band are collected for the auction that ends the halt, without a price cage."
    )

    @classmethod
    def from_domain(cls, quote: domain.Quote) -> "Quote":
        """Show a domain quote."""
        return cls(
            symbol=Symbol(quote.symbol),
            time=from_ms(quote.time),
            last_price=quote.last_price,
            open=quote.open,
            high=quote.high,
            low=quote.low,
            previous_close=quote.previous_close,
            volume=Long(quote.volume),
            amount=quote.amount,
            bids=[Level(price=each.price, quantity=Long(each.quantity)) for each in quote.bids],
            asks=[Level(price=each.price, quantity=Long(each.quantity)) for each in quote.asks],
            suspended=quote.suspended,
            source=quote.source,
            halted=quote.halted,
        )


@strawberry.type(description="State of a stream's source, in every heartbeat.")
class SourceState:
    connected: bool = strawberry.field(description="Whether the source answers.")
    last_event_at: datetime | None = strawberry.field(
        description="When it last said something; null if it never did."
    )
    lag_ms: Long | None = strawberry.field(
        description="Milliseconds from the source's stamp of its last event to its arrival here."
    )

    @classmethod
    def from_domain(cls, state: streams.SourceState | None) -> "SourceState | None":
        """Show a domain source state."""
        if state is None:
            return None
        last = state.last_event_time
        return cls(
            connected=state.connected,
            last_event_at=None if last is None else from_ms(last),
            lag_ms=None if state.lag_ms is None else Long(state.lag_ms),
        )


@strawberry.type(description="One item of a quote stream; fields a kind does not have are null.")
class QuoteEvent:
    kind: StreamKind = strawberry.field(description="SNAPSHOT first, then UPDATE and HEARTBEAT.")
    symbol: Symbol | None = strawberry.field(description="Whose quote it is.")
    quote: Quote | None = strawberry.field(description="The newest quote.")
    epoch: strawberry.ID = strawberry.field(
        description="Changes when sequences start over; a sequence is only comparable within it."
    )
    sequence: Long | None = strawberry.field(description="Number of this quote, per symbol.")
    previous_sequence: Long | None = strawberry.field(
        description="Number of the quote that this stream delivered before for the symbol; null "
        "for the first."
    )
    conflated_count: int | None = strawberry.field(
        description="Quotes between the previous one and this that were skipped."
    )
    source: SourceState | None = strawberry.field(description="State of the source (heartbeats).")

    @classmethod
    def from_domain(cls, event: streams.QuoteEvent) -> "QuoteEvent":
        """Show a domain event."""
        quote = event.quote
        return cls(
            kind=event.kind,
            symbol=None if quote is None else Symbol(quote.symbol),
            quote=None if quote is None else Quote.from_domain(quote),
            epoch=strawberry.ID(event.epoch),
            sequence=None if event.sequence is None else Long(event.sequence),
            previous_sequence=(
                None if event.previous_sequence is None else Long(event.previous_sequence)
            ),
            conflated_count=event.conflated_count,
            source=SourceState.from_domain(event.source),
        )


def _symbol(event: streams.QuoteEvent) -> str | None:
    return None if event.quote is None else event.quote.symbol


def _last_event(state: streams.SourceState) -> datetime | None:
    return None if state.last_event_time is None else from_ms(state.last_event_time)


# How a live event of the domain is read without making any of the types above: all other fields
# have the name and the value that they have there.
READINGS: Mapping[str, Callable[[Any], object]] = {
    "QuoteEvent.symbol": _symbol,
    "Quote.time": lambda quote: from_ms(quote.time),
    "SourceState.lastEventAt": _last_event,
}

"""Quotes, and the events of a quote stream."""

from collections.abc import Iterable

from quantgraph.domain.instruments import Market
from quantgraph.domain.quotes import Level, Quote, QuotePolicy
from quantgraph.domain.streams import QuoteEvent, QuoteWatch
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.enums import MARKET, QUOTE_POLICY, SOURCE, STREAM_KIND
from quantgraph.wire.fields import (
    invalid_field,
    ms_from_proto,
    ms_to_proto,
    symbols_from_proto,
    text_from_proto,
)
from quantgraph.wire.streams import state_from_proto, state_to_proto

LONGEST_INTERVAL_MS = 60_000
LARGEST_BUFFER = 100_000


def quote_to_proto(quote: Quote) -> quotes_pb2.Quote:
    """Write the newest state of a symbol."""
    return quotes_pb2.Quote(
        symbol=quote.symbol,
        time=ms_to_proto(quote.time),
        last_price=quote.last_price,
        open=quote.open,
        high=quote.high,
        low=quote.low,
        previous_close=quote.previous_close,
        volume=quote.volume,
        amount=quote.amount,
        bids=levels_to_proto(quote.bids),
        asks=levels_to_proto(quote.asks),
        suspended=quote.suspended,
        source=SOURCE.to_proto(quote.source),
        halted=quote.halted,
    )


def quote_from_proto(message: quotes_pb2.Quote) -> Quote:
    """Read the newest state of a symbol."""
    return Quote(
        symbol=message.symbol,
        time=ms_from_proto(message.time, "time"),
        last_price=message.last_price if message.HasField("last_price") else None,
        open=message.open if message.HasField("open") else None,
        high=message.high if message.HasField("high") else None,
        low=message.low if message.HasField("low") else None,
        previous_close=message.previous_close if message.HasField("previous_close") else None,
        volume=message.volume,
        amount=message.amount,
        bids=levels_from_proto(message.bids),
        asks=levels_from_proto(message.asks),
        suspended=message.suspended,
        source=SOURCE.from_proto(message.source, "source"),
        halted=message.halted,
    )


def event_to_proto(event: QuoteEvent) -> quotes_pb2.QuoteEvent:
    """Write one item of a quote stream."""
    return quotes_pb2.QuoteEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        epoch=event.epoch,
        quote=None if event.quote is None else quote_to_proto(event.quote),
        sequence=event.sequence,
        previous_sequence=event.previous_sequence,
        conflated_count=event.conflated_count,
        source=None if event.source is None else state_to_proto(event.source),
    )


def event_from_proto(message: quotes_pb2.QuoteEvent) -> QuoteEvent:
    """Read one item of a quote stream."""
    return QuoteEvent(
        kind=STREAM_KIND.from_proto(message.kind, "kind"),
        epoch=message.epoch,
        quote=quote_from_proto(message.quote) if message.HasField("quote") else None,
        sequence=message.sequence if message.HasField("sequence") else None,
        previous_sequence=(
            message.previous_sequence if message.HasField("previous_sequence") else None
        ),
        conflated_count=message.conflated_count if message.HasField("conflated_count") else None,
        source=state_from_proto(message.source) if message.HasField("source") else None,
    )


def selector_from_proto(
    message: quotes_pb2.WatchQuotesRequest,
) -> tuple[str, ...] | str | Market:
    """Read what to watch: symbols (each once), the name of a sector, or an exchange."""
    match message.WhichOneof("selector"):
        case "symbols":
            return tuple(
                dict.fromkeys(symbols_from_proto(message.symbols.symbols, "symbols.symbols"))
            )
        case "sector":
            return text_from_proto(message.sector, "sector")
        case "market":
            return MARKET.from_proto(message.market, "market")
        case _:
            raise invalid_field("selector", "give exactly one of symbols, sector and market.")


def watch_to_proto(watch: QuoteWatch) -> quotes_pb2.WatchQuotesRequest:
    """Write a watch of symbols."""
    buffered = watch.policy is QuotePolicy.BUFFER
    return quotes_pb2.WatchQuotesRequest(
        symbols=quotes_pb2.SymbolList(symbols=watch.symbols),
        policy=QUOTE_POLICY.to_proto(watch.policy),
        min_interval_ms=watch.min_interval_ms,
        buffer_size=watch.buffer_size if buffered else None,
    )


def watch_from_proto(
    message: quotes_pb2.WatchQuotesRequest, symbols: tuple[str, ...]
) -> QuoteWatch:
    """Read how to pace the watch of these symbols."""
    policy = QuotePolicy.LATEST
    if message.HasField("policy"):
        policy = QUOTE_POLICY.from_proto(message.policy, "policy")
    interval, size = message.min_interval_ms, QuoteWatch(symbols).buffer_size
    if not 0 <= interval <= LONGEST_INTERVAL_MS:
        text = f"{interval} is not between 0 and {LONGEST_INTERVAL_MS}."
        raise invalid_field("min_interval_ms", text)
    if message.HasField("buffer_size"):
        size = message.buffer_size
        if policy is not QuotePolicy.BUFFER or not 1 <= size <= LARGEST_BUFFER:
            text = f"it is for QUOTE_POLICY_BUFFER and lies between 1 and {LARGEST_BUFFER}."
            raise invalid_field("buffer_size", text)
    return QuoteWatch(symbols, policy, interval, size, named=message.HasField("symbols"))


def levels_to_proto(levels: Iterable[Level]) -> list[quotes_pb2.Level]:
    """Write a side of a book."""
    return [quotes_pb2.Level(price=each.price, quantity=each.quantity) for each in levels]


def levels_from_proto(levels: Iterable[quotes_pb2.Level]) -> tuple[Level, ...]:
    """Read a side of a book."""
    return tuple(Level(each.price, each.quantity) for each in levels)

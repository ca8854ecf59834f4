"""Answers `quote`, `quotes` and the quote stream."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated

import strawberry

from quantgraph.domain.errors import GatewayError, bad_request, unknown_sector
from quantgraph.domain.instruments import Market
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.quotes import QuotePolicy
from quantgraph.domain.streams import QuoteWatch
from resolvers.bars import SymbolArgument
from resolvers.pages import checked_batch
from schema.context import Info
from schema.quotes import Quote, QuoteEvent
from schema.scalars import Symbol

Symbols = Annotated[
    list[Symbol], strawberry.argument(description="Codes with market; the answer keeps the order.")
]


@strawberry.type
class QuoteQueries:
    @strawberry.field(description="Newest quote of a symbol. Errors: UNKNOWN_SYMBOL.")
    async def quote(self, info: Info, symbol: SymbolArgument) -> Quote | None:
        return Quote.from_domain(await info.context.loaders.quote(symbol))

    @strawberry.field(
        description="Newest quotes in the order asked for; null for an unknown symbol."
    )
    async def quotes(self, info: Info, symbols: Symbols) -> list[Quote | None] | None:
        checked_batch(info, symbols)
        found = await info.context.gateway.quotes.quotes(symbols)
        return [
            None if isinstance(each, GatewayError) else Quote.from_domain(each) for each in found
        ]


@strawberry.type
class QuoteSubscriptions:
    @strawberry.subscription(
        description="Live quotes: a snapshot per symbol, then updates, and a heartbeat every 5 s. "
        "Give exactly one of symbols, sector and market. Errors: UNKNOWN_SYMBOL, UNKNOWN_SECTOR, "
        "BAD_REQUEST, SLOW_CONSUMER."
    )
    async def quotes(
        self,
        info: Info,
        symbols: Annotated[
            list[Symbol] | None, strawberry.argument(description="These symbols.")
        ] = None,
        sector: Annotated[
            str | None,
            strawberry.argument(description="The members of this sector that are quoted."),
        ] = None,
        market: Annotated[
            Market | None, strawberry.argument(description="Every instrument of this exchange.")
        ] = None,
        min_interval_ms: Annotated[
            int | None,
            strawberry.argument(
                description="At most one update per symbol in so many ms, on ticks that all "
                "subscribers of the interval share."
            ),
        ] = None,
        policy: Annotated[
            QuotePolicy, strawberry.argument(description="What a slow reader gets.")
        ] = QuotePolicy.LATEST,
        buffer_size: Annotated[
            int | None,
            strawberry.argument(description="Quotes kept for a slow reader under BUFFER; 1000."),
        ] = None,
    ) -> AsyncIterator[QuoteEvent]:
        asked = Asked(symbols, sector, market, min_interval_ms, policy, buffer_size)
        watch = await quote_watch(info.context.gateway, asked)
        async with aclosing(info.context.gateway.quote_stream.watch(watch)) as events:
            async for event in events:
                yield QuoteEvent.from_domain(event)


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of `Subscription.quotes`."""

    symbols: Sequence[str] | None = None
    sector: str | None = None
    market: Market | None = None
    min_interval_ms: int | None = None
    policy: QuotePolicy = QuotePolicy.LATEST
    buffer_size: int | None = None


async def quote_watch(gateway: Gateway, asked: Asked) -> QuoteWatch:
    """Return what is asked for. Errors: BAD_REQUEST, UNKNOWN_SECTOR."""
    chosen = await _selected(gateway, asked.symbols, asked.sector, asked.market)
    watch = _checked_watch(chosen, asked.min_interval_ms, asked.policy, asked.buffer_size)
    return replace(watch, named=asked.symbols is not None)


async def _selected(
    gateway: Gateway, symbols: Sequence[str] | None, sector: str | None, market: Market | None
) -> tuple[str, ...]:
    if sum(each is not None for each in (symbols, sector, market)) != 1:
        raise bad_request("Give exactly one of symbols, sector and market.")
    if symbols is not None:
        return tuple(dict.fromkeys(symbols))
    if sector is not None:
        return await _members(gateway, sector)
    return await gateway.reference.market_symbols(Market(market))


async def _members(gateway: Gateway, name: str) -> tuple[str, ...]:
    found = await gateway.reference.sector(name)
    if found is None:
        raise unknown_sector(name)
    return found.symbols


def _checked_watch(
    symbols: tuple[str, ...], interval: int | None, policy: QuotePolicy, size: int | None
) -> QuoteWatch:
    if not symbols:
        raise bad_request("There is no symbol to watch.")
    if interval is not None and not 0 <= interval <= 60_000:
        raise bad_request(f"minIntervalMs {interval} is not between 0 and 60000.")
    if size is not None and (policy is not QuotePolicy.BUFFER or not 1 <= size <= 100_000):
        raise bad_request("bufferSize is for policy BUFFER and lies between 1 and 100000.")
    return QuoteWatch(symbols, policy, interval or 0, size or 1000)

"""Answers QuoteService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from grpc import aio

from grpc_bridge.batches import checked_batch
from grpc_bridge.lines import tell
from grpc_bridge.quote_sessions import QuoteSession, Requests
from grpc_bridge.sectors import found_sector
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Market
from quantgraph.domain.members import Wish
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import quotes_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceServicer
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.fields import invalid_field
from quantgraph.wire.quote_bytes import QuoteBytes
from quantgraph.wire.quotes import (
    quote_to_proto,
    selector_from_proto,
    watch_from_proto,
)


class QuoteServicer(QuoteServiceServicer):
    """QuoteService over the gateway's ports."""

    def __init__(self, gateway: Gateway, gather_s: float) -> None:
        """Answer from `gateway`; under load live quotes may wait `gather_s` for others."""
        self._gateway = gateway
        self._bytes = QuoteBytes()
        self._gather_s = gather_s
        self._broadcast = gateway.quote_stream.broadcast(gather_s)

    async def GetQuotes(
        self, request: quotes_pb2.GetQuotesRequest, context: object
    ) -> quotes_pb2.GetQuotesResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        found = await self._gateway.quotes.quotes(symbols)
        results = [
            quotes_pb2.QuoteResult(symbol=symbol, failure=failure_to_proto(each))
            if isinstance(each, GatewayError)
            else quotes_pb2.QuoteResult(symbol=symbol, quote=quote_to_proto(each))
            for symbol, each in zip(symbols, found, strict=True)
        ]
        return quotes_pb2.GetQuotesResponse(results=results)

    # Its messages are bytes already: see `quantgraph.wire.quote_bytes`.
    async def WatchQuotes(  # pyright: ignore[reportIncompatibleMethodOverride] it writes
        self, request: quotes_pb2.WatchQuotesRequest, context: aio.ServicerContext[Any, Any]
    ) -> None:
        watch = watch_from_proto(request, await self._selected(request))
        # No field of a quote depends on rights: whoever watches the same is told the same.
        await tell(self._broadcast, Wish(self._bytes, watch, None), context)

    async def StreamQuotes(  # pyright: ignore[reportIncompatibleMethodOverride] it yields bytes
        self, request_iterator: Requests, context: object
    ) -> AsyncGenerator[bytes]:
        session = QuoteSession(self._gateway, self._bytes, self._gather_s)
        async with aclosing(session.responses(request_iterator)) as messages:
            async for message in messages:
                yield message

    async def _selected(self, request: quotes_pb2.WatchQuotesRequest) -> tuple[str, ...]:
        chosen = selector_from_proto(request)
        # A market is a string too, so it must be looked at first.
        if isinstance(chosen, Market):
            chosen = await self._gateway.reference.market_symbols(chosen)
        elif isinstance(chosen, str):
            chosen = (await found_sector(self._gateway, chosen)).symbols
        if not chosen:
            raise invalid_field("selector", "there is no symbol to watch.")
        return chosen

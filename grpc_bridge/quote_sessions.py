"""A stream of quotes whose symbols change while it lasts, by the commands of its client."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from grpc_bridge.access import caller
from grpc_bridge.batches import checked_batch
from grpc_bridge.bells import Bell
from quantgraph.domain.errors import GatewayError, LimitReached
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.ports.market import QuoteTap
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rests import rested
from quantgraph.domain.streams import QuoteWatch
from quantgraph.v1 import quotes_pb2
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.quote_bytes import QuoteBytes
from quantgraph.wire.quote_commands import Command, command_from_proto

Requests = AsyncIterator[quotes_pb2.StreamQuotesRequest]
HEARTBEAT_S = 5.0
# Events of one message: some 100 KB of quotes with five levels.
MOST = 256
# Acknowledgements that wait for their reader; then no further command is taken.
_WAITING = 16


class QuoteSession:
    """One client's stream: its commands are obeyed in order while its quotes go on."""

    def __init__(self, gateway: Gateway, written: QuoteBytes, gather_s: float) -> None:
        """Tell the gateway's quotes; `written` are those that others were told.

        Under load quotes may wait `gather_s` for others, for a message costs more than a quote.
        """
        self._gateway = gateway
        self._gather_s = gather_s
        self._written = written
        self._most = gateway.limits.batch_symbols
        self._bell = Bell()
        self._acks: asyncio.Queue[quotes_pb2.CommandAck] = asyncio.Queue(_WAITING)

    async def responses(self, requests: Requests) -> AsyncGenerator[bytes]:
        """Yield acknowledgements, events and heartbeats until there is nothing more to tell.

        Errors: INVALID_ARGUMENT for a command that is none; as `QuoteStream.watch`.
        """
        first = await anext(aiter(requests), None)
        if first is None:
            return
        command = command_from_proto(first)
        watch = QuoteWatch((), min_interval_ms=command.interval)
        tap = await self._gateway.quote_stream.tap(watch, self._bell.ring)
        obeying = asyncio.create_task(self._obey(tap, command, requests))
        obeying.add_done_callback(self._bell.ring)
        try:
            async for message in self._told(tap, obeying):
                yield message
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)
            self._bell.close()
            tap.close()

    async def _told(self, tap: QuoteTap, obeying: asyncio.Task[None]) -> AsyncGenerator[bytes]:
        beat = time.monotonic() + HEARTBEAT_S
        while True:
            # Before the events: those of a new symbol come after its acknowledgement.
            while not self._acks.empty():
                ack = self._acks.get_nowait()
                yield quotes_pb2.StreamQuotesResponse(ack=ack).SerializeToString()
            if obeying.done() and self._acks.empty():
                obeying.result()
                if not tap.symbols:
                    return
            began = time.monotonic()
            events = tap.due(MOST)
            if time.monotonic() >= beat:
                beat = time.monotonic() + HEARTBEAT_S
                events = [*events, tap.beat()]
            if events:
                yield self._written.message(events)
                await _rest(rested(began, time.monotonic(), self._gather_s))
            elif self._acks.empty():
                await self._bell.rest(_next_look(tap, beat))

    async def _obey(self, tap: QuoteTap, command: Command, requests: Requests) -> None:
        await self._acks.put(await self._done(tap, command))
        self._bell.ring()
        async for request in requests:
            await self._acks.put(await self._done(tap, command_from_proto(request)))
            self._bell.ring()

    async def _done(self, tap: QuoteTap, command: Command) -> quotes_pb2.CommandAck:
        symbols = checked_batch(self._gateway.limits, command.symbols)
        if not command.subscribes:
            tap.drop(symbols)
            return self._ack(tap, command, [None] * len(symbols))
        held = tap.symbols
        refusal = self._charged(1 + len(symbols))
        if refusal is not None:
            return self._ack(tap, command, [None if each in held else refusal for each in symbols])
        free = self._most - len(held)
        new = [each for each in dict.fromkeys(symbols) if each not in held]
        failures: dict[str, GatewayError | None] = dict.fromkeys(new[free:], self._full())
        failures |= dict(zip(new[:free], await tap.add(new[:free]), strict=True))
        return self._ack(tap, command, [failures.get(each) for each in symbols])

    def _charged(self, points: int) -> GatewayError | None:
        """Take what a command costs; return why not: the stream goes on without it."""
        try:
            self._gateway.meter.read(caller().key_id, points)
        except GatewayError as error:
            return error
        return None

    def _ack(
        self, tap: QuoteTap, command: Command, failures: Sequence[GatewayError | None]
    ) -> quotes_pb2.CommandAck:
        held = tap.symbols
        acks = [
            quotes_pb2.SymbolAck(
                symbol=symbol,
                subscribed=symbol in held,
                failure=None if error is None else failure_to_proto(error),
            )
            for symbol, error in zip(command.symbols, failures, strict=True)
        ]
        return quotes_pb2.CommandAck(command_id=command.id, symbols=acks, subscribed=len(held))

    def _full(self) -> GatewayError:
        text = f"A stream holds {self._most} symbols at most (limits.batch_symbols)."
        return LimitReached(Reason.SUBSCRIPTION_LIMIT, text, limit=self._most)


async def _rest(until: float) -> None:
    left = until - time.monotonic()
    if left > 0:
        await asyncio.sleep(left)


def _next_look(tap: QuoteTap, beat: float) -> float:
    """Return when something is due, at `beat` at the latest (both s of `time.monotonic`)."""
    due = tap.next_due()
    return beat if due is None else min(beat, due)

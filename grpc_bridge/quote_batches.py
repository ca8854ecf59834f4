"""What a reader of live quotes is told: all that is due, as often as he takes it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

from quantgraph.domain.ports.market import QuoteStream, QuoteTap
from quantgraph.domain.streams import QuoteEvent, QuoteWatch

HEARTBEAT_S = 5.0
# Events of one message: some 100 KB of quotes with five levels.
MOST = 256


async def told(stream: QuoteStream, watch: QuoteWatch) -> AsyncGenerator[Sequence[QuoteEvent]]:
    """Yield what is due, and a heartbeat every 5 s. Errors as `QuoteStream.watch`.

    What comes while the reader does not ask waits in its mailbox, and is told together.
    """
    stirred = asyncio.Event()
    tap = await stream.tap(watch, lambda _: stirred.set())
    try:
        beat = time.monotonic() + HEARTBEAT_S
        while True:
            stirred.clear()
            events = tap.due(MOST)
            if time.monotonic() >= beat:
                beat = time.monotonic() + HEARTBEAT_S
                events = [*events, tap.beat()]
            if events:
                yield events
            else:
                await stirs(stirred, tap, beat)
    finally:
        tap.close()


async def stirs(stirred: asyncio.Event, tap: QuoteTap, beat: float) -> None:
    """Return when somebody stirs, something is due, or at `beat` (s of `time.monotonic`)."""
    due = tap.next_due()
    until = beat if due is None else min(beat, due)
    try:
        async with asyncio.timeout(max(until - time.monotonic(), 0)):
            await stirred.wait()
    except TimeoutError:
        return

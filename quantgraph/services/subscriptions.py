"""Every live stream of both wires, by key: who holds what, and how it keeps up."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count, islice

from quantgraph.domain.access import Actor
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import LimitReached
from quantgraph.domain.reasons import Reason
from quantgraph.domain.subscriptions import Held, OpenStream, hold


class StreamBook:
    """Implements `Subscriptions`: as long as the streams that are open, which it bounds by key."""

    def __init__(self, clock: Clock | None = None, most: int = 10_000) -> None:
        """Know of none; `clock` tells real time, and each key may hold `most`."""
        self._clock = clock or SystemClock()
        self.most = most
        self._numbers = count(1)
        self._of_key: dict[str, dict[str, Held]] = defaultdict(dict)
        # Of streams that have ended.
        self._delivered = self._conflated = 0

    @contextmanager
    def open(self, actor: Actor, operation: str) -> Generator[None]:
        """Hold a stream open, which the present task serves. Errors: SUBSCRIPTION_LIMIT."""
        if len(self._of_key.get(actor.key_id, ())) >= self.most:
            raise _too_many(actor.key_id, self.most)
        name = f"stream_{next(self._numbers)}"
        held = Held(name, operation, actor.wire, actor.peer, self._clock.now())
        self._of_key[actor.key_id][name] = held
        hold(held)
        try:
            yield
        finally:
            if held.reader is not None:
                tally = held.reader.tally()
                self._delivered += tally.delivered
                self._conflated += tally.conflated
            rest = self._of_key[actor.key_id]
            del rest[name]
            if not rest:
                del self._of_key[actor.key_id]

    def all(self) -> Iterator[Held]:
        """Return every open stream."""
        return (held for streams in self._of_key.values() for held in streams.values())

    def told(self) -> tuple[int, int]:
        """Return the events that readers were told since the start, and that they missed."""
        tallies = [held.reader.tally() for held in self.all() if held.reader is not None]
        delivered = sum(each.delivered for each in tallies)
        return self._delivered + delivered, self._conflated + sum(t.conflated for t in tallies)

    async def held(self, actor: Actor, first: int) -> Sequence[OpenStream]:
        """Return the streams of a key, the newest first."""
        newest = list(islice(reversed(self._of_key.get(actor.key_id, {}).values()), first))
        return [await _shown(each, actor) for each in newest]


def _too_many(key_id: str, most: int) -> LimitReached:
    text = (
        f"Key {key_id} holds {most} live operations on both wires together, and no more are "
        "allowed (limits.key_subscriptions). End one first."
    )
    return LimitReached(Reason.SUBSCRIPTION_LIMIT, text, limit=most)


async def _shown(held: Held, actor: Actor) -> OpenStream:
    tally = None if held.reader is None else held.reader.tally()
    if tally is not None and held.lag is not None:
        tally = replace(tally, waiting=await held.lag())
    own = bool(actor.peer) and (held.wire, held.peer) == (actor.wire, actor.peer)
    return OpenStream(held.id, held.operation, own, held.opened_at, tally)

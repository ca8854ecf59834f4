"""Connections held open by keys: so many of each key, and none longer than its key is good."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from quantgraph.domain.access import Actor, Principal
from quantgraph.domain.errors import GatewayError, LimitReached, Unauthenticated
from quantgraph.domain.ports.gateway import Access
from quantgraph.domain.reasons import Reason

_log = structlog.get_logger(__name__)


@dataclass(eq=False, frozen=True, slots=True)
class Visit:
    """What a connection serves for a key, and how it is ended."""

    principal: Principal
    actor: Actor
    end: Callable[[GatewayError], None]

    @property
    def connection(self) -> Hashable:
        """Return what all that one connection serves has in common; nothing if it is unknown."""
        return (self.actor.wire, self.actor.peer) if self.actor.peer else id(self)


class OpenVisits:
    """Implements `Visits`: as long as the connections that are open, which it bounds by key."""

    def __init__(self, access: Access, most: int, seconds: float) -> None:
        """Let each key hold `most` connections; look whether keys are good every `seconds`."""
        self._access = access
        self.most = most
        self.seconds = seconds
        self._open: dict[Visit, None] = {}
        self._of_key: dict[str, Counter[Hashable]] = defaultdict(Counter)
        self._watch: asyncio.Task[None] | None = None

    @contextmanager
    def open(
        self, principal: Principal, actor: Actor, end: Callable[[GatewayError], None]
    ) -> Generator[None]:
        """Hold what a connection serves. See `Visits`."""
        visit = Visit(principal, actor, end)
        held = self._of_key[principal.key_id]
        if visit.connection not in held and len(held) >= self.most:
            text = (
                f"Key {principal.key_id} holds {len(held)} connections open, and no more are "
                "allowed (limits.key_connections). Close one first."
            )
            raise LimitReached(Reason.CONNECTION_LIMIT, text, limit=self.most)
        held[visit.connection] += 1
        self._open[visit] = None
        try:
            yield
        finally:
            self._leave(visit)

    def counted(self, key_id: str) -> int:
        """Return how many connections a key holds."""
        return len(self._of_key.get(key_id, ()))

    def start(self) -> None:
        """Look after the keys from now on."""
        self._watch = asyncio.create_task(self._look_on())

    async def close(self) -> None:
        """Look after nothing any more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def look(self) -> None:
        """End what is held with keys that are good no longer."""
        for visits in self._alike():
            first = visits[0]
            try:
                await self._access.recheck(first.principal, first.actor.peer)
            except Unauthenticated as error:
                for visit in visits:
                    if visit in self._open:
                        visit.end(error)
            except Exception:  # nobody could look now: the file is locked, or work waits
                _log.exception("keys_unchecked")

    def _alike(self) -> list[list[Visit]]:
        """Return what one look answers for: a key, and its address where that counts."""
        found: dict[Hashable, list[Visit]] = defaultdict(list)
        for visit in self._open:
            terms = visit.principal.terms
            peer = visit.actor.peer if terms is not None and terms.networks is not None else ""
            found[visit.principal, peer].append(visit)
        return list(found.values())

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await self.look()

    def _leave(self, visit: Visit) -> None:
        del self._open[visit]
        held = self._of_key[visit.principal.key_id]
        held[visit.connection] -= 1
        if not held[visit.connection]:
            del held[visit.connection]
        if not held:
            del self._of_key[visit.principal.key_id]

"""All live symbols of a day: which moves next, and what every symbol's days came to."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Any

from quantgraph.backends.sim.pit import Pit
from quantgraph.backends.sim.securities import Security


class Floor:
    """Pits by symbol, moved in the order of time; symbols of one instant in their own order."""

    def __init__(self) -> None:
        """Begin without any."""
        self.pits: dict[str, Pit] = {}
        self._agenda: list[tuple[int, str]] = []
        # Of days that are over: a hash over all of them, and the commands they took.
        self._past: dict[str, tuple[str, int]] = {}

    def open(self, security: Security, at: int) -> Pit:
        """Return the pit of a symbol, opened now if need be."""
        pit = self.pits.get(security.symbol)
        if pit is None:
            pit = self.pits[security.symbol] = Pit(security, at)
            self.expect(pit)
        return pit

    def expect(self, pit: Pit) -> None:
        """Put what happens next in a pit on the agenda."""
        due = pit.due
        if due is not None:
            heappush(self._agenda, (due, pit.security.symbol))

    def next(self, until: int) -> Pit | None:
        """Take the pit that moves first off the agenda, None where none moves until then."""
        while self._agenda and self._agenda[0][0] <= until:
            due, symbol = heappop(self._agenda)
            pit = self.pits.get(symbol)
            # One that was scripted or closed meanwhile has another date, or none.
            if pit is not None and pit.due == due:
                return pit
        return None

    def waits(self, until: int) -> bool:
        """Return whether anything may still happen up to an instant."""
        return bool(self._agenda) and self._agenda[0][0] <= until

    @property
    def due(self) -> int | None:
        """The instant (epoch ms) before which nothing happens any more, None: nothing will."""
        return self._agenda[0][0] if self._agenda else None

    def close(self, symbols: Iterable[str]) -> None:
        """Forget pits, keeping what their day came to."""
        for symbol in list(symbols):
            self._past[symbol] = self.fingerprint(symbol)
            del self.pits[symbol]

    def fingerprint(self, symbol: str) -> tuple[str, int]:
        """Return a hash in hex over all that a symbol's venues took and told, and how many."""
        past, count = self._past.get(symbol, ("", 0))
        pit = self.pits.get(symbol)
        if pit is None:
            return past, count
        now, more = pit.venue.fingerprint()
        return _linked((past, now)), count + more

    def fingerprints(self) -> tuple[str, int]:
        """Return one over all symbols."""
        each = [(symbol, *self.fingerprint(symbol)) for symbol in sorted({*self._past, *self.pits})]
        words = [word for symbol, link, _ in each for word in (symbol, link)]
        return _linked(words), sum(count for _, _, count in each)

    def dump(self) -> dict[str, Any]:
        """Return the state as values that JSON has."""
        pits = {symbol: pit.dump() for symbol, pit in sorted(self.pits.items())}
        return {"pits": pits, "past": {symbol: list(each) for symbol, each in self._past.items()}}

    @classmethod
    def load(cls, state: Mapping[str, Any], securities: Mapping[str, Security]) -> "Floor":
        """Return the floor that was dumped, over the securities of its live symbols."""
        floor = cls()
        for symbol, (link, count) in state["past"].items():
            floor._past[symbol] = link, count
        for symbol, each in state["pits"].items():
            floor.pits[symbol] = Pit.load(securities[symbol], each)
            floor.expect(floor.pits[symbol])
        return floor

    def __iter__(self) -> Iterator[Pit]:
        """Yield all pits in the order of their symbols."""
        return iter([self.pits[symbol] for symbol in sorted(self.pits)])


def _linked(words: Iterable[str]) -> str:
    return blake2b("/".join(words).encode(), digest_size=16).hexdigest()

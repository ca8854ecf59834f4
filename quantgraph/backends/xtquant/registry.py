"""Which subscriptions are wanted, and which the terminal has: it forgets them with its link."""

from collections.abc import Callable, Mapping, Set
from typing import Any, TypeAlias

from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.inbox import Key
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason

Push: TypeAlias = Callable[[str, Mapping[str, Any]], None]
TICK, MINUTE = "tick", "1m"
# Level 2: its levels stand behind a bar, as in "l2thousand|20".
BOOK, QUEUES = "l2thousand", "l2thousandqueue"
# What the vendor advises of single subscriptions; more symbols are taken as one.
SINGLES = 50


class Registry:
    """Brings the terminal's subscriptions to what is wanted. Only the data thread calls it.

    Up to 50 single ones; of more symbols all ticks are one whole-quote subscription, made anew
    whenever they change, before the old one ends: no moment is without. What of level 2 is not
    taken is kept in `refused`.
    """

    def __init__(self, push: Push) -> None:
        """Let the terminal push to `push(period, rows by code)`, from its own threads."""
        self._push = push
        self._client: Any = None
        self._singles: dict[Key, int] = {}
        self._whole: tuple[frozenset[str], int] | None = None
        # What of level 2 the terminal did not take when it was asked last, and why.
        self.refused: dict[Key, GatewayError] = {}

    @property
    def count(self) -> int:
        """Subscriptions that the terminal has."""
        return len(self._singles) + (self._whole is not None)

    def sync(self, data: Data, wanted: Set[Key]) -> bool:
        """Subscribe and unsubscribe; return whether the connection is another than before.

        Errors: SOURCE_UNAVAILABLE; what was done until then stays, and the next call goes on.
        """
        client = data.connect()
        fresh = client is not self._client
        if fresh:
            # Of the old connection nothing is left: its numbers may name others' now.
            self._client, self._whole = client, None
            self._singles.clear()
        ticks = frozenset(code for code, period in wanted if period == TICK)
        whole = ticks if len(wanted) > SINGLES else frozenset[str]()
        singles = {key for key in wanted if not whole or key[1] != TICK}
        self.refused = {}
        for key in sorted(singles - self._singles.keys()):
            self._begin(data, key)
        self._cover(data, whole)
        for key in sorted(self._singles.keys() - singles):
            data.call("unsubscribe_quote", self._singles.pop(key))
        return fresh

    def _cover(self, data: Data, codes: frozenset[str]) -> None:
        before = self._whole
        if codes == (before[0] if before else frozenset()):
            return
        self._whole = (codes, self._subscribe_whole(data, codes)) if codes else None
        if before is not None:
            data.call("unsubscribe_quote", before[1])

    def _begin(self, data: Data, key: Key) -> None:
        if key[1] in (TICK, MINUTE):
            self._singles[key] = self._single(data, key)
            return
        try:
            self._singles[key] = self._deep(data, key)
        except GatewayError as error:
            # An edition or a login without level 2 has quotes all the same.
            self.refused[key] = error

    def _deep(self, data: Data, key: Key) -> int:
        code, period = key
        kind, _, levels = period.partition("|")
        push, many = self._pushes(period), int(levels)
        if kind == BOOK:
            return _taken(data.call("subscribe_l2thousand", code, many, push), code)
        return _taken(data.call("subscribe_l2thousand_queue", code, push, many), code)

    def _single(self, data: Data, key: Key) -> int:
        code, period = key
        return _taken(
            data.call("subscribe_quote", code, period, "", "", 0, self._pushes(period)), code
        )

    def _subscribe_whole(self, data: Data, codes: frozenset[str]) -> int:
        number = data.call("subscribe_whole_quote", sorted(codes), self._pushes(TICK))
        return _taken(number, f"{len(codes)} symbols")

    def _pushes(self, period: str) -> Callable[[Mapping[str, Any]], None]:
        push = self._push

        def taken(told: Mapping[str, Any]) -> None:
            push(period, told)

        return taken


def deep(kind: str, levels: int) -> str:
    """Return what is subscribed of level 2 as a period: BOOK or QUEUES, of so many levels."""
    return f"{kind}|{levels}"


def _taken(number: int, what: str) -> int:
    if number <= 0:
        text = f"The terminal did not take the subscription of {what} ({number})."
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
    return number

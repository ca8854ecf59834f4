"""The messages of one operation on live bars: each event written once, whoever is told it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import orjson
from cachetools import LRUCache
from graphql import GraphQLObjectType

from api.cells import NotPlain, unwrapped
from api.projection import Projection, Selections, project
from api.quote_texts import Ordinary
from api.roots import Place
from quantgraph.domain import live_bars as domain
from quantgraph.domain.ports.gateway import Gateway
from schema.live_bars import BarEvent

# Events whose texts are kept: readers who are in step are told equal ones within a moment.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class BarCall:
    """A `bars` subscription as it was asked for."""

    texts: "BarTexts"
    watch: domain.BarWatch


class BarTexts:
    """Writes events as an operation picks them; nothing in it knows a reader or his rights."""

    def __init__(self, key: str, projection: Projection, ordinary: Ordinary[BarEvent]) -> None:
        """Write the fields of `projection` under the operation's root `key`.

        `ordinary` makes the response of an event that is not plain, as graphql-core would.
        """
        self._key = key
        self._projection = projection
        self._ordinary = ordinary
        self._texts: LRUCache[domain.BarEvent, bytes] = LRUCache(_KEPT)

    def text(self, event: domain.BarEvent) -> bytes:
        """Return the response of an event."""
        text = self._texts.get(event)
        if text is None:
            text = self._texts[event] = self._written(BarEvent.from_domain(event))
        return text

    def _written(self, event: BarEvent) -> bytes:
        try:
            return orjson.dumps({"data": {self._key: self._projection.object(event)}})
        except Exception:  # whatever is wrong with a value, the ordinary path finds and locates it
            return orjson.dumps(self._ordinary(event))


async def bar_responses(gateway: Gateway, call: BarCall) -> AsyncGenerator[bytes, None]:
    """Yield the texts of one reader. Errors as the resolver's."""
    async with aclosing(gateway.bar_stream.watch(call.watch)) as events:
        async for event in events:
            yield call.texts.text(event)


def compile_bars(executor: Selections, place: Place, ordinary: Ordinary[BarEvent]) -> BarTexts:
    """Return what writes the events of `Subscription.bars`. Raises NotPlain."""
    kind, _ = unwrapped(place.root.fields["bars"].type)
    if not isinstance(kind, GraphQLObjectType):
        raise NotPlain("Subscription.bars", "is no object")
    return BarTexts(place.key, project(executor, kind, place.details), ordinary)

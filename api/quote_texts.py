"""The messages of one quote operation: each quote written once, whoever gets it."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import orjson
from graphql import GraphQLObjectType

from api.cells import NotPlain, unwrapped
from api.projection import Projection, Selections, project
from api.roots import Place
from quantgraph.domain import streams
from quantgraph.domain.ports.gateway import Gateway
from resolvers.quotes import Asked, quote_watch
from schema.quotes import READINGS, QuoteEvent

# What makes the response of one event, errors and all.
Shown = TypeVar("Shown")
Ordinary: TypeAlias = Callable[[Shown], Mapping[str, Any]]
# Fields that differ between readers of one quote.
_OWN = frozenset({"kind", "previousSequence", "conflatedCount"})


@dataclass(frozen=True, slots=True)
class QuoteCall:
    """A `quotes` subscription as it was asked for."""

    texts: "QuoteTexts"
    asked: Asked


@dataclass(slots=True)
class _Known:
    """The newest quote of a symbol that was written, and its messages by what differs in them."""

    event: streams.QuoteEvent
    shared: dict[str, Any]
    texts: dict[object, bytes] = field(default_factory=dict[object, bytes])


class _OfDomain:
    """Selections whose objects are the domain's own: none is made for the contract's types."""

    def __init__(self, executor: Selections) -> None:
        """Pick what `executor` picks."""
        self._executor = executor
        self.readings = READINGS
        self.texts = executor.texts

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Any) -> Any:  # noqa: ANN401 untyped there
        """Return the fields picked below; see `Selections`."""
        return self._executor.collect_subfields(return_type, field_details_list)


class QuoteTexts:
    """Writes events as an operation picks them; nothing in it knows a reader or his rights."""

    def __init__(self, key: str, projection: Projection, ordinary: Ordinary[QuoteEvent]) -> None:
        """Write the fields of `projection` under the operation's root `key`.

        `ordinary` makes the response of an event that is not plain, as graphql-core would.
        """
        self._head = b'{"data":{%s:' % orjson.dumps(key)
        self._ordinary = ordinary
        self._projection = projection
        names = {member.key: member.name for member in projection.members}
        self._quotes = tuple(key for key, name in names.items() if name == "quote")
        self._own = tuple(each for each in projection.members if each.name in _OWN)
        self._newest: dict[str, _Known] = {}
        self._readers = 0

    def text(self, event: streams.QuoteEvent) -> bytes:
        """Return the response of an event."""
        try:
            return self._plain(event)
        except Exception:  # whatever is wrong with a value, the ordinary path finds and locates it
            return orjson.dumps(self._ordinary(QuoteEvent.from_domain(event)))

    def _plain(self, event: streams.QuoteEvent) -> bytes:
        quote = event.quote
        if quote is None:
            return self._response(self._projection.object(event))
        known = self._newest.get(quote.symbol)
        if known is None or not _same(known.event, event):
            known = self._newest[quote.symbol] = _Known(event, self._shared(event))
        own = (event.kind, event.previous_sequence) if self._own else None
        text = known.texts.get(own)
        if text is None:
            text = known.texts[own] = self._response(self._filled(known.shared, event))
        return text

    @contextmanager
    def used(self) -> Generator[None]:
        """Keep what is written while somebody reads."""
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._newest.clear()

    def _shared(self, event: streams.QuoteEvent) -> dict[str, Any]:
        shown = self._projection.object(event)
        if self._own:  # else it is written once anyway
            for key in self._quotes:
                shown[key] = orjson.Fragment(orjson.dumps(shown[key]))
        return shown

    def _filled(self, shared: Mapping[str, Any], event: streams.QuoteEvent) -> Mapping[str, Any]:
        if not self._own:
            return shared
        return {**shared, **{each.key: each.write(each.read(event)) for each in self._own}}

    def _response(self, shown: Mapping[str, Any]) -> bytes:
        return b"%s%s}}" % (self._head, orjson.dumps(shown))


async def quote_responses(gateway: Gateway, call: QuoteCall) -> AsyncGenerator[bytes, None]:
    """Yield the texts of one reader who is not told by broadcast. Errors as the resolver's."""
    watch = await quote_watch(gateway, call.asked)
    with call.texts.used():
        async with aclosing(gateway.quote_stream.watch(watch)) as events:
            async for event in events:
                yield call.texts.text(event)


def compile_quotes(
    executor: Selections, place: Place, ordinary: Ordinary[QuoteEvent]
) -> QuoteTexts:
    """Return what writes the events of `Subscription.quotes`. Raises NotPlain."""
    kind, _ = unwrapped(place.root.fields["quotes"].type)
    if not isinstance(kind, GraphQLObjectType):
        raise NotPlain("Subscription.quotes", "is no object")
    return QuoteTexts(place.key, project(_OfDomain(executor), kind, place.details), ordinary)


def _same(before: streams.QuoteEvent, event: streams.QuoteEvent) -> bool:
    # By identity too: a quote fetched before its symbol was followed has no number of its own.
    same = before.quote is event.quote and before.sequence == event.sequence
    return same and before.epoch == event.epoch

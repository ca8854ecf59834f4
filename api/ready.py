"""Operations made ready and their variables coerced, kept for whoever sends the same again."""

from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import Any, TypeVar

import orjson
from cachetools import LRUCache
from graphql import OperationType

from api.core import Bound, Core, Prepared, Run
from api.documents import Operation

_Key = tuple[Operation, bytes]
_Made = TypeVar("_Made")
# Characters of documents in each of the caches below, and of variables that a key may have.
_READY = 256_000
_KEPT_TEXT = 4_096


class ReadyOperations:
    """Two bounded caches."""

    def __init__(self, core: Core, apart: Callable[..., Awaitable[Any]]) -> None:
        """Make ready with `core`; `apart` runs long work off the loop."""
        self._core = core
        self._apart = apart
        # Each with its size: what is kept keeps its document as well.
        self._ready: LRUCache[_Key, tuple[Prepared, int]] = LRUCache(_READY, itemgetter(1))
        self._bound: LRUCache[_Key, tuple[Bound, int]] = LRUCache(_READY, itemgetter(1))

    async def find(self, operation: Operation, variables: dict[str, Any]) -> tuple[Prepared, Bound]:
        """Return the operation made ready and its variables coerced. Raises VariablesRefused.

        Long variables cost many milliseconds: they are coerced off the loop, and not kept.
        """
        text = orjson.dumps(variables)
        if len(text) <= _KEPT_TEXT:
            return self._prepared(operation, variables, text)
        prepared = None if operation.conditional else _found(self._ready, (operation, b""))
        if prepared is None:
            run = Run(operation.document, operation.name, variables)
            prepared = await self._apart(self._core.prepare, run)
        return prepared, await self._apart(prepared.bind, variables)

    def _prepared(
        self, operation: Operation, variables: dict[str, Any], text: bytes
    ) -> tuple[Prepared, Bound]:
        """Take both from bounded caches. A mutation's variables are new each time and not kept."""
        key = (operation, text if operation.conditional else b"")
        prepared = _found(self._ready, key)
        if prepared is None:
            prepared = self._core.prepare(Run(operation.document, operation.name, variables))
            if operation.size <= _READY:
                self._ready[key] = prepared, operation.size
        if operation.type is OperationType.MUTATION:
            return prepared, prepared.bind(variables)
        bound = _found(self._bound, (operation, text))
        if bound is None:
            bound = prepared.bind(variables)
            if operation.size + len(text) <= _READY:
                self._bound[operation, text] = bound, operation.size + len(text)
        return prepared, bound


def _found(kept: LRUCache[_Key, tuple[_Made, int]], key: _Key) -> _Made | None:
    try:  # one look: `get` of this cache takes two
        return kept[key][0]
    except KeyError:
        return None

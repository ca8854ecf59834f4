"""Keeps one refusal, given again and again, from filling the audit log: most are counted."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from quantgraph.domain.audit import Act

# Of a kind so many are written as they are within so many seconds.
_WHOLE, _SPAN_S = 10, 60.0
# Kinds that are counted at once; the oldest goes for a new one.
_KINDS = 1_000
# Key, wire, operation and outcome.
_Kind: TypeAlias = tuple[str | None, str, str, str]


@dataclass(slots=True)
class _Run:
    """What came of a kind since `began`: so many, and the newest that was not written."""

    began: float
    count: int = 0
    left: int = 0
    last: Act | None = None


class Repeats:
    """Used on the event loop alone."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        """Count nothing yet; `timer` tells seconds."""
        self._timer = timer
        self._runs: OrderedDict[_Kind, _Run] = OrderedDict()

    def taken(self, act: Act) -> Iterator[Act]:
        """Yield what is to be written when a refusal comes: itself, a count of earlier ones, both.

        A count is the newest of those that were not written, with their number as `repeated`.
        """
        actor, now = act.actor, self._timer()
        kind = actor.key_id, actor.wire.value, act.operation, act.outcome
        run = self._runs.get(kind)
        if run is not None and now - run.began >= _SPAN_S:
            yield from _told(self._runs.pop(kind))
            run = None
        if run is None:
            if len(self._runs) >= _KINDS:
                yield from _told(self._runs.popitem(last=False)[1])
            run = self._runs[kind] = _Run(now)
        run.count += 1
        if run.count <= _WHOLE:
            yield act
        else:
            run.left, run.last = run.left + 1, act

    def rest(self) -> Iterator[Act]:
        """Yield the counts of all that was not written. They begin anew."""
        while self._runs:
            yield from _told(self._runs.popitem(last=False)[1])


def _told(run: _Run) -> Iterator[Act]:
    if run.last is not None:
        yield replace(run.last, what=f'{{"repeated":{run.left}}}')

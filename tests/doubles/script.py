"""What a test lets go wrong at the native boundary: of each call and each callback, by its name."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# One callback's arguments, and what becomes of it: none, one or more of them.
Told: TypeAlias = tuple[Any, ...]
Act: TypeAlias = Callable[[Told], Sequence[Told]]


def lose(told: Told) -> Sequence[Told]:
    """Never tell it; of a request: never do it, and never answer."""
    del told
    return ()


def twice(told: Told) -> Sequence[Told]:
    """Tell it two times."""
    return (told, told)


@dataclass
class Held:
    """What is kept back until `release`; `came` says how much that is."""

    kept: list[tuple[Callable[..., object], Told]] = field(default_factory=list)

    @property
    def came(self) -> int:
        """How many callbacks wait."""
        return len(self.kept)

    def release(self) -> None:
        """Tell what was kept back, in its order."""
        kept, self.kept = self.kept, []
        for tell, told in kept:
            tell(*told)


@dataclass
class _Rule:
    name: str
    act: Act | Held | Exception
    times: int


class Script:
    """Rules in the order in which they were given; each strikes so many times, -1 for ever.

    Names of callbacks are those of the native bindings (`StockOrder`, `OrderStock`, …), names of
    requests the native methods'.
    """

    def __init__(self) -> None:
        """Let everything go right."""
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def when(self, name: str, act: Act | Exception, times: int = 1) -> None:
        """Let `act` decide what becomes of the next `times` of these; an exception is raised."""
        self._rules.append(_Rule(name, act, times))

    def hold(self, name: str, times: int = 1) -> Held:
        """Keep the next `times` of these back until they are released."""
        held = Held()
        self._rules.append(_Rule(name, held, times))
        return held

    def clear(self) -> None:
        """Let everything go right from now on."""
        self._rules.clear()

    def asked(self, name: str) -> bool:
        """Return whether a request is done at all. Raises what a rule wants raised."""
        act = self._next(name)
        if isinstance(act, Exception):
            raise act
        return act is not lose

    def tell(self, name: str, told: Told, tell: Callable[..., object]) -> None:
        """Let a callback be told as the rules say, through `tell`."""
        act = self._next(name)
        if isinstance(act, Held):
            act.kept.append((tell, told))
            return
        for each in (told,) if act is None or isinstance(act, Exception) else act(told):
            tell(*each)

    def _next(self, name: str) -> Act | Held | Exception | None:
        with self._lock:
            for rule in self._rules:
                if rule.name == name and rule.times:
                    rule.times -= 1
                    return rule.act
        return None

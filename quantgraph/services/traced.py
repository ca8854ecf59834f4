"""Has each question to a terminal noted as a step of the request that asks it."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.traces import step

T = TypeVar("T")
_Asked = Callable[..., Coroutine[Any, Any, Any]]


def traced_backend(backend: Backend) -> Backend:
    """Return the terminal with whatever it is asked noted; orders are noted where they are sent."""
    return replace(
        backend,
        quotes=traced(backend.quotes),
        data=traced(backend.data),
        reference=traced(backend.reference),
        catalog=traced(backend.catalog),
        depth=traced(backend.depth),
        accounts=traced(backend.accounts),
        bar_frames=None if backend.bar_frames is None else traced(backend.bar_frames),
    )


def traced(port: T) -> T:
    """Return the port with each of its questions noted by its name."""
    return cast("T", _Traced(port))


class _Traced:
    def __init__(self, port: object) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        found = getattr(self._port, name)
        if not iscoroutinefunction(found):
            return found
        asked = _noted(name, found)
        setattr(self, name, asked)  # found at once from now on
        return asked


def _noted(name: str, ask: _Asked) -> _Asked:
    @wraps(ask)
    async def whole(*wanted: Any, **named: Any) -> Any:  # noqa: ANN401 whatever it takes and gives
        with step(f"terminal {name}"):
            return await ask(*wanted, **named)

    return whole

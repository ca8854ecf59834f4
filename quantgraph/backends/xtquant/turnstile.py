"""Lets the SDK's eight threads decode one after the other, so that the event loop gets its turn."""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

# What the SDK makes of a callback: it decodes what was pushed, and calls that with it.
Wrap: TypeAlias = Callable[[Any], Callable[[Any], object]]


class Turnstile:
    """Stands for the SDK's own wrapper of callbacks.

    Only one thread runs Python at a time anyway: nothing is decoded later for it. But whoever wants
    its turn among eight that decode waits for most of them, and the event loop wants it several
    times for each request: those that wait here want none.
    """

    def __init__(self, wrap: Wrap) -> None:
        """Wrap what `wrap` makes."""
        self._wrap = wrap
        self._lock = threading.Lock()

    def __call__(self, callback: Any) -> Callable[[Any], None]:  # noqa: ANN401 the SDK is untyped
        """Return the wrapped callback; it must not wait for another one."""
        wrapped, lock = self._wrap(callback), self._lock

        def passed(told: Any) -> None:  # noqa: ANN401 the SDK is untyped
            with lock:
                wrapped(told)

        return passed

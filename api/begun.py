"""Work begun without a task: most answers are at hand, and a task would cost more than they do."""

from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")
_Step = Callable[[], Any]


class Begun(Generic[Result]):
    """A coroutine run up to where it first waits; who awaits this gets the rest of it.

    All of its steps run in one context of its own. The first has no task around it: what asks for
    the current task there, such as `asyncio.timeout`, raises RuntimeError. Await it once at most.
    """

    __slots__ = ("_context", "_error", "_result", "_waited", "_work", "done")

    def __init__(self, work: Coroutine[Any, Any, Result]) -> None:
        """Take the first step; `done` says whether it was the last. Never raises."""
        self._context = copy_context()
        self._work = work
        self._result: Result | None = None
        self._error: Exception | CancelledError | None = None
        self._waited: Any = None
        self.done = False
        self._step(lambda: work.send(None))

    @property
    def failed(self) -> bool:
        """Whether `result` raises."""
        return self._error is not None

    def result(self) -> Result:
        """Return what is `done`. Raises what the work raised."""
        if self._error is not None:
            raise self._error
        return self._result  # pyright: ignore[reportReturnType] done, so it is one

    def __await__(self) -> Generator[Any, Any, Result]:
        """Take the remaining steps in the awaiting task."""
        work = self._work
        while not self.done:
            try:
                got = yield self._waited
            except GeneratorExit:
                self._context.run(work.close)
                raise
            except BaseException as error:  # a cancellation is the work's to see
                self._step(lambda raised=error: work.throw(raised))
            else:
                self._step(lambda value=got: work.send(value))
        return self.result()

    def _step(self, step: _Step) -> None:
        try:
            self._waited = self._context.run(step)
        except StopIteration as end:
            self.done, self._result = True, end.value
        except (Exception, CancelledError) as error:
            self.done, self._error = True, error

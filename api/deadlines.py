"""Time limits that cost next to nothing where they are kept, which is nearly always."""

import asyncio
from types import TracebackType


class Deadlines:
    """One limit for many tasks, looked after by one timer instead of one each.

    `with deadlines.watch():` raises TimeoutError where its body is not done in time. The timer runs
    only while something is watched and looks every tenth of the limit: that is how late it may be.
    """

    def __init__(self, seconds: float) -> None:
        """Watch nothing yet."""
        self.seconds = seconds
        self._watched: set[_Watch] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> "_Watch":
        """Return the limit for one body, which runs in the present task."""
        return _Watch(self)

    def add(self, watch: "_Watch") -> None:
        """Begin to watch."""
        self._watched.add(watch)
        if self._timer is None:
            self._arm()

    def remove(self, watch: "_Watch") -> None:
        """End to watch."""
        self._watched.discard(watch)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.seconds / 10, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for watch in [each for each in self._watched if each.due <= now]:
            self._watched.discard(watch)
            watch.expire()
        if self._watched:
            self._arm()


class _Watch:
    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "due")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 every request runs in one
        self._task, self._cancelling = task, task.cancelling()
        self.due = asyncio.get_running_loop().time() + self._deadlines.seconds
        self._deadlines.add(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._deadlines.remove(self)
        # As asyncio.timeout does: only our own cancellation becomes a TimeoutError.
        ours = self._expired and self._task.uncancel() <= self._cancelling
        if ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the body."""
        self._expired = True
        self._task.cancel()

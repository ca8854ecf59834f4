"""Writes the log on a thread of its own: whoever has something to tell never waits for a disk."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from quantgraph.domain.audit import Act
from quantgraph.domain.calls import Call

# Seconds that lines are gathered for one write.
_GATHER_S = 0.05
# Lines that are shown in one go: between two of them the event loop may have the processor.
_SLICE = 64


class Event(dict[str, Any]):
    """Something that happened, by name, as structlog has it."""


class Failure(Event):
    """An event of level error or worse."""


class _Mark(threading.Event):
    """Set once everything before it is written."""


Line: TypeAlias = Event | Call | Act


class Out(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Write lines. Raises OSError where that cannot be done."""
        ...

    def flush(self) -> object:
        """Have it reach the file."""
        ...


class Closable(Protocol):
    """What is open until the end."""

    def close(self) -> None:
        """Close it."""
        ...


Route: TypeAlias = tuple[Callable[[Any], str], Out]
Routes: TypeAlias = Mapping[type[Line], Sequence[Route]]


class LogWriter:
    """A bounded queue and its thread. What finds no room, or no disk, is counted and told later."""

    def __init__(self, routes: Routes, places: int, files: Sequence[Closable] = ()) -> None:
        """Write each kind of line to where its routes lead; a kind without any is not taken.

        `files` are closed at the end.
        """
        self._routes = routes
        self._files = files
        self._places = places
        self._queue: deque[Line | _Mark] = deque()
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._closing = False
        self.dropped = 0
        self._told = 0
        # A daemon: a process that dies without `close` must not be kept.
        self._thread = threading.Thread(target=self._run, name="quantgraph-log", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> None:
        """Take a line, from any thread. Never waits, never raises."""
        if len(self._queue) >= self._places:
            self.dropped += 1
            return
        self._queue.append(line)
        if not self._wake.is_set():
            self._wake.set()

    def takes(self, kind: type[Line]) -> bool:
        """Return whether lines of a kind lead anywhere."""
        return bool(self._routes.get(kind))

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until everything that was put before is written; False where time ran out."""
        mark = _Mark()
        self._queue.append(mark)
        self._hurry.set()
        self._wake.set()
        return mark.wait(seconds)

    def close(self) -> None:
        """Write what waits, and end. Blocks for that long, ten seconds at most."""
        self._closing = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(10.0)
        if not self._thread.is_alive():
            for file in self._files:
                file.close()

    def _run(self) -> None:
        while not (self._closing and not self._queue):
            self._wake.wait()
            self._hurry.wait(_GATHER_S)
            self._wake.clear()
            self._hurry.clear()
            for _ in range(-(-len(self._queue) // _SLICE)):
                self._write(min(len(self._queue), _SLICE))
            self._tell_dropped()

    def _write(self, count: int) -> None:
        texts: dict[Out, list[str]] = {}
        marks: list[_Mark] = []
        for line in (self._queue.popleft() for _ in range(count)):
            if isinstance(line, _Mark):
                marks.append(line)
            else:
                self._show(line, texts)
        for out, shown in texts.items():
            try:
                out.write("".join(shown))
                out.flush()
            except (OSError, ValueError):  # a full disk; a pipe or file that was closed
                self.dropped += len(shown)
        for mark in marks:
            mark.set()

    def _show(self, line: Line, texts: dict[Out, list[str]]) -> None:
        for show, out in self._routes.get(type(line), ()):
            try:
                texts.setdefault(out, []).append(show(line))
            except Exception:  # what cannot be shown must not end the showing
                self.dropped += 1

    def _tell_dropped(self) -> None:
        """Say how many lines are missing, whenever that has grown."""
        if self.dropped == self._told:
            return
        self._told = self.dropped
        texts: dict[Out, list[str]] = {}
        self._show(Event(event="log_lines_dropped", level="warning", count=self._told), texts)
        for out, shown in texts.items():
            try:
                out.write("".join(shown))
            except (OSError, ValueError):
                continue  # it is counted, and metrics tell it

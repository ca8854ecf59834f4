"""Which process serves a data folder: for whoever wants to send it a signal."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def named_process(folder: Path) -> Generator[None, None, None]:
    """Keep this process's id in the folder, which must be there, as long as it serves."""
    file = folder / "gateway.pid"
    file.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def serving_process(folder: Path) -> int | None:
    """Return the id of the process that serves the folder, None where none does.

    The id alone proves nothing: a process that was killed leaves it, and the system gives it to
    another. Who serves holds the lock.
    """
    if not is_held(folder):
        return None
    try:
        return int((folder / "gateway.pid").read_text())
    except (OSError, ValueError):
        return None


def is_held(folder: Path) -> bool:
    """Return whether a gateway holds the folder."""
    file = folder / "gateway.lock"
    if not file.exists():
        return False
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False

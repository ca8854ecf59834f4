"""The data folder: made if absent, checked before anything relies on it."""

import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason

# what a first database needs
_TRIAL_BYTES = 128 * 1024


def usable_folder(folder: Path) -> Path:
    """Return the folder, made if it was not there. Raises StartupError DATA_DIR_UNUSABLE."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(_TRIAL_BYTES))  # a full disk makes files, but takes no bytes
    except OSError as error:
        text = (
            f"The data folder {folder} cannot be written: {error.strerror or error}. "
            "Make room, or choose another with --data-dir or data_dir in config.toml."
        )
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(folder)) from None
    return folder


@contextmanager
def opening(file: Path, what: str) -> Generator[None, None, None]:
    """Open a database file inside: its errors become StartupErrors that leave it untouched.

    DATA_DIR_UNUSABLE where the disk is full, the file is locked or may not be opened;
    STORE_CORRUPT where it was opened and is no sound database.
    """
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        text = f"Cannot open {what} {file}: {error}. It was left untouched."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(file)) from None
    except sqlite3.DatabaseError as error:
        text = f"Cannot read {what} {file}: {error}. It was left untouched: move it away."
        raise StartupError(Reason.STORE_CORRUPT, text, file=str(file)) from None


@contextmanager
def hold_folder(folder: Path) -> Generator[Path, None, None]:
    """Hold the folder for one gateway: two would give the same sequences twice.

    The command line may import and make keys meanwhile. Raises StartupError DATA_DIR_UNUSABLE.
    """
    text = f"Another gateway uses the data folder {folder}; stop it or choose --data-dir."
    with _held(folder, "gateway.lock", text):
        yield folder


@contextmanager
def hold_desk(folder: Path) -> Generator[Path, None, None]:
    """Hold the folder's journal for one process: two would send the same orders twice.

    It may be another one than who holds the folder: a gateway's agent keeps its orders. Raises
    StartupError DATA_DIR_UNUSABLE.
    """
    text = f"Another process keeps the orders of {folder}: an agent ends soon after its gateway."
    with _held(folder, "desk.lock", text):
        yield folder


@contextmanager
def _held(folder: Path, name: str, taken: str) -> Generator[None, None, None]:
    lock = FileLock(usable_folder(folder) / name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StartupError(Reason.DATA_DIR_UNUSABLE, taken, folder=str(folder)) from None
    except OSError as error:
        text = f"The data folder {folder} cannot be locked: {error.strerror or error}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(folder)) from None
    try:
        yield
    finally:
        lock.release()

"""The data folder: made if absent, checked before anything relies on it."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason


def usable_folder(folder: Path) -> Path:
    """Return the folder, made if it was not there. Raises StartupError DATA_DIR_UNUSABLE."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = (
            f"The data folder {folder} cannot be written: {error.strerror or error}. "
            "Choose another with --data-dir or data_dir in config.toml."
        )
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(folder)) from None
    return folder


@contextmanager
def hold_folder(folder: Path) -> Generator[Path, None, None]:
    """Hold the folder for one gateway: two would give the same sequences twice.

    The command line may import and make keys meanwhile. Raises StartupError DATA_DIR_UNUSABLE.
    """
    lock = FileLock(usable_folder(folder) / "gateway.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        text = f"Another gateway uses the data folder {folder}; stop it or choose --data-dir."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(folder)) from None
    try:
        yield folder
    finally:
        lock.release()

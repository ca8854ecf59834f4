"""The data folder: made if absent, checked before anything relies on it."""

import tempfile
from pathlib import Path

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

"""The paper exchange of dev mode, kept in one file: it goes on where it stood.

All methods block; callers go through `Workers`.
"""

import json
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason

# Grows when an older state can no longer be read.
_FORMAT = 1


class PaperFile:
    """The newest state, replaced whole: a reader finds the one before or the one after."""

    def __init__(self, path: Path) -> None:
        """Keep it at `path`."""
        self._path = path

    def read(self) -> Mapping[str, Any] | None:
        """Return the state, None where none was ever kept.

        Raises StartupError STORE_CORRUPT, STORE_VERSION; the file is left as it is.
        """
        try:
            packed = self._path.read_bytes()
            whole = json.loads(zlib.decompress(packed))
            written, state = whole["format"], whole["exchange"]
        except FileNotFoundError:
            return None
        except (OSError, zlib.error, ValueError, LookupError, TypeError) as error:
            text = f"The paper exchange {self._path} cannot be read: {error}. Move it away."
            raise StartupError(Reason.STORE_CORRUPT, text, file=str(self._path)) from None
        if written != _FORMAT:
            text = f"The paper exchange {self._path} has format {written}, not {_FORMAT}."
            raise StartupError(Reason.STORE_VERSION, text, file=str(self._path))
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        """Keep a state, durable when this returns. Errors: STORE_UNAVAILABLE."""
        draft = self._path.with_suffix(".draft")
        whole = {"format": _FORMAT, "exchange": state}
        try:
            with draft.open("wb") as file:
                file.write(zlib.compress(json.dumps(whole).encode(), 1))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            _sync(self._path.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            text = f"The paper exchange cannot be kept: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error


def _sync(folder: Path) -> None:
    """Make a rename durable; Windows has no handle of a folder to do so."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

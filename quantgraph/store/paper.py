"""The paper exchange of dev mode, kept in one file: it goes on where it stood.

All methods block; callers go through `Workers`.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.files import replace_whole

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
        whole = {"format": _FORMAT, "exchange": state}
        try:
            replace_whole(self._path, zlib.compress(json.dumps(whole).encode(), 1))
        except OSError as error:
            text = f"The paper exchange cannot be kept: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error

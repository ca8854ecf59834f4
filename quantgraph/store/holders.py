"""Which terminal has told which accounts last, in one file that outlives restarts."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.files import replace_whole


class HolderFile:
    """Ids of accounts by the name of their terminal. All methods block."""

    def __init__(self, path: Path) -> None:
        """Keep them at `path`."""
        self._path = path

    def read(self) -> Mapping[str, frozenset[str]]:
        """Return them; nothing where none were kept. Raises StartupError STORE_CORRUPT."""
        try:
            held = json.loads(self._path.read_text("utf-8"))
            return {name: frozenset(cast("list[str]", ids)) for name, ids in held.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            text = f"The file {self._path} cannot be read: {error}. Move it away."
            raise StartupError(Reason.STORE_CORRUPT, text, file=str(self._path)) from None

    def write(self, held: Mapping[str, Iterable[str]]) -> None:
        """Keep them, durable when this returns. Errors: STORE_UNAVAILABLE."""
        told = {name: sorted(ids) for name, ids in held.items()}
        try:
            replace_whole(self._path, json.dumps(told).encode(), private=True)
        except OSError as error:
            text = f"Which terminal has which account cannot be kept: {error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text) from error

"""Which installation this is: part of every tag that its orders bear at a terminal."""

import re
import secrets
from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.files import replace_whole

_ID = re.compile(r"[0-9a-f]{32}")


def load_install(folder: Path) -> str:
    """Return the data folder's install id, made at the first start and never again.

    Raises StartupError: DATA_DIR_UNUSABLE; STORE_CORRUPT where the file holds no id. A new one
    would not do then: the orders that bear the old one at the terminal would look like strangers'.
    """
    path = folder / "install.id"
    try:
        if not path.exists():
            _make(path)
        held = path.read_bytes().strip()
    except OSError as error:
        text = f"The file {path} cannot be used: {error.strerror or error}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(path)) from None
    if _ID.fullmatch(held.decode("ascii", "replace")) is None:
        text = (
            f"The file {path} holds no install id (32 hexadecimal digits). Put it back from a "
            "backup; delete it only when no order of this gateway is open at a terminal."
        )
        raise StartupError(Reason.STORE_CORRUPT, text, file=str(path))
    return held.decode("ascii")


def _make(path: Path) -> None:
    # Durable before an order bears it: a power cut must not make this gateway another one.
    replace_whole(path, secrets.token_hex(16).encode() + b"\n", private=True)

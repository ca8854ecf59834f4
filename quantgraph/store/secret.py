"""The secret that resume tokens are signed with; kept, so that a restart does not void them."""

import secrets
from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.files import replace_whole

_BYTES = 32


def load_secret(folder: Path) -> bytes:
    """Return the data folder's secret, made at the first start; only its owner may read it.

    A file that was cut is made anew. Raises StartupError DATA_DIR_UNUSABLE.
    """
    path = folder / "resume.secret"
    try:
        held = path.read_bytes() if path.exists() else b""
        if len(held) == _BYTES:
            return held
        fresh = secrets.token_bytes(_BYTES)
        replace_whole(path, fresh, private=True)
    except OSError as error:
        text = f"The file {path} cannot be used: {error.strerror or error}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(path)) from None
    return fresh

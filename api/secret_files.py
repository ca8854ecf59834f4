"""Secrets that config names by their files."""

from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason


def read_secret(key: str, name: str, what: str) -> str:
    """Return what the file `name` holds, which `key` of config names: `what`, as ASCII text.

    Raises StartupError CONFIG_INVALID.
    """
    try:
        return Path(name).expanduser().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        # The bytes themselves are told to nobody.
        why = error.strerror if isinstance(error, OSError) else f"is no text of {what}"
        text = f"{key} {name}: {why}."
        raise StartupError(Reason.CONFIG_INVALID, text, file=name) from None

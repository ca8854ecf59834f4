"""Small files that are replaced whole: a reader finds what was there before, or what came after.

All functions block.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

# Else Windows would make two bytes of every newline.
_BINARY: int = getattr(os, "O_BINARY", 0)


def replace_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put a file in another's place; on the disk when it returns, name and all.

    `private`: only its owner may read it. Raises OSError, and then the old file stands.
    """
    partial = path.with_name(f"{path.name}.part")
    # One that a crash left may have other rights, or be a link to somewhere else.
    partial.unlink(missing_ok=True)
    rights = 0o600 if private else 0o666
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, rights)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the names in a folder outlive a power cut, in the order in which they were given."""
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # folders of some networks cannot be asked for this
            raise
    finally:
        os.close(handle)

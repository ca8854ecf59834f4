"""Files of the log: put aside when they are full, compressed, and deleted when they are old."""

import gzip
import os
import shutil
import time
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Keeping:
    """How large a file may be, in bytes, and which of those put aside are kept."""

    most: int
    files: int
    days: int
    compress: bool


class RotatedFile(RotatingFileHandler):
    """A file of lines. Rotation is the standard library's; one thread alone writes."""

    def __init__(self, path: Path, keeping: Keeping) -> None:
        """Open for appending, and delete what has grown old. Raises OSError."""
        super().__init__(path, maxBytes=keeping.most, backupCount=keeping.files, encoding="utf-8")
        self._keeping = keeping
        self._path = path
        if keeping.compress:
            self.namer = _zipped
            self.rotator = _zip
        self._prune()

    def write(self, text: str) -> None:
        """Append lines, in a new file where this one would become too large."""
        held = self._open_stream().tell()
        if held and held + len(text) > self._keeping.most:
            self.doRollover()
            self._prune()
        self._open_stream().write(text)

    def _open_stream(self) -> TextIO:
        if self.stream is None:  # a rotation that failed half-way has closed it
            self.stream = self._open()
        return self.stream

    def _prune(self) -> None:
        """Delete files that are too many or too old, also those of other settings."""
        aside = self._path.parent.glob(f"{self._path.name}.*")
        kept = sorted(((each.stat().st_mtime, each) for each in aside), reverse=True)
        oldest = time.time() - self._keeping.days * _DAY_S
        for place, (changed, file) in enumerate(kept):
            if place >= self._keeping.files or changed < oldest:
                file.unlink(missing_ok=True)


def _zipped(name: str) -> str:
    return f"{name}.gz"


def _zip(source: str, target: str) -> None:
    with Path(source).open("rb") as plain, gzip.open(target, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed)
    # What is kept for some days is as old as what is in it.
    changed = Path(source).stat().st_mtime
    os.utime(target, (changed, changed))
    Path(source).unlink()

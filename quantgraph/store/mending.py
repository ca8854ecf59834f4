"""Makes a journal of what can be read of a damaged one; the damaged file stays beside it.

In an order that a crash may interrupt anywhere: the damaged file is copied, the new one is written
under another name, and only when it is whole does it take the place.
"""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import structlog

from quantgraph.domain.errors import StartupError
from quantgraph.domain.journal import Cut
from quantgraph.domain.reasons import Reason
from quantgraph.store.batches import Row
from quantgraph.store.cuts import aside_name, fault_of, lies
from quantgraph.store.files import settle
from quantgraph.store.heads import HeadFile, KeptHead
from quantgraph.store.journal_tables import CHAINED, LOG, VERSION, keep_cut
from quantgraph.store.rebuilding import counted_cancels, write_over
from quantgraph.store.walking import ChainBroken, entries

_SIDES = ("", "-wal")
# Of SQLite's header: where the size of a page and the number of pages are.
_PAGE_BYTES, _PAGES = slice(16, 18), slice(28, 32)
_PAGE = 4_096
_logger = structlog.get_logger(__name__)


def mend(path: Path, heads: HeadFile, epoch: str) -> None:
    """See to it that the file, where there is one, holds a whole journal, before it is opened.

    What is left of a damaged one begins a log of another epoch, which is `epoch` where that is
    free, and tells of its cut. Raises StartupError STORE_CORRUPT where nothing of it can be read;
    it is then left as it is. sqlite3.Error and OSError as they come.
    """
    _finish(path)
    fault = fault_of(path, heads)
    if fault is None:
        return
    damaged = _Damaged(path, fault, heads.head(LOG))
    try:
        cut = damaged.read(_fresh(epoch, damaged.kept))
        if cut.file is not None:
            keep_copy(path, path.with_name(cut.file))
        damaged.draft.replace(_mended(path))
        settle(path.parent)
    finally:
        damaged.clear()
    _finish(path)
    _logger.error("journal_cut", file=str(path), fault=fault, kept=cut.file, left=cut.left)


def keep_copy(path: Path, target: Path) -> None:
    """Copy a database with what SQLite keeps beside it; on the disk when it returns."""
    for side in _SIDES:
        source, copy = (each.with_name(each.name + side) for each in (path, target))
        if source.exists():
            shutil.copyfile(source, copy)
            with copy.open("rb+") as file:
                os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class _Damaged:
    """A journal's damaged file, and what the file of heads knows of it."""

    path: Path
    fault: str
    kept: KeptHead | None

    @property
    def draft(self) -> Path:
        return self.path.with_name(f"{self.path.name}.mending")

    @property
    def torn(self) -> Path:
        return self.path.with_name(f"{self.path.name}.torn")

    def read(self, epoch: str) -> Cut:
        """Write what can be read into the draft; return what was found."""
        self.clear()
        # To the instant: what was placed until then may be lost.
        now = datetime.now(UTC)
        aside = aside_name(self.path, now) if lies(self.path) else None
        known = None if self.kept is None else self.kept.head.number
        with closing(sqlite3.connect(self.draft, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            left = self._copy(db, epoch)
            replaced = None if self.kept is None else self.kept.epoch
            cut = Cut(self.fault, left, known, aside, now, replaced)
            keep_cut(db, cut)
        return cut

    def clear(self) -> None:
        """Leave nothing behind that was not finished."""
        for file in (self.draft, self.torn):
            for side in ("", "-wal", "-shm", "-journal"):
                file.with_name(file.name + side).unlink(missing_ok=True)

    def _copy(self, db: sqlite3.Connection, epoch: str) -> int:
        if not lies(self.path):
            return write_over(db, epoch, ()).number
        keep_copy(self.path, self.torn)
        _fill_up(self.torn)
        with closing(sqlite3.connect(self.torn, isolation_level=None)) as old:
            rows = _Readable(old)
            head = write_over(db, epoch, rows.entries())
        if rows.nothing:
            text = (
                f"Nothing can be read of the order journal {self.path}: {self.fault}. It was left "
                "untouched: put it back from a backup. Or move it away, to begin without it: "
                "trading is halted then until somebody has compared the orders at the terminal."
            )
            raise StartupError(Reason.STORE_CORRUPT, text, file=str(self.path))
        return head.number


class _Readable:
    """The entries of a damaged journal, from the first one to the last before the damage."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._count = 0
        self._broken = False
        self._version = VERSION

    @property
    def nothing(self) -> bool:
        """Whether not even the first entry could be read."""
        return self._broken and not self._count

    def entries(self) -> Iterator[Row]:
        return chain(self._chained(), self._cancels())

    def _chained(self) -> Iterator[Row]:
        try:
            if not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return  # nothing was ever moved into this file
            self._version = _version_of(self._db)
            for entry in entries(self._db):
                self._count += 1
                yield entry.row[1:-1]
        except (ChainBroken, sqlite3.DatabaseError, ValueError, TypeError) as error:
            _logger.warning("journal_ends_here", entry=self._count, error=str(error))
            self._broken = True

    def _cancels(self) -> Iterator[Row]:
        with suppress(sqlite3.DatabaseError, ValueError):
            yield from counted_cancels(self._db, self._version)


def _version_of(db: sqlite3.Connection) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if not CHAINED <= version <= VERSION:
        raise ChainBroken(f"it has version {version}")
    return version


def _fill_up(path: Path) -> None:
    """Give a copy as many pages as its header tells: SQLite then reads those that are there.

    One at least: beside a file without any it deletes what was to be moved into it.
    """
    with path.open("ab+") as file, suppress(OSError):  # a header may tell anything
        held = file.tell()
        file.seek(0)
        header = file.read(100)
        size = int.from_bytes(header[_PAGE_BYTES], "big")
        size = 65_536 if size == 1 else max(size, _PAGE)
        whole = size * max(int.from_bytes(header[_PAGES], "big"), 1)
        if held < whole:
            file.truncate(whole)


def _fresh(epoch: str, kept: KeptHead | None) -> str:
    """Return a name for the log: cursors of the one before must mean nothing in it."""
    taken = kept is None or kept.epoch == epoch
    return f"{epoch}_{secrets.token_hex(4)}" if taken else epoch


def _mended(path: Path) -> Path:
    return path.with_name(f"{path.name}.mended")


def _finish(path: Path) -> None:
    """Put a mended journal in its place, now or after a crash."""
    mended = _mended(path)
    if not mended.exists():
        return
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    mended.replace(path)
    settle(path.parent)

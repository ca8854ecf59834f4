"""Holds a log against its hashes and against the head that is kept elsewhere; changes nothing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.domain.journal import Cut
from quantgraph.store.chain import Head
from quantgraph.store.heads import HeadFile, KeptHead
from quantgraph.store.journal_tables import CHAINED, VERSION, cut_of
from quantgraph.store.walking import ChainBroken, Derived, entries

_HEADER_BYTES = 100
Walk = Callable[[sqlite3.Connection], Iterator[Head]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a log: `entries` that fit, and the first thing that does not.

    `anchored`: of them, those that the kept head covers; a cut behind it would not show. `cut`:
    what was lost of the log before, where its file was damaged and read as far as it went.
    """

    log: str
    entries: int
    anchored: int
    fault: str | None
    cut: Cut | None = None


class Reader:
    """How a log's file is read: which versions it may be of, and its heads one by one."""

    def __init__(self, versions: range, walk: Walk) -> None:
        """Read files of these versions by `walk`."""
        self._versions = versions
        self._walk = walk
        self.found = Head()
        self.cut: Cut | None = None

    def check(self, db: sqlite3.Connection, kept: KeptHead | None) -> None:
        """Read the log through. Raises ChainBroken, sqlite3.Error, ValueError, TypeError."""
        _check_file(db, self._versions)
        self.cut = cut_of(db)
        for head in self._walk(db):
            check_head(kept, head)
            self.found = head
        if kept is None:
            raise ChainBroken("no head of it is kept, so that a cut would not show")
        check_end(kept, epoch_of(db), self.found)


def verify(path: Path, heads: HeadFile, log: str, reader: Reader) -> Verdict:
    """Verify one log by its heads."""
    try:
        # Read first: what is written meanwhile is newer than the head, never older.
        kept = heads.head(log)
        if not path.exists():
            return Verdict(log, 0, 0, None if kept is None else f"the file {path} is gone")
        if path.stat().st_size < _HEADER_BYTES:
            # Not to be opened: SQLite deletes changes that it finds beside an empty file.
            return Verdict(log, 0, 0, f"the file {path} is empty")
        # A path may hold what a URI means otherwise.
        uri = path.absolute().as_uri()
        with closing(sqlite3.connect(f"{uri}?mode=ro", uri=True, isolation_level=None)) as db:
            db.execute("BEGIN")
            reader.check(db, kept)
    except (ChainBroken, StartupError) as error:
        return Verdict(log, reader.found.number, 0, str(error))
    except (sqlite3.Error, ValueError, TypeError) as error:
        return Verdict(log, reader.found.number, 0, f"the file cannot be read: {error}")
    anchored = 0 if kept is None else kept.head.number
    return Verdict(log, reader.found.number, anchored, None, reader.cut)


def verify_journal(path: Path, heads: HeadFile, log: str) -> Verdict:
    """Verify a journal. A gateway may be writing it meanwhile."""
    return verify(path, heads, log, journal_reader())


def journal_reader() -> Reader:
    """Return what reads a journal."""
    return Reader(range(CHAINED, VERSION + 1), journal_heads)


def journal_heads(db: sqlite3.Connection) -> Iterator[Head]:
    """Yield a journal's heads while its entries and tables fit. Raises ChainBroken."""
    derived = Derived()
    for entry in entries(db):
        derived.take(db, entry)
        yield entry.head
    derived.check(db, int(db.execute("PRAGMA user_version").fetchone()[0]))


def epoch_of(db: sqlite3.Connection) -> str:
    """Return the name of a file's log."""
    return str(db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def check_head(kept: KeptHead | None, found: Head) -> None:
    """Compare an entry with the kept head, if that is its. Raises ChainBroken."""
    if kept is not None and found.number == kept.head.number and found != kept.head:
        raise ChainBroken(f"entry {found.number} is another than the one whose hash was kept")


def check_end(kept: KeptHead, epoch: str, found: Head) -> None:
    """Compare the end of a log with the kept head. Raises ChainBroken."""
    if kept.epoch != epoch:
        raise ChainBroken(f"the log is {epoch}; the kept head is of {kept.epoch}")
    if kept.head.number > found.number:
        text = f"it ends at entry {found.number}, and {kept.head.number} were there: it was cut"
        raise ChainBroken(text)


def _check_file(db: sqlite3.Connection, versions: range) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found not in versions:
        text = f"the file has version {found}, this program verifies {versions[-1]}"
        raise ChainBroken(text)
    told = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if told != "ok":
        raise ChainBroken(f"the file is damaged: {told}")

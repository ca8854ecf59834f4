"""Whether a journal's file is what was written: asked before anything is written to it again."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import structlog

from quantgraph.store.chain import Head
from quantgraph.store.heads import HeadFile, KeptHead
from quantgraph.store.journal_tables import CHAINED, LOG, OLDEST, VERSION, cut_of, head_of
from quantgraph.store.verifying import check_end, check_head, epoch_of, journal_heads
from quantgraph.store.walking import ChainBroken, newest

_logger = structlog.get_logger(__name__)
# Of every database file.
_HEADER_BYTES = 100
# Entries that are read at a start, in some seconds.
_MOST = 200_000


def fault_of(path: Path, heads: HeadFile, *, thorough: bool = True) -> str | None:
    """Return what does not fit of the journal in a file, None where it is whole; changes nothing.

    It is held against its kept head, and where that is `thorough` read through: all of it, of a
    long one the newest entries; `quantgraph audit verify` reads those as well. Raises
    sqlite3.OperationalError where the file may not be read, StartupError STORE_CORRUPT where the
    heads cannot be.
    """
    kept = heads.head(LOG)
    if _bytes(path) < _HEADER_BYTES and _bytes(path.with_name(f"{path.name}-wal")):
        # Not to be opened: SQLite deletes changes that it finds beside an empty file.
        return "the file is gone, and not what was to be moved into it"
    if not path.exists():
        return None if kept is None or not kept.head.number else "the file is gone"
    try:
        with reading(path) as db:
            db.execute("BEGIN")
            _check(db, kept, thorough=thorough)
    except ChainBroken as error:
        return str(error)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        if isinstance(error, sqlite3.OperationalError) and not _about_tables(error):
            raise
        return f"the file cannot be read: {error}"
    return None


def reading(path: Path) -> "closing[sqlite3.Connection]":
    """Open a file for reading alone: what SQLite has yet to move into it stays where it is."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return closing(sqlite3.connect(uri, uri=True, isolation_level=None))


def lies(path: Path) -> bool:
    """Return whether anything is left of a database."""
    return path.exists() or path.with_name(f"{path.name}-wal").exists()


def aside_name(path: Path, now: datetime) -> str:
    """Return a free name beside a file for what was found damaged at an instant."""
    name = f"{path.name}.cut-{now:%Y%m%dT%H%M%SZ}"
    number, found = 1, name
    while path.with_name(found).exists():
        number, found = number + 1, f"{name}-{number}"
    return found


def _check(db: sqlite3.Connection, kept: KeptHead | None, *, thorough: bool) -> None:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        if kept is not None:
            check_end(kept, kept.epoch, Head())
        return
    if not CHAINED <= version <= VERSION:
        if OLDEST <= version < CHAINED and kept is not None:
            raise ChainBroken(f"it has version {version}, which kept no head of its log")
        return  # an older one has no hashes, a newer one is refused
    whole = thorough and head_of(db).number <= _MOST
    # Indexes as well: a key that one of them lacks could be used again.
    told = db.execute(f"PRAGMA {'integrity' if whole else 'quick'}_check(1)").fetchone()[0]
    if told != "ok":
        raise ChainBroken(f"the file is damaged: {told}")
    _check_end(db, kept)
    if thorough:
        for _ in journal_heads(db) if whole else newest(db, _MOST):
            pass


def _check_end(db: sqlite3.Connection, kept: KeptHead | None) -> None:
    cut, head = cut_of(db), head_of(db)
    if kept is None:
        if head.number:
            _logger.warning("journal_without_head", entries=head.number)
        return
    if cut is not None and kept.epoch == cut.replaced:
        return  # of what was mended: the process ended before the new head was kept
    check_end(kept, epoch_of(db), head)
    _check_row(db, kept)


def _check_row(db: sqlite3.Connection, kept: KeptHead) -> None:
    number = kept.head.number
    row = db.execute("SELECT hash FROM events WHERE number = ?", (number,)).fetchone()
    if row is not None:
        check_head(kept, Head(number, row[0]))
    elif number:
        raise ChainBroken(f"entry {number} is missing")


def _about_tables(error: sqlite3.OperationalError) -> bool:
    """Return whether it is not the disk, a right or a lock, but what the file says."""
    # Without a code it is Python's own, of a text that is none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

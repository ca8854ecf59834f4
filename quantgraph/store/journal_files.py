"""The journal's file: made, brought to the present version, or set aside."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import structlog

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.batches import Key, Row
from quantgraph.store.cuts import aside_name, fault_of
from quantgraph.store.folder import opening
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal_tables import (
    CHAINED,
    LOG,
    OLDEST,
    SCHEMA,
    VERSION,
)
from quantgraph.store.rebuilding import chained_rows, counted_cancels, write_over
from quantgraph.store.recording import STATEMENTS
from quantgraph.store.records import read_order

_logger = structlog.get_logger(__name__)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file in autocommit mode, for whichever thread holds its user's lock."""
    return sqlite3.connect(
        path, check_same_thread=False, isolation_level=None, cached_statements=STATEMENTS
    )


def prepare(db: sqlite3.Connection, path: Path, epoch: str) -> str:
    """Make the tables where there are none, and return the log's epoch.

    An older journal goes on in the present version; how it was stays beside it. Raises
    STORE_VERSION.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version={VERSION};COMMIT;")
        db.execute("INSERT INTO meta VALUES ('epoch', ?)", (epoch,))
    elif OLDEST <= version < VERSION:
        _upgrade(db, path, version)
    elif version != VERSION:
        text = (
            f"The order journal {path} has version {version}; this program reads {OLDEST} to "
            f"{VERSION}. It was left untouched: use the program that wrote it, or a newer one."
        )
        raise StartupError(Reason.STORE_VERSION, text, file=str(path))
    return str(db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def set_aside(path: Path, heads: HeadFile | None = None) -> None:
    """Keep the journal of the last simulated world as `<name>.previous`, replacing an older one.

    A damaged one is kept as `<name>.cut-<time>`, and told in the log. SQLite's own side files
    belong to the database and move with it. Raises StartupError DATA_DIR_UNUSABLE where that
    cannot be done.
    """
    with opening(path, "the order journal"):
        name = f"{path.name}.previous"
        fault = None if heads is None else fault_of(path, heads, thorough=False)
        if fault is not None:
            name = aside_name(path, datetime.now(UTC))
            _logger.error("journal_cut", file=str(path), fault=fault, kept=name)
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            kept = path.with_name(f"{name}{suffix}")
            kept.unlink(missing_ok=True)
            if file.exists():
                file.rename(kept)
        if heads is not None:
            heads.rename(LOG, f"{LOG}.previous")


def _upgrade(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Write an older journal anew: all of its entries are chained, also its cancels."""
    kept = path.with_name(f"{path.name}.v{version}")
    if not kept.exists():
        partial = kept.with_name(kept.name + ".part")
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(partial)) as target:
            db.backup(target)
        partial.replace(kept)
    with closing(sqlite3.connect(kept)) as old:
        epoch = old.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
        told = chained_rows(old) if version >= CHAINED else _entries(old)
        write_over(db, str(epoch), chain(told, counted_cancels(old, version)))


def _entries(old: sqlite3.Connection) -> Iterator[Row]:
    """Yield the entries as `rebuilding` takes them: an order's digest with its first."""
    made = {
        (account, order_id): (number, digest)
        for account, order_id, number, digest in old.execute(
            "SELECT account, id, number, digest FROM orders"
        )
    }
    numbers = {key: number for key, (number, _) in made.items()}
    for _, account, sequence in sorted(_places(old, numbers)):
        body, fill = old.execute(
            "SELECT body, fill FROM events WHERE account = ? AND sequence = ?", (account, sequence)
        ).fetchone()
        _, digest = made.pop((account, read_order(body).id), (0, None))
        yield account, sequence, body, fill, digest, None


def _places(db: sqlite3.Connection, numbers: Mapping[Key, int]) -> Iterator[tuple[int, str, int]]:
    """Yield the places of all entries with the newest order so far: so orders keep their order."""
    newest: dict[str, int] = {}
    rows = db.execute("SELECT account, sequence, body FROM events ORDER BY account, sequence")
    for account, sequence, body in rows:
        number = numbers[account, read_order(body).id]
        newest[account] = max(newest.get(account, 0), number)
        yield newest[account], account, sequence

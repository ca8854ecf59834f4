"""Snapshots of simulated worlds: the journal's copy and the exchange's state, a file each.

All methods block; callers go through `Workers`.
"""

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from quantgraph.domain.errors import ChangeRefused, GatewayError, NameTaken, NotFound, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import Snapshot

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,39}")
_ENDING = ".snapshot"
_TABLE = "CREATE TABLE world (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
State = Mapping[str, Any]


class SnapshotFolder:
    """A folder of snapshots: at most `limit` of them, none larger than `most_bytes`."""

    def __init__(self, folder: Path, limit: int, most_bytes: int) -> None:
        """Keep them in `folder`, which is made with the first of them."""
        self._folder = folder
        self._limit = limit
        self._most = most_bytes

    def snapshots(self) -> Sequence[Snapshot]:
        """Return what is held, by name; a file that is none is left out."""
        found: list[Snapshot] = []
        for file in sorted(self._folder.glob(f"*{_ENDING}")):
            with suppress(GatewayError):
                found.append(self._head(file))
        return found

    def write(self, head: Snapshot, state: State, copy: Callable[[Path], None]) -> Snapshot:
        """Keep a state beside what `copy` writes into a file; durable when it returns.

        Errors: SNAPSHOT_TAKEN, SNAPSHOT_LIMIT, STORE_UNAVAILABLE.
        """
        file = self._folder / f"{head.name}{_ENDING}"
        self._check_room(head.name, file)
        draft = file.with_suffix(".draft")
        try:
            self._folder.mkdir(exist_ok=True)
            draft.unlink(missing_ok=True)
            copy(draft)
            _add(draft, head, state)
            self._check_size(draft)
            draft.replace(file)
        except (OSError, sqlite3.Error) as error:
            raise _away(f"Snapshot {head.name} cannot be written: {error}.") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return self._head(file)

    def read(self, name: str) -> tuple[Snapshot, State, Path]:
        """Return a snapshot, its state, and the file whose tables are the journal's.

        Errors: UNKNOWN_SNAPSHOT, SNAPSHOT_UNUSABLE.
        """
        file = self._file(name)
        head = self._head(file)
        try:
            state = json.loads(zlib.decompress(_value(file, "state")))
        except (sqlite3.Error, zlib.error, ValueError) as error:
            raise _unusable(name, str(error)) from error
        return head, state, file

    def delete(self, name: str) -> Snapshot:
        """Delete a snapshot, also one that is damaged. Errors: UNKNOWN_SNAPSHOT."""
        file = self._file(name)
        try:
            head = self._head(file)
        except GatewayError:
            head = _remains(name, file)
        try:
            file.unlink()
        except OSError as error:
            raise _away(f"Snapshot {name} cannot be deleted: {error}.") from error
        return head

    def _file(self, name: str) -> Path:
        file = self._folder / f"{name}{_ENDING}"
        if _NAME.fullmatch(name) is None or not file.is_file():
            text = f"There is no snapshot {name[:60]!r}; `simulation` lists those that are held."
            raise NotFound(Reason.UNKNOWN_SNAPSHOT, text, name=name[:60])
        return file

    def _check_room(self, name: str, file: Path) -> None:
        if file.exists():
            text = f"There is a snapshot {name!r} already; delete it or choose another name."
            raise NameTaken(Reason.SNAPSHOT_TAKEN, text, name=name)
        held = len(list(self._folder.glob(f"*{_ENDING}")))
        if held >= self._limit:
            text = f"There are {held} snapshots, the most that mock.snapshots allows."
            raise ChangeRefused(Reason.SNAPSHOT_LIMIT, text, limit=self._limit)

    def _check_size(self, draft: Path) -> None:
        size = draft.stat().st_size
        if size > self._most:
            text = f"The snapshot has {size} bytes; mock.snapshot_mb allows {self._most}."
            raise ChangeRefused(Reason.SNAPSHOT_LIMIT, text, limit=self._most)

    def _head(self, file: Path) -> Snapshot:
        try:
            told = json.loads(_value(file, "head"))
            return Snapshot(
                name=file.name.removesuffix(_ENDING),
                time=datetime.fromisoformat(told["time"]),
                trading_day=date.fromisoformat(told["day"]),
                created_at=datetime.fromisoformat(told["created"]),
                size=file.stat().st_size,
            )
        except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
            raise _unusable(file.name, str(error)) from error


def _add(file: Path, head: Snapshot, state: State) -> None:
    """Put head and state beside the journal's tables, all of it on the disk at the end."""
    told = {
        "time": head.time.isoformat(),
        "day": head.trading_day.isoformat(),
        "created": head.created_at.isoformat(),
    }
    packed = zlib.compress(json.dumps(state).encode())
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        # One file, whole by itself: no journal of its own may lie beside it.
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN")
        db.execute(_TABLE)
        rows = [("head", json.dumps(told).encode()), ("state", packed)]
        db.executemany("INSERT INTO world VALUES (?, ?)", rows)
        db.execute("COMMIT")


def _value(file: Path, key: str) -> bytes:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT value FROM world WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise ValueError(f"it has no {key}")
    value: bytes = row[0]
    return value


def _remains(name: str, file: Path) -> Snapshot:
    """Return what the file system alone tells of a damaged snapshot."""
    told = file.stat()
    changed = datetime.fromtimestamp(told.st_mtime, UTC)
    return Snapshot(name, changed, changed.date(), changed, told.st_size)


def _away(text: str) -> Unavailable:
    return Unavailable(Reason.STORE_UNAVAILABLE, text)


def _unusable(name: str, why: str) -> ChangeRefused:
    text = f"Snapshot {name} cannot be read: {why}. Delete it."
    return ChangeRefused(Reason.SNAPSHOT_UNUSABLE, text, name=name)

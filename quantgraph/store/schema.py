"""The tables of market.sqlite, and opening the file without ever harming what is not ours."""

import sqlite3
from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.folder import usable_folder

FILE_NAME = "market.sqlite"
# "QGMS"; tells our file from any other SQLite file before a single byte is written
APPLICATION_ID = 0x51474D53
# 2: spans of four years, and the newest rows of a span in a chunk of their own
# 3: members of sectors by date
# 4: pinyin initials of instruments
VERSION = 4
_PAGE_BYTES = 4096
_WAIT_SECONDS = 30.0
# a full structural check costs about a second per 200 MB: only small files get it at every start
_CHECK_BYTES = 32 * 2**20

# `days` holds one bit per calendar day from the first row's day on, `counts` the rows of each
# held day where that is not one: with them a reader cuts by date and judges coverage without
# reading a time column. A chunk never changes and its id is never given again (AUTOINCREMENT):
# readers keep its columns by the id alone. A list of members without a date has the date ''.
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', 0), ('removals', 0);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, symbol TEXT NOT NULL, period TEXT NOT NULL,
    source TEXT NOT NULL, UNIQUE (kind, period, symbol));
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER NOT NULL REFERENCES series,
    span INTEGER NOT NULL, part INTEGER NOT NULL, rows INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    days BLOB NOT NULL, counts BLOB, UNIQUE (series, span, part));
CREATE TABLE columns (
    chunk INTEGER NOT NULL REFERENCES chunks ON DELETE CASCADE, name TEXT NOT NULL,
    hash INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (chunk, name));
CREATE TABLE stretches (
    series INTEGER NOT NULL REFERENCES series, first TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (series, first)) WITHOUT ROWID;
CREATE TABLE made_days (
    series INTEGER NOT NULL REFERENCES series, day TEXT NOT NULL,
    PRIMARY KEY (series, day)) WITHOUT ROWID;
CREATE TABLE instruments (
    symbol TEXT PRIMARY KEY, name TEXT, list_date TEXT, delist_date TEXT,
    is_st INTEGER NOT NULL, sought TEXT NOT NULL, initials TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sectors (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category TEXT, code TEXT);
CREATE TABLE lists (
    id INTEGER PRIMARY KEY, sector INTEGER NOT NULL REFERENCES sectors ON DELETE CASCADE,
    date TEXT NOT NULL, UNIQUE (sector, date));
CREATE TABLE members (
    list INTEGER NOT NULL REFERENCES lists ON DELETE CASCADE, place INTEGER NOT NULL,
    symbol TEXT NOT NULL, PRIMARY KEY (list, place)) WITHOUT ROWID;
CREATE INDEX lists_of ON members (symbol, list);
CREATE TABLE weights (
    index_symbol TEXT NOT NULL, date TEXT NOT NULL, symbol TEXT NOT NULL, weight REAL NOT NULL,
    PRIMARY KEY (index_symbol, date, symbol)) WITHOUT ROWID;
CREATE TABLE dividends (
    symbol TEXT NOT NULL, ex_date TEXT NOT NULL, cash REAL NOT NULL, bonus REAL NOT NULL,
    conversion REAL NOT NULL, rights REAL NOT NULL, rights_price REAL NOT NULL,
    PRIMARY KEY (symbol, ex_date)) WITHOUT ROWID;
CREATE TABLE factors (
    symbol TEXT NOT NULL, ex_date TEXT NOT NULL, ratio REAL,
    PRIMARY KEY (symbol, ex_date)) WITHOUT ROWID;
CREATE TABLE adjustable (symbol TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY, statement TEXT NOT NULL, symbol TEXT NOT NULL,
    report_date TEXT NOT NULL, announce_date TEXT NOT NULL, item INTEGER NOT NULL,
    UNIQUE (symbol, statement, report_date, announce_date, item));
CREATE TABLE report_fields (
    id INTEGER PRIMARY KEY, statement TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (statement, name));
CREATE TABLE report_values (
    report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE, field INTEGER NOT NULL,
    value NOT NULL, PRIMARY KEY (report, field)) WITHOUT ROWID;
CREATE TABLE imports (
    id INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, layout TEXT NOT NULL,
    file TEXT NOT NULL, sha256 TEXT NOT NULL, rows INTEGER NOT NULL);
"""


def open_file(folder: Path) -> Path:
    """Return the checked store file of a data folder, made if it is not there.

    Raises StartupError: DATA_DIR_UNUSABLE, STORE_CORRUPT or STORE_VERSION, each naming the path.
    """
    file = usable_folder(folder) / FILE_NAME
    try:
        connection = connect(file)
        try:
            _prepare(connection, file)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        text = f"Cannot open the store {file}: {error}. Is another process holding it?"
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(file)) from None
    except sqlite3.DatabaseError as error:
        raise _corrupt(file, str(error)) from None
    return file


def connect(file: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection that any one thread at a time may use; transactions are explicit."""
    connection = sqlite3.connect(
        file, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if mark == 0 and tables == 0:
        _create(connection)
    elif mark != APPLICATION_ID:
        raise _corrupt(file, "it is a database of another program")
    else:
        _check_version(connection, file)
        if file.stat().st_size <= _CHECK_BYTES:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if found != "ok":
                raise _corrupt(file, found)
    connection.execute("PRAGMA journal_mode = WAL")


def _create(connection: sqlite3.Connection) -> None:
    # All in one rollback-journal transaction before WAL begins: a kill leaves nothing or all.
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so that pruning can give room back
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        connection.execute("ROLLBACK")  # another process was quicker
        return
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, file: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version != VERSION:
        text = (
            f"The store {file} has version {version}; this quantgraph reads version {VERSION}. "
            "It was left untouched: use the version that wrote it, or another --data-dir."
        )
        raise StartupError(Reason.STORE_VERSION, text, file=str(file), version=version)


def _corrupt(file: Path, found: str) -> StartupError:
    text = (
        f"The store {file} cannot be read: {found}. It was left untouched: move it away and "
        "import again, or choose another --data-dir."
    )
    return StartupError(Reason.STORE_CORRUPT, text, file=str(file))

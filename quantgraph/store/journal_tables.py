"""The tables of the order journal.

`events` is the journal: rows are added to it and never changed, each with the hash that chains it
to the one before (`chain.py`). `orders`, `fills` and `cancels` say the same in another order, so
that nobody has to read the log through; they can be made from it again (`rebuilding.py`). A row of
`orders` says how an order stands by naming the newest entry of it.
What the terminal was asked to cancel is an entry without a sequence: it counts, and is no event of
its account's log; what came of it are events.
"""

import sqlite3

from quantgraph.domain.journal import Cut
from quantgraph.store.chain import Head
from quantgraph.store.records import read_cut, write_cut

# The log's name in the file of heads.
LOG = "journal"
VERSION = 6
# The first that is read; whose entries are chained; that has cancels among these; and whose orders
# name their newest entry, where they held a copy of it before.
OLDEST, CHAINED, CANCELS_CHAINED, ENTRY_NAMED = 2, 4, 5, 6
# Word for word in every query: SQLite then finds open orders by their index alone.
OPEN = "state NOT IN ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED')"
# An order as its newest entry has it, in a query of `orders`.
BODY = "(SELECT body FROM events WHERE number = orders.event)"
# No index leads to a tag of ours: tags are random, so that it would write a page of its own for
# nearly every order. They are looked for from the newest order on (`tags.py`).
SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  sequence INTEGER,
  body BLOB NOT NULL,
  fill BLOB,
  digest TEXT,
  actor BLOB,
  hash BLOB NOT NULL,
  UNIQUE (account, sequence)
);
CREATE TABLE orders (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  account TEXT NOT NULL,
  client_order_id TEXT,
  tag TEXT,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  strategy TEXT,
  created INTEGER NOT NULL,
  event INTEGER NOT NULL,
  UNIQUE (account, id),
  UNIQUE (account, client_order_id)
);
CREATE INDEX orders_foreign ON orders (account, tag) WHERE client_order_id IS NULL;
CREATE INDEX orders_open ON orders (account, number) WHERE {OPEN};
CREATE INDEX orders_by_account ON orders (account, number, tag);
CREATE INDEX orders_by_created ON orders (account, created);
CREATE INDEX orders_by_symbol ON orders (account, symbol, number);
CREATE INDEX orders_by_strategy ON orders (account, strategy, number)
  WHERE strategy IS NOT NULL;
CREATE TABLE fills (
  account TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  order_id TEXT NOT NULL,
  symbol TEXT NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (account, sequence)
) WITHOUT ROWID;
CREATE INDEX fills_by_order ON fills (account, order_id, sequence);
CREATE INDEX fills_by_symbol ON fills (account, symbol, sequence);
CREATE TABLE cancels (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  order_id TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX cancels_by_time ON cancels (account, time);
"""


def head_of(db: sqlite3.Connection) -> Head:
    """Return the head of the journal's log as its file has it."""
    row = db.execute("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1").fetchone()
    return Head() if row is None else Head(*row)


def cut_of(db: sqlite3.Connection) -> Cut | None:
    """Return the last cut that a log's file tells of, None where it tells of none."""
    row = db.execute("SELECT value FROM meta WHERE key = 'cut'").fetchone()
    return None if row is None else read_cut(row[0])


def keep_cut(db: sqlite3.Connection, cut: Cut) -> None:
    """Write down a cut, in place of an earlier one."""
    db.execute("INSERT OR REPLACE INTO meta VALUES ('cut', ?)", (write_cut(cut),))

"""The tables of the order journal.

`fills` places every execution in its account's log, so that lists of them never read the log
through; the execution itself is in `events`.
"""

VERSION = 3
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
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
  body BLOB NOT NULL,
  UNIQUE (account, id),
  UNIQUE (account, client_order_id)
);
CREATE INDEX orders_by_tag ON orders (account, tag) WHERE tag IS NOT NULL;
CREATE INDEX orders_by_account ON orders (account, number);
CREATE INDEX orders_by_symbol ON orders (account, symbol, number);
CREATE INDEX orders_by_strategy ON orders (account, strategy, number);
CREATE TABLE events (
  account TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  body BLOB NOT NULL,
  fill BLOB,
  PRIMARY KEY (account, sequence)
) WITHOUT ROWID;
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
"""

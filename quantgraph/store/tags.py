"""Finds orders by what they were sent under, without an index that every order would pay for.

Nearly all that is asked for is of today, so that the newest orders are read first. A tag that no
order has is looked for through all of them once, a bounded part at a time.
"""

import sqlite3
import threading
from collections.abc import Sequence

from cachetools import LRUCache

from quantgraph.domain.orders import Order
from quantgraph.store.journal_tables import BODY
from quantgraph.store.records import read_order

# Orders of one question: about 5 ms in which nobody else reads.
_PART = 20_000
# Tags of which it is known how far back nobody has them, of 200 bytes each.
_KEPT = 10_000


class TagSearch:
    """Reads the table of orders. Any thread may ask; every method blocks."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock) -> None:
        """Read through a connection that `lock` guards."""
        self._db = db
        self._lock = lock
        self._absent: LRUCache[tuple[str, str], int] = LRUCache(_KEPT)

    def find(self, account_id: str, tags: Sequence[str]) -> list[Order]:
        """Return our orders of an account that were sent under these tags, in no order."""
        sought, absent = set(tags), self._absent
        found: list[Order] = []
        with self._lock:
            newest = top = self._newest()
            floor = min((absent.get((account_id, each), 0) for each in sought), default=top)
        while sought and top > floor:
            below = max(top - _PART, floor)
            with self._lock:
                orders = self._between(account_id, sought, (below, top))
            found += orders
            sought -= {each.tag for each in orders}
            top = below
        with self._lock:
            absent.update({(account_id, each): newest for each in sought})
        return found

    def forget(self) -> None:
        """Look through all orders again: they are others."""
        # Another one: who looks through the old orders right now knows nothing of the new ones.
        self._absent = LRUCache(_KEPT)

    def _newest(self) -> int:
        return int(self._db.execute("SELECT max(number) FROM orders").fetchone()[0] or 0)

    def _between(self, account_id: str, tags: set[str], numbers: tuple[int, int]) -> list[Order]:
        rows = self._db.execute(
            f"SELECT {BODY} FROM orders INDEXED BY orders_by_account WHERE account = ?"  # noqa: S608 only placeholders are added
            f" AND number > ? AND number <= ? AND tag IN ({','.join('?' * len(tags))})"
            " AND client_order_id IS NOT NULL",
            (account_id, *numbers, *tags),
        ).fetchall()
        return [read_order(row[0]) for row in rows]

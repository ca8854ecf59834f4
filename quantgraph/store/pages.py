"""Lists out of the journal, a page at a time: by number and sequence, never by offset.

A cursor names the last item of the page before, so that a page stays where it is when others
come in front of it. Callers hold the journal's connection.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.journal import CancelIntent, DayLog
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    OrderPage,
    OrderQuery,
    OrderState,
)
from quantgraph.domain.portfolio import OrderTally, Trade
from quantgraph.domain.reasons import Reason
from quantgraph.store.journal_tables import BODY, OPEN
from quantgraph.store.records import read_fill, read_order


def order_page(db: sqlite3.Connection, query: OrderQuery) -> OrderPage:
    """Return a page of an account's orders, newest first. Errors: INVALID_CURSOR."""
    chosen, values = _both(
        ("account = ?", query.account_id),
        ("number < ?", _place(db, "number", "orders", query)),
        ("symbol = ?", query.symbol),
        ("side = ?", query.side),
        ("strategy = ?", query.strategy),
        ("created >= ?", query.span.start),
        ("created <= ?", query.span.end),
    )
    states = sorted(state.value for state in query.states)
    if states:
        chosen += f" AND state IN ({_marks(states)})"
    rows = db.execute(
        f"SELECT {BODY} FROM orders WHERE {chosen} ORDER BY number DESC LIMIT ?",  # noqa: S608 only literals and placeholders
        (*values, *states, query.first + 1),
    ).fetchall()
    orders = tuple(read_order(row[0]) for row in rows[: query.first])
    return OrderPage(orders, len(rows) > query.first)


def fill_page(db: sqlite3.Connection, query: FillQuery) -> FillPage:
    """Return a page of an account's fills, newest first. Errors: INVALID_CURSOR."""
    chosen, values = _both(
        ("fills.account = ?", query.account_id),
        ("fills.sequence < ?", _place(db, "sequence", "fills", query)),
        ("symbol = ?", query.symbol),
        ("order_id = ?", query.order_id),
        ("time >= ?", query.span.start),
        ("time <= ?", query.span.end),
    )
    rows = db.execute(
        f"SELECT fill FROM fills JOIN events USING (account, sequence) WHERE {chosen}"  # noqa: S608 only literals and placeholders
        " ORDER BY fills.sequence DESC LIMIT ?",
        (*values, query.first + 1),
    ).fetchall()
    return FillPage(tuple(_fills(rows[: query.first])), len(rows) > query.first)


def order_fills(
    db: sqlite3.Connection, account_id: str, order_ids: Sequence[str], limit: int
) -> list[Fill]:
    """Return up to `limit` fills of these orders, oldest first."""
    rows = db.execute(
        "SELECT fill FROM fills JOIN events USING (account, sequence)"  # noqa: S608 only placeholders are added
        f" WHERE fills.account = ? AND order_id IN ({_marks(order_ids)})"
        " ORDER BY fills.sequence LIMIT ?",
        (account_id, *order_ids, limit),
    ).fetchall()
    return list(_fills(rows))


def trades(db: sqlite3.Connection, account_id: str, after: int, limit: int) -> list[Trade]:
    """Return up to `limit` fills of an account's log after a sequence, with their labels."""
    rows = db.execute(
        "SELECT fills.sequence, orders.strategy, events.fill FROM fills"
        " JOIN events USING (account, sequence) JOIN orders"
        " ON orders.account = fills.account AND orders.id = fills.order_id"
        " WHERE fills.account = ? AND fills.sequence > ? ORDER BY fills.sequence LIMIT ?",
        (account_id, after, limit),
    )
    return [
        Trade(sequence, strategy, fill)
        for sequence, strategy, body in rows
        if (fill := read_fill(body)) is not None
    ]


def tallies(db: sqlite3.Connection, account_id: str) -> list[OrderTally]:
    """Return how many orders an account has under each label, and how many are open."""
    final = [state.value for state in OrderState if state.final]
    rows = db.execute(
        f"SELECT strategy, count(*), sum(state NOT IN ({_marks(final)})) FROM orders"  # noqa: S608 only placeholders are added
        " WHERE account = ? GROUP BY strategy",
        (*final, account_id),
    )
    return [OrderTally(*row) for row in rows]


def since(db: sqlite3.Connection, account_id: str, instant_ms: int) -> DayLog:
    """Return what was made and canceled since an instant, and what is open."""
    # Each of the two by its own index: with OR all orders of the account would be read.
    orders = db.execute(
        f"SELECT {BODY} FROM orders WHERE number IN ("  # noqa: S608 a literal of the tables
        "SELECT number FROM orders WHERE account = ? AND created >= ?"
        f" UNION SELECT number FROM orders WHERE account = ? AND {OPEN}) ORDER BY number",
        (account_id, instant_ms, account_id),
    ).fetchall()
    cancels = db.execute(
        "SELECT id, order_id, time FROM cancels WHERE account = ? AND time >= ?"
        " ORDER BY time, rowid",
        (account_id, instant_ms),
    ).fetchall()
    asked = [CancelIntent(row[0], account_id, row[1], from_ms(row[2])) for row in cancels]
    return DayLog([read_order(row[0]) for row in orders], asked)


def _fills(rows: Iterable[Sequence[bytes]]) -> Iterable[Fill]:
    return (fill for row in rows if (fill := read_fill(row[0])) is not None)


def _both(*conditions: tuple[str, str | int | None]) -> tuple[str, list[str | int]]:
    """Join the conditions that have a value."""
    held = [(text, value) for text, value in conditions if value is not None]
    return " AND ".join(text for text, _ in held), [value for _, value in held]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _place(
    db: sqlite3.Connection, column: str, table: str, query: OrderQuery | FillQuery
) -> int | None:
    """Return where the item that the cursor names stands, None for the first page."""
    if query.after is None:
        return None
    row = db.execute(
        f"SELECT {column} FROM {table} WHERE account = ? AND id = ?",  # noqa: S608 both are literals of this file
        (query.account_id, query.after),
    ).fetchone()
    if row is None:
        text = (
            f"The cursor names {query.after[:60]!r}, which is not among the {table} of account "
            f"{query.account_id}. Start again without it."
        )
        raise InvalidRequest(Reason.INVALID_CURSOR, text)
    return int(row[0])

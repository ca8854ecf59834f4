"""A terminal that outlives the gateway: it keeps its orders here, and hears of them by a pipe."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

from quantgraph.domain.orders import Fill, OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder
from quantgraph.store.journal_tables import BODY
from quantgraph.store.records import read_order
from tests.services.trading import MAOTAI, NOON

S = OrderState
# What becomes of an order that gets here, and what its sender is told of it at once.
FATES = {
    "live": (S.WORKING, "taken"),
    "doubted": (S.WORKING, "unknown"),
    "silent": (S.WORKING, None),
    "filled": (S.FILLED, "taken"),
    "filled_silent": (S.FILLED, None),
    "nothing": (None, "unknown"),
    "swallowed": (None, None),
    "refused": (None, "refused"),
    "junk": (S.REJECTED, "refused"),
    "late": (None, "unknown"),
}


class Exchange:
    """Strict: it counts what it is sent, and never sends anything by itself."""

    def __init__(self, journal):
        self.journal = journal
        self.rows = {}
        self.placed = Counter()
        self.late, self.refused, self.faults = {}, set(), []
        self.canceled = []

    def ask(self, act, *words):
        """Return the answer to a question of the gateway, and the reports that follow."""
        return getattr(self, act)(*words)

    def place(self, order, fate):
        self.placed[order.tag] += 1
        if self.placed[order.tag] > 1:
            self.faults.append(f"{order.client_order_id} was sent {self.placed[order.tag]} times")
        self._check_intent(order)
        state, told = FATES[fate]
        if fate == "late":
            self.late[order.tag] = order
        if fate == "refused":
            self.refused.add(order.tag)
        row = None if state is None else self.enter(order, state)
        answer = ("taken", PlacedOrder(row.broker_order_id)) if told == "taken" else (told, "no")
        return (None if told is None else answer), [] if row is None else reports(row)

    def enter(self, order, state):
        """Put an order into the list; a foreign one has no tag."""
        broker = f"b{len(self.rows) + 1}"
        row = ListedOrder(
            order.tag, broker, order.account_id, order.symbol, order.side, order.quantity,
            order.limit_price, S.WORKING, 0, None, NOON, placed_at=NOON,
        )  # fmt: skip
        self.rows[broker] = row
        if state is S.FILLED:
            return self.fill(broker, row.quantity)
        return self._change(broker, state=state)

    def fill(self, broker, quantity):
        row = self.rows[broker]
        done, price = row.filled_quantity + quantity, Decimal("10.40")
        fill = Fill(
            f"{broker}-{len(row.fills) + 1}", "", row.account_id, row.symbol, row.side, quantity,
            price, price * quantity, Decimal(5), NOON,
        )  # fmt: skip
        state = S.FILLED if done == row.quantity else S.PARTIALLY_FILLED
        fills = (*row.fills, fill)
        return self._change(
            broker, state=state, filled_quantity=done, average_price=price, fills=fills
        )

    def withdraw(self, tag, fate):
        self.canceled.append(tag)
        row = next((row for row in self.rows.values() if row.tag == tag), None)
        if row is None or row.state.final:
            return ("refused", Reason.ORDER_NOT_CANCELABLE), []
        if fate == "lost":
            return ("unknown", "no"), []
        done = self._change(row.broker_order_id, state=S.CANCELED)
        return (("taken", None) if fate == "canceled" else None), reports(done)

    def find(self, account, tag):
        return ("taken", [row for row in self._of(account) if row.tag == tag]), []

    def orders_today(self, account):
        return ("taken", self._of(account)), []

    def arrive(self, tag):
        """Let an order come alive that nobody counts on any more."""
        return reports(self.enter(self.late.pop(tag), S.WORKING))

    def _of(self, account):
        return [row for row in self.rows.values() if row.account_id == account]

    def _change(self, broker, **changes):
        self.rows[broker] = replace(self.rows[broker], **changes)
        return self.rows[broker]

    def _check_intent(self, order):
        """Look into the journal's file itself: whatever a kill does now, the intent is in it."""
        with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as file:
            text = f"SELECT {BODY} FROM orders WHERE tag = ?"
            row = file.execute(text, (order.tag,)).fetchone()
        if row is None or read_order(row[0]).state in (S.ACCEPTED, S.PENDING_APPROVAL):
            self.faults.append(f"{order.client_order_id} was sent before that was recorded")


def reports(row):
    """Return what the terminal calls back of an order as it stands."""
    told = (row.tag, row.account_id, row.state, row.filled_quantity, row.average_price, NOON)
    fills = row.fills or (None,)
    return [ExecutionReport(*told, fill, broker_order_id=row.broker_order_id) for fill in fills]


class Foreign:
    """Somebody's order by hand, that looks like each of ours."""

    tag, account_id, symbol, side = None, "one", MAOTAI, Side.BUY
    quantity, limit_price = 100, Decimal("10.40")

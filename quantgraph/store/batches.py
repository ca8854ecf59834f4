"""What a batch of the journal's entries adds to it, before anything of it is written."""

from dataclasses import dataclass, field, replace
from typing import Any

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import NotFound
from quantgraph.domain.journal import CancelIntent, Entry, Intent, Outcome, Recorded
from quantgraph.domain.orders import Fill, Order, Origin, changed
from quantgraph.domain.reasons import Reason
from quantgraph.domain.transitions import after_report
from quantgraph.store.chain import Head
from quantgraph.store.records import write_actor, write_cancel, write_fill, write_order

Row = tuple[Any, ...]
INSERT_ORDER = (
    "INSERT INTO orders (id, account, client_order_id, tag, digest, state, symbol, side, strategy,"
    " created, event) VALUES "
)
# An order as recorded, and the digest of its ticket.
Held = tuple[Order, str]
# An account, and an order's id or its client's.
Key = tuple[str, str | None]


@dataclass(slots=True)
class Batch:
    """What is known of the orders that a batch concerns, and the rows that it adds.

    `by_key` and `by_id` find an order by account and client order id, or account and id; `by_tag`
    one that is not ours by account and tag. `new` and `changed` name an order's newest entry.
    """

    by_key: dict[Key, Held]
    by_id: dict[Key, Held]
    by_tag: dict[Key, Held]
    fill_ids: set[str]
    newest: dict[str, int]
    head: Head
    new: dict[Key, int] = field(default_factory=dict[Key, int])
    changed: dict[Key, int] = field(default_factory=dict[Key, int])
    events: list[Row] = field(default_factory=list[Row])
    fills: list[Row] = field(default_factory=list[Row])
    cancels: list[Row] = field(default_factory=list[Row])

    def add(self, entry: Entry) -> Recorded:
        """Return what becomes of an entry. Raises NotFound; then nothing was added."""
        if isinstance(entry, Intent):
            return self._accept(entry)
        return self._ask(entry) if isinstance(entry, CancelIntent) else self._fold(entry)

    def _ask(self, cancel: CancelIntent) -> Recorded:
        held = self._known(cancel.account_id, cancel.order_id)
        actor = write_actor(cancel.actor)
        self._chain((cancel.account_id, None, write_cancel(cancel), None, None, actor))
        self.cancels.append(cancel_row(cancel))
        return Recorded(*held, new=True)

    def _known(self, account: str, order_id: str) -> Held:
        held = self.by_id.get((account, order_id))
        if held is None:
            text = f"The terminal reports order {order_id}, which was never journalled."
            raise NotFound(Reason.ORDER_NOT_FOUND, text)
        return held

    def _accept(self, intent: Intent) -> Recorded:
        order = intent.order
        key, place = (order.account_id, order.client_order_id), (order.account_id, order.id)
        known = self.by_id.get(place) if order.client_order_id is None else self.by_key.get(key)
        if known is None and order.origin is Origin.OURS:
            # The terminal has it: it was sent before the journal lost it, and is not sent again.
            known = self.by_tag.get((order.account_id, order.tag))
        if known is not None:
            return Recorded(*known, new=False)
        self.new[place] = self._log(order, digest=intent.digest, actor=write_actor(intent.actor))
        if intent.then is not None:
            order = changed(order, state=intent.then)
            self.new[place] = self._log(order)
        self._hold(order, intent.digest)
        return Recorded(order, intent.digest, new=True)

    def _fold(self, outcome: Outcome) -> Recorded:
        report = outcome.report
        place = report.account_id, outcome.order_id
        order, digest = self._known(*place)
        if report.fill is not None and report.fill.id in self.fill_ids:
            # Known already; the state that comes with it may still be news.
            report = replace(report, fill=None)
        after = after_report(order, report)
        if after is None:
            return Recorded(order, digest, new=False)
        event = self._log(after, fill=report.fill, actor=write_actor(outcome.actor))
        self._hold(after, digest)
        (self.new if place in self.new else self.changed)[place] = event
        return Recorded(after, digest, new=True)

    def _hold(self, order: Order, digest: str) -> None:
        self.by_id[order.account_id, order.id] = order, digest
        # Orders that are not ours share the key None: they are found by their ids alone.
        if order.client_order_id is not None:
            self.by_key[order.account_id, order.client_order_id] = order, digest
        elif order.tag is not None:
            self.by_tag[order.account_id, order.tag] = order, digest

    def _log(
        self,
        order: Order,
        *,
        fill: Fill | None = None,
        digest: str | None = None,
        actor: bytes | None = None,
    ) -> int:
        account = order.account_id
        body, executed = write_order(order), write_fill(fill)
        sequence = self.newest[account] + 1
        self.newest[account] = sequence
        self._chain((account, sequence, body, executed, digest, actor))
        if fill is not None:
            self.fills.append(fill_row(account, sequence, fill))
            self.fill_ids.add(fill.id)
        return self.head.number

    def _chain(self, entry: Row) -> None:
        self.head = self.head.after(*entry)
        self.events.append((self.head.number, *entry, self.head.hash))


def order_row(order: Order, digest: str, event: int) -> Row:
    """Return the row that an order has beside its log; `event` is the newest entry of it."""
    return (
        order.id,
        order.account_id,
        order.client_order_id,
        order.tag,
        digest,
        order.state.value,
        order.symbol,
        order.side.value,
        order.strategy,
        to_ms(order.created_at),
        event,
    )


def fill_row(account: str, sequence: int, fill: Fill) -> Row:
    """Return the row that places a fill in its account's log."""
    return account, sequence, fill.id, fill.order_id, fill.symbol, to_ms(fill.time)


def cancel_row(cancel: CancelIntent) -> Row:
    """Return the row that counts a cancel."""
    return cancel.id, cancel.account_id, cancel.order_id, to_ms(cancel.time)

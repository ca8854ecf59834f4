"""Entries recorded together end as they would one after the other, whatever the batches are."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.errors import NotFound, Unavailable
from quantgraph.domain.journal import Intent, Outcome, Recorded
from quantgraph.domain.orders import (
    Destination,
    Fill,
    Order,
    OrderKey,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.domain.transitions import after_report
from quantgraph.store import recording
from quantgraph.store.journal import OrderJournal

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)
PRICE = Decimal("12.50")
ACCOUNTS = ("sim-1", "sim-2")


def order(number: int, account: str, key: str) -> Order:
    return Order(
        id=f"order_{number}", account_id=account, client_order_id=key, broker_order_id=None,
        symbol="000001.SZ", side=Side.BUY, price_type=PriceType.LIMIT, limit_price=PRICE,
        quantity=300, filled_quantity=0, average_price=None, state=OrderState.ACCEPTED,
        destination=Destination.SIMULATED, origin=Origin.OURS, created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def outcome(account: str, order_id: str, state: OrderState, filled: int, fill_id: str | None):
    fill = None
    if fill_id is not None:
        fill = Fill(
            fill_id, order_id, account, "000001.SZ", Side.BUY, 100, PRICE, PRICE * 100,
            Decimal("5.00"), NOW,
        )  # fmt: skip
    price = PRICE if filled else None
    return Outcome(order_id, ExecutionReport(None, account, state, filled, price, NOW, fill))


class Ledger:
    """What a journal is to say, kept the plain way: one entry after the other, in memory."""

    def __init__(self):
        self.orders: dict[str, tuple[Order, str]] = {}
        self.keys: dict[tuple[str, str | None], str] = {}
        self.fills: set[str] = set()
        self.logs: dict[str, list[tuple[Order, Fill | None]]] = {each: [] for each in ACCOUNTS}

    def record(self, entry):
        if isinstance(entry, Intent):
            key = entry.order.account_id, entry.order.client_order_id
            if key in self.keys:
                return Recorded(*self.orders[self.keys[key]], new=False)
            self.keys[key] = entry.order.id
            last = self._log(entry.order, entry.digest, None)
            if entry.then is not None:
                return self._log(replace(entry.order, state=entry.then), entry.digest, None)
            return last
        report = entry.report
        held = self.orders.get(entry.order_id)
        if held is None or held[0].account_id != report.account_id:
            return NotFound
        if report.fill and report.fill.id in self.fills:
            report = replace(report, fill=None)
        changed = after_report(held[0], report)
        if changed is None:
            return Recorded(*held, new=False)
        return self._log(changed, held[1], report.fill)

    def _log(self, changed, digest, fill):
        self.orders[changed.id] = changed, digest
        self.fills |= {fill.id} if fill else set()
        self.logs[changed.account_id].append((changed, fill))
        return Recorded(changed, digest, new=True)


KEYS = st.sampled_from(["k1", "k2", "k3"])
STATES = [each for each in OrderState if each is not OrderState.PENDING_APPROVAL]
ENTRIES = st.one_of(
    st.tuples(
        st.just("intent"),
        st.sampled_from(ACCOUNTS),
        KEYS,
        st.sampled_from(["d1", "d2"]),
        st.sampled_from([None, OrderState.SENT, OrderState.PENDING_APPROVAL]),
    ),
    st.tuples(
        st.just("outcome"),
        st.sampled_from(ACCOUNTS),
        st.integers(0, 12),
        st.sampled_from(STATES),
        st.sampled_from([0, 100, 200, 300]),
        st.sampled_from([None, None, "f1", "f2"]),
    ),
)


def made(number: int, drawn):
    """Return the entry; every intent has a fresh id, outcomes name some of them."""
    if drawn[0] == "intent":
        return Intent(order(number, drawn[1], drawn[2]), *drawn[3:])
    return outcome(drawn[1], f"order_{drawn[2]}", *drawn[3:])


@settings(max_examples=50)
@given(st.lists(st.lists(ENTRIES, min_size=1, max_size=8), max_size=6), st.sampled_from([2, 32]))
def test_batches_end_as_single_entries_would(tmp_path_factory, batches, most):
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    journal, ledger, number = OrderJournal(path, "epoch-1"), Ledger(), 0
    journal._recording._db.execute("PRAGMA synchronous=OFF")  # what is said, not how long it lasts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "_MOST", most)  # statements cut in pieces say the same
        for batch in batches:
            entries = [made(number + place, drawn) for place, drawn in enumerate(batch)]
            number += len(entries)
            for found, entry in zip(journal.record(entries), entries, strict=True):
                expected = ledger.record(entry)
                assert isinstance(found, NotFound) if expected is NotFound else found == expected
    for account in ACCOUNTS:
        events = journal.events(account, 0, 1000)
        assert [each.sequence for each in events] == list(range(1, len(events) + 1))
        assert [(each.order, each.fill) for each in events] == ledger.logs[account]
        for (owner, key), order_id in ledger.keys.items():
            assert journal.recall(owner, key) == ledger.orders[order_id]
    for kept, _ in ledger.orders.values():
        assert journal.find(OrderKey(kept.account_id, kept.id)) == kept
    journal.close()


@pytest.fixture
def journal(tmp_path):
    journal = OrderJournal(tmp_path / "journal.sqlite", "epoch-1")
    yield journal
    journal.close()


class Failing:
    """The journal's connection on a disk whose fsync fails as often as told."""

    def __init__(self, inner, failures):
        self._inner, self._failures = inner, failures

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def execute(self, text, *values):
        if text == "COMMIT" and self._failures:
            self._failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return self._inner.execute(text, *values)


def test_a_failed_fsync_fails_every_entry_of_its_batch_and_leaves_none(journal):
    before = order(0, "sim-1", "k0")
    journal.record([Intent(before, "d")])
    journal._recording._db = Failing(journal._recording._db, 1)
    told = outcome("sim-1", before.id, OrderState.WORKING, 0, None)
    batch = [Intent(order(1, "sim-1", "k1"), "d"), told, Intent(order(2, "sim-2", "k2"), "d")]
    for found, sent in zip(journal.record(batch), (True, False, True), strict=True):
        assert isinstance(found, Unavailable)
        assert found.reason is Reason.STORE_UNAVAILABLE
        assert ("Nothing was sent" in found.message) == sent
    assert [each.order for each in journal.events("sim-1", 0, 10)] == [before]
    assert journal.events("sim-2", 0, 10) == []
    # what was kept in memory for the lost batch is forgotten: the log goes on without a gap
    again = journal.record(batch)
    assert [each.new for each in again] == [True, True, True]
    assert [each.sequence for each in journal.events("sim-1", 0, 10)] == [1, 2, 3]


def test_a_key_that_comes_twice_in_one_batch_is_one_order_or_a_conflict(journal):
    first = order(1, "sim-1", "k1")
    other = [replace(first, id=f"order_{number}") for number in (2, 3)]
    found = journal.record([Intent(first, "d"), Intent(other[0], "d"), Intent(other[1], "else")])
    assert [(each.order, each.digest, each.new) for each in found] == [
        (first, "d", True),
        (first, "d", False),
        (first, "d", False),  # the caller compares the digests
    ]
    assert len(journal.events("sim-1", 0, 10)) == 1


def test_a_batch_is_a_fixed_number_of_statements(journal):
    orders = [order(number, "sim-1", f"k{number}") for number in range(30)]
    said: list[str] = []
    journal.record([Intent(order(99, "sim-1", "k99"), "d")])
    journal._recording._db.set_trace_callback(said.append)
    journal.record([Intent(each, "d") for each in orders])
    assert len(said) == 5
    said.clear()
    states = [outcome("sim-1", each.id, OrderState.WORKING, 0, None) for each in orders]
    journal.record(states)
    journal._recording._db.set_trace_callback(None)
    assert len(said) == 4


def test_an_order_recorded_before_this_process_is_read_from_the_file(tmp_path):
    path, mine = tmp_path / "journal.sqlite", order(1, "sim-1", "k1")
    first = OrderJournal(path, "epoch-1")
    first.record([Intent(mine, "d")])
    first.close()
    second = OrderJournal(path, "epoch-2")
    [found] = second.record([outcome("sim-1", mine.id, OrderState.WORKING, 0, None)])
    assert (found.order.state, found.digest) == (OrderState.WORKING, "d")
    assert [each.sequence for each in second.events("sim-1", 0, 10)] == [1, 2]
    second.close()


def test_a_reader_waits_for_no_writer(journal):
    mine = order(1, "sim-1", "k1")
    journal.record([Intent(mine, "d")])
    held = journal._recording._lock
    with held:  # a commit is under way, and its transaction open
        journal._recording._db.execute("BEGIN IMMEDIATE")
        assert journal.find(OrderKey("sim-1", mine.id)) == mine
        assert journal.recall("sim-1", "k1") == (mine, "d")
        assert len(journal.events("sim-1", 0, 10)) == 1
        journal._recording._db.execute("ROLLBACK")

"""The journal keeps every change, once, in order, whatever happens to the process."""

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import InvalidRequest, StartupError, Unavailable
from quantgraph.domain.orders import (
    Destination,
    Fill,
    Order,
    OrderKey,
    OrderQuery,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.store.journal import OrderJournal
from quantgraph.store.records import read_order, write_order

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)


def order(number: int, account: str = "sim-1", **changes) -> Order:
    base = Order(
        id=f"order_{number}",
        account_id=account,
        client_order_id=f"key-{number}",
        broker_order_id=None,
        symbol="600519.SH",
        side=Side.BUY,
        price_type=PriceType.LIMIT,
        limit_price=Decimal("1800.00"),
        quantity=100,
        filled_quantity=0,
        average_price=None,
        state=OrderState.ACCEPTED,
        destination=Destination.SIMULATED,
        origin=Origin.OURS,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(base, **changes)


def fill(number: int, of: Order) -> Fill:
    price = Decimal("1800.00")
    return Fill(
        f"fill-{number}", of.id, of.account_id, of.symbol, of.side, 1, price, price,
        Decimal("5.00"), NOW,
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path):
    journal = OrderJournal(tmp_path / "journal.sqlite", "epoch-1")
    yield journal
    journal.close()


def test_a_key_is_taken_once(journal):
    first = order(1)
    assert journal.accept(first, "digest") == (first, "digest", True)
    again = replace(first, id="order_other")
    assert journal.accept(again, "other") == (first, "digest", False)
    assert len(journal.events("sim-1", 0, 10)) == 1


def test_the_same_key_in_another_account_is_another_order(journal):
    journal.accept(order(1), "d")
    assert journal.accept(order(2, "sim-2", client_order_id="key-1"), "d")[2] is True


def test_sequences_have_no_gap_per_account(journal):
    for number in range(1, 4):
        journal.accept(order(number), "d")
        journal.accept(order(number + 10, "sim-2"), "d")
    journal.change(order(2, state=OrderState.WORKING), None)
    assert [e.sequence for e in journal.events("sim-1", 0, 10)] == [1, 2, 3, 4]
    assert [e.sequence for e in journal.events("sim-2", 0, 10)] == [1, 2, 3]
    assert [e.sequence for e in journal.events("sim-1", 2, 1)] == [3]


def test_a_fill_is_recorded_once(journal):
    taken = order(1)
    journal.accept(taken, "d")
    done = replace(taken, filled_quantity=1, state=OrderState.PARTIALLY_FILLED)
    assert journal.change(done, fill(1, taken)) is True
    assert journal.change(done, fill(1, taken)) is False
    assert [e.fill and e.fill.id for e in journal.events("sim-1", 0, 10)] == [None, "fill-1"]


def test_everything_is_there_after_opening_again(tmp_path):
    path = tmp_path / "journal.sqlite"
    first = OrderJournal(path, "epoch-1")
    first.accept(order(1), "d")
    first.close()
    second = OrderJournal(path, "epoch-2")
    assert second.epoch == "epoch-1"
    assert second.find(OrderKey("sim-1", "order_1")) == order(1)
    assert second.recall("sim-1", "key-1") == (order(1), "d")
    second.close()


def test_a_killed_process_leaves_a_whole_journal(tmp_path):
    path = tmp_path / "journal.sqlite"
    OrderJournal(path, "epoch-1").close()
    child = os.fork()
    if child == 0:
        journal = OrderJournal(path, "epoch-1")
        journal.accept(order(1), "d")
        journal._db.execute("BEGIN IMMEDIATE")
        journal._log(journal._db, order(2), None)
        os._exit(9)
    os.waitpid(child, 0)
    after = OrderJournal(path, "epoch-1")
    assert [e.order.id for e in after.events("sim-1", 0, 10)] == ["order_1"]
    assert after.accept(order(2), "d")[2] is True
    after.close()


def test_pages_go_from_new_to_old_and_stay_valid_when_orders_come(journal):
    for number in range(1, 8):
        journal.accept(order(number), "d")
    page = journal.page(OrderQuery("sim-1", first=3))
    assert [o.id for o in page.orders] == ["order_7", "order_6", "order_5"]
    assert page.more
    journal.accept(order(8), "d")
    rest = journal.page(OrderQuery("sim-1", first=10, after="order_5"))
    assert [o.id for o in rest.orders] == ["order_4", "order_3", "order_2", "order_1"]
    assert not rest.more


def test_a_page_can_be_limited_to_states(journal):
    journal.accept(order(1), "d")
    journal.accept(order(2), "d")
    journal.change(order(2, state=OrderState.FILLED), None)
    page = journal.page(OrderQuery("sim-1", frozenset({OrderState.FILLED})))
    assert [o.id for o in page.orders] == ["order_2"]
    assert [o.id for o in journal.open_orders("sim-1")[0]] == ["order_1"]


def test_a_cursor_of_another_account_is_refused(journal):
    journal.accept(order(1), "d")
    with pytest.raises(InvalidRequest):
        journal.page(OrderQuery("sim-2", after="order_1"))


def test_a_new_epoch_forgets_the_old_world(journal):
    journal.accept(order(1), "d")
    journal.start_over("epoch-2")
    assert journal.epoch == "epoch-2"
    assert journal.events("sim-1", 0, 10) == []
    assert journal.accept(order(1), "d")[2] is True


def test_a_corrupt_journal_is_named_and_left_alone(tmp_path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StartupError) as caught:
        OrderJournal(path, "epoch-1")
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert str(path) in caught.value.message
    assert path.read_bytes() == b"not a database at all" * 100


def test_a_journal_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE x (y)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StartupError) as caught:
        OrderJournal(path, "epoch-1")
    assert caught.value.reason is Reason.STORE_VERSION


def test_a_journal_that_cannot_be_written_takes_no_order(journal):
    journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable) as caught:
        journal.accept(order(1), "d")
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    journal._db.execute("PRAGMA query_only = OFF")
    assert journal.accept(order(1), "d")[2] is True


MONEY = st.decimals("0.001", "99999", places=3)


@given(MONEY, st.integers(1, 2**53), st.sampled_from(OrderState), st.text(max_size=20))
def test_an_order_comes_back_exactly(price, quantity, state, note):
    kept = order(1, limit_price=price, quantity=quantity, state=state, note=note)
    assert read_order(write_order(kept)) == kept

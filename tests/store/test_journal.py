"""The journal keeps every change, once, in order, whatever happens to the process."""

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import InvalidRequest, NotFound, StartupError, Unavailable
from quantgraph.domain.journal import Intent, Outcome, Recorded
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
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.store import tags
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


def accept(journal: OrderJournal, new: Order, digest: str = "d") -> Recorded:
    [recorded] = journal.record([Intent(new, digest)])
    return recorded


def told(of: Order, state: OrderState, filled: int = 0, fill: Fill | None = None) -> Outcome:
    price = Decimal("1800.00") if filled else None
    report = ExecutionReport(None, of.account_id, state, filled, price, NOW, fill)
    return Outcome(of.id, report)


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
    assert accept(journal, first, "digest") == Recorded(first, "digest", new=True)
    again = replace(first, id="order_other")
    assert accept(journal, again, "other") == Recorded(first, "digest", new=False)
    assert len(journal.events("sim-1", 0, 10)) == 1


def test_an_intent_and_the_state_behind_it_come_with_one_commit(journal):
    written = []
    journal._recording._db.set_trace_callback(written.append)
    [recorded] = journal.record([Intent(order(1), "d", OrderState.SENT)])
    journal._recording._db.set_trace_callback(None)
    assert recorded == Recorded(order(1, state=OrderState.SENT), "d", new=True)
    assert written.count("COMMIT") == 1
    states = [each.order.state for each in journal.events("sim-1", 0, 10)]
    assert states == [OrderState.ACCEPTED, OrderState.SENT]
    assert journal.find(OrderKey("sim-1", "order_1")).state is OrderState.SENT


def test_orders_are_found_by_the_tags_of_their_account(journal):
    for number, account in ((1, "sim-1"), (2, "sim-1"), (3, "sim-2")):
        accept(journal, order(number, account, tag=f"t{number}"))
    accept(journal, order(4))
    found = journal.tagged("sim-1", ["t1", "t2", "t3", "nobody's"])
    assert sorted(each.id for each in found) == ["order_1", "order_2"]
    assert list(journal.tagged("sim-1", [])) == []


def test_a_tag_is_found_however_many_orders_came_after_it(journal, monkeypatch):
    monkeypatch.setattr(tags, "_PART", 3)
    for number in range(11):
        accept(journal, order(number, tag=f"t{number}"))
    found = journal.tagged("sim-1", [f"t{number}" for number in (0, 4, 10)])
    assert sorted(each.id for each in found) == ["order_0", "order_10", "order_4"]


def test_a_tag_that_nobody_has_is_sought_in_newer_orders_alone_the_next_time(journal, monkeypatch):
    monkeypatch.setattr(tags, "_PART", 2)
    for number in range(6):
        accept(journal, order(number, tag=f"t{number}"))
    asked: list[str] = []
    journal._db.set_trace_callback(asked.append)
    questions = []
    for sought in (["late"], ["late"], ["late", "t0"]):
        asked.clear()
        found = journal.tagged("sim-1", sought)
        questions.append(sum(" tag IN " in each for each in asked))
    assert (questions, [each.id for each in found]) == ([3, 0, 3], ["order_0"])
    accept(journal, order(7, tag="late"))
    assert [each.id for each in journal.tagged("sim-1", ["late"])] == ["order_7"]
    journal.start_over("epoch-2")
    accept(journal, order(1, tag="gone"))
    assert journal.tagged("sim-1", ["late"]) == []
    journal.start_over("epoch-3")
    accept(journal, order(1, tag="late"))
    assert [each.id for each in journal.tagged("sim-1", ["late"])] == ["order_1"]


def test_an_order_of_somebody_else_is_none_of_ours_by_its_tag(journal):
    accept(journal, order(1, tag="t1"))
    foreign = order(2, tag="t1", origin=Origin.EXTERNAL, client_order_id=None)
    accept(journal, foreign)
    assert [each.id for each in journal.tagged("sim-1", ["t1"])] == ["order_1"]


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(TEXTS, st.decimals(allow_nan=False, allow_infinity=False), INSTANTS, st.integers(0, 2**53))
def test_an_order_is_written_as_it_is_read(text, price, instant, quantity):
    wanted = order(
        1, note=text, limit_price=price, average_price=price, updated_at=instant,
        quantity=quantity, approval_until=instant, reject_message_zh=text,
    )  # fmt: skip
    written = write_order(wanted)
    assert written == TypeAdapter(Order).dump_json(wanted)  # as the entries of earlier versions
    assert read_order(written) == wanted
    assert write_order(read_order(written)) == written


def test_orders_that_nobody_gave_a_key_are_known_by_their_ids(journal):
    first, second = (order(number, client_order_id=None) for number in (1, 2))
    assert accept(journal, first).new
    assert accept(journal, second).new
    assert accept(journal, replace(first, quantity=7)) == Recorded(first, "d", new=False)
    # two brokers may count alike
    assert accept(journal, replace(first, account_id="sim-2")).new
    [after] = journal.record([told(second, OrderState.WORKING)])
    assert after.order == replace(second, state=OrderState.WORKING)


def test_the_same_key_in_another_account_is_another_order(journal):
    accept(journal, order(1))
    assert accept(journal, order(2, "sim-2", client_order_id="key-1")).new


def test_sequences_have_no_gap_per_account(journal):
    for number in range(1, 4):
        accept(journal, order(number))
        accept(journal, order(number + 10, "sim-2"))
    journal.record([told(order(2), OrderState.WORKING)])
    assert [e.sequence for e in journal.events("sim-1", 0, 10)] == [1, 2, 3, 4]
    assert [e.sequence for e in journal.events("sim-2", 0, 10)] == [1, 2, 3]
    assert [e.sequence for e in journal.events("sim-1", 2, 1)] == [3]


def test_a_fill_is_recorded_once(journal):
    taken = order(1)
    accept(journal, taken)
    partial = told(taken, OrderState.PARTIALLY_FILLED, 1, fill(1, taken))
    first, again = journal.record([partial, partial])
    assert (first.new, again.new) == (True, False)
    assert first.order == again.order
    assert first.order.filled_quantity == 1
    assert [e.fill and e.fill.id for e in journal.events("sim-1", 0, 10)] == [None, "fill-1"]


def test_everything_is_there_after_opening_again(tmp_path):
    path = tmp_path / "journal.sqlite"
    first = OrderJournal(path, "epoch-1")
    accept(first, order(1))
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
        try:
            journal = OrderJournal(path, "epoch-1")
            accept(journal, order(1))
            journal._recording._db.set_trace_callback(lambda text: text == "COMMIT" and os._exit(9))
            accept(journal, order(2))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    after = OrderJournal(path, "epoch-1")
    assert [e.order.id for e in after.events("sim-1", 0, 10)] == ["order_1"]
    assert accept(after, order(2)).new
    after.close()


def test_pages_go_from_new_to_old_and_stay_valid_when_orders_come(journal):
    for number in range(1, 8):
        accept(journal, order(number))
    page = journal.page(OrderQuery("sim-1", first=3))
    assert [o.id for o in page.orders] == ["order_7", "order_6", "order_5"]
    assert page.more
    accept(journal, order(8))
    rest = journal.page(OrderQuery("sim-1", first=10, after="order_5"))
    assert [o.id for o in rest.orders] == ["order_4", "order_3", "order_2", "order_1"]
    assert not rest.more


def test_a_page_can_be_limited_to_states(journal):
    accept(journal, order(1))
    accept(journal, order(2))
    journal.record([told(order(2), OrderState.FILLED, 100)])
    page = journal.page(OrderQuery("sim-1", frozenset({OrderState.FILLED})))
    assert [o.id for o in page.orders] == ["order_2"]
    assert [o.id for o in journal.open_orders("sim-1")[0]] == ["order_1"]


def test_a_cursor_of_another_account_is_refused(journal):
    accept(journal, order(1))
    with pytest.raises(InvalidRequest):
        journal.page(OrderQuery("sim-2", after="order_1"))


def test_a_new_epoch_forgets_the_old_world(journal):
    accept(journal, order(1))
    journal.start_over("epoch-2")
    assert journal.epoch == "epoch-2"
    assert journal.events("sim-1", 0, 10) == []
    assert accept(journal, order(1)).new
    assert [each.sequence for each in journal.events("sim-1", 0, 10)] == [1]


def test_what_an_account_did_today_is_found_without_reading_what_it_did_before(journal):
    for number in range(40):
        old = accept(journal, order(number, created_at=NOW - timedelta(days=1))).order
        journal.record([told(old, OrderState.CANCELED)])
    accept(journal, order(99))
    asked = []
    journal._db.set_trace_callback(asked.append)
    assert [each.id for each in journal.since("sim-1", to_ms(NOW)).orders] == ["order_99"]
    journal._db.set_trace_callback(None)
    (question,) = [each for each in asked if " orders " in each]
    plan = [row[3] for row in journal._db.execute(f"EXPLAIN QUERY PLAN {question}")]
    assert any("orders_by_created (account=? AND created>?)" in step for step in plan), plan
    assert not any("orders_by_account" in step or "SCAN" in step for step in plan), plan


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
    journal._recording._db.execute("PRAGMA query_only = ON")
    for refused in journal.record([Intent(order(1), "d"), Intent(order(2), "d")]):
        assert isinstance(refused, Unavailable)
        assert refused.reason is Reason.STORE_UNAVAILABLE
    journal._recording._db.execute("PRAGMA query_only = OFF")
    assert accept(journal, order(1)).new


def test_what_is_recorded_together_is_committed_once_and_in_its_order(journal):
    said: list[str] = []
    journal._recording._db.set_trace_callback(said.append)
    mine, other = order(1), order(2, client_order_id="key-1")
    found = journal.record(
        [
            Intent(mine, "d"),
            Intent(other, "d"),
            told(mine, OrderState.WORKING),
            told(mine, OrderState.WORKING),
            told(mine, OrderState.FILLED, 100, fill(1, mine)),
        ]
    )
    journal._recording._db.set_trace_callback(None)
    assert said.count("COMMIT") == 1
    assert [each.new for each in found] == [True, False, True, False, True]
    assert {each.order.id for each in found} == {"order_1"}
    states = [OrderState.ACCEPTED, OrderState.WORKING, OrderState.FILLED]
    assert [each.order.state for each in journal.events("sim-1", 0, 10)] == states


def test_an_entry_that_cannot_be_recorded_takes_no_other_with_it(journal):
    lost = told(order(9), OrderState.WORKING)
    first, unknown, last = journal.record([Intent(order(1), "d"), lost, Intent(order(2), "d")])
    assert isinstance(unknown, NotFound)
    assert unknown.reason is Reason.ORDER_NOT_FOUND
    assert first.new
    assert last.new
    assert [each.sequence for each in journal.events("sim-1", 0, 10)] == [1, 2]


MONEY = st.decimals("0.001", "99999", places=3)


@given(MONEY, st.integers(1, 2**53), st.sampled_from(OrderState), st.text(max_size=20))
def test_an_order_comes_back_exactly(price, quantity, state, note):
    kept = order(1, limit_price=price, quantity=quantity, state=state, note=note)
    assert read_order(write_order(kept)) == kept

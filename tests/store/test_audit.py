"""The audit log keeps acts in order, and no byte of them can be changed without a trace."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.audit import DONE, UNANSWERED, Act
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.journal import Intent, Outcome
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.store.audit import ActQuery, AuditFile, read_acts, recover_acts, verify_audit
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from quantgraph.store.verifying import verify_journal
from tests.store.test_journal import order

S = OrderState
NOW = datetime(2026, 7, 6, 1, 30, tzinfo=UTC)
ACTOR = Actor("k1", Wire.GRPC, "ipv4:127.0.0.1:5")


def act(number: int, account: str = "sim-1") -> Act:
    time = NOW + timedelta(seconds=number)
    return Act(time, ACTOR, "submitOrder", account, f'{{"n":{number}}}', DONE, f"order_{number}")


@pytest.fixture
def heads(tmp_path):
    return HeadFile(tmp_path / "heads")


@pytest.fixture
def path(tmp_path, heads):
    """A closed log of three acts."""
    log = AuditFile(tmp_path / "audit.sqlite", "a1", heads)
    log.append([act(1), act(2, "sim-2")])
    log.append([act(3)])
    log.close()
    return tmp_path / "audit.sqlite"


def test_acts_come_back_as_they_were_noted(path):
    assert list(read_acts(path, ActQuery())) == [act(1), act(2, "sim-2"), act(3)]
    assert list(read_acts(path, ActQuery("sim-2"))) == [act(2, "sim-2")]
    later = ActQuery(since=NOW + timedelta(seconds=2))
    assert [each.order_id for each in read_acts(path, later)] == ["order_2", "order_3"]


COLUMNS = [
    "number", "time", "key", "wire", "peer", "operation", "account", "what", "outcome",
    "order_id", "hash",
]  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_no_act_can_be_changed(path, heads, column):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for number in (1, 2, 3):
            value = db.execute(f"SELECT {column} FROM acts WHERE number = {number}").fetchone()
            for new in (None, "x", b"x", 7):
                db.execute("BEGIN")
                try:
                    db.execute(f"UPDATE acts SET {column} = ? WHERE number = ?", (new, number))
                except sqlite3.IntegrityError:
                    db.execute("ROLLBACK")
                    continue
                db.execute("COMMIT")
                assert verify_audit(path, heads).fault is not None
                place = new if column == "number" else number
                db.execute(f"UPDATE acts SET {column} = ? WHERE number = ?", (*value, place))
    assert (verify_audit(path, heads).fault, verify_audit(path, heads).entries) == (None, 3)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_act_can_be_taken_away(path, heads, number):
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM acts WHERE number = ?", (number,))
        db.commit()
    assert verify_audit(path, heads).fault is not None


def test_a_cut_stays_visible_after_the_next_start(path, heads):
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM acts WHERE number = 3")
        db.commit()
    AuditFile(path, "a2", heads).close()
    assert "3 were there" in verify_audit(path, heads).fault


@pytest.mark.parametrize("again", range(1, 4))
def test_acts_that_follow_a_cut_do_not_cover_it_up(path, heads, again):
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM acts WHERE number = 3")
        db.commit()
    for _ in range(again):
        log = AuditFile(path, "a2", heads)
        log.append([act(8)])
        log.append([act(9)])
        log.anchor()
        log.close()
        assert "entry 3 is another" in verify_audit(path, heads).fault


def test_another_log_in_the_place_of_one_is_told_from_it(path, heads):
    path.unlink()
    log = AuditFile(path, "a2", heads)
    log.append([act(8)])
    log.close()
    assert "the kept head is of a1" in verify_audit(path, heads).fault


def test_a_log_of_another_version_is_left_alone(path, heads):
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StartupError) as caught:
        AuditFile(path, "a2", heads)
    assert caught.value.reason is Reason.STORE_VERSION


def test_a_disk_that_takes_nothing_is_said_to_and_forgotten_after(path, heads):
    log = AuditFile(path, "a2", heads)
    log._db.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        log.append([act(4)])
    log._db.execute("PRAGMA query_only = OFF")
    log.append([act(5)])
    log.close()
    assert (verify_audit(path, heads).fault, verify_audit(path, heads).entries) == (None, 4)


def test_what_a_crash_left_out_is_taken_from_the_journal(tmp_path, path, heads):
    journal = OrderJournal(tmp_path / "journal.sqlite", "e", heads)
    journal.record([Intent(order(n), "d", OrderState.SENT, ACTOR) for n in (3, 4)])
    journal.record([Intent(order(5), "d")])
    journal.close()
    log = AuditFile(path, "a2", heads)
    recover_acts(log, journal.path)
    recover_acts(log, journal.path)
    log.close()
    [_, _, _, found] = read_acts(path, ActQuery())
    assert (found.order_id, found.outcome, found.actor) == ("order_4", UNANSWERED, ACTOR)


def test_a_cancel_that_was_noted_first_hides_no_submit(tmp_path, path, heads):
    journal = OrderJournal(tmp_path / "journal.sqlite", "e", heads)
    journal.record([Intent(order(7), "d", OrderState.SENT, ACTOR)])
    journal.close()
    log = AuditFile(path, "a2", heads)
    log.append([replace(act(7), operation="cancelOrder")])
    recover_acts(log, journal.path)
    log.close()
    found = [each for each in read_acts(path, ActQuery()) if each.order_id == "order_7"]
    assert [(each.operation, each.outcome) for each in found] == [
        ("cancelOrder", DONE),
        ("submitOrder", UNANSWERED),
    ]


@pytest.mark.parametrize(
    ("state", "operation"),
    [(S.SENT, "approveOrder"), (S.REJECTED, "rejectOrder"), (S.CANCELED, "cancelOrder")],
)
def test_what_another_key_decided_is_taken_from_the_journal_too(
    tmp_path, path, heads, state, operation
):
    journal = OrderJournal(tmp_path / "journal.sqlite", "e", heads)
    waiting, second = order(8), Actor("k2", Wire.GRAPHQL)
    journal.record([Intent(waiting, "d", S.PENDING_APPROVAL, ACTOR)])
    decided = ExecutionReport(None, waiting.account_id, state, 0, None, NOW)
    journal.record([Outcome(waiting.id, decided, second)])
    journal.close()
    assert verify_journal(journal.path, heads, "journal").fault is None
    log = AuditFile(path, "a2", heads)
    log.append([replace(act(8), operation=operation)])  # another's, which was refused
    recover_acts(log, journal.path)
    recover_acts(log, journal.path)
    log.close()
    found = [each for each in read_acts(path, ActQuery()) if each.order_id == "order_8"][1:]
    assert [(each.operation, each.actor, each.outcome) for each in found] == [
        ("submitOrder", ACTOR, UNANSWERED),
        (operation, second, UNANSWERED),
    ]


def test_a_journal_that_cannot_be_read_hinders_no_start(tmp_path, path, heads):
    (tmp_path / "journal.sqlite").write_bytes(b"no database" * 999)
    log = AuditFile(path, "a2", heads)
    recover_acts(log, tmp_path / "journal.sqlite")
    log.close()
    assert verify_audit(path, heads).entries == 3

"""Whatever is done to a log that was written, its hashes and the kept head tell."""

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.errors import StartupError
from quantgraph.domain.journal import CancelIntent, Intent, Outcome
from quantgraph.domain.orders import (
    Destination,
    Fill,
    Order,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.store import journal_tables
from quantgraph.store.anchor import Anchor
from quantgraph.store.chain import Head, chained
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_files import set_aside
from quantgraph.store.journal_tables import BODY, LOG
from quantgraph.store.newest import NewestHead, newest_head
from quantgraph.store.verifying import journal_reader, verify_journal
from quantgraph.store.walking import ChainBroken

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)
PRICE = Decimal("12.50")
FIELDS = st.one_of(st.none(), st.integers(), st.text(max_size=6), st.binary(max_size=6))


def order(number: int, account: str = "sim-1") -> Order:
    return Order(
        id=f"order_{number}", account_id=account, client_order_id=f"k{number}",
        broker_order_id=None, symbol="000001.SZ", side=Side.BUY, price_type=PriceType.LIMIT,
        limit_price=PRICE, quantity=300, filled_quantity=0, average_price=None,
        state=OrderState.ACCEPTED, destination=Destination.SIMULATED, origin=Origin.OURS,
        created_at=NOW, updated_at=NOW, strategy="s", tag=f"q1{number}",
    )  # fmt: skip


def filled(of: Order) -> Outcome:
    fill = Fill(
        f"fill-{of.id}", of.id, of.account_id, of.symbol, of.side, 300, PRICE, PRICE * 300,
        Decimal("5.00"), NOW,
    )  # fmt: skip
    report = ExecutionReport(None, of.account_id, OrderState.FILLED, 300, PRICE, NOW, fill)
    return Outcome(of.id, report)


def fill_journal(journal: OrderJournal) -> None:
    actor = Actor("local", Wire.GRPC, "127.0.0.1:5")
    first, second, third = order(1), order(2, "sim-2"), order(3)
    journal.record([Intent(first, "d1", actor=actor), Intent(second, "d2")])
    cancel = CancelIntent("cancel_1", "sim-1", third.id, NOW, actor)
    journal.record([Intent(third, "d3", actor=actor), filled(first), cancel, filled(second)])


@pytest.fixture
def path(tmp_path):
    """A small journal that was closed, and a file of heads beside it."""
    journal = OrderJournal(tmp_path / "journal.sqlite", "epoch-1")
    fill_journal(journal)
    journal.close()
    return journal.path


def verdict(path):
    return verify_journal(path, HeadFile(path.with_name("heads")), LOG)


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(*statement) if isinstance(statement, tuple) else db.execute(statement)
        db.commit()


@given(st.lists(FIELDS, max_size=4), st.lists(FIELDS, max_size=4))
def test_two_entries_never_read_the_same(one, other):
    assert (chained(bytes(32), *one) == chained(bytes(32), *other)) is (one == other)


def test_a_log_as_it_was_written_is_whole(path):
    found = verdict(path)
    assert (found.fault, found.entries, found.anchored) == (None, 6, 6)


def test_a_journal_that_is_being_written_is_verified_beside_its_writer(tmp_path):
    journal = OrderJournal(tmp_path / "journal.sqlite", "epoch-1")
    fill_journal(journal)
    found = verdict(journal.path)
    assert (found.fault, found.entries, found.anchored) == (None, 6, 6)
    journal.anchor()
    assert verdict(journal.path).anchored == 6
    journal.close()


def cells():
    """Every cell of every table, by the table's key."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(journal_tables.SCHEMA)
        for table in ("meta", "orders", "events", "fills", "cancels"):
            for column in db.execute(f"PRAGMA table_info({table})"):
                yield table, column[1]


def changed_values(value):
    """Every value that differs from this one by one byte or less."""
    if value is None:
        yield from (b"", "x", 0)
    elif isinstance(value, int):
        yield from (value + 1, value + 1000, -value, str(value) + "x", None)
    else:
        plain = value if isinstance(value, bytes) else value.encode()
        for place in range(len(plain)):
            new = bytes([*plain[:place], plain[place] ^ 1, *plain[place + 1 :]])
            yield new if isinstance(value, bytes) else new.decode()
        yield plain[:-1] if isinstance(value, bytes) else value[:-1]
        yield value.decode() if isinstance(value, bytes) and plain.isascii() else None


@pytest.mark.parametrize(("table", "column"), [*cells()])
def test_no_byte_of_any_row_can_be_changed(path, table, column):
    kept = HeadFile(path.with_name("heads")).head(LOG)
    key = "rowid" if table in {"orders", "events"} else "key" if table == "meta" else "id"
    tried = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for place, value in db.execute(f"SELECT {key}, {column} FROM {table}").fetchall():
            for new in changed_values(value):
                db.execute("BEGIN")
                with suppress(sqlite3.IntegrityError):
                    at = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"
                    db.execute(at, (new, place))
                    tried += 1
                    with pytest.raises((ChainBroken, ValueError, TypeError)):
                        journal_reader().check(db, kept)
                db.execute("ROLLBACK")
    assert tried
    assert verdict(path).fault is None


@pytest.mark.parametrize("table", ["orders", "events", "fills", "cancels", "meta"])
def test_no_row_can_be_taken_away(path, table):
    with closing(sqlite3.connect(path)) as db:
        count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    whole = path.read_bytes()
    for place in range(count):
        key = {"meta": "key", "fills": "id", "cancels": "id"}.get(table, "rowid")
        rows = f"SELECT {key} FROM {table} LIMIT 1 OFFSET {place}"
        change(path, f"DELETE FROM {table} WHERE {key} = ({rows})")
        assert verdict(path).fault is not None
        path.write_bytes(whole)


def test_entries_cannot_change_places(path):
    change(
        path,
        "UPDATE events SET number = -number WHERE number IN (2, 3)",
        "UPDATE events SET number = 5 + number WHERE number < 0",
    )
    assert "entry 2" in verdict(path).fault


def test_an_end_that_was_taken_away_shows_by_the_kept_head(path):
    """All that is left fits: only the head that is kept elsewhere knows of more."""
    change(
        path,
        "DELETE FROM events WHERE number > 2",
        "DELETE FROM fills",
        "DELETE FROM cancels",
        "DELETE FROM orders WHERE number > 2",
        "UPDATE orders SET state = 'ACCEPTED'",
        "UPDATE orders SET event = number",
    )
    assert verdict(path).fault == "it ends at entry 2, and 6 were there: it was cut"
    path.with_name("heads.journal").unlink()
    HeadFile(path.with_name("heads")).put(LOG, "epoch-1", Head())
    assert verdict(path).fault is None  # so nothing else was wrong


def test_a_log_that_was_written_anew_is_not_the_one_whose_head_was_kept(path):
    path.unlink()
    kept = path.with_name("heads").read_bytes()
    journal = OrderJournal(path, "epoch-1")
    journal.record([Intent(order(number), "d") for number in range(1, 9)])
    journal.close()
    assert verdict(path).fault is None
    path.with_name("heads").write_bytes(kept)
    assert "entry 6 is another" in verdict(path).fault


@pytest.mark.parametrize(
    "harm",
    [
        lambda heads: heads.unlink(),
        lambda heads: heads.write_text("{"),
        lambda heads: heads.write_text(heads.read_text().replace("epoch-1", "epoch-0")),
        lambda heads: heads.write_text(heads.read_text()[:-60] + '"}'),
    ],
)
def test_without_its_head_a_log_is_not_called_whole(path, harm):
    harm(path.with_name("heads"))
    assert verdict(path).fault is not None


def test_a_file_that_is_gone_is_missed(path):
    path.unlink()
    assert "gone" in verdict(path).fault


def test_a_journal_that_was_set_aside_takes_its_head_along(path):
    heads = HeadFile(path.with_name("heads"))
    set_aside(path, heads)
    assert (verdict(path).fault, verdict(path).entries) == (None, 0)
    aside = path.with_name("journal.sqlite.previous")
    assert verify_journal(aside, heads, f"{LOG}.previous").entries == 6


def test_a_log_begun_anew_is_whole(path):
    journal = OrderJournal(path, "ignored")
    copy = path.with_name("copy")
    journal.copy(copy)
    journal.start_over("epoch-2")
    assert verdict(path).fault is None
    journal.record([Intent(order(7), "d")])
    journal.restore(copy, "epoch-3")
    journal.record([Intent(order(8), "d")])
    journal.close()
    found = verdict(path)
    assert (found.fault, found.entries, found.anchored) == (None, 7, 7)


def test_heads_are_kept_after_every_hundred_commits(tmp_path):
    heads, head = HeadFile(tmp_path / "heads"), Head()
    anchor = Anchor(heads, LOG, "e")
    for _ in range(250):
        head = head.after("x")
        anchor.passed(head)
    (tmp_path / "heads.journal").unlink()  # as a power cut may do
    assert heads.head(LOG).head.number == 200
    anchor.close()
    assert heads.head(LOG).head == head


def test_a_killed_process_leaves_the_head_of_its_last_commit(tmp_path):
    heads, anchor = HeadFile(tmp_path / "heads"), Anchor(HeadFile(tmp_path / "heads"), LOG, "e")
    anchor.begin("e", Head())
    for number in range(1, 4):
        head = Head().after(number)
        anchor.passed(Head(number, head.hash))
        assert heads.head(LOG).head == Head(number, head.hash)
    anchor.close()


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_newest_head_is_not_believed(tmp_path_factory, place, value):
    file = tmp_path_factory.mktemp("h") / "heads.journal"
    newest, heads = NewestHead(file), [Head(number, bytes([number]) * 32) for number in (1, 2)]
    for head in heads:
        newest.put("e", head)
    newest.close()
    whole = bytearray(file.read_bytes())
    harmed = whole[:place] if value == 255 else whole.copy()
    if value < 255 and place < len(whole):
        harmed[place] ^= value
    file.write_bytes(harmed)
    # a write that was cut short leaves the one before
    assert newest_head(file, "e") in (heads if len(harmed) >= 72 else [None])
    assert newest_head(file, "another") is None


def test_a_head_that_cannot_be_kept_stops_no_commit_and_is_tried_again(tmp_path):
    heads = HeadFile(tmp_path / "away" / "heads")
    journal = OrderJournal(tmp_path / "journal.sqlite", "e", heads)
    [recorded] = journal.record([Intent(order(1), "d")])
    assert recorded.new
    heads.path.parent.mkdir()
    journal.anchor()
    assert heads.head(LOG).head.number == 1
    journal.close()


def make_old(path):
    """Turn a journal into what version 2 wrote."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE events RENAME TO newer")
        db.execute(
            "CREATE TABLE events (account TEXT NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT"
            " NULL, fill BLOB, PRIMARY KEY (account, sequence)) WITHOUT ROWID"
        )
        db.execute(
            "INSERT INTO events SELECT account, sequence, body, fill FROM newer"
            " WHERE sequence IS NOT NULL"
        )
        db.execute("ALTER TABLE orders ADD COLUMN body BLOB")
        db.execute("UPDATE orders SET body = (SELECT body FROM newer WHERE number = event)")
        db.execute("DROP TABLE newer")
        for index in ("orders_foreign", "orders_by_account"):
            db.execute(f"DROP INDEX {index}")
        for column in ("tag", "event"):
            db.execute(f"ALTER TABLE orders DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 2")
    path.with_name("heads").unlink()


def test_an_older_journal_goes_on_with_hashes_and_stays_as_it_was_beside(path):
    with closing(sqlite3.connect(path)) as db:
        orders = db.execute(f"SELECT id, {BODY} FROM orders").fetchall()
    make_old(path)
    journal = OrderJournal(path, "epoch-2")
    assert journal.epoch == "epoch-1"
    assert journal.recall("sim-1", "k3") == (order(3), "d3")
    journal.record([filled(order(3))])
    journal.close()
    assert (verdict(path).fault, verdict(path).entries) == (None, 7)
    with closing(sqlite3.connect(path.with_name("journal.sqlite.v2"))) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        assert db.execute("SELECT id, body FROM orders").fetchall() == orders
        assert db.execute("SELECT count(*) FROM events").fetchone() == (5,)


@pytest.mark.parametrize("version", [4, 5])
def test_a_chained_journal_of_an_older_version_goes_on_where_it_was(tmp_path, version):
    """The files are ones that those versions wrote, as text; 4 counts its cancels beside them."""
    path, text = tmp_path / "journal.sqlite", Path(__file__).with_name(f"journal-v{version}.sql")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(text.read_text("utf-8"))
        before = db.execute("SELECT number, hash FROM events ORDER BY number").fetchall()
        orders = db.execute("SELECT id, body FROM orders ORDER BY number").fetchall()
    HeadFile(tmp_path / "heads").put(LOG, "epoch-1", Head(*before[-1]))
    assert verdict(path).fault is None
    journal = OrderJournal(path, "ignored")
    journal.close()
    assert (journal.epoch, journal.cut) == ("epoch-1", None)
    found = verdict(path)
    assert (found.fault, found.entries, found.anchored) == (None, 8, 8)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT number, hash FROM events").fetchall()[: len(before)] == before
        assert db.execute(f"SELECT id, {BODY} FROM orders ORDER BY number").fetchall() == orders
        db.execute("UPDATE cancels SET time = time + 1 WHERE id = 'cancel_2'")
        db.commit()
    assert "cancels" in verdict(path).fault
    aside = path.with_name(f"journal.sqlite.v{version}")
    again = OrderJournal(tmp_path / "another.sqlite", "ignored", HeadFile(tmp_path / "others"))
    again.restore(aside, "epoch-3")  # as a kept world of then
    again.close()
    whole = verify_journal(again.path, HeadFile(tmp_path / "others"), LOG)
    assert (whole.fault, whole.entries) == (None, 8)
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        db.execute("UPDATE orders SET body = (SELECT body FROM events WHERE number = 1)")
        db.commit()
    HeadFile(tmp_path / "heads").put(LOG, "epoch-1", Head(*before[-1]))
    assert "orders differs" in verify_journal(aside, HeadFile(tmp_path / "heads"), LOG).fault


@pytest.mark.parametrize("version", [1, journal_tables.VERSION + 1])
def test_versions_that_nobody_reads_are_refused_by_name_and_left_alone(path, version):
    change(path, f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(StartupError) as caught:
        OrderJournal(path, "epoch-2")
    assert caught.value.reason is Reason.STORE_VERSION
    assert str(path) in caught.value.message
    assert path.read_bytes() == before


def test_an_order_says_in_the_chain_who_gave_it(path):
    with closing(sqlite3.connect(path)) as db:
        told = [row[0] for row in db.execute("SELECT actor FROM events ORDER BY number")]
    assert told[0] == b'{"key_id":"local","wire":"GRPC","peer":"127.0.0.1:5"}'
    assert [each is None for each in told] == [False, True, False, True, False, True]

"""A journal whose file was cut or damaged is read as far as it goes, and the cut is told."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.errors import StartupError
from quantgraph.domain.journal import CancelIntent, Intent
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.store import cuts, mending
from quantgraph.store.cuts import fault_of
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_files import set_aside
from quantgraph.store.journal_tables import LOG
from quantgraph.store.mending import mend
from quantgraph.store.verifying import verify_journal
from tests.store.test_journal import NOW, fill, order, told

# Orders of the journal that is cut; some pages of each table.
ORDERS = 40


def record(journal, first, last):
    """Record orders, one commit each: accepted, sent, asked to be canceled, filled."""
    for number in range(first, last):
        new = order(number, tag=f"q1{number}", note="n" * 400)
        place = f"cancel_{number}", "sim-1", new.id, NOW
        done = told(new, OrderState.FILLED, 1, fill(number, new))
        journal.record([Intent(new, "d", OrderState.SENT), CancelIntent(*place), done])


@pytest.fixture(scope="module")
def ground():
    """A folder whose files cost no disk, where the machine has one: no power is cut here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def killed(ground):
    """A folder as a killed gateway leaves it: half of its journal is in the file, half beside."""
    folder, copy = ground / "life", ground / "killed"
    folder.mkdir()
    copy.mkdir()
    journal = OrderJournal(folder / "journal.sqlite", "epoch-1", HeadFile(folder / "heads"))
    record(journal, 0, ORDERS // 2)
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    record(journal, ORDERS // 2, ORDERS)
    for file in folder.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copyfile(file, copy / file.name)
    journal.close()
    return copy


@pytest.fixture(scope="module")
def closed(ground, killed):
    """The same journal after it was closed: one file."""
    folder = shutil.copytree(killed, ground / "closed")
    OrderJournal(folder / "journal.sqlite", "epoch-1", HeadFile(folder / "heads")).close()
    return folder


def rows(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT number, body, fill, hash FROM events ORDER BY number").fetchall()


def harmed(source, harm):
    folder = shutil.copytree(source, Path(tempfile.mkdtemp(dir=source.parent)), dirs_exist_ok=True)
    harm(folder)
    return folder / "journal.sqlite"


def verdict(path):
    return verify_journal(path, HeadFile(path.with_name("heads")), LOG)


def check(path, whole):
    """Open what was harmed: all of it is there, or a prefix and the cut is told, or nothing is."""
    before = {each.name: each.read_bytes() for each in path.parent.glob("journal.sqlite*")}
    found = verdict(path).fault
    try:
        journal = OrderJournal(path, "epoch-2", HeadFile(path.with_name("heads")))
    except StartupError as error:
        assert error.reason in {Reason.STORE_CORRUPT, Reason.STORE_VERSION}
        assert str(path) in error.message
        for name, held in before.items():
            assert path.with_name(name).read_bytes() == held
        assert found is not None
        return None
    cut, epoch = journal.cut, journal.epoch
    journal.close()
    left = rows(path)
    assert left == whole[: len(left)]
    assert verdict(path).fault is None
    if cut is None:
        assert (len(left), epoch, found) == (len(whole), "epoch-1", None)
    else:
        assert found is not None
        assert (cut.left, cut.known, epoch) == (len(left), len(whole), "epoch-2")
        assert path.with_name(cut.file).read_bytes() == before["journal.sqlite"]
        side = before.get("journal.sqlite-wal")
        assert side is None or path.with_name(f"{cut.file}-wal").read_bytes() == side
    return len(left)


def test_a_whole_journal_is_opened_as_it_is(killed, closed):
    whole = rows(closed / "journal.sqlite")
    assert len(whole) == 4 * ORDERS
    for source in (killed, closed):
        path = harmed(source, lambda _: None)
        assert fault_of(path, HeadFile(path.with_name("heads"))) is None
        assert check(path, whole) == len(whole)


# Where pages begin, and how far apart.
FILES = [("killed", "journal.sqlite", 0, 4096), ("killed", "journal.sqlite-wal", 32, 4120)]


@pytest.mark.parametrize(
    ("source", "name", "start", "page"), [*FILES, ("closed", "journal.sqlite", 0, 4096)]
)
def test_cut_at_the_end_of_a_page_whole_entries_are_read(request, source, name, start, page):
    folder, closed = request.getfixturevalue(source), request.getfixturevalue("closed")
    whole, size = rows(closed / "journal.sqlite"), (folder / name).stat().st_size
    lengths = set()
    for length in range(start, size, page * (1 + size // page // 12)):
        path = harmed(folder, lambda f, n=length: os.truncate(f / name, n))
        lengths.add(check(path, whole))
    assert len(lengths) > 3


@settings(max_examples=60)
@given(data=st.data())
def test_cut_or_changed_at_any_byte_nothing_but_whole_entries_is_read(killed, closed, data):
    whole = rows(closed / "journal.sqlite")
    source = data.draw(st.sampled_from([killed, closed]))
    name = data.draw(st.sampled_from(sorted(each.name for each in source.glob("journal.sqlite*"))))
    place = data.draw(st.integers(0, (source / name).stat().st_size - 1))
    noise = data.draw(st.one_of(st.none(), st.binary(min_size=1, max_size=64)))

    def harm(folder):
        with (folder / name).open("rb+") as file:
            file.seek(place)
            file.truncate(place) if noise is None else file.write(noise)

    check(harmed(source, harm), whole)


def test_a_mending_that_a_crash_interrupts_is_finished_by_the_next_start(closed, monkeypatch):
    whole = rows(closed / "journal.sqlite")
    path = harmed(closed, lambda folder: os.truncate(folder / "journal.sqlite", 200_000))
    heads = HeadFile(path.with_name("heads"))
    with monkeypatch.context() as patch:
        patch.setattr(mending, "_finish", lambda _: None)
        mend(path, heads, "epoch-2")  # the new file is whole, and not yet in its place
    mend(path, heads, "epoch-3")  # in its place, and its head not yet kept
    journal = OrderJournal(path, "epoch-4", heads)
    cut = journal.cut
    journal.close()
    assert journal.epoch == "epoch-2"
    assert 0 < cut.left < len(whole)
    assert [each.name for each in path.parent.glob("*.cut-*Z")] == [cut.file]
    assert verify_journal(path, heads, LOG).cut == cut
    assert not [*path.parent.glob("*.mend*"), *path.parent.glob("*.torn*")]


def test_a_new_name_is_on_the_disk_before_what_it_replaces_goes(closed, monkeypatch):
    path = harmed(closed, lambda folder: os.truncate(folder / "journal.sqlite", 200_000))
    acts, renamed, removed = [], Path.replace, Path.unlink

    def replace(self, target):
        acts.append(f"to {Path(target).name}")
        return renamed(self, target)

    def unlink(self, missing_ok=False):
        acts.append(f"no {self.name}")
        removed(self, missing_ok)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(Path, "unlink", unlink)
    monkeypatch.setattr(mending, "settle", lambda _: acts.append("settle"))
    mending.mend(path, HeadFile(closed / "heads"), "epoch-2")
    begin, end = acts.index("to journal.sqlite.mended"), acts.index("to journal.sqlite")
    assert begin < acts.index("no journal.sqlite-wal") < end
    assert acts[begin + 1] == acts[end + 1] == "settle"


def test_of_a_long_journal_the_newest_entries_are_read_at_a_start(closed, monkeypatch):
    monkeypatch.setattr(cuts, "_MOST", 20)
    heads = HeadFile(closed / "heads")
    for number, seen in ((10, False), (150, True)):
        path = harmed(closed, lambda _: None)
        with closing(sqlite3.connect(path)) as db:
            found = db.execute("SELECT body FROM events WHERE number = ?", (number,)).fetchone()[0]
            body = found.replace(b'"quantity":100', b'"quantity":900')
            db.execute("UPDATE events SET body = ? WHERE number = ?", (body, number))
            db.commit()
        assert (fault_of(path, heads) is not None) is seen
        assert f"entry {number} " in verdict(path).fault  # which reads all of it


def test_a_journal_that_lost_its_heads_is_told_by_its_own_hashes_alone(closed):
    path = harmed(closed, lambda folder: os.truncate(folder / "journal.sqlite", 200_000))
    path.with_name("heads").unlink()
    before = datetime.now(UTC)
    journal = OrderJournal(path, "epoch-2")
    journal.close()
    assert before <= journal.cut.time <= datetime.now(UTC)
    assert (journal.cut.known, journal.cut.left > 0) == (None, True)
    assert journal.epoch.startswith("epoch-2_")


def test_a_world_that_is_set_aside_damaged_is_kept_under_a_name_of_its_own(closed):
    path = harmed(closed, lambda folder: os.truncate(folder / "journal.sqlite", 200_000))
    set_aside(path, HeadFile(path.with_name("heads")))
    (kept,) = path.parent.glob("journal.sqlite.cut-*Z")
    assert kept.stat().st_size == 200_000
    assert not path.with_name("journal.sqlite.previous").exists()
    journal = OrderJournal(path, "epoch-2")
    journal.close()
    assert journal.cut is None

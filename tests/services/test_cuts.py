"""A journal that was cut stops trading; what it lost is found at the terminal, and sent never."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from quantgraph.domain.controls import HaltCause, TradingState
from quantgraph.domain.errors import IdempotencyConflict, TradingDisabled
from quantgraph.domain.orders import OrderKey, OrderState, Origin
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tags import tag_of
from quantgraph.services.cuts import halt_for_cut
from quantgraph.services.gate import Gate
from quantgraph.store.controls import ControlFile
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal_tables import LOG
from quantgraph.store.verifying import verify_journal
from tests.services.test_following import Desk, listed, ticket
from tests.waiting import until

S = OrderState
FILE = "journal.sqlite"


@pytest.fixture
async def cut(tmp_path):
    """A folder whose journal has lost its last order, k2, which is live at the terminal."""
    async with Desk(tmp_path) as before:
        await before.trading.submit(ticket("k1"))
        shutil.copytree(tmp_path, tmp_path / "early")
        lost = (await before.trading.submit(ticket("k2"))).order
        before.journal.anchor()
    for file in (tmp_path / "early").glob(f"{FILE}*"):
        shutil.copyfile(file, tmp_path / file.name)
    return tmp_path, lost


async def settle(desk):
    desk.seconds = 120.0
    await desk.compare()
    await until(lambda: desk.trading.state is TradingState.ACTIVE)


async def test_a_lost_order_is_found_by_its_tag_and_its_key_sends_nothing(cut):
    folder, lost = cut
    fault = verify_journal(folder / FILE, HeadFile(folder / "heads"), LOG).fault
    assert "it was cut" in fault
    async with Desk(folder) as desk:
        assert (desk.journal.cut.left, desk.journal.cut.known) == (3, 6)
        desk.terminal.listed = [listed(lost, S.WORKING)]
        await settle(desk)
        external = await desk.trading.order(OrderKey("sim-1", f"ext_broker-of-{lost.id}"))
        assert (external.origin, external.state) == (Origin.EXTERNAL, S.WORKING)
        assert desk.alarms == [("sim-1", HaltCause.JOURNAL_CUT)]
        again = await desk.trading.submit(ticket("k2"))
        assert (again.order.id, again.replayed) == (external.id, True)
        with pytest.raises(IdempotencyConflict):
            await desk.trading.submit(ticket("k2", quantity=400))
        assert desk.terminal.placed == []
        assert (await desk.trading.submit(ticket("k3"))).order.state is S.WORKING
        await desk.compare()
        assert len(desk.alarms) == 1
    assert verify_journal(folder / FILE, HeadFile(folder / "heads"), LOG).fault is None


async def test_nothing_is_sent_before_the_terminal_lists_whatever_it_got(cut):
    folder, lost = cut
    async with Desk(folder) as desk:
        for seconds in (0.0, 119.0):  # it is slow to list what it has
            desk.seconds = seconds
            await desk.compare()
            with pytest.raises(TradingDisabled) as caught:
                await desk.trading.submit(ticket("k2"))
            assert caught.value.reason is Reason.RECONCILING
        desk.terminal.listed = [listed(lost, S.WORKING)]
        await settle(desk)
        assert (await desk.trading.submit(ticket("k2"))).replayed
        assert desk.terminal.placed == []


async def test_a_stranger_of_a_whole_journal_raises_no_alarm_whatever_its_tag(tmp_path):
    async with Desk(tmp_path) as desk:
        order = (await desk.trading.submit(ticket())).order
        other = tag_of("another", "sim-1", "k1")
        desk.terminal.listed = [
            listed(order, S.WORKING),
            listed(order, S.WORKING, tag=other, broker_order_id="theirs"),
        ]
        await desk.compare()
        assert (await desk.trading.order(OrderKey("sim-1", "ext_theirs"))).tag == other
        assert desk.alarms == []


@pytest.fixture(scope="module")
def ground():
    """A folder whose files cost no disk, where the machine has one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


async def test_wherever_a_killed_gateways_journal_is_cut_no_key_is_sent_again(ground):
    keys, killed = [f"k{number}" for number in range(6)], ground / "killed"
    (ground / "life").mkdir()
    async with Desk(ground / "life") as before:
        orders = [(await before.trading.submit(ticket(key))).order for key in keys]
        shutil.copytree(ground / "life", killed)
    rows = [listed(each, S.WORKING, broker_order_id=each.broker_order_id) for each in orders]
    side, left = killed / f"{FILE}-wal", set()
    for size in range(0, side.stat().st_size, side.stat().st_size // 9):
        folder = shutil.copytree(killed, ground / f"cut-{size}")
        os.truncate(folder / side.name, size)
        async with Desk(folder) as desk:
            left.add(desk.journal.cut.left)
            desk.terminal.listed = rows
            await settle(desk)
            again = [await desk.trading.submit(ticket(key)) for key in keys]
            assert all(each.replayed for each in again)
            brokers = [each.order.broker_order_id for each in again]
            assert brokers == [each.broker_order_id for each in orders]
            assert desk.terminal.placed == []
    assert len(left) > 4


async def test_a_cut_halts_trading_once_until_somebody_resumes_it(cut):
    folder, _ = cut
    controls = ControlFile(folder / "controls.sqlite")
    for _ in range(2):  # the second start finds the halt written down, and the journal whole
        async with Desk(folder) as desk:
            halt_for_cut(desk.journal, controls)
            assert desk.journal.cut.halted
    [control] = controls.present()
    status = Gate([control]).status("sim-1")
    assert (status.state, status.cause) == (TradingState.HALTED, HaltCause.JOURNAL_CUT)
    assert desk.journal.cut.file in status.reason
    with closing(sqlite3.connect(controls.path)) as db:
        assert db.execute("SELECT count(*) FROM controls").fetchone() == (1,)
    controls.close()
    assert min(each.name for each in folder.glob(f"{FILE}.cut-*")) == desk.journal.cut.file


async def test_a_journal_that_is_gone_is_missed_though_it_was_moved_on_purpose(cut):
    folder, _ = cut
    for file in folder.glob(f"{FILE}*"):
        file.rename(folder / f"moved{file.suffix}")
    async with Desk(folder) as desk:
        cut = desk.journal.cut
        assert (cut.fault, cut.left, cut.known, cut.file) == ("the file is gone", 0, 6, None)
        assert desk.trading.state is TradingState.RECONCILING

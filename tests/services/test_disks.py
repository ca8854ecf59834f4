"""A disk that takes nothing, for real: nothing is sent, cancels go through, all goes on later.

A process of its own fills a small disk, or is allowed no more bytes in any file.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICE = """
import asyncio, errno, json, os, resource, sys
from decimal import Decimal
from pathlib import Path
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.clock import RandomIds, SystemClock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Destination, OrderKey, OrderTicket, Side
from quantgraph.domain.terminal import PlacedOrder
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_tables import LOG
from quantgraph.store.verifying import verify_journal
from tests.waiting import WatchedLoop, until

folder, how, told = Path(sys.argv[1]), sys.argv[2], {}

class Terminal:
    placed, withdrawn = [], []
    async def place(self, order):
        self.placed.append(order.client_order_id)
        return PlacedOrder("b-" + order.tag)
    async def withdraw(self, order):
        self.withdrawn.append(order.client_order_id)
    async def orders_today(self, account):
        return []
    async def reports(self):
        await asyncio.Event().wait()
        yield
    async def accounts(self):
        return [Account("one", "one", "test", AccountStatus.CONNECTED)]

def break_disk():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        return
    with open(folder / "filler", "wb", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC

def mend_disk():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    else:
        (folder / "filler").unlink()

async def submit(trading, key):
    # A note longer than what a page may have left.
    place = ("one", key, "600519.SH", Side.BUY, 100)
    ticket = OrderTicket(*place, limit_price=Decimal("12.5"), note="n" * 5_000)
    try:
        return (await trading.submit(ticket)).order.state
    except GatewayError as error:
        return error.reason

async def main():
    heads, path = HeadFile(folder / "heads"), folder / "journal.sqlite"
    journal, workers = OrderJournal(path, "e1", heads), Workers(1, 8)
    desk = OrderDesk(workers, SystemClock(), RandomIds(), Destination.SIMULATED, "o", "one", 1)
    terminal = Terminal()
    trading = JournaledTrading(journal, terminal, terminal, desk)
    trading.start()
    told["before"] = await submit(trading, "k1")
    break_disk()
    told["broken"] = [await submit(trading, key) for key in ("k2", "k3")]
    cancel = asyncio.create_task(trading.cancel(OrderKey("one", client_order_id="k1")))
    await until(lambda: terminal.withdrawn and trading.problems())
    told["problems"] = list(trading.problems())
    try:
        await cancel
    except GatewayError as error:
        told["unrecorded"] = error.reason
    mend_disk()
    await until(lambda: not trading.problems())
    told["canceled"] = (await trading.order(OrderKey("one", client_order_id="k1"))).state
    told["after"] = await submit(trading, "k2")
    told["settled"] = list(trading.problems())
    await trading.close()
    workers.close()
    journal.close()
    again = OrderJournal(path, "e2", heads)
    told["cut"] = again.cut and again.cut.text
    again.close()
    told["fault"] = verify_journal(path, heads, LOG).fault
    print("TOLD", json.dumps(told | {"placed": terminal.placed, "asked": terminal.withdrawn}))

with asyncio.Runner(loop_factory=WatchedLoop) as runner:
    runner.run(main())
"""


def run(folder, how, *before):
    command = [*before, sys.executable, "-c", SERVICE, str(folder), how]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    return json.loads(told.removeprefix("TOLD ")), done.stdout


def check(told, log):
    assert told["before"] == "WORKING"
    assert told["broken"] == ["STORE_UNAVAILABLE"] * 2
    assert (told["asked"], told["unrecorded"], told["problems"]) == (
        ["k1"], "STORE_UNAVAILABLE", ["disk"],
    )  # fmt: skip
    assert (told["canceled"], told["after"], told["settled"]) == ("PENDING_CANCEL", "WORKING", [])
    assert told["placed"] == ["k1", "k2"]  # nothing that the disk refused was sent
    assert (told["cut"], told["fault"]) == (None, None)
    for event in ("intents_refused_by_the_disk", "outcomes_wait_for_the_disk"):
        assert event in log


def test_files_that_may_not_grow_stop_orders_and_no_cancel(tmp_path):
    if sys.platform == "win32":
        pytest.skip("no such limit there")
    check(*run(tmp_path, "limit"))


# A namespace of its own: nobody else sees the small disk, and it goes with the process.
MOUNT = 'mount -t tmpfs -o size=600k small "$0" && exec "$@"'


@pytest.fixture
def mount(tmp_path):
    program = shutil.which("unshare")
    if program is None:
        pytest.skip("no small disk can be made here")
    start = [program, "-rm", "sh", "-c", MOUNT, str(tmp_path)]
    if subprocess.run([*start, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be made here")
    return start


def test_a_full_disk_stops_orders_and_no_cancel(tmp_path, mount):
    check(*run(tmp_path, "fill", *mount))


OPEN = """
import sys
from pathlib import Path
from quantgraph.domain.errors import StartupError
from quantgraph.store.journal import OrderJournal
try:
    OrderJournal(Path(sys.argv[1]) / "journal.sqlite", "e1")
except StartupError as error:
    print(error.reason, error.message)
"""


def test_a_disk_that_may_only_be_read_keeps_the_gateway_from_starting(tmp_path, mount):
    make = "from pathlib import Path; from quantgraph.store.journal import OrderJournal;"
    make += f"OrderJournal(Path({str(tmp_path)!r}) / 'journal.sqlite', 'e1').close()"
    words = f'"{sys.executable}" -c "{make}" && mount -o remount,ro "$0" && exec "$@"'
    command = [*mount, "sh", "-c", words, str(tmp_path), sys.executable, "-c", OPEN, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("DATA_DIR_UNUSABLE")
    assert "journal.sqlite" in done.stdout

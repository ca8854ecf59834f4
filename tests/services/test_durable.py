"""What the kernel is asked for: the fsync of an intent ends before its order leaves.

Needs strace, which .ci/run installs; without it this is skipped, and fails where CI is set.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS, EACH = 8, 3
# Orders leave by standard output, one write each: the terminal call as the kernel sees it.
GATEWAY = f"""
import asyncio, os, sys
from decimal import Decimal
from pathlib import Path
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.clock import RandomIds, SystemClock
from quantgraph.domain.orders import Destination, OrderTicket, Side
from quantgraph.domain.terminal import PlacedOrder
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal

class Terminal:
    async def place(self, order):
        os.write(1, ("PLACE " + order.tag).encode())
        return PlacedOrder("b-" + order.tag)
    async def orders_today(self, account):
        return []
    async def reports(self):
        await asyncio.Event().wait()
        yield
    async def accounts(self):
        return [Account("one", "one", "test", AccountStatus.CONNECTED)]

async def client(trading, number):
    for count in range({EACH}):
        key = str(number) + "-" + str(count)
        await trading.submit(
            OrderTicket("one", key, "600519.SH", Side.BUY, 100, limit_price=Decimal("12.5"))
        )

async def main():
    journal, workers = OrderJournal(Path(sys.argv[1]), "e1"), Workers(1, 8)
    desk = OrderDesk(workers, SystemClock(), RandomIds(), Destination.SIMULATED, "o", "one")
    terminal = Terminal()
    trading = JournaledTrading(journal, terminal, terminal, desk)
    trading.start()
    await asyncio.gather(*(client(trading, number) for number in range({CLIENTS})))
    await trading.close()
    workers.close()
    journal.close()

asyncio.run(main())
"""
CALL = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")


def calls(trace):
    """Yield (thread, call, arguments, begun, ended) of each line; a call may take two."""
    waiting = {}
    for number, line in enumerate(trace.splitlines()):
        found = CALL.match(line)
        if found is None:
            continue
        thread, call, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            waiting[thread] = number, rest
            continue
        begun, first = waiting.pop(thread, (number, ""))
        yield call, first + rest, begun, number


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    if shutil.which("strace") is None:
        text = "strace is missing: nobody has seen that an intent is durable before it is sent"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    folder = tmp_path_factory.mktemp("trace")
    file = folder / "trace"
    command = [
        "strace", "-f", "-y", "-s", "8192", "-o", str(file),
        "-e", "trace=write,pwrite64,fsync,fdatasync",
        sys.executable, "-c", GATEWAY, str(folder / "journal.sqlite"),
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return list(calls(file.read_text("utf-8", "replace")))


def test_the_fsync_of_an_intent_ends_before_its_order_leaves(trace):
    logged = [each for each in trace if each[0] == "pwrite64" and "journal.sqlite-wal>" in each[1]]
    synced = [
        (begun, ended)
        for call, words, begun, ended in trace
        if call in ("fsync", "fdatasync") and "-wal>" in words and words.endswith("= 0")
    ]
    left = [
        (re.search(r"PLACE (q1\w{20})", words)[1], begun)
        for call, words, begun, _ in trace
        if call == "write" and "PLACE q1" in words
    ]
    assert len({tag for tag, _ in left}) == len(left) == CLIENTS * EACH
    for tag, leaves in left:
        written = min(ended for _, words, _, ended in logged if tag in words)
        # That of the commit itself: it begins after the write, and before any other fsync does.
        assert any(written < begun and ended < leaves for begun, ended in synced), tag


def test_orders_that_come_together_share_an_fsync(trace):
    first = min(begun for call, words, begun, _ in trace if "PLACE q1" in words)
    synced = [each for each in trace if each[0] in ("fsync", "fdatasync") and "-wal>" in each[1]]
    assert synced
    assert len([each for each in synced if each[2] > first]) < 2 * CLIENTS * EACH

"""A gateway killed under load: what it sent was journalled, and what it told stands.

QUANTGRAPH_KILLS sets how often it is killed; a few times by default.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.store.journal import OrderJournal

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("QUANTGRAPH_KILLS", "5"))
ACCOUNTS = ("sim-1", "sim-2")

# The terminal and the clients say what they know on a pipe, in writes that a kill cannot divide.
GATEWAY = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.clock import RandomIds, SystemClock
from quantgraph.domain.orders import Destination, OrderTicket, Side
from quantgraph.domain.terminal import PlacedOrder
from quantgraph.services.orders import JournaledTrading, OrderDesk
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal

def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())

class Terminal:
    async def place(self, order):
        say("sent", order.account_id, order.id)
        return PlacedOrder("broker-" + order.id)
    async def reports(self):
        await asyncio.Event().wait()
        yield
    async def accounts(self):
        return [Account(name, name, "test", AccountStatus.CONNECTED) for name in ACCOUNTS]

ACCOUNTS = ("sim-1", "sim-2")

async def client(trading, number):
    for count in range(100_000):
        account, key = ACCOUNTS[number % 2], f"{number}-{count}"
        ticket = OrderTicket(account, key, "000001.SZ", Side.BUY, 100, limit_price=Decimal("12.5"))
        done = await trading.submit(ticket)
        say("told", account, done.order.id, done.order.state)

async def main():
    journal = OrderJournal(Path(sys.argv[1]), "epoch-1")
    label = Destination.SIMULATED
    desk = OrderDesk(Workers(1, 8), SystemClock(), RandomIds(), label, "mock_order_", "one")
    terminal = Terminal()
    trading = JournaledTrading(journal, terminal, terminal, desk)
    trading.start()
    left = int(sys.argv[2])

    def statement(_):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    journal._recording._db.set_trace_callback(statement)
    await asyncio.gather(*(client(trading, number) for number in range(8)))

asyncio.run(main())
"""


def killed(path: Path, statement: int) -> list[list[str]]:
    """Run a gateway that dies at a statement of its journal, and return what it said."""
    command = [sys.executable, "-c", GATEWAY, str(path), str(statement)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("seed", range(KILLS))
def test_what_was_sent_is_journalled_and_what_was_told_stands(tmp_path, seed):
    path = tmp_path / "journal.sqlite"
    said = killed(path, random.Random(seed).randrange(10, 400))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    journal = OrderJournal(path, "epoch-2")
    with contextlib.closing(journal):
        for word, account, order_id, *state in said:
            kept = journal.find(OrderKey(account, order_id))
            assert kept is not None, (word, order_id)
            assert word == "sent" or kept.state == state[0] == OrderState.WORKING
        for account in ACCOUNTS:
            events = journal.events(account, 0, 1_000_000)
            assert [each.sequence for each in events] == list(range(1, len(events) + 1))
            keys = [(each.order.client_order_id, each.order.state) for each in events]
            assert len(keys) == len(set(keys))
    assert [word for word, *_ in said].count("sent") >= 1

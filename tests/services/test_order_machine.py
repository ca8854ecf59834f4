"""Orders under any sequence of submits, retries, kills, restarts, late answers and callbacks."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from quantgraph.domain.clock import RandomIds
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.orders import Destination, FillQuery, OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import Checkpoint, FateUnknownError
from quantgraph.services import errands
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal
from tests.services.kills.exchange import FATES, Exchange, reports
from tests.services.kills.referee import same
from tests.services.trading import Market, ticket
from tests.waiting import WatchedLoop, settled, until

KEYS = ("a", "b", "c", "d")
# Most orders live: only they trade, and are reported of.
ANSWERED = st.sampled_from(["live"] * 6 + [fate for fate in FATES if FATES[fate][1]])
S = OrderState


class Paper:
    """A journal that the dead do not write any more."""

    dead = False

    def __init__(self, journal):
        self.journal = journal

    def __getattr__(self, name):
        return getattr(self.journal, name)

    def record(self, entries):
        if self.dead:
            raise FateUnknownError("dead")
        return self.journal.record(entries)


class Mortal:
    """A gateway that is dead when told so: then nothing it does leaves it any more."""

    def __init__(self, world):
        self.world, self.dead = world, False
        self.journal = Paper(OrderJournal(world.path, "e1"))
        self.events = asyncio.Queue()
        self.workers, market = Workers(2, 64), Market()
        desk = OrderDesk(
            self.workers, market, RandomIds(), Destination.SIMULATED, "o", "one",
            answer_seconds=60.0, timer=lambda: world.seconds, sleep=_never,
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, self, market, desk)
        self.trading.start()

    async def place(self, order):
        return await self._ask("place", order, self.world.fates[order.client_order_id])

    async def withdraw(self, order):
        return await self._ask("withdraw", order.tag, "canceled")

    async def find(self, account, tag):
        return await self._ask("find", account, tag)

    async def orders_today(self, account):
        self.world.lists += account == "one"
        return await self._ask("orders_today", account)

    async def reports(self):
        while True:
            yield await self.events.get()

    async def _ask(self, act, *words):
        if self.dead:
            raise FateUnknownError("dead")
        answer, told = self.world.exchange.ask(act, *words)
        self.world.told += told
        if act == "place" and self.world.slow:
            self.world.waiting.append(held := asyncio.get_running_loop().create_future())
            await held
        word, value = answer
        if word == "refused":
            raise OrderRefused(Reason.TERMINAL_REFUSED, "no")
        if word == "unknown":
            raise FateUnknownError("-1")
        return value

    async def die(self):
        self.dead = self.journal.dead = True
        with suppress(Exception):
            await self.trading.close()
        self.workers.close()
        self.journal.close()


async def _never(seconds):
    del seconds
    await asyncio.Event().wait()


class OrderMachine(RuleBasedStateMachine):
    """The exchange keeps its orders while gateways come and go."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal.sqlite"
        self.runner = asyncio.Runner(loop_factory=WatchedLoop)
        self.exchange = Exchange(self.path)
        self.fates, self.told, self.waiting, self.seen = {}, [], [], {}
        self.seconds, self.lists, self.slow, self.tasks = 0.0, 0, False, []
        self.runner.run(self.start())

    async def start(self):
        self.gateway = Mortal(self)
        await until(lambda: self.gateway.trading.state is TradingState.ACTIVE)

    @rule(key=st.sampled_from(KEYS), fate=ANSWERED)
    def submit(self, key, fate):
        """Submit a key, or submit it again: its fate is that of the first time."""
        self.fates.setdefault(key, fate)
        self.slow = False
        self.runner.run(self.asked(key))

    @rule(key=st.sampled_from(KEYS), fate=ANSWERED)
    def submit_to_a_slow_terminal(self, key, fate):
        """Submit a key whose call the terminal answers later, or never."""
        self.fates.setdefault(key, fate)
        self.slow = True
        self.runner.run(self.unanswered(key))

    async def asked(self, key):
        with suppress(GatewayError):
            await self.gateway.trading.submit(ticket(key))

    async def unanswered(self, key):
        waiting, task = len(self.waiting), asyncio.create_task(self.asked(key))
        self.tasks.append(task)
        await until(lambda: task.done() or len(self.waiting) > waiting)

    @precondition(lambda self: self.waiting)
    @rule()
    def answer_late(self):
        self.runner.run(self.answer(self.waiting.pop(0)))

    async def answer(self, held):
        if not held.done():
            held.set_result(None)
        await settled()

    @precondition(lambda self: self.told)
    @rule(data=st.data(), again=st.booleans())
    def call_back(self, data, again):
        """Deliver any report that waits, in any order; it may come again later."""
        place = data.draw(st.integers(0, len(self.told) - 1))
        report = self.told[place] if again else self.told.pop(place)
        self.runner.run(self.deliver(report))

    async def deliver(self, report):
        passed = asyncio.Event()
        for event in (report, Checkpoint(passed.set)):
            self.gateway.events.put_nowait(event)
        async with asyncio.timeout(20):
            await passed.wait()

    @rule(data=st.data(), quantity=st.sampled_from((30, 100)))
    def trade(self, data, quantity):
        """Let a live order trade, or end it where nothing is left to trade."""
        live = [name for name, row in self.exchange.rows.items() if not row.state.final]
        if live:
            name = data.draw(st.sampled_from(live))
            row = self.exchange.rows[name]
            left = row.quantity - row.filled_quantity
            self.told += _last(self.exchange.fill(name, min(quantity, left)))

    @rule(key=st.sampled_from(KEYS))
    def cancel(self, key):
        self.runner.run(self.withdraw(key))

    async def withdraw(self, key):
        with suppress(GatewayError):
            await self.gateway.trading.cancel(OrderKey("one", client_order_id=key))

    @rule()
    def arrive(self):
        """Let an order come alive that was late."""
        for tag in list(self.exchange.late)[:1]:
            self.told += self.exchange.arrive(tag)

    @rule()
    def compare(self):
        self.runner.run(self.listed())

    async def listed(self):
        # One list may be on its way already; the second was asked for after this.
        enough = self.lists + 3
        while self.lists < enough:
            self.gateway.trading.compare()
            await settled()

    @rule()
    def kill(self):
        """Kill the gateway with all that is on its way, and start another over its journal."""
        self.runner.run(self.restart())

    async def restart(self):
        await self.gateway.die()
        for held in self.waiting:
            held.cancel()
        self.waiting.clear()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        await self.start()

    @invariant()
    def nothing_is_sent_twice_or_before_its_intent(self):
        assert not self.exchange.faults

    @invariant()
    def reports_are_still_taken(self):
        assert self.gateway.trading.connected

    @invariant()
    def no_order_goes_back(self):
        for key in KEYS:
            order = self.gateway.journal.find(OrderKey("one", client_order_id=key))
            before = self.seen.get(key)
            if before is not None:
                assert order.id == before.id
                assert order.filled_quantity >= before.filled_quantity
                assert not before.state.final or order.state is before.state
            self.seen[key] = order

    def teardown(self):
        if hasattr(self, "runner"):
            self.runner.run(self.end())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def end(self):
        """Restart, let everything settle, and hold the journal against the exchange."""
        await self.restart()
        await self.listed()
        self.seconds += 1_000
        await self.listed()
        rows = {row.tag: row for row in self.exchange.rows.values()}
        journal = self.gateway.journal
        for key in self.fates:
            order = journal.find(OrderKey("one", client_order_id=key))
            row = rows.pop(order.tag, None)
            assert order.state is S.REJECTED if row is None else same(order, row), (order, row)
        assert not rows
        fills = journal.fills(FillQuery("one", first=1_000)).fills
        done = [fill for row in self.exchange.rows.values() for fill in row.fills]
        assert {fill.id: fill.quantity for fill in fills} == {f.id: f.quantity for f in done}
        await self.gateway.die()


def _last(row):
    """Return the report of a row's newest fill."""
    return reports(row)[-1:]


def test_no_sequence_loses_doubles_or_turns_back_an_order(monkeypatch):
    monkeypatch.setattr(errands, "_GRACE_S", 0.01)
    run_state_machine_as_test(
        OrderMachine,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip

"""The gateway that is killed: guard, limits, switches and journal, over a terminal far away."""

import asyncio
import itertools
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.accounts import Means
from quantgraph.domain.batches import Batch
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.limits import LimitTable
from quantgraph.domain.orders import Destination, OrderKey, PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.terminal import FateUnknownError
from quantgraph.services import failpoints
from quantgraph.services.acts import TRADING
from quantgraph.services.audit import AuditTrail, audited
from quantgraph.services.batches import OrderBatches
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.desk import OrderDesk
from quantgraph.services.gate import Gate
from quantgraph.services.guard import GuardSources, OrderGuard
from quantgraph.services.ledger import Ledger
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from quantgraph.store.audit import AuditFile, recover_acts
from quantgraph.store.controls import ControlFile
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from tests.services.trading import PLENTY, Market, ticket
from tests.waiting import WatchedLoop, settled, until

SETTLE_S = 120.0
# The gateway's pauses pass a hundred times as fast as they would.
_FASTER = 100


@dataclass(frozen=True)
class Kill:
    """Dies at the `nth` time that a failpoint, or a statement of the journal, is reached."""

    at: str
    nth: int = 1


@dataclass(frozen=True)
class Life:
    """What clients do in one life of the gateway, all at once, and when it ends.

    `old`: keys of earlier lives, asked for again at once and later; then `approved` by another
    key; `cancels` come last. `batch`: the new ones come in one. `waits`: they take that other key.
    `dead`: a dead man's timer runs out at the end.
    """

    new: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    kill: Kill | None = None
    last: bool = False
    answer_seconds: float = 0.05
    approved: tuple[str, ...] = ()
    batch: bool = False
    waits: bool = False
    dead: bool = False


class FarTerminal:
    """Implements `Terminal` over a pipe: what was written to it has left the gateway."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.lists = 0
        self.told = asyncio.Queue()
        self._asked, self._numbers = {}, itertools.count()
        self._events = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._hear)

    def say(self, *words):
        self.pipe.send((None, *words))

    async def place(self, order):
        return await self._ask("place", order)

    async def withdraw(self, order):
        await self._ask("withdraw", order.tag)

    async def find(self, account, tag):
        return await self._ask("find", account, tag)

    async def orders_today(self, account):
        self.lists += 1
        return await self._ask("orders_today", account)

    async def reports(self):
        while True:
            yield await self._events.get()

    async def _ask(self, *words):
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.pipe.send((number, *words))
        word, value = await answer
        if word == "refused":
            reason = value if isinstance(value, Reason) else Reason.TERMINAL_REFUSED
            raise OrderRefused(reason, "The counter says no.")
        if word == "unknown":
            raise FateUnknownError("-1")
        return value

    def _hear(self):
        while self.pipe.poll():
            number, *words = self.pipe.recv()
            if number is not None:
                answer = self._asked.pop(number)
                if not answer.done():  # else nobody waits any more
                    answer.set_result(words)
            elif words[0] == "event":
                self._events.put_nowait(words[1])
            else:
                self.told.put_nowait(words[0])


class OneMarket(Market):
    """The market of the limits' tests, which tells the guard what an account may use as well."""

    async def means(self, account, symbol):
        del account, symbol
        return Means(Decimal(100_000_000), 0, 0)


@dataclass
class Gateway:
    """Everything below the wires, over the files of a folder."""

    folder: object
    calendar: object
    pipe: object
    life: Life
    ahead: float = 0.0
    parts: list = field(default_factory=list)

    def __post_init__(self):
        market, self.terminal = OneMarket(), FarTerminal(self.pipe)
        log = AuditFile(self.folder / "audit.sqlite", "a1", heads(self.folder))
        recover_acts(log, self.folder / "journal.sqlite")
        trail = AuditTrail(log)
        self.journal = OrderJournal(self.folder / "journal.sqlite", "e1", heads(self.folder))
        file = ControlFile(self.folder / "controls.sqlite")
        workers, self.gate = Workers(2, 4_096), Gate(file.present())
        ledger = Ledger(self.journal, market, workers, market)
        acts = (self.open_orders, self.withdraw, 1.0)
        switches = ControlParts(file, workers, market, market, *acts)
        self.controls = TradingControls(self.gate, switches)
        desk = OrderDesk(
            workers, market, RandomIds(), Destination.SIMULATED, "mock_order_", "one",
            answer_seconds=self.life.answer_seconds, check_seconds=1.0, settle_seconds=SETTLE_S,
            timer=lambda: time.monotonic() + self.ahead, alarm=self.controls.alarm,
            sleep=lambda seconds: asyncio.sleep(seconds / _FASTER), gate=self.gate, ledger=ledger,
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, self.terminal, market, desk)
        valuer = Valuer(market, self.calendar, market, market)
        limits = replace(PLENTY, approval_above=Decimal(1)) if self.life.waits else PLENTY
        self.limited = LimitedTrading(
            self.trading, LimitParts(LimitTable(limits, {}), ledger, valuer, market, market)
        )
        sources = GuardSources(
            market, self.calendar, market, market, market, FeeSchedule(), frozenset(PriceType),
            ANY_ROW,
        )  # fmt: skip
        self.guard = audited(OrderGuard(self.limited, sources), trail, TRADING)
        self.parts = [workers, trail, log, self.journal, file]

    async def run(self):
        """Live: ask again for what was asked before, go on when the list is known, then rest."""
        arm(self.life.kill, self.journal)
        self.trading.start()
        await asyncio.gather(*(self.submit(key) for key in self.life.old))
        await self.compared()
        if self.life.batch:
            await self.submit_all(self.life.new)
        wanted = self.life.old if self.life.batch else (*self.life.new, *self.life.old)
        await asyncio.gather(*(self.submit(key) for key in wanted))
        await asyncio.gather(*(self.approve(key) for key in self.life.approved))
        await asyncio.gather(*(self.cancel(key) for key in self.life.cancels))
        if self.life.dead:
            self.controls._dead_man._fire("one")
            await asyncio.gather(*self.controls._dead_man._running)
        if self.life.last:
            await self.listed()
        self.terminal.say("ready")
        while (word := await self.terminal.told.get()) != "end":
            if word == "jump":
                self.ahead += SETTLE_S
            await self.listed()
            self.terminal.say("listed")
        await self.close()

    async def open_orders(self, account):
        return await asyncio.to_thread(lambda: self.journal.open_orders(account)[0])

    async def withdraw(self, key):
        return await self.trading.cancel(key)

    async def submit(self, key):
        try:
            done = await self.guard.submit(ticket(key))
        except GatewayError as error:
            order_id = error.details.get("order_id")
            self.terminal.say("refused", key, error.reason.value, order_id)
        else:
            self.tell(key, done.order, replayed=done.replayed)

    async def submit_all(self, keys):
        batch = Batch("one", tuple(ticket(key) for key in keys))
        for told in await OrderBatches(self.guard, len(keys)).submit_all(batch):
            assert told.problem is None or told.order is None
            if told.problem is not None:
                order_id = told.problem.details.get("order_id")
                self.terminal.say(
                    "refused", told.client_order_id, told.problem.reason.value, order_id
                )
            else:
                self.tell(told.client_order_id, told.order, replayed=told.replayed)

    async def approve(self, key):
        act_as(Actor("third" if self.life.last else "second", Wire.GRPC))
        with suppress(GatewayError):
            order = await self.guard.approve(OrderKey("one", client_order_id=key))
            self.tell(key, order, replayed=True)

    def tell(self, key, order, *, replayed):
        self.terminal.say("told", key, order.id, order.state.value, replayed)

    async def cancel(self, key):
        with suppress(GatewayError):
            await self.guard.cancel(OrderKey("one", client_order_id=key))

    async def compared(self):
        await until(lambda: self.trading.state is not TradingState.RECONCILING)

    async def listed(self):
        """Let the lists of both accounts be asked for and folded in once from now on, at least."""
        # The rest of a comparison that goes on, a whole one, and the beginning of the next.
        enough = self.terminal.lists + 4
        while self.terminal.lists < enough:
            self.trading.compare()
            await settled()

    async def close(self):
        await self.controls.close()
        await self.trading.close()
        await self.limited.close()
        for part in self.parts:
            part.close()


def heads(folder):
    return HeadFile(folder / "heads")


def arm(kill, journal):
    """Let the process die when it has got so far."""
    if kill is None:
        return
    left = kill.nth

    def reached(name):
        nonlocal left
        if kill.at in ("statement", name):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    if kill.at == "statement":
        journal._recording._db.set_trace_callback(reached_statement(reached))
    else:
        failpoints.hook = reached


def reached_statement(reached):
    return lambda _: reached("statement")


def live(folder, calendar, pipe, life):
    """Be the gateway until the end, in a process that was forked for it."""

    async def whole():
        await Gateway(folder, calendar, pipe, life).run()

    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        runner.run(whole())

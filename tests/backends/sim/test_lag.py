"""Order books that cannot follow the clock: it waits for them, and nobody else does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from quantgraph.backends.sim import driver
from quantgraph.backends.sim.directory import list_instruments
from quantgraph.backends.sim.engine.own import OwnEngine
from quantgraph.backends.sim.engine.port import Progress
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.calendar import at, to_ms
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.instruments import InstrumentKind
from quantgraph.domain.orders import Order, OrderState, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount

from .conftest import START, Stage
from .hall import order as make_order
from .test_terminal import Gate
from .world import world

SYMBOL = "600519.SH"
SEED = SeedAccount(id="sim-1", name="one", cash=Decimal(10**8))
TEN = at(START, time(10))
MANY = tuple(each.symbol for each in list_instruments(START) if each.kind is InstrumentKind.STOCK)[
    :12
]


class Slow:
    """A terminal that is given one slice of work, a few steps, each time somebody has a portion."""

    def __init__(self, stage: Stage, portion_s: float = 0.0) -> None:
        self.stage, self.clock, self.gate = stage, stage.clock, Gate()
        self.terminal = SimTerminal(world(stage, [SEED], self.gate, portion_s), stage.market)
        stage.market.show(self.terminal.screens)
        self.terminal.start()

    async def place(self, name: str, below: int = 3_000, symbol: str = SYMBOL) -> Order:
        quote = (await self.stage.market.quotes([symbol]))[0]
        assert isinstance(quote, Quote)
        price = f"{quote.bids[0].price - below / 100:.2f}"
        told = replace(make_order(name, Side.BUY, 200, price), symbol=symbol)
        await self.terminal.place(told)
        return told

    async def turn(self) -> None:
        """Let the keeper wake once and do its portion."""
        self.gate.wake()
        for _ in range(8):
            await asyncio.sleep(0)

    async def due(self) -> int | None:
        return await self.terminal.driver.look(_due)

    def reports(self) -> list[ExecutionReport]:
        queue = self.terminal.driver.reporting.queue
        return [queue.get_nowait() for _ in range(queue.qsize())]


def _due(exchange: Exchange) -> int | None:
    return exchange.due


@pytest.fixture
async def slow(make_stage) -> AsyncIterator[Slow]:
    made = Slow(make_stage())
    await made.place("first")
    await made.turn()
    await made.terminal.driver.present()
    yield made
    await made.terminal.close()


async def test_the_clock_shows_no_instant_that_its_books_have_not_reached(slow: Slow) -> None:
    slow.clock.set_speed(1_000.0)
    slow.stage.hand.seconds = 0.3  # five simulated minutes
    seen = []
    for _ in range(30):
        await slow.turn()
        due = await slow.due()
        assert due is None or slow.clock.moment().ms < due or not seen
        seen.append(slow.clock.moment().ms)
        if not slow.clock.lagging and slow.clock.moment() == slow.clock.goal():
            break
    assert seen == sorted(seen)
    assert len(set(seen)) > 5  # it came along with them
    assert slow.clock.moment().ms == slow.clock.goal().ms == at(START, time(9, 35))


async def test_an_order_is_judged_at_the_instant_reached_and_waits_for_no_other(slow: Slow) -> None:
    slow.clock.set_speed(1_000.0)
    slow.stage.hand.seconds = 0.3
    await slow.turn()
    due = await slow.due()
    assert due is not None
    assert slow.clock.goal().ms - due > 120_000
    slow.reports()
    await slow.place("second")
    told = slow.reports()
    assert [each.state for each in told] == [OrderState.WORKING]
    assert to_ms(told[0].time) < due == await slow.due()


async def test_who_leaves_books_behind_wakes_their_keeper(make_stage) -> None:
    """The clock may still run, as far as it was let: nobody else would wake it soon."""
    slow = Slow(make_stage())
    for number, symbol in enumerate(MANY):
        await slow.place(f"o{number}", below=5, symbol=symbol)
    slow.stage.hand.seconds = 1.5
    for _ in range(3):
        await slow.turn()
    slow.stage.hand.seconds = 2.3
    assert not slow.clock.lagging
    await slow.place("last", below=5, symbol=MANY[0])
    left = await slow.terminal.driver.look(_waiting, slow.clock.goal().ms)
    for _ in range(8):
        await asyncio.sleep(0)
    assert 0 < await slow.terminal.driver.look(_waiting, slow.clock.goal().ms) < left
    await slow.terminal.close()


class Apart(OwnEngine):
    """An engine as in a process of its own, whose way is barred now and then."""

    barred = False

    @property
    def apart(self) -> bool:
        return True

    async def advance(self, at: int, seconds: float = 0.0) -> Progress:
        if self.barred:
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, "The way is barred.")
        return await super().advance(at, seconds)


class Noting(Gate):
    """Notes how long is slept."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await super().__call__(seconds)


async def test_a_child_that_lags_is_not_left_idle_and_one_held_up_is(
    make_stage, monkeypatch
) -> None:
    monkeypatch.setattr(driver, "OwnEngine", Apart)
    monkeypatch.setitem(Slow.__init__.__globals__, "Gate", Noting)
    slow = Slow(make_stage())
    await slow.place("first")
    await slow.turn()
    slow.clock.set_speed(1_000.0)
    slow.stage.hand.seconds = 0.3
    for _ in range(3):
        await slow.turn()
    assert slow.gate.asked[-1] == 0.0
    slow.terminal.driver.engine.barred = True
    for _ in range(3):
        await slow.turn()
    assert slow.gate.asked[-1] > 0.0
    await slow.terminal.close()


def _waiting(exchange: Exchange, until: int) -> int:
    """How many symbols have something due."""
    return sum(each.due is not None and each.due <= until for each in exchange.dealing.floor)


async def test_accounts_and_cancels_are_answered_from_the_state_reached(slow: Slow) -> None:
    waiting = await slow.place("second")
    slow.clock.set_speed(1_000.0)
    slow.stage.hand.seconds = 0.3
    await slow.turn()
    due, frozen = await slow.due(), (await slow.terminal.asset("sim-1")).frozen_cash
    assert len(await slow.terminal.orders_today("sim-1")) == 2
    await slow.terminal.withdraw(waiting)
    assert (await slow.terminal.asset("sim-1")).frozen_cash < frozen
    assert await slow.due() == due


async def test_a_quote_is_stamped_when_its_book_stood_so(slow: Slow) -> None:
    slow.clock.set_speed(1_000.0)
    slow.stage.hand.seconds = 0.3
    await slow.turn()
    await slow.turn()
    due = await slow.due()
    quote = (await slow.stage.market.quotes([SYMBOL]))[0]
    assert isinstance(quote, Quote)
    assert due is not None
    assert due - 16_000 <= quote.time < due


async def test_a_jump_has_arrived_when_the_books_have(slow: Slow) -> None:
    slow.clock.pause()
    before = slow.clock.moment().ms
    slow.clock.jump(TEN)
    assert slow.clock.moment().ms == before
    settled = asyncio.create_task(slow.terminal.driver.settle())
    while slow.clock.moment().ms != TEN:
        due = await slow.due()
        assert due is None or slow.clock.moment().ms < due
        assert not settled.done()
        await slow.turn()
    assert not slow.clock.leaping
    marks = [each for each in await _drained(slow, settled) if isinstance(each, ExecutionReport)]
    assert all(to_ms(each.time) <= TEN for each in marks)


async def _drained(slow: Slow, settled: asyncio.Task[None]) -> list[object]:
    """Take all that is reported, as the recorder does, until `settle` has its mark."""
    told: list[object] = []
    async for each in slow.terminal.reports():
        told.append(each)
        if not isinstance(each, ExecutionReport):
            each.reached()
            await settled
            return told
    return told


async def test_the_day_ends_when_its_books_have_ended(make_stage) -> None:
    stage = make_stage()
    stage.move_to(0, 4 * 3_600 - 60)
    slow = Slow(stage)
    await slow.place("last")
    await slow.turn()
    slow.clock.pause()
    slow.clock.jump(at(START.replace(day=2), time(9, 20)))
    ended: list[OrderState] = []
    while slow.clock.moment().day == START:
        await slow.turn()
        ended += [each.state for each in slow.reports()]
    await slow.terminal.close()
    assert ended[-1] is OrderState.EXPIRED
    assert slow.clock.moment().ms == at(START.replace(day=2), time(9, 20))


async def test_a_lag_changes_nothing_of_what_comes_out(make_stage) -> None:
    async def live(portion_s: float):
        made = Slow(make_stage(), portion_s)
        await made.place("a", below=2)
        made.clock.pause()
        made.clock.jump(TEN)
        while made.clock.moment().ms < TEN:
            await made.turn()
        await made.place("b", below=-30)
        found = await made.terminal.driver.look(Exchange.fingerprint)
        told = [(each.tag, each.state, each.time) for each in made.reports()]
        await made.terminal.close()
        return found, told

    whole = await live(60.0)
    assert await live(0.0) == whole
    assert OrderState.FILLED in [state for _, state, _ in whole[1]]

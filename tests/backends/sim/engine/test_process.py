"""An exchange in a child process answers as one in our own, and nobody waits for a dead one."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from datetime import time as of_day
from decimal import Decimal

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.begun import Begun
from api.child import COMMAND, Setup, open_market
from api.imported import StoreListings
from api.replays import WorldPlan
from quantgraph.backends.sim.engine.own import OwnEngine
from quantgraph.backends.sim.engine.port import Kept, Opening
from quantgraph.backends.sim.engine.process import ChildEngine, ChildParts
from quantgraph.backends.sim.engine.standing import StandingClock
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import dump_exchange
from quantgraph.backends.sim.listing import make_security
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.domain.calendar import at
from quantgraph.domain.errors import OrderRefused, Unavailable
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.terminal import FateUnknownError
from quantgraph.seeds import SeedAccount, SeedPosition
from quantgraph.store.market import MarketStore
from tests.backends.sim.conftest import START, make_calendar
from tests.backends.sim.hall import order

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALENDAR = make_calendar()
SYMBOLS = ("600519.SH", "000001.SZ")
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal(10_000_000),
    positions=tuple(
        SeedPosition(symbol=each, quantity=5_000, cost_price=Decimal(10)) for each in SYMBOLS
    ),
)
NOW = at(START, of_day(10, 0))
LATER = NOW + 3 * 3_600_000
OPENING = Opening((SEED,), START, Rules(CALENDAR, FeeSchedule(), "SIM"))


@pytest.fixture(scope="module")
def setup(tmp_path_factory) -> Setup:
    folder = tmp_path_factory.mktemp("store")
    return Setup(folder, 1, CALENDAR, WorldPlan(START), 1_000)


@pytest.fixture(scope="module")
def find(setup):
    store = MarketStore(setup.folder)
    paths = Paths(World(1, CALENDAR, START, StoreListings(store, START)))

    async def find(symbol: str):
        return paths.instruments([symbol], START)[symbol]

    yield find
    store.close()


@pytest.fixture(scope="module")
def own(setup, find):
    market = open_market(setup, StandingClock(START))

    async def listing(symbol: str, day: date):
        return await make_security(await find(symbol), day, market, CALENDAR)

    return lambda: OwnEngine(listing)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def child(setup, find) -> AsyncIterator[ChildEngine]:
    """One for all tests: each begins a world of its own in it."""
    engine = ChildEngine(ChildParts(COMMAND, setup, find, _none))
    yield engine
    await engine.close()


def _none(symbol: str):
    """Tell that nothing was announced."""
    del symbol
    return ()


async def arrive(engine, instant: int):
    reports = []
    while True:
        progress = await engine.advance(instant, 0.02)
        reports += progress.reports
        if not progress.behind:
            return reports


Step = tuple[str, Side, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(SYMBOLS),
        st.sampled_from(Side),
        st.integers(-30, 30),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=6,
)


async def play(engine, steps: list[Step]):
    """Play the same orders, and return everything that was said."""
    await engine.begin(OPENING)
    said, instant, prices = [], NOW, {}
    for symbol in SYMBOLS:
        await engine.enlist(symbol, START)
        # the price of the display: a script of our own order makes the symbol live
        prices[symbol] = await engine.look(_last, symbol, NOW)
    for number, (symbol, side, away, seconds) in enumerate(steps):
        price = prices[symbol] + Decimal(away) / 100
        told = replace(order(f"o{number}", side, 100, str(price)), symbol=symbol)
        instant += seconds * 1_000
        said.append(await arrive(engine, instant))
        try:
            said.append(await engine.act(Exchange.place, told, instant))
        except OrderRefused as error:
            said.append((error.reason, error.message, error.details))
    said.append(await arrive(engine, instant + 20_000))
    said.append(await engine.look(Exchange.screens, SYMBOLS))
    said.append(await engine.look(Exchange.accounts, ["sim-1", "nobody"]))
    said.append(await engine.look(Exchange.means, "sim-1", SYMBOLS[0]))
    said.append(await engine.look(Exchange.fingerprint))
    said.append(await engine.act(dump_exchange))
    return said


def _last(exchange: Exchange, symbol: str, instant: int) -> Decimal:
    security = exchange.security(symbol)
    return security.yuan(security.so_far(instant).last or 0)


async def test_both_tell_the_same_of_the_same_orders(child, own):
    @settings(
        max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(steps=STEPS)
    def same(steps: list[Step]) -> None:
        runs = asyncio.run_coroutine_threadsafe(both(steps), loop)
        here, there = runs.result(60)
        assert here == there

    async def both(steps: list[Step]):
        return await play(own(), steps), await play(child, steps)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(same)


async def test_a_kept_state_goes_on_in_the_other_process(child, own):
    steps: list[Step] = [(SYMBOLS[0], Side.BUY, -3, 5), (SYMBOLS[1], Side.SELL, 2, 7)]
    here = own()
    state = (await play(here, steps))[-1]
    await child.load(Kept(state, OPENING.rules, START, SYMBOLS))
    await child.adopt(OPENING.rules)
    later = NOW + 120_000
    assert await arrive(child, later) == await arrive(here, later)
    assert await child.look(Exchange.fingerprint) == await here.look(Exchange.fingerprint)


async def test_a_symbol_that_is_not_traded_is_refused_by_both(child, own):
    for engine in (child, own()):
        await engine.begin(OPENING)
        with pytest.raises(OrderRefused) as caught:
            await engine.act(Exchange.place, order("o", Side.BUY, 100, "10.00"), NOW)
        assert caught.value.reason is Reason.TERMINAL_REFUSED


async def open_books(child) -> None:
    """Begin a world whose child needs some tenths of a second for the way to `LATER`."""
    await child.begin(OPENING)
    for symbol in SYMBOLS:
        await child.enlist(symbol, START)
        await child.act(Exchange.halt, symbol, NOW)
        await child.act(Exchange.resume, symbol, NOW)


async def test_looks_and_what_hangs_on_no_instant_are_done_while_the_exchange_moves(child):
    await open_books(child)
    late, ended = SEED.model_copy(update={"id": "late"}), list[str]()
    asked = {
        "advance": child.advance(LATER, 60.0),
        "look": child.look(Exchange.screens, SYMBOLS),
        "attach": child.attach(Exchange.open_account, late),
    }
    tasks = {name: asyncio.create_task(each) for name, each in asked.items()}
    for name, task in tasks.items():
        task.add_done_callback(lambda _, name=name: ended.append(name))
    await asyncio.gather(*tasks.values())
    assert ended == ["look", "attach", "advance"]
    assert tasks["look"].result()[SYMBOLS[0]].at < LATER
    assert not tasks["advance"].result().behind
    assert "late" in dict(await child.look(Exchange.names))


async def test_a_hurried_exchange_stops_where_it_is_and_acts(child):
    await open_books(child)
    moving = asyncio.create_task(child.advance(LATER, 60.0))
    await asyncio.sleep(0)
    child.hurry()
    progress = await moving
    assert progress.behind
    assert progress.due < LATER
    assert await child.act(Exchange.halt, SYMBOLS[0], progress.due - 1) == []
    assert await child.look(_due) == progress.due
    child.hurry()  # nothing moves: nothing is said
    child._moving = child._count
    child.hurry()  # of one that was over when the word came
    assert not (await child.advance(LATER, 60.0)).behind


async def test_a_second_in_which_nothing_happens_is_not_asked_for(child, own):
    engines = child, own()
    for engine in engines:
        await engine.begin(OPENING)
        await engine.enlist(SYMBOLS[0], START)
        await engine.act(Exchange.halt, SYMBOLS[0], NOW)
        await engine.act(Exchange.resume, SYMBOLS[0], NOW)
        await arrive(engine, NOW + 2_500)
    due, asked = await child.look(_due), child._count
    assert due is not None
    for instant in range(due - 2_000, due, 400):
        assert await child.advance(instant, 0.02) == await engines[1].advance(instant)
    assert child._count == asked
    # what comes next is done at the instant that it would have been done at
    assert await child.act(dump_exchange) == await engines[1].act(dump_exchange)
    assert await child.advance(due, 0.02) == await engines[1].advance(due)
    assert child._count == asked + 2


async def test_a_refusal_does_not_hold_back_what_came_before_it(child):
    await child.begin(OPENING)
    await child.enlist(SYMBOLS[0], START)
    await child.act(Exchange.halt, SYMBOLS[0], NOW)
    asked = child._count
    with pytest.raises(OrderRefused):
        await child.act(Exchange.halt, "600000.SH", NOW)
    await child.advance(NOW, 0.02)
    assert child._count == asked + 2


async def test_what_a_dead_child_was_asked_has_an_unknown_fate(child):
    lost = asyncio.Event()
    child.watch(lost.set)
    await child.begin(OPENING)
    asked = asyncio.create_task(child.act(_sleep, 30.0))
    joined = asyncio.create_task(child.attach(Exchange.names))
    looked = asyncio.create_task(child.look(Exchange.names))
    await asyncio.sleep(0)
    os.kill(child.pid, signal.SIGKILL)
    for attempt in (asked, joined):
        with pytest.raises(FateUnknownError):
            await asyncio.wait_for(attempt, 5)
    for attempt in (
        looked,
        child.advance(NOW),
        child.look(Exchange.names),
        child.act(Exchange.names),
    ):
        with pytest.raises(Unavailable) as caught:
            await asyncio.wait_for(attempt, 5)
        assert caught.value.reason is Reason.EXCHANGE_LOST
    await asyncio.wait_for(lost.wait(), 5)
    assert child.lost
    await child.begin(OPENING)  # a new world, in a new child
    assert not child.lost
    assert await child.look(Exchange.names) == [("sim-1", "one")]


async def test_a_child_that_does_not_answer_is_ended(setup, find):
    engine = ChildEngine(ChildParts(COMMAND, setup, find, _none, answer_seconds=5.0))
    await engine.begin(OPENING)
    engine._parts = replace(engine._parts, answer_seconds=0.05)
    with pytest.raises(FateUnknownError):
        await engine.act(_sleep, 30.0)
    with pytest.raises(Unavailable):
        await engine.look(Exchange.names)
    await engine.close()


async def test_a_look_that_begins_without_a_task_is_answered(child):
    await child.begin(OPENING)
    loop = asyncio.get_running_loop()
    begun = loop.create_future()
    loop.call_soon(lambda: begun.set_result(Begun(child.look(Exchange.names))))
    assert await (await begun) == [("sim-1", "one")]


async def test_a_defect_in_the_child_is_told_and_the_child_lives(child):
    await child.begin(OPENING)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        await child.act(_stumble)
    assert await child.look(Exchange.names) == [("sim-1", "one")]


async def test_closing_leaves_no_process(setup, find):
    engine = ChildEngine(ChildParts(COMMAND, setup, find, _none))
    await engine.begin(OPENING)
    pid = engine.pid
    await engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _due(exchange: Exchange) -> int | None:
    return exchange.due


def _sleep(exchange: Exchange, seconds: float) -> None:
    del exchange
    time.sleep(seconds)


def _stumble(exchange: Exchange) -> float:
    del exchange
    return 1 / 0


PARENT = """
import asyncio
from pathlib import Path
from tests.backends.sim.engine import test_process as t

async def main():
    setup = t.Setup(Path({folder!r}), 1, t.CALENDAR, t.WorldPlan(t.START), 1_000)
    engine = t.ChildEngine(t.ChildParts(t.COMMAND, setup, None, None))
    await engine.begin(t.OPENING)
    print(engine.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_child_does_not_outlive_a_killed_gateway(tmp_path):
    text = PARENT.format(folder=str(tmp_path))
    parent = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(next(line for line in parent.stdout if line.strip().isdigit()))
    ended = os.pidfd_open(pid)  # readable once the process is gone, whoever takes note of it
    parent.kill()
    parent.communicate()
    assert select.select([ended], [], [], 10)[0]
    os.close(ended)

"""A world that comes along in slices is the world that came at once, whoever interrupts it."""

import asyncio
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim import driver, pursuit
from quantgraph.backends.sim.engine.own import OwnEngine
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.domain.calendar import at, from_ms, to_ms
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.simulation import NewAccount
from quantgraph.domain.terminal import ExecutionReport

from .conftest import START, Stage
from .generated import SYMBOLS, enter, open_exchange
from .hall import order
from .test_lag import Slow

BEGIN, MINUTE = at(START, time(9, 31)), 60_000
WISHES = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(-3, 3),
    st.sampled_from([PriceType.LIMIT, PriceType.LIMIT, PriceType.BEST_FIVE_CANCEL]),
)
Wish = tuple[str, Side, int, PriceType]
Told = list[tuple[str | None, str, int]]


def told(reports: list[ExecutionReport]) -> Told:
    return [(each.tag, str(each.state), to_ms(each.time)) for each in reports]


def begin(wishes: list[Wish]) -> tuple[Exchange, Told]:
    """An exchange with some orders in it."""
    exchange = open_exchange()
    exchange.advance(BEGIN)
    return exchange, [each for wish in wishes for each in told(enter(exchange, wish, BEGIN))]


def outcome(exchange: Exchange) -> tuple[Any, ...]:
    ledgers = {name: repr(each) for name, each in exchange.ledgers.items()}
    prints = {symbol: exchange.fingerprint(symbol) for symbol in SYMBOLS}
    return exchange.at, exchange.fingerprint(), prints, ledgers


def in_slices(exchange: Exchange, until: int, sizes: list[int]) -> Told:
    """Come to an instant, so many steps at once, the sizes over and over."""
    found, number = told(exchange.advance(until, sizes[0])), 0
    while exchange.behind(until):
        number += 1
        found += told(exchange.advance(until, sizes[number % len(sizes)]))
    return found


@settings(max_examples=20)
@given(
    before=st.lists(WISHES, min_size=1, max_size=4),
    later=st.lists(WISHES, max_size=3),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    stops=st.lists(st.integers(1, 2 * MINUTE), max_size=3, unique=True),
)
def test_slices_of_any_size_come_to_what_one_step_comes_to(
    before: list[Wish], later: list[Wish], sizes: list[int], stops: list[int]
) -> None:
    (whole, first), (cut, second) = begin(before), begin(before)
    middle, end = BEGIN + MINUTE, BEGIN + 2 * MINUTE
    first += told(whole.advance(middle))
    for wish in later:
        first += told(enter(whole, wish, middle))
    first += told(whole.advance(end))
    for stop in sorted({*(BEGIN + each for each in stops), middle, end}):
        second += in_slices(cut, stop, sizes)
        if stop == middle:
            for wish in later:
                second += told(enter(cut, wish, middle))
    assert second == first
    assert outcome(cut) == outcome(whole)


def stand(exchange: Exchange, until: int, steps: int) -> tuple[Told, int]:
    """Go one slice of the way; return what was told, and the instant that the clock shows then."""
    found = told(exchange.advance(until, steps))
    due = exchange.due
    return found, until if due is None or due > until else due - 1


@settings(max_examples=20)
@given(
    symbol=st.sampled_from(SYMBOLS),
    before=st.lists(WISHES, min_size=1, max_size=4),
    comes=WISHES,
    steps=st.integers(1, 60),
)
def test_an_order_in_mid_catch_up_meets_the_world_as_it_stood_at_the_clock(
    symbol: str, before: list[Wish], comes: Wish, steps: int
) -> None:
    before, comes = [(symbol, *each[1:]) for each in before], (symbol, *comes[1:])
    (whole, _), (cut, _) = begin(before), begin(before)
    end = BEGIN + 2 * MINUTE
    second, shown = stand(cut, end, steps)
    answer = told(enter(cut, comes, shown))
    assert all(when <= shown for _, _, when in answer)
    second += answer + in_slices(cut, end, [steps])
    first = told(whole.advance(shown)) + told(enter(whole, comes, shown))
    first += told(whole.advance(end))
    assert second == first
    assert outcome(cut) == outcome(whole)


@settings(max_examples=20)
@given(before=st.lists(WISHES, min_size=2, max_size=5), comes=WISHES, steps=st.integers(1, 60))
def test_of_symbols_that_share_an_instant_one_may_stand_in_it_before_the_others(
    before: list[Wish], comes: Wish, steps: int
) -> None:
    """The clock shows the millisecond before: nobody is answered as of any later one."""
    cut, _ = begin(before)
    second, shown = stand(cut, BEGIN + 2 * MINUTE, steps)
    answer = told(enter(cut, comes, shown))
    assert {when for _, _, when in answer} <= {cut.at}
    assert cut.at <= shown + 1
    second += answer + in_slices(cut, BEGIN + 2 * MINUTE, [steps])
    assert [when for _, _, when in second] == sorted(when for _, _, when in second)


@settings(max_examples=20)
@given(
    before=st.lists(WISHES, min_size=1, max_size=4),
    expires=st.integers(1, 90) | st.none(),
    waits=st.integers(0, 90),
)
def test_nothing_happens_before_the_instant_that_is_told(
    before: list[Wish], expires: int | None, waits: int
) -> None:
    exchange, _ = begin(before)
    if expires is not None:
        until = from_ms(BEGIN + expires * 1_000 + 500)
        price = str(exchange.security(SYMBOLS[0]).band.low)
        told = order("brief", Side.BUY, 100, price, symbol=SYMBOLS[0], expires_at=until)
        exchange.place(told, BEGIN)
    exchange.advance(BEGIN + waits * 1_000)
    stood, following = outcome(exchange)[1:], exchange.next
    assert exchange.advance(following - 1) == []
    assert outcome(exchange)[1:] == stood
    assert (
        exchange.advance(following) or outcome(exchange)[1:] != stood or exchange.next > following
    )


class Restless(OwnEngine):
    """An engine that moves on before every look, as one in its own process does."""

    goal = 0

    async def look(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        if self.goal:
            await self.advance(self.goal)
        return await super().look(work, *args, **kwargs)


async def test_screens_in_groups_are_of_no_later_instant_than_the_clock_shows(
    make_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "OwnEngine", Restless)
    monkeypatch.setattr(driver, "_TOGETHER", 1)
    stage: Stage = make_stage()
    slow = Slow(stage)
    for number, symbol in enumerate(SYMBOLS):
        await slow.place(f"o{number}", below=5, symbol=symbol)
    await slow.turn()
    slow.clock.pause()
    slow.clock.jump(at(START, time(9, 40)))
    await slow.turn()
    engine = slow.terminal.driver.engine
    assert isinstance(engine, Restless)
    engine.goal = at(START, time(9, 40))
    before = slow.clock.moment().ms
    screens = await slow.terminal.screens(SYMBOLS)
    assert set(screens) == set(SYMBOLS)
    newest = max(each.at for each in screens.values())
    assert before < newest <= slow.clock.moment().ms
    await slow.terminal.close()


class Stuck(OwnEngine):
    """An engine that is on its way until it is let go on, as one with much to do is."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.free = asyncio.Event()
        self.free.set()

    async def advance(self, at: int, seconds: float = 0.0) -> Any:
        await self.free.wait()
        return await super().advance(at, seconds)


async def test_an_account_is_opened_while_the_books_are_on_their_way(
    make_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "OwnEngine", Stuck)
    slow = Slow(make_stage())
    await slow.place("first", below=5)
    engine = slow.terminal.driver.engine
    assert isinstance(engine, Stuck)
    engine.free.clear()
    waiting = asyncio.create_task(slow.terminal.transfer("sim-1", Decimal(1)))
    slow.stage.hand.seconds = 60
    await slow.turn()
    await slow.terminal.open_account(NewAccount("late", "late", Decimal(5)))
    assert [each.id for each in await slow.terminal.accounts()] == ["sim-1", "late"]
    assert not waiting.done()
    engine.free.set()
    await waiting
    assert (await slow.terminal.asset("late")).cash == 5
    await slow.terminal.close()


class Counted(OwnEngine):
    """An engine that counts how often it was brought on, and by how much it lags."""

    slices = 0

    async def advance(self, at: int, seconds: float = 0.0) -> Any:
        self.slices += 1
        return await super().advance(at, seconds)


async def test_who_has_much_to_do_has_some_turns_in_a_row(
    make_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request takes a dozen turns: it does not wait for the order books at each of them."""
    monkeypatch.setattr(driver, "OwnEngine", Counted)
    monkeypatch.setattr(pursuit, "_WAY_S", 0.5)
    slow = Slow(make_stage(), portion_s=60.0)
    await slow.place("first", below=5)
    slow.clock.pause()
    slow.clock.jump(at(START, time(9, 40)))
    settled = asyncio.create_task(slow.terminal.driver.present())
    engine = slow.terminal.driver.engine
    assert isinstance(engine, Counted)
    while engine.slices < 2:
        await asyncio.sleep(0)
    before, loop = engine.slices, asyncio.get_running_loop()
    for _ in range(12):
        until = loop.time() + 0.000_2
        while loop.time() < until:
            pass
        await asyncio.sleep(0)
    assert engine.slices <= before + 1
    assert not settled.done()
    await settled  # nobody is busy any more: it goes on
    await slow.terminal.close()


class Long(Stuck):
    """An engine whose parts of the way last until somebody is in a hurry."""

    def hurry(self) -> None:
        self.free.set()


async def test_who_wants_to_act_ends_a_part_of_the_way(
    make_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "OwnEngine", Long)
    slow = Slow(make_stage())
    await slow.place("first")
    engine = slow.terminal.driver.engine
    assert isinstance(engine, Long)
    engine.free.clear()
    slow.stage.hand.seconds = 60
    await slow.turn()
    assert len(slow.reports()) == 1
    await asyncio.wait_for(slow.place("second"), 5)
    assert len(slow.reports()) == 1
    await slow.terminal.close()


async def test_who_asks_for_money_ends_a_part_of_the_way(
    make_stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of every order does: it waited for the whole part."""
    monkeypatch.setattr(driver, "OwnEngine", Long)
    slow = Slow(make_stage())
    await slow.place("first")
    engine = slow.terminal.driver.engine
    assert isinstance(engine, Long)
    engine.free.clear()
    slow.stage.hand.seconds = 60
    await slow.turn()
    async with asyncio.timeout(5):
        means = await slow.terminal.means("sim-1", SYMBOLS[0])
    assert means.cash > 0
    await slow.terminal.close()

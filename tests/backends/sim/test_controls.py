"""What an operator does to a live symbol, over a generated day."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest

from quantgraph.backends.sim.controls import SimControls
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.config import MockConfig
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import CorporateAction, HandOrder, Injection, ScenarioCall

from .conftest import Stage
from .world import world

SYMBOL = "600519.SH"


@pytest.fixture
async def floor(make_stage) -> AsyncIterator[tuple[Stage, SimTerminal, SimControls]]:
    stage: Stage = make_stage()
    terminal = SimTerminal(world(stage, MockConfig().accounts), stage.market)
    stage.market.show(terminal.screens)
    stage.move_to(0, 600)
    yield stage, terminal, SimControls(terminal, stage.market)
    await terminal.close()


async def quote(stage: Stage) -> Quote:
    return (await stage.market.quotes([SYMBOL]))[0]


async def test_a_live_symbol_shows_what_it_would_have_shown(floor) -> None:
    stage, _, controls = floor
    before = await quote(stage)
    await controls.resume(SYMBOL)  # opens its book, and does nothing else
    after = await quote(stage)
    assert (after.bids, after.asks, after.volume) == (before.bids, before.asks, before.volume)


async def test_an_injected_trade_is_seen_by_everybody(floor) -> None:
    stage, _, controls = floor
    before = await quote(stage)
    price = before.asks[1].price
    await controls.inject(Injection(SYMBOL, Decimal(repr(price)), 700))
    after = await quote(stage)
    assert after.last_price == price
    assert after.volume == before.volume + before.asks[0].quantity + 700
    with pytest.raises(OrderRefused) as caught:
        await controls.inject(Injection(SYMBOL, Decimal(1), 100))
    assert caught.value.reason is Reason.PRICE_BAND


async def test_a_price_typed_by_hand_is_written_as_every_equal_one(floor) -> None:
    stage, terminal, controls = floor
    low = (await quote(stage)).bids[-1].price
    typed = HandOrder("sim-1", SYMBOL, Side.BUY, 100, Decimal(f"{low:.2f}000"))
    await controls.place(typed, stage.clock.now())
    (listed,) = await terminal.orders_today("sim-1")
    assert str(listed.form.limit_price) == f"{low:.2f}"


async def test_a_sealed_limit_up_has_no_sellers(floor) -> None:
    stage, _, controls = floor
    await controls.play(ScenarioCall(SYMBOL, "SEALED_LIMIT_UP"))
    shown = await quote(stage)
    assert shown.asks == ()
    assert shown.bids[0].price == pytest.approx(shown.previous_close * 1.1, abs=0.01)


async def test_an_announced_event_is_paid_on_its_ex_day(floor) -> None:
    stage, terminal, controls = floor
    day = stage.calendar.next_session(date(2023, 2, 1))
    await controls.announce(CorporateAction(SYMBOL, day, Decimal(10), Decimal(0), Decimal(5)))
    before = await terminal.asset("sim-1")
    stage.move_to(1, 0)
    held = {each.symbol: each.quantity for each in await terminal.positions("sim-1")}
    assert held[SYMBOL] == 300
    assert (await terminal.asset("sim-1")).cash == before.cash + 200


async def test_what_happened_has_a_fingerprint(floor) -> None:
    _, _, controls = floor
    assert await controls.fingerprint(SYMBOL) == ("", 0)
    await controls.halt(SYMBOL)
    link, count = await controls.fingerprint(SYMBOL)
    assert count > 0
    assert (await controls.fingerprint(None))[1] == count
    await controls.resume(SYMBOL)
    assert (await controls.fingerprint(SYMBOL))[0] != link

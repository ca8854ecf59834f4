"""Orders to several gateways through one: each to the desk of its account, switches to all."""

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace

import pytest

from api.assembly import open_assembly
from quantgraph.backends.many.controls import ManyControls
from quantgraph.domain.access import Scope
from quantgraph.domain.controls import (
    ArmWish,
    ControlChange,
    HaltWish,
    TradingState,
    TradingStatus,
)
from quantgraph.domain.errors import ChangeRefused, TradingDisabled, Unavailable
from quantgraph.domain.orders import Destination, OrderKey, OrderQuery, OrderTicket, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.loading import load_config
from tests.api.real import ROOT, SYMBOL, Terminal, make_keys
from tests.backends.remote.agents import prod_agent
from tests.waiting import settled

EAST, WEST = "8880001", "8880002"
# Nobody sells at it on the first day.
PRICE = Decimal("1880.00")


def ticket(account, key):
    return OrderTicket(account, key, SYMBOL, Side.BUY, 100, limit_price=PRICE)


@asynccontextmanager
async def over(beside, folder):
    """Open a gateway in prod over agents by name, by config alone."""
    make_keys(folder, "prod")[0].create(Scope.ADMIN, None)
    places = [
        {
            "name": name,
            "kind": "remote",
            "remote": {
                "target": f"127.0.0.1:{each.agent.port}",
                "tls": False,
                "key_file": str(each.key),
            },
        }
        for name, each in beside.items()
    ]
    settings = {"data_dir": str(folder), "mode": "prod", "terminals": places}
    config = load_config(ROOT / "config.toml", settings)
    clock = next(iter(beside.values())).agent.assembly.gateway.clock
    async with open_assembly(config, clock=clock) as assembly:
        gate = assembly.gateway
        while await gate.system.problems():
            await settled()
        for account in (EAST, WEST):
            while (await gate.controls.status(account)).state is not TradingState.DISARMED:
                await settled()
        yield gate


@pytest.fixture
async def both(tmp_path):
    """Two agents in prod by name, and a gateway over them."""
    terminals = {"east": Terminal("east", EAST), "west": Terminal("west", WEST)}
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        beside = {
            name: await stack.enter_async_context(prod_agent(each, tmp_path / name))
            for name, each in terminals.items()
        }
        gate = await stack.enter_async_context(over(beside, tmp_path / "here"))
        yield gate, beside, terminals
    for each in terminals.values():
        await each.close()


async def placed(terminals):
    """Return how many orders each terminal has got."""
    counters = {EAST: terminals["east"].counter, WEST: terminals["west"].counter}
    return [len(await each.orders_today(account)) for account, each in counters.items()]


async def test_an_order_goes_to_the_desk_of_its_account_and_a_halt_to_all(both, tmp_path):
    gate, beside, terminals = both
    with pytest.raises(ChangeRefused) as wrong:
        await gate.controls.arm(ArmWish("qga_" + "0" * 64))
    assert wrong.value.reason is Reason.ARMING_SECRET_WRONG
    assert (await gate.controls.arm(ArmWish(beside["east"].secret))).changed
    done = await gate.trading.submit(ticket(EAST, "k1"))
    assert (done.order.destination, done.replayed) == (Destination.TERMINAL, False)
    with pytest.raises(TradingDisabled) as unarmed:
        await gate.trading.submit(ticket(WEST, "k1"))
    assert unarmed.value.reason is Reason.TRADING_DISARMED
    await gate.controls.arm(ArmWish(beside["west"].secret))
    # The same key of another account is another order.
    other = await gate.trading.submit(ticket(WEST, "k1"))
    assert (await gate.trading.submit(ticket(EAST, "k1"))).replayed
    assert await placed(terminals) == [1, 1]
    for account, order in ((EAST, done.order), (WEST, other.order)):
        page = await gate.trading.orders(OrderQuery(account))
        assert [each.id for each in page.orders] == [order.id]
        assert (await gate.allowances.allowance(account)).account_id == account
        assert (await gate.accounts.asset(account)).account_id == account
        async with aclosing(gate.trading.events(LogCursor(account))) as events:
            assert (await anext(events)).order.id == order.id
        (fills,) = await gate.fills.order_fills(account, [order.id])
        assert not fills

    async with aclosing(gate.controls.events(None)) as events:
        first = await anext(events)
        assert (first.kind, first.status.state) == (StreamKind.SNAPSHOT, TradingState.ACTIVE)
        assert (await gate.controls.halt(HaltWish(reason="test"))).changed
        told = await anext(events)
        while told.status.state is not TradingState.HALTED:
            told = await anext(events)
        assert told.kind is StreamKind.UPDATE
    for each in beside.values():
        status = await each.agent.assembly.gateway.controls.status(None)
        assert status.state is TradingState.HALTED
    with pytest.raises(TradingDisabled):
        await gate.trading.submit(ticket(WEST, "k2"))
    await gate.trading.cancel(OrderKey(WEST, id=other.order.id))
    # Of one account alone: the other terminal's goes on.
    await gate.controls.resume(HaltWish())
    await gate.controls.halt(HaltWish(EAST))
    assert (await gate.controls.status(None)).state is TradingState.ACTIVE
    assert (await gate.controls.status(EAST)).state is TradingState.HALTED
    kept = {each.name for each in (tmp_path / "here" / "prod").iterdir()}
    assert "journal.sqlite" not in kept


async def test_an_agent_that_is_away_costs_the_orders_of_its_accounts_alone(both):
    gate, beside, terminals = both
    for each in beside.values():
        await gate.controls.arm(ArmWish(each.secret))
    await beside["west"].agent.leave()
    while "west.accounts" not in await gate.system.problems():
        await settled()
    assert not (await gate.trading.submit(ticket(EAST, "k1"))).replayed
    with pytest.raises(Unavailable) as caught:
        await gate.trading.submit(ticket(WEST, "k1"))
    assert caught.value.reason is Reason.TERMINAL_OFFLINE
    assert (await gate.system.info()).trading.state is TradingState.ACTIVE
    # Whom it does not reach is named, and the others are halted.
    with pytest.raises(Unavailable, match="not at west"):
        await gate.controls.halt(HaltWish())
    assert (await gate.controls.status(EAST)).state is TradingState.HALTED
    # The other may still trade for whoever asks it there: nobody says that all is halted.
    assert (await gate.controls.status(None)).state is TradingState.DISCONNECTED
    assert (await gate.system.info()).trading.state is TradingState.DISCONNECTED
    async with aclosing(gate.controls.events(None)) as events:
        first = await anext(events)
    assert (first.kind, first.status.state) == (StreamKind.SNAPSHOT, TradingState.DISCONNECTED)
    assert await placed(terminals) == [1, 0]


async def test_a_halt_that_one_desk_answers_unreadably_names_it():
    async def done(_):
        return ControlChange(TradingStatus(None, TradingState.HALTED), changed=True)

    async def unreadable(_):
        raise ValueError("no such state")

    desks = {
        name: SimpleNamespace(desk=SimpleNamespace(controls=SimpleNamespace(halt=halt)))
        for name, halt in (("east", done), ("west", unreadable))
    }
    with pytest.raises(Unavailable, match="done at 1 terminals, and not at west") as caught:
        await ManyControls(desks, lambda _: None).halt(HaltWish())
    assert caught.value.reason is Reason.OUTCOME_UNKNOWN

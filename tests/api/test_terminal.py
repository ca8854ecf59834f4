"""Dev and prod over the vendor's own SDK: the gateway whole, the native modules doubled."""

import asyncio
from contextlib import aclosing, asynccontextmanager

from api.assembly import open_assembly
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.access import Scope
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.controls import ArmWish, HaltCause, TradingState
from quantgraph.domain.orders import Destination, OrderKey, OrderState, OrderTicket, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.tables import unverified_names
from quantgraph.domain.sources import Source
from quantgraph.domain.terminals import AccountLogin, TerminalState
from quantgraph.domain.traces import Trail, follow
from quantgraph.loading import load_config
from tests.api.real import ROOT, make_keys
from tests.conftest import ScannedTracer
from tests.doubles.far import far, world
from tests.doubles.world import ACCOUNT
from tests.waiting import settled, until

# Fixtures that pytest finds here.
__all__ = ["far", "world"]
SYMBOL, TWIN = "600519.SH", f"paper-{ACCOUNT}"
# What changes anything at a broker: none of it may ever be reached in dev.
ORDERS = (
    "orderStockWithSeq",
    "cancelOrderStockWithSeq",
    "OrderStockReq",
    "CancelOrderStockReq",
)
READS = (
    "query",
    "subscribe",
    "unsubscribe",
    "bind",
    "nextSeq",
    "init",
    "start",
    "stop",
    "connect",
    "setTimeout",
)


@asynccontextmanager
async def gateway(far, folder, mode, **sections):
    """Open a gateway of a mode over the far side, and wait until it takes orders."""
    settings = {"data_dir": str(folder), "mode": mode, **sections}
    config = load_config(ROOT / "config.toml", settings)
    async with asyncio.timeout(60), open_assembly(config, far.backend, far.world) as assembly:
        gate = assembly.gateway
        while await gate.system.problems():
            await settled()
        while (await gate.controls.status(None)).state is TradingState.RECONCILING:
            await settled()
        yield gate


def ticket(key, price, side=Side.BUY):
    return OrderTicket(ACCOUNT, key, SYMBOL, side, 100, limit_price=price)


async def ended(gate, account, state):
    """Return the order once the journal says that it came to a state."""
    key = OrderKey(account, client_order_id="k1")
    while (order := await gate.trading.order(key)) is None or order.state is not state:
        await settled()
    return order


async def test_dev_reads_the_terminal_and_touches_no_order_function(far, tmp_path):
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    async with gateway(far, tmp_path, "dev") as gate:
        price = far.world.price(SYMBOL, "asks")
        done = await gate.trading.submit(ticket("k1", price))
        assert done.order.destination is Destination.INTERCEPTED
        filled = await ended(gate, TWIN, OrderState.FILLED)
        assert filled.account_id == TWIN
        accounts = [each.id for each in await gate.accounts.accounts()]
        assert accounts == [ACCOUNT, TWIN]
        real, twin = await gate.accounts.assets([ACCOUNT, TWIN])
        assert (real.source, real.cash > twin.cash) == (Source.TERMINAL, True)
        request = BarRequest((SYMBOL,), Period.DAY_1, Window(None, None, 5))
        (series,) = await gate.bars.bars(request)
        far.counter.quotas = {"KCB": 5_000}
        (quota,) = await gate.ipo_quotas.ipo_quotas(ACCOUNT)
        assert (quota.quantity, quota.source) == (5_000, Source.TERMINAL)
        assert {each.source for each in await gate.ipo_quotas.ipo_quotas(TWIN)} == {
            Source.SIMULATED
        }
        for account in (ACCOUNT, TWIN):
            port = gate.futures_position_statistics
            assert await port.futures_position_statistics(account) == ()
        assert series.source is Source.TERMINAL
        info = await gate.system.info()
        can = {each.operation: each.available for each in info.backends[0].capabilities}
        # The terminal has no orders at the close; the paper exchange that takes them here does.
        assert (can["trading.submit"], can["orders.AFTER_HOURS"]) == (True, True)
        assert [(each.kind, each.connected) for each in info.backends] == [("xtquant", True)]
    touched = far.double.touched
    assert not {name for name in touched if any(word in name for word in ORDERS)}
    trader = {name.partition(".")[2] for name in touched if name.startswith("XtQuantAsyncClient.")}
    assert trader
    assert not {name for name in trader if not name.startswith(READS)}


async def test_prod_sends_through_the_sdk_and_hears_of_the_fill(far, tmp_path):
    ring, arming = make_keys(tmp_path, "prod")
    ring.create(Scope.ADMIN, None)
    secret = arming.create()
    sections = {
        "trading": {"programmatic_trading_reported": True},
        "rules": {"accept_unverified": sorted(unverified_names())},
    }
    async with gateway(far, tmp_path, "prod", **sections) as gate:
        await gate.controls.arm(ArmWish(secret, minutes=5))
        done = await gate.trading.submit(ticket("k1", far.world.price(SYMBOL, "asks")))
        assert done.order.destination is Destination.TERMINAL
        filled = await ended(gate, ACCOUNT, OrderState.FILLED)
        assert (filled.id, filled.filled_quantity) == (done.order.id, 100)
    assert "XtQuantAsyncClient.orderStockWithSeq" in far.double.touched


async def test_a_status_that_nobody_listed_halts_the_account_and_says_why(far, tmp_path):
    ring, arming = make_keys(tmp_path, "prod")
    ring.create(Scope.ADMIN, None)
    secret = arming.create()
    sections = {
        "trading": {"programmatic_trading_reported": True},
        "rules": {"accept_unverified": sorted(unverified_names())},
    }

    def strange(told):
        told[0].order_status = 58
        return (told,)

    far.counter.script.when("StockOrder", strange)
    async with gateway(far, tmp_path, "prod", **sections) as gate:
        await gate.controls.arm(ArmWish(secret, minutes=5))
        async with aclosing(gate.controls.events(ACCOUNT)) as events:
            await anext(events)
            await gate.trading.submit(ticket("k1", far.world.price(SYMBOL, "asks") - 5))
            halted = (await anext(events)).status
        assert (halted.state, halted.cause) == (TradingState.HALTED, HaltCause.UNLISTED_STATUS)
        assert "status 58 " in halted.reason
        assert (await gate.controls.status(None)).state is TradingState.ACTIVE


async def told(events, true):
    """Return the terminal as the first event tells it that satisfies `true`."""
    async for event in events:
        (terminal,) = event.terminals
        if true(terminal):
            return terminal
    raise AssertionError


async def test_a_terminal_tells_of_its_links_versions_and_logins(far, tmp_path):
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    async with gateway(far, tmp_path, "dev") as gate, aclosing(gate.system.terminals()) as events:
        first = await told(events, lambda each: each.terminal_version)
        assert (first.name, first.source) == ("qmt", Source.TERMINAL)
        assert first.sdk_version == load_sdk().version
        assert first.logins == (AccountLogin(ACCOUNT, True, None),)
        assert {each.state for each in first.links} == {TerminalState.CONNECTED}
        record = far.double.new("XtAccountStatus", account_id=ACCOUNT, account_type=2, status=3)
        far.counter.push("UpdateAccountStatus", ACCOUNT, record)
        out = await told(events, lambda each: not each.logins[0].ready)
        assert "failed" in out.logins[0].reason
        assert out.links[1].last_event is not None
        far.counter.answer = -1
        far.counter.disconnect()
        lost = await told(events, lambda each: each.links[1].attempts)
        data, trading = lost.links
        assert (data.state, trading.state) == (TerminalState.CONNECTED, TerminalState.LOST)
        assert trading.reason == Reason.SOURCE_UNAVAILABLE
        far.counter.answer = 0
        back = await told(events, lambda each: each.state is TerminalState.CONNECTED)
        assert (back.links[1].attempts, back.links[1].reason) == (0, None)


async def test_a_lost_terminal_is_told_and_comes_back(far, tmp_path):
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    async with gateway(far, tmp_path, "dev") as gate:
        far.exchange.drop()
        while "market_data" not in await gate.system.problems():
            await settled()
        far.exchange.connected = True
        await until(lambda: not far.exchange.hang)
        while "market_data" in await gate.system.problems():
            await settled()


async def test_what_a_traced_request_asks_the_terminal_is_a_step(far, tmp_path, monkeypatch):
    monkeypatch.setattr("api.assembly.open_tracer", lambda _: ScannedTracer())
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    trail = Trail(None)
    async with gateway(far, tmp_path, "dev") as gate:
        follow(trail)
        request = BarRequest((SYMBOL,), Period.DAY_1, Window(None, None, 5))
        (series,) = await gate.bars.bars(request)
        assert series.columns.length == 5
        follow(Trail(None))
    assert "terminal bars" in {each.name for each in trail.steps}

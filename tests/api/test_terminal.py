"""Dev and prod over the vendor's own SDK: the gateway whole, the native modules doubled."""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from api.assembly import open_assembly
from api.vendor import sender_by
from quantgraph.backends.xtquant.backend import TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.data import Address
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.access import Scope
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.controls import ArmWish, TradingState
from quantgraph.domain.orders import Destination, OrderKey, OrderState, OrderTicket, Side
from quantgraph.domain.rules.tables import unverified_names
from quantgraph.domain.sources import Source
from quantgraph.loading import load_config
from tests.api.real import ROOT, make_keys
from tests.doubles import native
from tests.doubles.counter import Counter
from tests.doubles.market import Exchange
from tests.doubles.world import ACCOUNT, SimWorld
from tests.waiting import settled, until

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


@dataclass
class FarSide:
    """A terminal's far side: its quote service and its counter, over one simulated market."""

    double: native.Native
    world: SimWorld
    exchange: Exchange
    counter: Counter

    def backend(self, config, calendar):
        """Return the terminal as the gateway sees it, over the real SDK."""
        settings = TerminalSettings("qmt", "C:/QMT/userdata_mini", Address(), 30.0, 20.0)
        del config
        time = calendar, self.world
        return XtTerminal(load_sdk(), settings, time, sender_by(self.world)).backend()


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    made = SimWorld()
    yield made
    made.close()


@pytest.fixture
def far(world) -> Iterator[FarSide]:
    sdk = load_sdk() if native.sdk("xttrader") else None
    double = native.installed()
    with warnings.catch_warnings():
        # It reads its table of fields once, and leaves the file open.
        warnings.simplefilter("ignore", ResourceWarning)
        sdk.data.get_field_list("2004")
    sdk.data.disconnect()
    double.escaped.clear()
    exchange = Exchange(world.market, world.clock)
    double.quotes = exchange.client
    counter = Counter(double, world)
    double.touched.clear()
    yield FarSide(double, world, exchange, counter)
    counter.close()
    exchange.close()
    sdk.data.disconnect()
    assert double.escaped == []


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
        assert series.source is Source.TERMINAL
        info = await gate.system.info()
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

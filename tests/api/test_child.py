"""A gateway whose exchange has a process of its own: orders, quotes, snapshots, and its death."""

import os
import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from api.assembly import open_assembly
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.orders import OrderKey, OrderState, OrderTicket, Side
from quantgraph.domain.reasons import Reason
from quantgraph.loading import load_config
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SYMBOL = "600519.SH"


def _children() -> set[int]:
    """Return the processes that this one has begun and that still run."""
    task = f"/proc/self/task/{os.getpid()}/children"
    return {int(each) for each in Path(task).read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
async def test_a_gateway_trades_loses_and_regains_an_exchange_apart(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    settings = {"data_dir": str(tmp_path), "mock": {"process": True}}
    before = _children()
    async with open_assembly(load_config(ROOT / "config.toml", settings)) as assembly:
        gateway, trading = assembly.gateway, assembly.gateway.trading
        quote = (await gateway.quotes.quotes([SYMBOL]))[0]
        price = Decimal(str(quote.bids[-1].price))
        await gateway.simulation.save_snapshot("before")
        ticket = OrderTicket("sim-1", "one", SYMBOL, Side.BUY, 100, limit_price=price)
        order = (await trading.submit(ticket)).order
        assert order.state is OrderState.WORKING
        shown = (await gateway.quotes.quotes([SYMBOL]))[0]
        assert shown.bids[-1].quantity == quote.bids[-1].quantity + 100
        assert (await gateway.accounts.asset("sim-1")).frozen_cash > price * 100

        (child,) = _children() - before
        os.kill(child, signal.SIGKILL)
        await until(lambda: not assembly.way.trading.connected)
        key = OrderKey("sim-1", id=order.id)
        assert (await trading.order(key)).state is OrderState.WORKING  # as it was last told
        assert "EXCHANGE_LOST" in (await gateway.system.problems())["exchange"]
        assert not (await gateway.system.info()).backends[0].connected
        with pytest.raises(Unavailable) as lost:
            await gateway.accounts.asset("sim-1")
        assert lost.value.reason is Reason.EXCHANGE_LOST
        with pytest.raises(Unavailable) as refused:
            await trading.submit(replace(ticket, client_order_id="two"))
        assert refused.value.reason is Reason.EXCHANGE_LOST
        assert not isinstance((await gateway.quotes.quotes([SYMBOL]))[0], Exception)

        await gateway.simulation.restore_snapshot("before")
        await until(lambda: assembly.way.trading.connected)
        assert await gateway.system.problems() == {}
        assert (await gateway.accounts.asset("sim-1")).frozen_cash == 0
    assert _children() <= before

"""A gateway over several terminals: by config the vendor's SDK and another gateway, and a gap."""

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from api.assembly import open_assembly
from api.vendor import open_terminal
from quantgraph.backends.many.backend import ManyTerminals
from quantgraph.backends.many.members import Member
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import StartupError
from quantgraph.domain.orders import Destination, OrderTicket, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteWatch, StreamKind
from quantgraph.loading import load_config
from tests.api.real import ROOT, Terminal, make_keys
from tests.backends.remote.agents import Asker, agent_at
from tests.doubles.far import far, world
from tests.doubles.world import ACCOUNT
from tests.waiting import settled

# Fixtures that pytest finds here.
__all__ = ["far", "world"]
SYMBOL = "600519.SH"
QUERY = """{ serverInfo { backends { name kind connected } terminalStatus { name state } }
  accounts { id terminal asset { source } } quote(symbol: "600519.SH") { source } }"""
EAST = {"name": "east", "path": "C:/QMT/userdata_mini", "trade_seconds": 20}


@asynccontextmanager
async def both(far, folder, agent):
    """Open a gateway in dev over the SDK's terminal and an agent, by config; with a key of it."""
    key = make_keys(folder, "dev")[0].create(Scope.ADMIN, None)
    remote = {"target": f"127.0.0.1:{agent.port}", "tls": False}
    west = {"name": "west", "kind": "remote", "remote": remote}
    settings = {"data_dir": str(folder), "mode": "dev", "terminals": [EAST, west]}
    config = load_config(ROOT / "config.toml", settings)
    async with asyncio.timeout(60), open_assembly(config, clock=far.world) as assembly:
        await until_problems(assembly.gateway, set())
        yield assembly, key


async def until_problems(gate, parts):
    while {*await gate.system.problems()} != parts:
        await settled()


async def test_two_terminals_are_served_and_one_that_goes_costs_its_own_alone(far, tmp_path):
    async with (
        AsyncExitStack() as stack,
        agent_at(tmp_path / "agent") as agent,
        both(far, tmp_path / "here", agent) as (here, key),
    ):
        asker, gate = Asker(stack), here.gateway
        data, errors = await asker.ask(here, QUERY, None, key)
        assert errors == []
        info = data["serverInfo"]
        kinds = [tuple(each.values()) for each in info["backends"]]
        assert kinds == [("east", "xtquant", True), ("west", "remote", True)]
        real = [each for each in data["accounts"] if not each["id"].startswith("paper-")]
        assert [(each["id"], each["terminal"], each["asset"]["source"]) for each in real] == [
            (ACCOUNT, "east", "TERMINAL"),
            ("sim-1", "west", "SIMULATED"),
        ]
        assert data["quote"] == {"source": "TERMINAL"}
        price = far.world.price(SYMBOL, "asks")
        for account in (ACCOUNT, "sim-1"):
            ticket = OrderTicket(account, "k1", SYMBOL, Side.BUY, 100, limit_price=price)
            order = (await gate.trading.submit(ticket)).order
            assert order.destination is Destination.INTERCEPTED

        await agent.leave()
        await until_problems(gate, {"west.market_data", "west.accounts"})
        data, errors = await asker.ask(here, QUERY, None, key)
        assert errors == ["TERMINAL_OFFLINE"]
        states = [each["state"] for each in data["serverInfo"]["terminalStatus"]]
        assert states == ["CONNECTED", "LOST"]
        sources = {each["id"]: each["asset"] for each in data["accounts"]}
        assert (sources[ACCOUNT], sources["sim-1"]) == ({"source": "TERMINAL"}, None)
        await agent.come_back()
        await until_problems(gate, set())

        # The other one is there, and simulated: nobody is given its prices for real ones.
        far.exchange.drop()
        await until_problems(gate, {"east.market_data"})
        data, errors = await asker.ask(here, QUERY, None, key)
        assert (data["quote"], {*errors}) == (None, {"SOURCE_UNAVAILABLE"})


async def test_a_stream_tells_that_its_source_changed_and_goes_on(tmp_path):
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path), "mode": "dev"})
    east, west = Terminal("east"), Terminal("west", "8880002", seed=2)

    def together(*given):
        return ManyTerminals([Member(each.backend(*given)) for each in (east, west)]).backend()

    async with asyncio.timeout(60), open_assembly(config, together, east.clock) as assembly:
        watch = QuoteWatch((SYMBOL,))
        async with aclosing(assembly.gateway.quote_stream.watch(watch)) as events:
            first = await anext(events)
            await anext(events)  # from here on it is followed
            east.stand(up=False)
            told = [await anext(events)]
            while told[-1].quote is None or told[-1].quote.last_price == first.quote.last_price:
                told.append(await anext(events))
        gaps = [each.source.connected for each in told if each.kind is StreamKind.HEARTBEAT]
        assert False in gaps
        (now,) = await west.market.quotes([SYMBOL])
        assert told[-1].quote.last_price == now.last_price
        assert told[-1].epoch == first.epoch
    await east.close()
    await west.close()


@pytest.mark.parametrize(
    ("west", "reason"),
    [
        ({"path": "D:/QMT"}, Reason.CONFIG_INVALID),
        ({"path": ""}, Reason.MODE_UNAVAILABLE),
    ],
)
def test_terminals_that_cannot_be_opened_together_are_refused(tmp_path, west, reason):
    settings = {"mode": "dev", "terminals": [EAST, {"name": "west", **west}]}
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path), **settings})
    with pytest.raises(StartupError, match="west") as caught:
        open_terminal(config, None)
    assert caught.value.reason is reason

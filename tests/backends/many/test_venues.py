"""Several terminals in mock: one simulated in a process of its own, beside another gateway's."""

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import pytest

from api.assembly import open_assembly
from api.isolated import open_isolated
from api.server import _contract
from api.terminals import TerminalClock
from grpc_bridge.server import start
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.operations import unsaid
from quantgraph.domain.orders import OrderKey
from quantgraph.domain.simulation import ClockChange
from quantgraph.domain.system import Mode
from quantgraph.domain.terminals import TerminalState
from quantgraph.loading import load_config
from quantgraph.services.conformance.accounts import ACCOUNTS, LINK
from quantgraph.services.conformance.market import MARKET
from quantgraph.services.conformance.running import Subject, Verdict, outcomes
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from tests.api.real import ROOT
from tests.backends.remote.agents import Asker, agent_at
from tests.waiting import settled

MAOTAI = "600519.SH"
WEST = {"id": "west-1", "name": "West", "cash": "500000"}
EAST = {"id": "east-1", "name": "East", "cash": "1000000"}
SIM = {"name": "east", "kind": "sim", "sim": {"accounts": [EAST]}}
QUERY = """{ serverInfo { mode clock { now simulated paused tradingDay }
    backends { name connected capabilities { operation available reason } }
    terminalStatus { name state logins { accountId } } }
  accounts { id terminal asset { cash source } }
  quote(symbol: "600519.SH") { source lastPrice } }"""
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) {
  ... on SubmitOrderSuccess { replayed order { id destination } } ... on Problem { code } } }"""


def configured(folder, *terminals, **sections):
    told = {"data_dir": str(folder), "mode": "mock", "terminals": terminals}
    return load_config(ROOT / "config.toml", told | sections)


@asynccontextmanager
async def both(tmp_path):
    """Open a gateway over an agent in mock, whose time stands, and a simulated terminal."""
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        west = await stack.enter_async_context(agent_at(tmp_path / "west", accounts=[WEST]))
        await west.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        remote = {"target": f"127.0.0.1:{west.port}", "tls": False}
        terminals = {"name": "west", "kind": "remote", "remote": remote}, SIM
        config = configured(tmp_path / "here", *terminals)
        here = await stack.enter_async_context(open_assembly(config))
        await until_problems(here, set())
        yield here, west, Asker(stack)


async def until_problems(here, parts):
    while {*await here.gateway.system.problems()} != parts:
        await settled()


async def submit(asker, here, account, price):
    told = {"accountId": account, "clientOrderId": "k1", "symbol": MAOTAI, "side": "BUY"}
    wanted = {"input": {**told, "quantity": 100, "limitPrice": f"{price:.2f}"}}
    data, errors = await asker.ask(here, SUBMIT, wanted)
    return errors or data["submitOrder"]


async def submit_rpc(here, account, price):
    server = await start(here.gateway, here.config.grpc.model_copy(update={"port": 0}))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        request = orders_pb2.SubmitOrderRequest(
            account_id=account, client_order_id="k1", symbol=MAOTAI, side=orders_pb2.SIDE_BUY,
            quantity=100, limit_price={"value": f"{price:.2f}"},
        )  # fmt: skip
        done = await OrderServiceStub(channel).SubmitOrder(request)
    await server.stop(0)
    return done.order.id, done.replayed


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_simulated_terminals_are_served_as_one_and_each_keeps_its_own_orders(tmp_path):
    async with both(tmp_path) as (here, west, asker):
        data, errors = await asker.ask(here, QUERY, None)
        info, far = data["serverInfo"], west.assembly.gateway
        assert (errors, info["mode"]) == ([], "MOCK")
        # Time is the first one's, which stands.
        (there,) = await far.quotes.quotes([MAOTAI])
        told = far.clock.now().isoformat()
        assert info["clock"]["simulated"]
        assert info["clock"]["paused"]
        assert here.gateway.clock.now().isoformat() == told
        assert info["clock"]["tradingDay"] == "2023-02-01"
        assert data["quote"] == {"source": "SIMULATED", "lastPrice": there.last_price}
        logins = [(each["name"], each["logins"]) for each in info["terminalStatus"]]
        assert logins == [("west", [{"accountId": "west-1"}]), ("east", [{"accountId": "east-1"}])]
        assert [(each["id"], each["terminal"], each["asset"]) for each in data["accounts"]] == [
            ("east-1", "east", {"cash": "1000000.00", "source": "SIMULATED"}),
            ("west-1", "west", {"cash": "500000.00", "source": "SIMULATED"}),
        ]
        # What is operated elsewhere is not promised here, in either contract.
        assert _contract(here) is not Mode.MOCK
        for each in info["backends"]:
            rows = {row["operation"]: row["available"] for row in each["capabilities"]}
            assert not rows["simulation.setClock"]
            assert rows["orders.LIMIT"]

        price, made = there.last_price, {}
        for account in ("west-1", "east-1"):
            done = await submit(asker, here, account, price)
            assert "order" in done, done
            made[account] = done["order"]["id"]
            assert (done["replayed"], done["order"]["destination"]) == (False, "SIMULATED")
            assert await submit_rpc(here, account, price) == (made[account], True)
        assert len({*made.values()}) == 2
        kept = await far.trading.order(OrderKey("west-1", client_order_id="k1"))
        assert kept.id == made["west-1"]
        assert await submit(asker, here, "nobody", price) == {"code": "UNKNOWN_ACCOUNT"}

        # One that is away costs its own accounts alone; its market is told by no other.
        await west.leave()
        await until_problems(here, {"west.market_data", "west.accounts"})
        data, errors = await asker.ask(here, QUERY, None)
        assert {*errors} == {"TERMINAL_OFFLINE"}
        assert data["quote"] is None
        assert [each["asset"] is None for each in data["accounts"]] == [False, True]
        done = await submit(asker, here, "east-1", price)
        assert (done["replayed"], done["order"]["id"]) == (True, made["east-1"])
        await west.come_back()
        await until_problems(here, set())


async def test_a_simulated_terminal_passes_the_suite_of_every_back_end(tmp_path):
    config = configured(tmp_path, SIM)
    backend = open_isolated(config, config.chosen[0], SystemClock())
    await backend.start()
    try:
        async with asyncio.timeout(60):
            while backend.status().state is not TerminalState.CONNECTED:
                await settled()
        symbols = (MAOTAI, "000001.SZ", "600000.SH")
        subject = Subject(backend, TerminalClock(backend.clock), symbols, None, None)
        found = [each async for each in outcomes((*LINK, *MARKET, *ACCOUNTS), subject, 20)]
        assert [each for each in found if each.verdict is not Verdict.PASSED] == []
        assert unsaid(backend.capabilities()) == []
    finally:
        await backend.close()


def test_a_simulated_terminal_is_served_what_mock_says_but_for_its_own(tmp_path):
    east = {**SIM, "sim": {"seed": 7, "accounts": [EAST]}}
    config = configured(tmp_path, east, mock={"speed": 5.0, "start": "2023-03-01"})

    async def opened():
        open_isolated(config, config.chosen[0], SystemClock())

    asyncio.run(opened())
    (folder,) = (config.data_path / "agents").iterdir()
    own = load_config(folder / "config.toml")
    assert (own.mode, own.venues, own.data_path) == (Mode.MOCK, (), folder / "mock")
    assert (own.mock.seed, own.mock.speed, own.mock.start.day) == (7, 5.0, 1)
    assert [each.id for each in own.mock.accounts] == ["east-1"]


async def test_without_a_simulated_one_among_them_mock_is_a_world_of_its_own(tmp_path):
    config = configured(tmp_path, {"name": "east", "path": "C:/QMT/userdata_mini"})
    async with open_assembly(config) as assembly:
        (backend,) = (await assembly.gateway.system.info()).backends
        assert (backend.kind, assembly.gateway.simulation is None) == ("sim", False)
        assert _contract(assembly) is Mode.MOCK


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "dev"}, "in dev nothing simulated stands beside real terminals"),
        ({"mode": "prod"}, "in prod nothing simulated stands beside real terminals"),
        ({"terminals": [SIM, {"name": "real", "path": "q"}]}, "'real' is a real one"),
        ({"terminals": [SIM, {**SIM, "name": "west"}]}, "two have account 'east-1'"),
        ({"terminals": [{"name": "east", "kind": "sim"}]}, "needs sim.accounts"),
        ({"terminals": [{**SIM, "kind": "xtquant"}]}, 'sim is of no use with kind = "xtquant"'),
        ({"terminals": [{**SIM, "path": "q"}]}, 'path is of a real terminal: kind = "sim" has'),
        ({"terminals": [{**SIM, "sim": {"accounts": [EAST], "faults": ["NONE"]}}]}, "NONE"),
    ],
)
def test_what_is_simulated_never_stands_beside_what_is_real(tmp_path, changes, said):
    with pytest.raises(StartupError) as caught:
        configured(tmp_path, SIM, **changes)
    assert said in caught.value.message

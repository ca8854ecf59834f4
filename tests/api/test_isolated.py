"""A terminal's SDK in a process of its own: what kills or freezes it costs that terminal alone."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import grpc
import pytest

from api import isolated
from api.assembly import open_assembly
from api.isolated import open_isolated, reached
from api.local_certificate import make_certificate
from api.posts import HOST, open_post
from quantgraph.backends.remote.channel import AgentChannel
from quantgraph.domain.access import Naming, Scope
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.errors import GatewayError, StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.loading import load_config
from quantgraph.store.folder import hold_desk
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import system_pb2
from tests.api.real import ROOT, make_keys
from tests.backends.remote.agents import agent_at
from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.waiting import settled

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
SYMBOL = "600519.SH"
EAST = {"name": "east / 一", "path": "C:/QMT/userdata_mini", "trade_seconds": 20}
AWAY = {Reason.TERMINAL_OFFLINE, Reason.SOURCE_UNAVAILABLE}


class Morning:
    """The instant at which the far side's market stands."""

    def now(self):
        return datetime(2023, 2, 1, 1, 45, tzinfo=UTC)


@asynccontextmanager
async def gateway(tmp_path, west):
    """Open a gateway in dev whose first terminal has a process of its own, over the real SDK."""
    make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    remote = {"target": f"127.0.0.1:{west.port}", "tls": False}
    terminals = [EAST, {"name": "west", "kind": "remote", "remote": remote}]
    settings = {"mode": "dev", "isolate": True, "terminals": terminals}
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path), **settings})
    async with open_assembly(config, clock=Morning()) as assembly:
        await whole(assembly.gateway)
        yield assembly.gateway


async def whole(gate):
    async with asyncio.timeout(60):
        while await gate.system.problems():
            await settled()


def agent(folder):
    """Return the process that serves a terminal."""
    (file,) = folder.glob("dev/agents/*/dev/gateway.pid")
    return int(file.read_text())


async def served(gate):
    """Return what a client sees of the real terminal now, and of the other; codes where refused."""
    (quote,) = await _told(gate.quotes.quotes([SYMBOL]))
    east, west = await _told(gate.accounts.assets([ACCOUNT, "sim-1"]))
    return [_code(each) for each in (quote, east, west)]


async def _told(asking):
    try:
        return await asking
    except GatewayError as error:
        return [error]


def _code(answer):
    return answer.reason if isinstance(answer, GatewayError) else answer.source


def opened(tmp_path, **settings):
    """Make a terminal with an agent, which is not begun."""
    told = {"data_dir": str(tmp_path), "mode": "dev", "isolate": True, "terminals": [EAST]}
    config = load_config(ROOT / "config.toml", told | settings)
    open_isolated(config, config.chosen[0], Morning())
    (folder,) = (config.data_path / "agents").iterdir()
    return folder, load_config(folder / "config.toml")


async def test_an_agent_has_a_configuration_of_its_own_that_only_its_owner_reads(tmp_path):
    sections = {"logging": {"folder": str(tmp_path / "logs")}, "grpc": {"port": 50_051}}
    account = {"id": ACCOUNT, "order_value": "200000.00"}
    folder, config = opened(tmp_path, **sections, trading={"accounts": [account]})
    assert folder.name == "terminal-east%20%2F%20%E4%B8%80"
    place = config.chosen[0]
    assert (place.name, place.path, place.kind) == (EAST["name"], EAST["path"], "xtquant")
    assert config.data_path == folder / "dev"
    assert {config.http.host, config.grpc.host} == {"127.0.0.1"}
    assert (config.http.port, config.grpc.port != 50_051, config.isolate) == (0, True, False)
    assert config.trading.accounts[0].order_value == 200_000
    assert config.logging.folder == f"{tmp_path}/logs/{folder.name}"
    assert config.tls.certificate == str(folder / "agent.pem")
    assert (folder.stat().st_mode & 0o077, config.metrics.access) == (0, "off")
    for name in ("config.toml", "agent.key", "agent.pem"):
        assert (folder / name).stat().st_mode & 0o177 == 0
    key = (folder / "agent.key").read_text()
    known = KeyStore(config.data_path / "keys.sqlite").check(key)
    assert (known.scope, known.terms.names) == (Scope.READ, Naming.OWN)
    # In dev it keeps no orders but those of its own folder.
    assert config.desk_path == config.data_path
    assert known.terms.hold(datetime.now(UTC), "127.0.0.1:9")
    assert not known.terms.hold(datetime.now(UTC), "10.0.0.1:9")
    assert opened(tmp_path)[0].joinpath("agent.key").read_text() == key


async def test_in_prod_an_agent_keeps_the_orders_of_our_folder_and_its_key_turns_switches(tmp_path):
    settings = {"mode": "prod", "audit": {"head_file": str(tmp_path / "heads")}}
    folder, config = opened(tmp_path, **settings)
    ring = KeyStore(config.data_path / "keys.sqlite")
    first = ring.check((folder / "agent.key").read_text())
    assert (first.scope, first.terms.names) == (Scope.ADMIN, Naming.OWN)
    assert (config.desk_path, config.head_path) == (tmp_path / "prod", tmp_path / "heads")
    assert config.data_path == folder / "prod"
    # One that may less, or is not believed, is put out of use.
    other = ring.create(Scope.READ, None)
    (folder / "agent.key").write_text(other)
    opened(tmp_path, **settings)
    assert ring.check(other) is None
    assert ring.check((folder / "agent.key").read_text()).scope is Scope.ADMIN


async def test_whoever_takes_an_agents_port_is_not_shown_the_key(tmp_path):
    told = {"data_dir": str(tmp_path), "mode": "prod", "isolate": True, "terminals": [EAST]}
    config = load_config(ROOT / "config.toml", told)
    post = open_post(config, config.chosen[0])
    seen = []

    class Thief(grpc.GenericRpcHandler):
        def service(self, call):
            seen.append(dict(call.invocation_metadata))

    chain, secret = make_certificate(HOST)
    shown = grpc.ssl_server_credentials([(secret, chain)])
    for credentials in (None, shown):
        thief = grpc.aio.server(handlers=(Thief(),))
        address = f"{HOST}:{post.port}"
        if credentials is None:
            assert thief.add_insecure_port(address)
        else:
            assert thief.add_secure_port(address, credentials)
        await thief.start()
        agent = AgentChannel(reached(post), 5.0)
        request = system_pb2.GetServerInfoRequest()
        with pytest.raises(Unavailable) as refused:
            place = "SystemService/GetServerInfo", request, system_pb2.GetServerInfoResponse
            await agent.call(*place)
        assert refused.value.reason is Reason.TERMINAL_OFFLINE
        await agent.close()
        await thief.stop(0)
    assert seen == []


async def test_orders_are_kept_by_one_process(tmp_path):
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path)})
    with hold_desk(config.desk_path), pytest.raises(StartupError, match="keeps the orders"):
        async with open_assembly(config):
            pass


def test_what_the_environment_says_of_the_gateway_is_not_said_to_an_agent(tmp_path, monkeypatch):
    for name in ("QUANTGRAPH_GRPC__PORT", "APP_MODE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KEPT", "here")
    told = isolated._environment()
    assert told["KEPT"] == "here"
    assert not {"QUANTGRAPH_GRPC__PORT", "APP_MODE"} & told.keys()


def test_isolation_of_nothing_is_refused():
    remote = {"kind": "remote", "remote": {"target": "far:1"}}
    settings = {"mode": "dev", "isolate": True, "terminal": remote}
    with pytest.raises(StartupError, match="no terminal of this machine"):
        load_config(ROOT / "config.toml", settings)


@pytest.mark.slow
async def test_an_agent_that_is_killed_or_frozen_costs_its_terminal_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(isolated, "COMMAND", COMMAND)
    monkeypatch.setattr(isolated, "SILENT_S", 2.0)
    both = [Source.TERMINAL, Source.TERMINAL, Source.SIMULATED]
    async with agent_at(tmp_path / "west") as west, gateway(tmp_path, west) as gate:
        assert await served(gate) == both
        (series,) = await gate.bars.bars(BarRequest((SYMBOL,), Period.DAY_1, Window(last=5)))
        assert (series.source, series.columns.length) == (Source.TERMINAL, 5)
        ids = [each.id for each in await gate.accounts.accounts()]
        assert sorted(ids) == sorted([ACCOUNT, "sim-1", f"paper-{ACCOUNT}", "paper-sim-1"])
        for number in (signal.SIGKILL, signal.SIGSTOP):
            first = agent(tmp_path)
            os.kill(first, number)
            while not await gate.system.problems():
                await settled()
            began = monotonic()
            quote, east, other = await served(gate)
            assert {quote, east} <= AWAY
            assert other is Source.SIMULATED
            assert monotonic() - began < 2
            assert {*await gate.system.problems()} <= {
                "east / 一.market_data",
                "east / 一.accounts",
            }
            await whole(gate)
            assert await served(gate) == both
            assert agent(tmp_path) != first
        last = agent(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)

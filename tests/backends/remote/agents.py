"""A gateway at its terminal, the agent, and gateways elsewhere that ask it over a real port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.app import build_app
from api.assembly import Assembly, open_assembly
from grpc_bridge.server import GrpcServer, start
from quantgraph.backends.remote.backend import RemoteSettings, RemoteTerminal
from quantgraph.backends.remote.channel import Target
from quantgraph.config import Config
from quantgraph.domain.access import Scope
from quantgraph.domain.clock import Clock
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.terminals import TerminalState
from quantgraph.loading import load_config
from resolvers.root import graphql_schema
from tests.api import real
from tests.api.real import ROOT, make_keys


@dataclass
class Agent:
    """A gateway of its own, which comes and goes at one port."""

    assembly: Assembly
    config: Config
    server: GrpcServer
    port: int = 0

    async def leave(self) -> None:
        """Serve gRPC no more."""
        await self.server.stop(0)

    async def come_back(self) -> None:
        """Serve it again, at the same port."""
        wires = self.config.grpc.model_copy(update={"port": self.port})
        self.server = await start(self.assembly.gateway, wires)

    def terminal(self, seconds: float = 20.0) -> RemoteTerminal:
        """Return it as another gateway's terminal."""
        target = Target(f"127.0.0.1:{self.port}")
        return RemoteTerminal(RemoteSettings("sim", target, seconds), self.assembly.gateway.clock)


@asynccontextmanager
async def agent_at(folder: Path, **mock: Any) -> AsyncIterator[Agent]:
    """Open an agent in mock."""
    settings = {"data_dir": str(folder), "mode": "mock", "mock": mock}
    config = load_config(ROOT / "config.toml", settings)
    async with open_assembly(config) as assembly:
        server = await start(assembly.gateway, config.grpc.model_copy(update={"port": 0}))
        agent = Agent(assembly, config, server, server.port)
        try:
            yield agent
        finally:
            await agent.leave()


@dataclass
class Beside:
    """An agent in prod over a terminal of our own, the key that a gateway shows it, its secret."""

    agent: Agent
    key: Path
    secret: str


@asynccontextmanager
async def prod_agent(terminal: Any, folder: Path, **sections: Any) -> AsyncIterator[Beside]:
    """Open an agent in prod; whoever arms it needs the secret."""
    ring, arming = make_keys(folder, "prod")
    file, secret = folder / "agent.key", arming.create()
    file.write_text(ring.create(Scope.ADMIN, None))
    trusted = {"accept_unverified": ["fees.transfer.undated"]}
    reported = {"programmatic_trading_reported": True}
    sections = {"trading": reported, "rules": trusted, **sections}
    async with real.gateway(terminal, folder, "prod", **sections) as assembly:
        wires = assembly.config.grpc.model_copy(update={"port": 0})
        server = await start(assembly.gateway, wires)
        agent = Agent(assembly, assembly.config, server, server.port)
        try:
            yield Beside(agent, file, secret)
        finally:
            await agent.leave()


@asynccontextmanager
async def prod_over(
    agent: Agent, folder: Path, key: Path | None = None, **sections: Any
) -> AsyncIterator[tuple[Assembly, str]]:
    """Open a gateway in prod whose terminal is an agent's, by config alone; with a key of it."""
    own = make_keys(folder, "prod")[0].create(Scope.ADMIN, None)
    remote = {"target": f"127.0.0.1:{agent.port}", "tls": False, "key_file": str(key or "")}
    terminal = {"kind": "remote", "name": "far", "remote": remote}
    settings = {"data_dir": str(folder), "mode": "prod", "terminal": terminal, **sections}
    config = load_config(ROOT / "config.toml", settings)
    clock: Clock = agent.assembly.gateway.clock
    async with open_assembly(config, clock=clock) as assembly:
        yield assembly, own


@asynccontextmanager
async def gateway_over(
    agent: Agent, folder: Path, **sections: Any
) -> AsyncIterator[tuple[Assembly, str]]:
    """Open a gateway in dev whose terminal is the agent's, by config alone; with a key of it."""
    key = make_keys(folder, "dev")[0].create(Scope.ADMIN, None)
    remote = {"target": f"127.0.0.1:{agent.port}", "tls": False}
    terminal = {"kind": "remote", "name": "sim", "remote": remote}
    settings = {"data_dir": str(folder), "mode": "dev", "terminal": terminal, **sections}
    config = load_config(ROOT / "config.toml", settings)
    # The agent's time is simulated: both have to live at the same.
    clock: Clock = agent.assembly.gateway.clock
    async with open_assembly(config, clock=clock) as assembly:
        yield assembly, key


class Asker:
    """Asks gateways by GraphQL."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Ask as long as the stack is open."""
        self._stack = stack
        self._clients: dict[int, httpx.AsyncClient] = {}

    async def ask(
        self, assembly: Assembly, query: str, variables: Any, key: str | None = None
    ) -> tuple[Any, list[str]]:
        """Return the data and the codes of the errors."""
        client = await self._client(assembly)
        headers = {"x-api-key": key} if key else {}
        body = {"query": query, "variables": variables}
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
        errors = answer.get("errors", ())
        return answer.get("data"), sorted(each["extensions"]["code"] for each in errors)

    async def _client(self, assembly: Assembly) -> httpx.AsyncClient:
        if id(assembly) not in self._clients:
            web = build_app(graphql_schema, assembly.gateway, assembly.config)
            made = httpx.AsyncClient(
                transport=httpx.ASGITransport(web), base_url="http://127.0.0.1"
            )
            self._clients[id(assembly)] = await self._stack.enter_async_context(made)
        return self._clients[id(assembly)]


async def stands(assembly: Assembly, state: TerminalState = TerminalState.CONNECTED) -> None:
    """Wait until a gateway says that its terminal stands so."""
    async with asyncio.timeout(20), aclosing(assembly.gateway.system.terminals()) as news:
        async for each in news:
            # A heartbeat comes anyway: what has changed is told at once.
            told = each.kind is not StreamKind.HEARTBEAT
            if told and each.terminals[0].state is state:
                return

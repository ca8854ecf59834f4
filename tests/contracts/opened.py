"""A whole gateway in the test's own process, asked by both wires: its parts can be got at."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from grpc import aio

from api.app import build_app
from api.assembly import Assembly, open_assembly
from grpc_bridge.server import start
from quantgraph.config import Config
from quantgraph.domain.orders import OrderState
from quantgraph.domain.ports.trading import Trading
from quantgraph.domain.streams import LogCursor, StreamKind
from resolvers.root import graphql_schema
from tests.contracts.asking import RPCS, document, request_of
from tests.contracts.pairs import PAIRS, Arguments
from tests.grpc_bridge.calls import Refusal, path

# Where GraphQL's caller says to be; gRPC's is a socket of this machine.
PEER = ("192.0.2.7", 4711)


@dataclass(frozen=True)
class Answer:
    """What a mutation was answered: the union's member (GraphQL alone), OK or a code, the rest."""

    code: str
    member: str = ""
    data: Any = None


class Caller:
    """Asks one gateway by both wires, with a key or without."""

    def __init__(self, assembly: Assembly, http: httpx.AsyncClient, channel: aio.Channel) -> None:
        self.assembly, self.http, self.channel = assembly, http, channel
        self.secret = ""  # that arms it

    async def post(self, query: str, key: str | None = None, **variables: Any) -> Any:
        headers = {"x-api-key": key} if key else {}
        body = {"query": query, "variables": variables}
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def graphql(self, mutation: str, given: Arguments, key: str | None = None) -> Answer:
        label = f"Mutation.{mutation}"
        call = f"{mutation}(input: $input) {{"
        query = document(label, PAIRS[label]).replace(call, f"{call} __typename")
        told = await self.post(query, key, input=given)
        if "errors" in told:
            return Answer(told["errors"][0]["extensions"]["code"])
        found = told["data"][mutation]
        return Answer(found.get("code", "OK"), found["__typename"], found)

    async def grpc(self, mutation: str, given: Arguments, key: str | None = None) -> Answer:
        pair = PAIRS[f"Mutation.{mutation}"]
        raw = request_of(pair, given).SerializeToString()
        try:
            metadata = (("x-api-key", key),) if key else None
            await self.channel.unary_unary(path(RPCS[pair.rpc]))(raw, metadata=metadata)
        except aio.AioRpcError as error:
            told = (error.details(), error.trailing_metadata())
            return Answer(Refusal(error).reason.value, data=told)
        return Answer("OK")


async def followed(
    trading: Trading, account_id: str, enough: Callable[[Mapping[str, OrderState]], bool]
) -> None:
    """Follow an account's log until the states of its orders by id, first the open ones, do."""
    states, present = dict[str, OrderState](), False
    async with asyncio.timeout(30), aclosing(trading.events(LogCursor(account_id))) as events:
        async for event in events:
            if event.order is not None:
                states[event.order.id] = event.order.state
            present = present or event.kind is StreamKind.CAUGHT_UP
            if present and enough(states):
                return


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Caller]:
    """Open a gateway and both of its wires."""
    async with open_assembly(config) as assembly:
        web = build_app(graphql_schema, assembly.gateway, config)
        transport = httpx.ASGITransport(web, client=PEER)
        server = await start(assembly.gateway, config.grpc.model_copy(update={"port": 0}))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
            aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            yield Caller(assembly, http, channel)
        await server.stop(0)

"""A real terminal's answers over both wires: the gateway whole, the native modules doubled."""

from contextlib import asynccontextmanager

import httpx
import pytest
from grpc import aio

from api.app import build_app
from api.assembly import open_assembly
from grpc_bridge.server import start
from quantgraph.domain.access import Scope
from quantgraph.loading import load_config
from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from resolvers.root import graphql_schema
from tests.api.real import ROOT, make_keys
from tests.doubles.far import far, world
from tests.waiting import settled

# Fixtures that pytest finds here.
__all__ = ["far", "world"]


class Wires:
    """Both wires of a gateway in dev, each asked with a key of some scope."""

    def __init__(self, web, channel, keys):
        self._web, self.channel, self._keys = web, channel, keys

    async def ask(self, query, scope=Scope.ADMIN, **variables):
        """Return the data and the codes of the errors of a GraphQL operation."""
        body = {"query": query, "variables": variables}
        headers = {"x-api-key": self._keys[scope]}
        answer = (await self._web.post("/graphql", json=body, headers=headers)).json()
        codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
        return answer.get("data"), codes

    def key(self, scope=Scope.ADMIN):
        """Return the metadata of a call."""
        return (("x-api-key", self._keys[scope]),)


@asynccontextmanager
async def wires_over(far, folder):
    """Open a gateway in dev over the far side, once its terminal is there."""
    ring = make_keys(folder, "dev")[0]
    keys = {scope: ring.create(scope, None) for scope in (Scope.READ, Scope.ADMIN)}
    config = load_config(ROOT / "config.toml", {"data_dir": str(folder), "mode": "dev"})
    async with open_assembly(config, far.backend, far.world) as assembly:
        while await assembly.gateway.system.problems():
            await settled()
        server = await start(assembly.gateway, config.grpc.model_copy(update={"port": 0}))
        web = httpx.ASGITransport(build_app(graphql_schema, assembly.gateway, config))
        try:
            async with (
                httpx.AsyncClient(transport=web, base_url="http://127.0.0.1") as client,
                aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
            ):
                yield Wires(client, channel, keys)
        finally:
            await server.stop(0)


async def test_both_wires_tell_tags_and_what_the_terminal_follows(far, tmp_path):
    far.exchange.tags = {"510300.SH": {100_013}}
    row = {"addr": "10.0.0.2:55300", "stockCode": "000300.SH", "period": 60_000, "metaId": 3_001}
    far.exchange.told["getallsubinfo"] = {"result": [row]}
    async with wires_over(far, tmp_path) as wires:
        query = """query($s: [Symbol!]!) { instrumentTags(symbols: $s, tags: ["GE_EXTRA_ETF"])
            { symbol tags source } }"""
        symbols = ["510300.SH", "999999.SH", "600519.SH"]
        told, codes = await wires.ask(query, Scope.READ, s=symbols)
        assert codes == []
        assert told["instrumentTags"] == [
            {"symbol": "510300.SH", "tags": ["GE_EXTRA_ETF"], "source": "TERMINAL"},
            {"symbol": "600519.SH", "tags": [], "source": "TERMINAL"},
        ]
        stub = CatalogServiceStub(wires.channel)
        asked = catalog_pb2.ListInstrumentTagsRequest(symbols=symbols, tags=["GE_EXTRA_ETF"])
        found = (await stub.ListInstrumentTags(asked, metadata=wires.key(Scope.READ))).instruments
        assert [(e.symbol, list(e.tags)) for e in found] == [
            ("510300.SH", ["GE_EXTRA_ETF"]), ("600519.SH", []),
        ]  # fmt: skip
        query = "{ terminalSubscriptions { client code symbol period dataset intervalMs } }"
        told, codes = await wires.ask(query)
        assert told["terminalSubscriptions"] == [
            {"client": "10.0.0.2:55300", "code": "000300.SH", "symbol": "000300.SH",
             "period": "MIN_1", "dataset": 3_001, "intervalMs": 60_000}
        ]  # fmt: skip
        asked = catalog_pb2.ListTerminalSubscriptionsRequest(search="0.0.2")
        (one,) = (await stub.ListTerminalSubscriptions(asked, metadata=wires.key())).subscriptions
        assert (one.client, one.symbol, one.interval_ms) == ("10.0.0.2:55300", "000300.SH", 60_000)
        # Addresses of other programs are for admins.
        assert await wires.ask(query, Scope.READ) == (None, ["FORBIDDEN"])
        with pytest.raises(aio.AioRpcError, match=r"FORBIDDEN|scope"):
            await stub.ListTerminalSubscriptions(asked, metadata=wires.key(Scope.READ))

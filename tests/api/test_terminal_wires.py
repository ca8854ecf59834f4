"""A real terminal's answers over both wires: the gateway whole, the native modules doubled."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
from grpc import aio
from websockets.asyncio.client import connect

from quantgraph.domain.access import Scope
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import catalog_pb2, depth_pb2, quotes_pb2, streams_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from quantgraph.v1.depth_pb2_grpc import DepthServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from tests.api.real import make_keys, served
from tests.api.sockets import ACK, INIT, PROTOCOL, subscribe
from tests.doubles.far import far, world
from tests.grpc_bridge.calls import Refusal
from tests.waiting import settled, until

# Fixtures that pytest finds here.
__all__ = ["far", "world"]
SYMBOL, AT = "600519.SH", 1_675_216_200_000
BOOK = {"time": AT, "price": 9.98, "bidPrice": [9.98, 9.97], "bidVolume": [3, 4],
        "askPrice": [9.99], "askVolume": [1]}  # fmt: skip
QUEUE = {"time": AT, "bidGear": [1], "bidPrice": [9.98], "bidVolume": [[1, 2]]}
BOOKS = f"""subscription {{ orderBook(symbol: "{SYMBOL}", levels: 2) {{ kind sequence
  book {{ bids {{ price quantity }} asks {{ price quantity }} source }} }} }}"""
QUEUES = f"""subscription {{ orderQueues(symbol: "{SYMBOL}", levels: 2) {{ kind sequence
  queues {{ bids {{ price quantities }} source }} }} }}"""


class Wires:
    """A gateway in dev on both wires, each asked with a key of some scope."""

    def __init__(self, addresses, web, channel, keys):
        self._url = f"{addresses.http}/graphql"
        self._web, self.channel, self._keys = web, channel, keys

    async def ask(self, query, scope=Scope.ADMIN, **variables):
        """Return the data and the codes of the errors of a GraphQL operation."""
        body = {"query": query, "variables": variables}
        headers = {"x-api-key": self._keys[scope]}
        answer = (await self._web.post(self._url, json=body, headers=headers)).json()
        codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
        return answer.get("data"), codes

    def key(self, scope=Scope.ADMIN):
        """Return the metadata of a call."""
        return (("x-api-key", self._keys[scope]),)

    async def live(self, query) -> AsyncIterator[dict]:
        """Yield what a subscription says by WebSocket, but for heartbeats."""
        url, headers = self._url.replace("http", "ws"), {"X-API-Key": self._keys[Scope.READ]}
        async with connect(url, subprotocols=[PROTOCOL], additional_headers=headers) as socket:
            await socket.send(json.dumps(INIT))
            assert json.loads(await socket.recv()) == ACK
            await socket.send(json.dumps(subscribe("1", query)))
            async for text in socket:
                (event,) = json.loads(text)["payload"]["data"].values()
                if event["kind"] != "HEARTBEAT":
                    yield event


@asynccontextmanager
async def wires_over(far, folder, monkeypatch, **sections):
    """Serve a gateway in dev over the far side, once its terminal is there."""
    ring = make_keys(folder, "dev")[0]
    keys = {scope: ring.create(scope, None) for scope in (Scope.READ, Scope.ADMIN)}
    terminal = SimpleNamespace(backend=far.backend, clock=far.world)
    async with served(monkeypatch, terminal, folder, "dev", **sections) as running:
        while await running.assembly.gateway.system.problems():
            await settled()
        async with (
            httpx.AsyncClient(timeout=60) as web,
            aio.insecure_channel(running.addresses.grpc) as channel,
        ):
            yield Wires(running.addresses, web, channel, keys)


async def test_both_wires_tell_tags_and_what_the_terminal_follows(far, tmp_path, monkeypatch):
    far.exchange.tags = {"510300.SH": {100_013}}
    row = {"addr": "10.0.0.2:55300", "stockCode": "000300.SH", "period": 60_000, "metaId": 3_001}
    far.exchange.told["getallsubinfo"] = {"result": [row]}
    async with wires_over(far, tmp_path, monkeypatch) as wires:
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


async def said(events):
    """Return the next thing that is no heartbeat."""
    async with asyncio.timeout(20):
        while True:
            event = await anext(events)
            event = event if isinstance(event, dict) else event.event
            if isinstance(event, dict) or event.kind != streams_pb2.STREAM_KIND_HEARTBEAT:
                return event


async def push(far, period, row):
    await until(lambda: ((SYMBOL,), period) in far.exchange.subscriptions)
    await asyncio.to_thread(far.exchange.deliver, period, {SYMBOL: row})


async def test_a_live_book_goes_over_both_wires_from_one_subscription(far, tmp_path, monkeypatch):
    async with wires_over(far, tmp_path, monkeypatch) as wires:
        request = depth_pb2.WatchOrderBookRequest(symbol=SYMBOL, levels=2)
        stub = DepthServiceStub(wires.channel)
        call = stub.WatchOrderBook(request, metadata=wires.key(Scope.READ))
        async with aclosing(wires.live(BOOKS)) as shown:
            told = aiter(call)
            # Nothing was pushed yet: a snapshot without a book.
            assert (await said(shown))["book"] is None
            assert not (await said(told)).HasField("book")
            await push(far, "l2thousand", BOOK)
            event, other = await said(shown), await said(told)
            assert event["kind"] == "UPDATE"
            assert event["book"] == {
                "bids": [{"price": 9.98, "quantity": 300}, {"price": 9.97, "quantity": 400}],
                "asks": [{"price": 9.99, "quantity": 100}], "source": "TERMINAL",
            }  # fmt: skip
            assert [(e.price, e.quantity) for e in other.book.bids] == [(9.98, 300), (9.97, 400)]
            assert event["sequence"] == other.sequence == 1
            followed = [each for each in far.exchange.subscriptions if each[1] == "l2thousand"]
            assert followed == [((SYMBOL,), "l2thousand")]
        call.cancel()


async def test_live_queues_of_orders_go_over_both_wires(far, tmp_path, monkeypatch):
    async with wires_over(far, tmp_path, monkeypatch) as wires:
        request = depth_pb2.WatchOrderQueuesRequest(symbol=SYMBOL, levels=2)
        stub = DepthServiceStub(wires.channel)
        call = stub.WatchOrderQueues(request, metadata=wires.key(Scope.READ))
        async with aclosing(wires.live(QUEUES)) as shown:
            told = aiter(call)
            assert (await said(shown))["queues"] is None
            assert not (await said(told)).HasField("queues")
            await push(far, "l2thousandqueue", QUEUE)
            event, other = await said(shown), await said(told)
            assert event["queues"] == {
                "bids": [{"price": 9.98, "quantities": [100, 200]}], "source": "TERMINAL"
            }  # fmt: skip
            assert [list(each.quantities) for each in other.queues.bids] == [[100, 200]]
        call.cancel()


async def test_a_call_whose_connection_drops_midway_says_so_and_the_next_ones_work(
    far, tmp_path, monkeypatch
):
    query = f"""{{ quote(symbol: "{SYMBOL}") {{ lastPrice }} }}"""
    far.exchange.hang = {"get_full_tick"}
    async with wires_over(far, tmp_path, monkeypatch) as wires:
        stub = QuoteServiceStub(wires.channel)
        asked = quotes_pb2.GetQuotesRequest(symbols=[SYMBOL])
        one = asyncio.ensure_future(wires.ask(query))
        await asyncio.to_thread(far.exchange.hung.wait, 20)
        other = asyncio.ensure_future(stub.GetQuotes(asked, metadata=wires.key()))
        far.exchange.drop()
        far.exchange.free.set()
        assert await one == ({"quote": None}, ["SOURCE_UNAVAILABLE"])
        with pytest.raises(aio.AioRpcError) as told:
            await other
        assert Refusal(told.value).reason is Reason.SOURCE_UNAVAILABLE
        far.exchange.hang.clear()
        far.exchange.connected = True
        async with asyncio.timeout(30):
            while (answer := await wires.ask(query))[1]:
                assert answer[1] == ["SOURCE_UNAVAILABLE"]
        assert answer[0]["quote"]["lastPrice"] > 0
        (result,) = (await stub.GetQuotes(asked, metadata=wires.key())).results
        assert result.quote.last_price == answer[0]["quote"]["lastPrice"]

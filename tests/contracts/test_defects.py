"""What the replaced proxy got wrong on the read side does not come back.

Keys, other accounts and start-up: tests/api/test_access.py and test_serve.py. Conflation, leaks and
message sizes: tests/services/test_mailbox.py, tests/api/test_sse.py, tests/grpc_bridge.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx
import pytest

from api.app import build_app
from api.assembly import open_assembly
from quantgraph.config import Config
from quantgraph.loading import load_config
from quantgraph.store.market import MarketStore
from quantgraph.v1 import instruments_pb2, quotes_pb2, system_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from resolvers.root import graphql_schema
from tests.grpc_bridge.world import World

CONFIG = Path(__file__).parents[2] / "config.toml"
STREAMS = 40
SECONDS = 20


@pytest.fixture
def channel(gateway):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        yield channel


def watch(channel, *symbols):
    asked = quotes_pb2.WatchQuotesRequest(symbols=quotes_pb2.SymbolList(symbols=symbols))
    return QuoteServiceStub(channel).WatchQuotes(asked, timeout=SECONDS)


def answered(channel):
    asked = system_pb2.GetServerInfoRequest()
    return SystemServiceStub(channel).GetServerInfo(asked, timeout=SECONDS).info.version


async def test_a_read_that_blocks_keeps_nobody_else_waiting(tmp_path, monkeypatch):
    """C1: a download of five seconds kept the health route from answering."""
    entered, release = threading.Event(), threading.Event()
    read = MarketStore.read_bars

    def blocked(self, request):
        entered.set()
        release.wait(SECONDS)
        return read(self, request)

    query = {"query": '{ bars(symbol: "600519.SH", last: 5) { rowCount } }'}
    async with open_assembly(load_config(CONFIG, {"data_dir": str(tmp_path)})) as assembly:
        app = build_app(graphql_schema, assembly.gateway, assembly.config)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            monkeypatch.setattr(MarketStore, "read_bars", blocked)
            bars = asyncio.create_task(client.post("/graphql", json=query))
            assert await asyncio.to_thread(entered.wait, SECONDS)
            assert (await client.get("/health/live")).status_code == 200
            assert not bars.done()
            release.set()
            assert (await bars).json()["data"]["bars"]["rowCount"] == 5


def test_open_streams_use_up_no_calls(channel):
    """C3: ten streams took every thread, and the eleventh call timed out."""
    streams = [watch(channel, "600519.SH") for _ in range(STREAMS)]
    assert all(next(stream).events for stream in streams)
    assert answered(channel)
    for stream in streams:
        stream.cancel()


def test_a_stream_that_ends_takes_no_other_with_it(gateway, channel):
    """C4: the first gRPC stream that ended closed everybody's event loop."""
    body = {"query": 'subscription { quotes(symbols: ["600519.SH"]) { sequence } }'}
    headers = {"accept": "text/event-stream"}
    url = f"{gateway.addresses.http}/graphql"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=SECONDS) as shown:
        lines = (line for line in shown.iter_lines() if line.startswith("data: {"))
        first, second = watch(channel, "600519.SH"), watch(channel, "600519.SH")
        assert next(first).events
        assert next(second).events
        first.cancel()
        assert next(second).events
        assert next(lines) != next(lines)
    assert next(second).events
    second.cancel()


def test_readers_of_one_symbol_steal_nothing_from_each_other(channel):
    """D4: readers shared one queue."""

    def read(stream):
        found = {}
        for message in stream:
            for event in message.events:
                if event.HasField("quote"):
                    found[event.quote.time.ToMilliseconds()] = event.quote.last_price
            if len(found) > 5:
                stream.cancel()
                return found
        return found

    streams = [watch(channel, "000001.SZ") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(read, streams)
    shared = one.keys() & other.keys()
    assert len(shared) >= 3
    assert all(one[time] == other[time] for time in shared)


def test_a_whole_market_can_be_watched_and_its_quotes_have_prices(channel):
    """D1 to D3: whole quotes could not be switched on, never came, and gRPC's were empty."""
    asked = quotes_pb2.WatchQuotesRequest(market=instruments_pb2.MARKET_SZ)
    stream = QuoteServiceStub(channel).WatchQuotes(asked, timeout=SECONDS)
    quotes = []
    while len(quotes) < 10:
        quotes += [event.quote for event in next(stream).events if event.HasField("quote")]
    stream.cancel()
    assert all(quote.symbol.endswith(".SZ") and quote.last_price > 0 for quote in quotes)
    assert len({quote.symbol for quote in quotes}) >= 10


@pytest.mark.parametrize(
    ("period", "count"), [("MIN_1", 300), ("HOUR_1", 9), ("DAY_1", 37), ("MONTH_1", 13)]
)
def test_simulated_bars_are_of_their_period_and_hold_together(ask_mock, period, count):
    """E4: ten daily rows whatever was asked, other ones each time, closes above highs."""
    query = f"""{{ bars(symbol: "600519.SH", period: {period}, last: {count},
      end: "2023-01-31") {{ source rows {{ time open high low close volume }} }} }}"""
    found = ask_mock(query)["bars"]
    times = [row["time"] for row in found["rows"]]
    assert (found["source"], len(times)) == ("SIMULATED", count)
    assert times == sorted(set(times))
    assert times[-1] < "2023-02-01"
    midnights = [time for time in times if time[11:16] == "00:00"]
    assert midnights == (times if period in {"DAY_1", "MONTH_1"} else [])
    for row in found["rows"]:
        assert row["low"] <= min(row["open"], row["close"])
        assert max(row["open"], row["close"]) <= row["high"]
    assert ask_mock(query)["bars"] == found


async def test_health_tells_what_is_wrong():
    """E5: always healthy, with a timestamp that never moved."""
    world = World()
    transport = httpx.ASGITransport(build_app(graphql_schema, world.gateway, Config()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/health/ready")).status_code == 200
        world.system.wrong = {"trading": "The terminal is away."}
        answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "The terminal is away." in answer.text


def test_no_key_is_shipped():
    """A3, A6: sample keys were the committed defaults, and no keys meant that all were good."""
    assert "api_key" not in CONFIG.read_text("utf-8")
    assert not any("key" in name or "secret" in name for name in Config.model_fields)

"""Downloads through both wires: over the vendor's own SDK in dev, and simulated in mock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from grpc import aio

from api.app import build_app
from grpc_bridge.server import start
from quantgraph.config import GrpcConfig
from quantgraph.domain.access import Scope
from quantgraph.domain.downloads import DownloadKind
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.loading import load_config
from quantgraph.v1 import bars_pb2, downloads_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.downloads_pb2_grpc import DownloadServiceStub
from resolvers.root import graphql_schema
from tests.api.events import events
from tests.api.real import ROOT, make_keys
from tests.api.test_terminal import ORDERS, far, gateway, world
from tests.contracts.opened import opened
from tests.grpc_bridge.calls import Refusal

__all__ = ["far", "world"]
ONE, TWO = "600519.SH", "000001.SZ"
JOB = "id kind symbols state done total code message source failures { symbol code message }"
START = f"""mutation($input: StartDownloadInput!) {{ startDownload(input: $input) {{
  ... on StartDownloadSuccess {{ job {{ {JOB} }} changed }} ... on Problem {{ code }} }} }}"""
BARS = """query($symbol: Symbol!, $ensure: Boolean!) { bars(symbol: $symbol, start: "2023-01-03",
  end: "2023-01-06", ensure: $ensure) { rowCount coverage { complete missing downloadId } } }"""


@dataclass
class Wires:
    """One gateway, asked by both wires with a key."""

    http: httpx.AsyncClient
    channel: aio.Channel
    key: str

    @property
    def calls(self) -> Any:
        return DownloadServiceStub(self.channel)

    @property
    def shown(self) -> Any:
        return (("x-api-key", self.key),) if self.key else None

    async def ask(self, query: str, key: str | None = None, **variables: Any) -> Any:
        headers = {"x-api-key": key or self.key} if key or self.key else {}
        body = {"query": query, "variables": variables}
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def start(self, **wish: Any) -> Any:
        return (await self.ask(START, input=wish))["data"]["startDownload"]

    async def job(self, job_id: str) -> Any:
        told = await self.ask(f"query($id: ID!) {{ downloadJob(id: $id) {{ {JOB} }} }}", id=job_id)
        return told["data"]["downloadJob"]

    async def followed(self, job_id: str, state: str | None = None) -> list[Any]:
        """The states of a job by gRPC, up to its end or a state."""
        asked = downloads_pb2.StreamDownloadJobsRequest(id=job_id)
        heard: list[Any] = []
        async with asyncio.timeout(30):
            stream = self.calls.StreamDownloadJobs(asked, metadata=self.shown)
            async for each in stream:
                if each.event.HasField("job"):
                    heard.append(each.event.job)
                    if state == downloads_pb2.DownloadState.Name(each.event.job.state)[15:]:
                        stream.cancel()
                        break
        return heard


@asynccontextmanager
async def wired(gate: Gateway, key: str = "") -> AsyncIterator[Wires]:
    config = load_config(ROOT / "config.toml")
    transport = httpx.ASGITransport(build_app(graphql_schema, gate, config))
    server = await start(gate, GrpcConfig(port=0))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
        aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Wires(http, channel, key)
    await server.stop(0)


@pytest.fixture
def key(tmp_path) -> str:
    return make_keys(tmp_path, "dev")[0].create(Scope.TRADE, None)


def asked(far: Any) -> list[Any]:
    return [call[1:] for call in far.exchange.calls if call[0] == "download"]


async def test_a_terminal_downloads_and_both_wires_tell_the_same(far, tmp_path, key):
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        begun = await wires.start(kind="DAYS", symbols=[ONE, TWO], start="2023-01-03")
        job = begun["job"]
        assert (begun["changed"], job["state"], job["total"]) == (True, "QUEUED", 2)
        last = (await wires.followed(job["id"]))[-1]
        shown = await wires.job(job["id"])
        assert (shown["state"], shown["done"], shown["failures"]) == ("DONE", 2, [])
        assert shown["source"] == "TERMINAL"
        assert (last.id, last.done, last.total, list(last.symbols)) == (job["id"], 2, 2, [ONE, TWO])
    assert [(*each[:4],) for each in asked(far)] == [((ONE, TWO), "1d", "20230103", "")]
    touched = far.double.touched
    assert not {name for name in touched if any(word in name for word in ORDERS)}


async def test_a_symbol_that_a_terminal_refuses_is_named_with_its_words(far, tmp_path, key):
    far.exchange.refused = {TWO}
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        job = (await wires.start(kind="MINUTES", symbols=[ONE, TWO]))["job"]
        (failure,) = (await wires.followed(job["id"]))[-1].failures
        assert (failure.symbol, failure.code) == (TWO, "DOWNLOAD_REFUSED")
        assert "无权限" in failure.message
        shown = await wires.job(job["id"])
        assert shown["state"] == "DONE"
        assert [each["symbol"] for each in shown["failures"]] == [TWO]


@pytest.mark.parametrize("hanging", ["the download", "the call"])
async def test_a_download_that_hangs_is_canceled_at_once(far, tmp_path, key, hanging):
    if hanging == "the call":
        far.exchange.hang = {"supply_history_data2"}
    else:
        far.exchange.steps = [{"finished": 1, "total": 2, "message": ""}]
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        job = (await wires.start(kind="DAYS", symbols=[ONE, TWO]))["job"]
        await wires.followed(job["id"], "RUNNING")
        request = downloads_pb2.CancelDownloadRequest(id=job["id"])
        done = await wires.calls.CancelDownload(request, metadata=wires.shown)
        assert (done.changed, done.job.state) == (True, downloads_pb2.DOWNLOAD_STATE_CANCELED)
        assert (await wires.job(job["id"]))["state"] == "CANCELED"
        far.exchange.free.set()
    assert far.exchange.stopped == 1


async def test_bars_are_answered_while_a_download_hangs(far, tmp_path, key):
    far.exchange.hang = {"down_index_weight"}
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        job = (await wires.start(kind="WEIGHTS"))["job"]
        await asyncio.to_thread(far.exchange.hung.wait, 20)
        found = (await wires.ask(BARS, symbol=ONE, ensure=True))["data"]["bars"]
        assert found["rowCount"] == 4
        assert (await wires.job(job["id"]))["state"] == "RUNNING"
        far.exchange.free.set()
        assert (await wires.followed(job["id"]))[-1].done == 1


async def test_behind_a_canceled_call_that_hangs_the_next_download_waits(far, tmp_path, key):
    far.exchange.hang = {"down_index_weight"}
    sections = {"downloads": {"away_seconds": 1}}
    async with gateway(far, tmp_path, "dev", **sections) as gate, wired(gate, key) as wires:
        hung = (await wires.start(kind="WEIGHTS"))["job"]
        await asyncio.to_thread(far.exchange.hung.wait, 20)
        await wires.calls.CancelDownload(
            downloads_pb2.CancelDownloadRequest(id=hung["id"]), metadata=wires.shown
        )
        job = (await wires.start(kind="DAYS", symbols=[ONE]))["job"]
        async with asyncio.timeout(20):
            while "has not come back" not in ((await wires.job(job["id"]))["message"] or ""):
                await asyncio.to_thread(lambda: None)
        assert (await wires.job(job["id"]))["state"] == "QUEUED"
        far.exchange.free.set()
        assert (await wires.followed(job["id"]))[-1].done == 1


async def test_a_restart_goes_on_with_what_waits(far, tmp_path, key):
    far.exchange.steps = [{"finished": 1, "total": 2, "message": ""}]
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        job = (await wires.start(kind="DAYS", symbols=[ONE, TWO]))["job"]
        await wires.followed(job["id"], "RUNNING")
    far.exchange.steps = None
    # The terminal is not connected yet when the next gateway begins.
    sections = {"downloads": {"away_seconds": 1}}
    async with gateway(far, tmp_path, "dev", **sections) as gate, wired(gate, key) as wires:
        assert (await wires.followed(job["id"]))[-1].done == 2
        assert (await wires.job(job["id"]))["state"] == "DONE"


async def test_a_lost_terminal_is_waited_for(far, tmp_path, key):
    sections = {"downloads": {"away_seconds": 1}}
    async with gateway(far, tmp_path, "dev", **sections) as gate, wired(gate, key) as wires:
        far.exchange.drop()
        async with asyncio.timeout(20):
            while "market_data" not in await gate.system.problems():
                await asyncio.to_thread(lambda: None)
        job = (await wires.start(kind="DAYS", symbols=[ONE]))["job"]
        waiting = (await wires.followed(job["id"], "QUEUED"))[-1]
        far.exchange.connected = True
        assert (await wires.followed(job["id"]))[-1].done == 1
        assert waiting.done == 0
    assert len(asked(far)) == 1


async def test_missing_bars_are_fetched_and_then_there(far, tmp_path, key):
    far.exchange.recordings["1d", ONE] = []
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        found = (await wires.ask(BARS, symbol=ONE, ensure=True))["data"]["bars"]
        held, name = found["coverage"], found["coverage"]["downloadId"]
        assert (found["rowCount"], held["complete"], held["missing"]) == (0, False, 4)
        assert (await wires.followed(name))[-1].done == 1
        assert [(*each[:4],) for each in asked(far)] == [((ONE,), "1d", "20230103", "20230106")]
        again = (await wires.ask(BARS, symbol=ONE, ensure=True))["data"]["bars"]
        assert again["rowCount"] == 4
        assert again["coverage"] == {"complete": True, "missing": 0, "downloadId": None}


async def test_both_wires_name_the_download_and_ask_for_scope_trade(far, tmp_path, key):
    reader = make_keys(tmp_path, "dev")[0].create(Scope.READ, None)
    far.exchange.recordings["1d", ONE] = []
    far.exchange.steps = [{"finished": 0, "total": 1, "message": ""}]
    request = bars_pb2.ListBarsRequest(symbol=ONE, period=bars_pb2.PERIOD_DAY_1, ensure=True)
    async with gateway(far, tmp_path, "dev") as gate, wired(gate, key) as wires:
        stub: Any = BarServiceStub(wires.channel)
        refused = await wires.ask(BARS, reader, symbol=ONE, ensure=True)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        with pytest.raises(aio.AioRpcError) as told:
            await stub.ListBars(request, metadata=(("x-api-key", reader),))
        assert Refusal(told.value).reason == "FORBIDDEN"
        plain = (await wires.ask(BARS, reader, symbol=ONE, ensure=False))["data"]["bars"]
        assert plain["coverage"]["downloadId"] is None
        page = await wires.calls.ListDownloadJobs(
            downloads_pb2.ListDownloadJobsRequest(), metadata=wires.shown
        )
        assert not page.jobs
        first = await stub.ListBars(request, metadata=wires.shown)
        second = await stub.ListBars(request, metadata=wires.shown)
        name = first.series.coverage.download_id
        assert name
        assert second.series.coverage.download_id == name
        assert (await wires.job(name))["kind"] == "DAYS"


@pytest.fixture
def mock(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("APP_MODE", raising=False)
    settings = {"data_dir": str(tmp_path), "mock": {"download_ms": 0}}
    return load_config(ROOT / "config.toml", settings)


async def test_in_mock_a_job_walks_its_symbols_and_says_that_it_is_simulated(mock):
    async with opened(mock) as caller:
        wires = Wires(caller.http, caller.channel, "")
        job = (await wires.start(kind="DAYS", symbols=[ONE, "999999.SH", TWO]))["job"]
        last = (await wires.followed(job["id"]))[-1]
        assert [(each.symbol, each.code) for each in last.failures] == [
            ("999999.SH", "UNKNOWN_SYMBOL")
        ]
        shown = await wires.job(job["id"])
        assert (shown["state"], shown["done"], shown["source"]) == ("DONE", 3, "SIMULATED")
        assert shown["message"] is None


async def test_a_subscription_to_one_job_tells_it_to_its_end_and_completes(mock):
    query = """subscription($id: ID!) { downloadJobUpdates(id: $id) {
      kind job { state done total } } }"""
    async with opened(mock) as caller:
        wires = Wires(caller.http, caller.channel, "")
        job = (await wires.start(kind="DAYS", symbols=[ONE, TWO]))["job"]
        body = {"query": query, "variables": {"id": job["id"]}}
        head = {"accept": "text/event-stream"}
        async with asyncio.timeout(30):
            answer = await caller.http.post("/graphql", json=body, headers=head)
        told = [
            data["data"]["downloadJobUpdates"] for name, data in events(answer) if name == "next"
        ]
        assert told[0]["kind"] == "SNAPSHOT"
        assert told[-1]["job"] == {"state": "DONE", "done": 2, "total": 2}
        ends = [each for each in told if each["job"] and each["job"]["state"] == "DONE"]
        assert len(ends) == 1
        again = await caller.http.post("/graphql", json=body, headers=head)
        (late,) = [data for name, data in events(again) if name == "next"]
        assert late["data"]["downloadJobUpdates"]["kind"] == "SNAPSHOT"


async def test_in_mock_a_kind_is_walked_where_the_capabilities_say_so(mock):
    async with opened(mock) as caller:
        wires = Wires(caller.http, caller.channel, "")
        info = await caller.assembly.gateway.system.info()
        able = {each.operation: each for each in info.backends[0].capabilities}
        ended: set[str] = set()
        for kind in DownloadKind:
            row = able[f"downloads.{kind}"]
            symbols = {"symbols": [ONE]} if kind.named else {}
            of_table = {"table": "bond_call_info"} if kind is DownloadKind.TABLE else {}
            job = (await wires.start(kind=kind, **symbols, **of_table))["job"]
            await wires.followed(job["id"])
            shown = await wires.job(job["id"])
            ended.add(shown["state"])
            if row.available:
                assert (shown["state"], shown["done"]) == ("DONE", shown["total"]), kind
                assert shown["total"] >= 1, kind
            else:
                assert (shown["state"], shown["code"]) == ("FAILED", "TERMINAL_LACKS"), kind
                assert row.reason in shown["message"]
        assert ended == {"DONE", "FAILED"}

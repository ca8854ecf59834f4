"""/metrics tells what happened, to those who may know; the dashboard asks for nothing else."""

import json
import re
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import grpc
import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from api import scraping
from api.metrics import registry
from api.watch import Watch
from quantgraph.bus.names import Names
from quantgraph.bus.places import BusPlace
from quantgraph.domain.access import Actor, Scope, Wire
from quantgraph.domain.calls import GONE, Call, Transport
from quantgraph.domain.controls import TradingState
from quantgraph.domain.downloads import DownloadKind, DownloadState
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import system_pb2
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from quantgraph.watching import MetricsConfig
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename } }"""
PRICE = '{ quote(symbol: "600519.SH") { lastPrice } }'
TICKET = {
    "accountId": "sim-1",
    "clientOrderId": "metric-1",
    "symbol": "600519.SH",
    "side": "BUY",
    "quantity": 100,
}
LATENCY = ["quoteAge", "orderRoundTrip", "callbackLag", "journalCommit"]
PERCENTILES = " ".join(f"{each} {{ p50 p95 p99 count }}" for each in LATENCY)


@pytest.fixture(scope="module")
def running(start_gateway, tmp_path_factory):
    """A gateway of its own, that has answered a few requests and an order."""
    limits = {"query_cost": 60}
    with start_gateway(tmp_path_factory.mktemp("metrics"), limits=limits) as running:
        url = f"{running.addresses.http}/graphql"
        for query in ("{ serverInfo { mode } }", "{ sectors { name } accounts { id } }", "{ no }"):
            httpx.post(url, json={"query": query})
        dear = "{ sectors { members { instrument { name } } } }"
        assert "COST_LIMIT" in httpx.post(url, json={"query": dear}).text
        quoted = httpx.post(url, json={"query": PRICE}).json()["data"]["quote"]
        ticket = TICKET | {"limitPrice": f"{quoted['lastPrice']:.2f}"}
        bought = httpx.post(url, json={"query": SUBMIT, "variables": {"input": ticket}}).json()
        assert bought["data"]["submitOrder"]["__typename"] == "SubmitOrderSuccess"
        watching = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
        head = {"accept": "text/event-stream"}
        with httpx.stream("POST", url, json={"query": watching}, headers=head) as events:
            lines = events.iter_lines()
            while "UPDATE" not in next(lines):
                pass
            yield running


@pytest.fixture(scope="module")
def told(running):
    """Samples by name and labels."""
    text = httpx.get(f"{running.addresses.http}/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(text.text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def of(told, name, *labels):
    return told[f"quantgraph_{name}", *sorted(labels)]


def test_requests_are_counted_by_operation_and_outcome(told):
    assert of(told, "requests_total", "http", "serverInfo", "OK") == 1
    assert of(told, "requests_total", "http", "several", "OK") == 1
    assert of(told, "requests_total", "http", "none", "GRAPHQL_VALIDATION_FAILED") == 1
    assert of(told, "request_seconds_count", "http", "serverInfo") == 1
    assert of(told, "request_seconds_bucket", "http", "serverInfo", "+Inf") == 1
    assert 0 < of(told, "request_seconds_sum", "http", "serverInfo") < 60


def test_limits_that_were_hit_are_counted(told):
    assert of(told, "limits_hit_total", "COST_LIMIT") == 1


def test_an_order_is_seen_in_states_acts_and_times(told):
    assert of(told, "order_states_total", "ACCEPTED") + of(told, "order_states_total", "SENT") >= 1
    assert of(told, "acts_total", "submitOrder", "OK") == 1
    assert of(told, "order_round_trip_seconds_count") == 1
    assert of(told, "journal_commit_seconds_count") >= 2
    assert of(told, "callback_lag_seconds_count") >= 1


def test_streams_and_their_source_are_seen(told):
    assert of(told, "subscribers", "graphql", "quotes") == 1
    assert of(told, "stream_events_total") >= 2
    assert of(told, "upstream_symbols") >= 1
    assert of(told, "quote_age_seconds_count") >= 1
    assert 0 <= of(told, "upstream_age_seconds", "quotes") < 60
    assert of(told, "terminal_connected") == 1
    assert of(told, "trading_state", "ACTIVE") == 1
    assert of(told, "trading_state", "HALTED") == 0


def test_a_stream_is_counted_and_its_time_is_no_requests():
    watch = Watch(None, most=1)
    call = Call(0.0, 2.0, Transport.SSE, ("quotes",), None, "k1", "r1", 3, GONE, lasting=True)
    watch.calls.ended(call)
    assert "request_seconds_count" not in told_by(watch)
    assert 'requests_total{operation="quotes",outcome="GONE",transport="sse"} 1.0' in told_by(watch)


def test_what_waits_for_readers_is_seen():
    watch = Watch(None, most=1)
    reader = SimpleNamespace(tally=lambda: Tally(5, 0, 3))
    with watch.streams.open(Actor("k1", Wire.GRPC), "quotes"):
        attach(reader)
        assert 'waiting_events{operation="quotes",wire="grpc"} 3.0' in told_by(watch)


async def test_timers_that_are_late_are_measured(monkeypatch):
    monkeypatch.setattr("api.watch._LOOK_S", 0.001)
    watch = Watch(None, most=1)
    lag = watch.timings.loop_lag.tally
    watch.start()
    await until(lambda: lag.count >= 3)
    await watch.close()
    assert 0 < lag.seconds < 20


def told_by(watch):
    """What is told of a watch over a gateway that stands still."""
    stands = SimpleNamespace(state=TradingState.ACTIVE)
    way = SimpleNamespace(states=Counter(), status=lambda: stands, connected=lambda: False)
    quotes = SimpleNamespace(upstream_count=0)
    under_way = Counter({DownloadState.QUEUED: 2, DownloadState.RUNNING: 1})
    ended = Counter({(DownloadKind.DAYS, DownloadState.FAILED): 3})
    downloads = SimpleNamespace(under_way=lambda: under_way, ended=ended)
    return generate_latest(registry(watch.dials(way, quotes, downloads, dict))).decode()


def test_downloads_are_seen_by_what_they_do_and_how_they_ended():
    lines = told_by(Watch(None, most=1)).splitlines()
    assert 'quantgraph_downloads{state="QUEUED"} 2.0' in lines
    assert 'quantgraph_downloads{state="RUNNING"} 1.0' in lines
    assert 'quantgraph_downloads_ended_total{kind="DAYS",state="FAILED"} 3.0' in lines


def test_every_metric_of_the_dashboard_is_told(running):
    text = httpx.get(f"{running.addresses.http}/metrics").text
    named = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    # Those of a bus are there where one is configured.
    bussed = Watch(None, most=1, bus=BusPlace(SimpleNamespace(session=None), Names("t")))
    named |= set(re.findall(r"^# TYPE (\S+)", told_by(bussed), re.MULTILINE))
    named |= {f"{each}_bucket" for each in named}
    board = json.loads((ROOT / "docs/grafana/quantgraph.json").read_text())
    asked = {target["expr"] for panel in board["panels"] for target in panel["targets"]}
    wanted = {name for each in asked for name in re.findall(r"quantgraph_\w+", each)}
    assert len(wanted) > 15
    assert "quantgraph_bus_connected" in wanted
    assert sorted(wanted - named) == []


def test_a_key_is_asked_for_where_it_is_configured(start_gateway, tmp_path):
    with start_gateway(tmp_path, metrics={"access": "key"}) as running:
        url = f"{running.addresses.http}/metrics"
        keys = KeyStore(running.assembly.config.data_path / "keys.sqlite")
        shown = {"x-api-key": keys.create(Scope.READ, None)}
        assert httpx.get(url, headers={"x-api-key": "qg_wrong"}).status_code == 401
        assert "quantgraph_requests" in httpx.get(url, headers=shown).text


def test_latency_is_the_same_on_both_wires_and_says_its_window(running):
    url = f"{running.addresses.http}/graphql"
    query = f"{{ serverInfo {{ latency {{ windowSeconds {PERCENTILES} }} }} }}"
    until, trip = time.monotonic() + 20, {"count": 0}
    # Percentiles stand for a second: those of before the order may be told still.
    while not trip["count"] and time.monotonic() < until:
        found = httpx.post(url, json={"query": query}).json()["data"]["serverInfo"]["latency"]
        trip = found["orderRoundTrip"]
    assert found["windowSeconds"] == 300
    assert trip["count"] == 1
    assert 0 < trip["p50"] == trip["p95"] == trip["p99"]
    assert found["journalCommit"]["count"] >= 2
    assert found["quoteAge"]["count"] >= 1
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        info = SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest()).info
    assert info.latency.order_round_trip.p50 == trip["p50"]
    assert info.latency.window_seconds == 300


def test_what_was_not_measured_is_null_on_both_wires(gateway_of_nobody):
    url = f"{gateway_of_nobody.addresses.http}/graphql"
    query = "{ serverInfo { latency { orderRoundTrip { p50 p99 count } } } }"
    found = httpx.post(url, json={"query": query}).json()["data"]["serverInfo"]["latency"]
    assert found == {"orderRoundTrip": {"p50": None, "p99": None, "count": 0}}
    with grpc.insecure_channel(gateway_of_nobody.addresses.grpc) as channel:
        info = SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest()).info
    assert not info.latency.order_round_trip.HasField("p50")


@pytest.fixture(scope="module")
def gateway_of_nobody(start_gateway, tmp_path_factory):
    """Where nothing was ordered, and /metrics is off."""
    folder = tmp_path_factory.mktemp("nobody")
    with start_gateway(folder, metrics={"access": "off"}) as running:
        yield running


def test_metrics_can_be_switched_off(gateway_of_nobody):
    assert httpx.get(f"{gateway_of_nobody.addresses.http}/metrics").status_code == 404


async def test_programs_of_other_machines_need_a_key():
    route = scraping.routes(CollectorRegistry(), None, MetricsConfig())[0]
    transport = httpx.ASGITransport(Starlette(routes=[route]), client=("10.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.get("/metrics")).status_code == 403


class Keys:
    """One key that is good; none is needed."""

    async def authenticate(self, credential, peer=""):
        if credential not in {None, "good"}:
            raise Unauthenticated(Reason.UNAUTHENTICATED, "This API key is not known.")


@pytest.mark.parametrize(
    ("host", "key", "status"),
    [("10.0.0.1", "good", 200), ("10.0.0.1", "bad", 401), ("127.0.0.1", "bad", 401),
     ("127.0.0.1", None, 200)],
)  # fmt: skip
async def test_a_key_that_is_shown_counts_wherever_it_comes_from(host, key, status):
    route = scraping.routes(CollectorRegistry(), Keys(), MetricsConfig())[0]
    transport = httpx.ASGITransport(Starlette(routes=[route]), client=(host, 1))
    headers = {} if key is None else {"x-api-key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status

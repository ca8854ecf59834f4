"""Limits are taken from a changed configuration at once; a bad one changes nothing."""

import signal
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from structlog.testing import capture_logs

from api.reloading import Reloader
from quantgraph.config import Config
from quantgraph.domain.errors import LimitReached, StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.loading import load_config
from quantgraph.services.recorder import Recorder
from quantgraph.services.workers import Workers
from quantgraph.v1 import bars_pb2, quotes_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from tests.api.test_serve import banner, serve

__all__ = ["serve"]
CONFIG = Path(__file__).parents[2] / "config.toml"
SUBMIT = """mutation($t: SubmitOrderInput!) {
  submitOrder(input: $t) { ... on Problem { code } } }"""
PRICE = '{ quote(symbol: "600519.SH") { lastPrice } }'


class Next:
    """The configuration that is read next: the present one, changed as a test says."""

    def __init__(self) -> None:
        self.change: dict[str, Any] = {}

    def __call__(self, config: Config) -> Config:
        if "broken" in self.change:
            raise StartupError(Reason.CONFIG_INVALID, "limits.query_tokens: found 'many'")
        values = config.model_dump()
        for name, given in self.change.items():
            section, _, key = name.rpartition(".")
            where = values
            for each in filter(None, section.split(".")):
                where = where[each]
            where[key] = given
        return Config.model_validate(values)


@pytest.fixture(scope="module")
def read():
    return Next()


@pytest.fixture(scope="module")
def running(start_gateway, tmp_path_factory, read):
    with start_gateway(tmp_path_factory.mktemp("reloading"), reread=read) as running:
        yield running


def policy(running) -> str:
    url = f"{running.addresses.http}/graphql"
    return httpx.post(url, json={"query": "{ __typename }"}).headers["ratelimit-policy"]


def reload(running, read, **change) -> tuple[bool, dict[str, Any]]:
    read.change = {name.replace("__", "."): value for name, value in change.items()}
    with capture_logs() as logs:
        done = running.reload().result(timeout=20)
    return done, logs[-1]


def test_rates_are_taken_at_once(running, read):
    done, told = reload(running, read, rates__orders=7, rates__orders_per_second=7)
    assert done
    assert told["taken"] == ["rates.orders", "rates.orders_per_second"]
    assert '"orders";q=7;w=1' in policy(running)


def test_a_lower_limit_holds_for_orders_that_come(running, read):
    done, _ = reload(running, read, trading__limits__order_value="1000")
    assert done
    url = f"{running.addresses.http}/graphql"
    quoted = httpx.post(url, json={"query": PRICE}).json()["data"]["quote"]
    price = f"{quoted['lastPrice']:.2f}"
    ticket = {"accountId": "sim-1", "clientOrderId": "r-1", "symbol": "600519.SH", "side": "BUY"}
    ticket |= {"quantity": 100, "limitPrice": price}
    found = httpx.post(url, json={"query": SUBMIT, "variables": {"t": ticket}}).json()
    assert found["data"]["submitOrder"] == {"code": "ORDER_VALUE_LIMIT"}


PAIR = '{ quotes(symbols: ["600519.SH", "000001.SZ"]) { lastPrice } }'
BARS = '{ bars(symbol: "600519.SH", last: 20) { rows { close } } }'
DEEP = "{ instruments(first: 1) { nodes { symbol } } }"


@pytest.mark.parametrize(
    ("limit", "query", "code"),
    [
        ({"query_tokens": 5}, PAIR, "QUERY_TOO_LARGE"),
        ({"query_depth": 2}, DEEP, "QUERY_TOO_LARGE"),
        ({"query_roots": 1}, "{ a: serverInfo { mode } serverInfo { mode } }", "QUERY_TOO_LARGE"),
        ({"query_cost": 1}, PAIR, "COST_LIMIT"),
        ({"bar_rows": 10}, BARS, "ROW_LIMIT"),
        ({"batch_symbols": 1}, PAIR, "BAD_REQUEST"),
    ],
)
def test_a_document_that_was_known_meets_the_new_limits(running, read, limit, query, code):
    url = f"{running.addresses.http}/graphql"
    reload(running, read)
    for _ in range(2):  # the second time it is known by its bytes
        assert "errors" not in httpx.post(url, json={"query": query}).json()
    reload(running, read, **{f"limits__{name}": value for name, value in limit.items()})
    (error,) = httpx.post(url, json={"query": query}).json()["errors"]
    assert error["extensions"]["code"] == code
    reload(running, read)
    assert "errors" not in httpx.post(url, json={"query": query}).json()


def test_variables_and_batches_meet_the_new_limits(running, read):
    url = f"{running.addresses.http}/graphql"
    body = {"query": "{ __typename }", "variables": {"a": {"b": [1]}}}
    reload(running, read)
    assert "errors" not in httpx.post(url, json=body).json()
    reload(running, read, limits__json_depth=1)
    assert "levels deep" in httpx.post(url, json=body).text


def test_calls_meet_the_new_limits(running, read):
    asked = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1, last=20)
    watched = quotes_pb2.WatchQuotesRequest(symbols=quotes_pb2.SymbolList(symbols=["600519.SH"]))
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        reload(running, read, limits__bar_rows=10, limits__subscriptions=1)
        with pytest.raises(grpc.RpcError, match="bar_rows"):
            BarServiceStub(channel).ListBars(asked)
        first, second = (QuoteServiceStub(channel).WatchQuotes(watched) for _ in range(2))
        next(first)
        with pytest.raises(grpc.RpcError, match="that is the most"):
            next(second)
        reload(running, read)
        next(QuoteServiceStub(channel).WatchQuotes(watched))
        first.cancel()


def test_every_limit_is_taken_but_the_threads_and_told(running, read):
    limits = Config().limits.model_dump()
    more = {f"limits__{name}": value + 1 for name, value in limits.items()}
    done, told = reload(running, read, **more)
    assert done
    assert told["waits_for_restart"] == ["limits.worker_threads"]
    wanted = sorted(f"limits.{name}" for name in limits)
    assert sorted([*told["taken"], "limits.worker_threads"]) == wanted
    query = "{ serverInfo { limits { barRows keyConnections resolverSeconds queryCost } } }"
    url = f"{running.addresses.http}/graphql"
    shown = httpx.post(url, json={"query": query}).json()["data"]["serverInfo"]["limits"]
    names = ("bar_rows", "key_connections", "resolver_seconds", "query_cost")
    assert list(shown.values()) == [limits[name] + 1 for name in names]
    bounded = running.assembly.bounded
    held = {
        "batch_orders": bounded.orders._batches.most,
        "custom_sectors": bounded.sectors.limits.sectors,
        "sector_members": bounded.sectors.limits.members,
        "key_subscriptions": bounded.streams.most,
        "key_connections": bounded.visits.most,
        "key_check_seconds": bounded.visits.seconds,
        "orders_in_flight": bounded.orders.trading._recorder._free["orders"],
        "worker_backlog": bounded.workers._limit - limits["worker_threads"],
    }
    assert held == {name: limits[name] + 1 for name in held}


def test_a_head_meets_the_new_limit(running, read):
    """Of a head that has not ended; the old limit has it waited for."""
    parts = urlsplit(running.addresses.http)
    _, told = reload(running, read, http__max_head_bytes=1_000)
    assert "http.max_head_bytes" in told["taken"]
    with socket.create_connection((parts.hostname, parts.port), timeout=8) as peer:
        peer.sendall(b"GET /health/live HTTP/1.1\r\nhost: a\r\nx-long: " + b"x" * 2_000)
        assert peer.recv(100).startswith(b"HTTP/1.1 431")
    reload(running, read)


async def test_places_that_are_held_stay_held_when_there_are_fewer():
    recorder = Recorder(None, 3)
    with recorder.place(), recorder.place():
        recorder.resize(1)
        with pytest.raises(LimitReached), recorder.place():
            pass
    with recorder.place(), pytest.raises(LimitReached), recorder.place():
        pass


def test_what_needs_a_restart_is_named_and_not_taken(running, read):
    done, told = reload(running, read, http__port=9, rates__orders=8)
    assert done
    assert "rates.orders" in told["taken"]
    assert "http.port" in told["waits_for_restart"]


async def test_another_mode_takes_nothing_and_a_change_is_told_once():
    old, taken, workers = load_config(CONFIG, {"mode": "mock"}), [], Workers(1, 4)
    rates = {"rates": {"read_points": old.rates.read_points + 1}}
    wanted = [load_config(CONFIG, {"mode": "dev", **rates})]
    wanted += [load_config(CONFIG, {"mode": "mock", **rates})] * 2
    reloader = Reloader(old, lambda: wanted.pop(0), [taken.append], workers)
    told = []
    for _ in range(3):
        with capture_logs() as logs:
            assert await reloader.reload()
        told.append((logs[-1]["taken"], logs[-1]["waits_for_restart"], len(taken)))
    workers.close()
    assert told == [
        ([], ["mode", "rates.read_points"], 0), (["rates.read_points"], [], 1), ([], [], 1),
    ]  # fmt: skip


def test_a_bad_configuration_is_refused_whole(running, read):
    before = policy(running)
    done, told = reload(running, read, broken=True, rates__orders=9)
    assert not done
    assert (told["event"], told["code"]) == ("config_refused", "CONFIG_INVALID")
    assert "query_tokens" in told["why"]
    assert policy(running) == before


def test_the_command_has_a_serving_process_take_the_file(serve, tmp_path):
    from typer.testing import CliRunner

    from api.cli import app

    file = tmp_path / "own.toml"
    file.write_text("[rates]\norders = 5\n")
    process = serve("--config", str(file))
    url = banner(process)["GraphQL"].split()[0]
    asked = {"json": {"query": "{ __typename }"}}
    assert '"orders";q=5;' in httpx.post(url, **asked).headers["ratelimit-policy"]
    file.write_text("[rates]\norders = 6\n")
    data = ["--data-dir", str(tmp_path / "data"), "--config", str(file)]
    done = CliRunner().invoke(app, ["reload", *data])
    assert done.exit_code == 0, done.output
    while "config_reloaded" not in (line := process.stderr.readline()):
        assert line
    assert '"orders";q=6;' in httpx.post(url, **asked).headers["ratelimit-policy"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    again = CliRunner().invoke(app, ["reload", *data])
    assert again.exit_code == 2
    assert "No gateway serves" in again.output

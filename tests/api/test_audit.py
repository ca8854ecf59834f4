"""Who did what, from where and with which outcome, as `quantgraph audit` tells it."""

import json
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from grpc import aio
from typer.testing import CliRunner

from api.app import build_app
from api.assembly import open_assembly
from api.cli import app
from grpc_bridge.server import start
from quantgraph.domain.access import Scope
from quantgraph.loading import load_config
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from resolvers.root import graphql_schema

ROOT = Path(__file__).parents[2]
SUBMIT = """mutation($key: ID!) { submitOrder(input: {accountId: "sim-1", clientOrderId: $key,
  symbol: "600519.SH", side: SELL, quantity: 100, limitPrice: "1.23"}) {
  __typename ... on Problem { code } } }"""
CANCEL = """mutation { cancelOrder(input: {accountId: "sim-1", clientOrderId: "none"}) {
  __typename } }"""
DECIDE = """mutation { %s(input: {accountId: "sim-1", id: "none"}) { __typename } }"""
HALT = """mutation { haltTrading(input: {accountId: "sim-1", reason: "测试"}) { __typename } }"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    return load_config(ROOT / "config.toml", {"data_dir": str(tmp_path)})


class Caller:
    """Speaks to one gateway on both wires."""

    def __init__(self, http, orders):
        self.http, self.orders = http, orders

    async def post(self, query, api_key=None, **variables):
        headers = {"x-api-key": api_key} if api_key else {}
        body = {"query": query, "variables": variables}
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def submit(self, client_order_id, symbol="600519.SH", key=None):
        request = orders_pb2.SubmitOrderRequest(
            account_id="sim-1", client_order_id=client_order_id, symbol=symbol,
            side=orders_pb2.SIDE_SELL, quantity=100, price_type=orders_pb2.PRICE_TYPE_LIMIT,
        )  # fmt: skip
        request.limit_price.value = "1.23"
        metadata = (("x-api-key", key),) if key else None
        return await self.orders.SubmitOrder(request, metadata=metadata)


@asynccontextmanager
async def gateway(settings):
    async with open_assembly(settings) as assembly:
        web = build_app(graphql_schema, assembly.gateway, settings)
        transport = httpx.ASGITransport(web, client=("192.0.2.7", 4711))
        grpc = settings.grpc.model_copy(update={"port": 0})
        server = await start(assembly.gateway, grpc)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
            aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            yield Caller(http, OrderServiceStub(channel))
        await server.stop(0)


def audit(settings, *words):
    command = ["audit", *words, "--config", str(ROOT / "config.toml")]
    return CliRunner().invoke(app, [*command, "--data-dir", settings.data_dir])


def shown(settings, *words):
    return [json.loads(line) for line in audit(settings, "show", *words).stdout.splitlines()]


def brief(acts):
    return [(act["operation"], act["outcome"], act["key"], act["wire"]) for act in acts]


async def test_acts_and_refusals_of_both_wires_are_kept_and_verified(settings):
    settings.data_path.mkdir()
    keys = KeyStore(settings.data_path / "keys.sqlite")
    reader = keys.create(Scope.READ, None)
    other = keys.create(Scope.TRADE, frozenset({"sim-2"}))
    async with gateway(settings) as caller:
        await caller.post(SUBMIT, key="k1")
        with pytest.raises(aio.AioRpcError):
            await caller.submit("k2", "000000.SZ")
        await caller.post(CANCEL)
        await caller.post(HALT)
        for decision in ("approveOrder", "rejectOrder"):
            await caller.post(DECIDE % decision)
        await caller.post(SUBMIT, reader, key="k3")
        await caller.post(SUBMIT, other, key="k4")
        for key in (reader, other):
            with pytest.raises(aio.AioRpcError):
                await caller.submit("k5", key=key)
        assert "whole" in audit(settings, "verify").stdout  # beside the gateway
    acts = shown(settings)
    read, trade = reader.split("_")[1], other.split("_")[1]
    assert brief(acts) == [
        ("submitOrder", acts[0]["outcome"], "local", "GRAPHQL"),
        ("submitOrder", "UNKNOWN_SYMBOL", "local", "GRPC"),
        ("cancelOrder", "ORDER_NOT_FOUND", "local", "GRAPHQL"),
        ("haltTrading", "OK", "local", "GRAPHQL"),
        ("approveOrder", "ORDER_NOT_FOUND", "local", "GRAPHQL"),
        ("rejectOrder", "ORDER_NOT_FOUND", "local", "GRAPHQL"),
        ("submitOrder", "FORBIDDEN", read, "GRAPHQL"),
        ("submitOrder", "UNKNOWN_ACCOUNT", trade, "GRAPHQL"),
        ("submitOrder", "FORBIDDEN", read, "GRPC"),
        ("submitOrder", "UNKNOWN_ACCOUNT", trade, "GRPC"),
    ]
    assert acts[0]["peer"] == "192.0.2.7:4711"
    assert acts[1]["peer"].startswith("ipv4:127.0.0.1:")
    assert acts[0]["what"] == {
        "account_id": "sim-1", "client_order_id": "k1", "symbol": "600519.SH", "side": "SELL",
        "quantity": 100, "price_type": "LIMIT", "limit_price": "1.23",
    }  # fmt: skip
    assert acts[3]["what"]["reason"] == "测试"
    assert {act["account"] for act in acts[:6]} == {"sim-1"}
    done = audit(settings, "verify")
    assert done.exit_code == 0, done.stdout
    assert "audit: 10 entries, whole" in done.stdout


async def test_the_log_goes_on_after_a_restart_and_can_be_picked_from(settings):
    async with gateway(settings) as caller:
        await caller.post(HALT)
    async with gateway(settings) as caller:
        await caller.post(CANCEL)
    assert [act["operation"] for act in shown(settings)] == ["haltTrading", "cancelOrder"]
    assert shown(settings, "--account", "sim-9") == []
    assert shown(settings, "--since", "2999-01-01") == []
    assert len(shown(settings, "--since", "2020-01-01")) == 2


def test_a_log_that_was_never_begun_has_nothing_to_show(settings):
    assert audit(settings, "show").output == ""
    assert audit(settings, "head").exit_code == 2
    assert audit(settings, "verify").exit_code == 0


async def test_a_cut_of_either_log_ends_verify_with_the_entry(settings):
    async with gateway(settings) as caller:
        await caller.post(CANCEL)
    heads = map(json.loads, audit(settings, "head").stdout.splitlines())
    assert {each["log"]: each["number"] for each in heads} == {"journal": 0, "audit": 1}
    (settings.data_path / "audit.sqlite").unlink()
    done = audit(settings, "verify")
    assert done.exit_code == 1
    assert "audit: NOT WHOLE" in done.stdout

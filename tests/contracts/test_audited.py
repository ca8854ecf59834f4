"""Whatever changes something leaves one act in the audit log: whose, where from, what outcome."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.assembly import open_assembly
from api.cli import app
from quantgraph.config import Config
from quantgraph.domain.access import Scope
from quantgraph.domain.orders import OrderState, OrderTicket, Side
from quantgraph.domain.quotes import Quote
from quantgraph.loading import load_config
from quantgraph.services import acts
from quantgraph.store.keys import KeyStore
from tests.contracts.fuzz import SCHEMA
from tests.contracts.opened import PEER, Caller, followed, opened
from tests.contracts.test_curtain import ASKED

ROOT = Path(__file__).parents[2]
MUTATIONS = sorted(SCHEMA.mutation_type.fields)  # pyright: ignore[reportOptionalMemberAccess] it has some
# Sooner: each takes the books of a day along. Refused for what they say, before any port is asked.
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "jumpClock": {"time": "9:30"},
    "removeSectorMembers": {"name": "自选%", "symbols": ["600519.SH"]},
    "submitOrder": {
        "accountId": "sim-1", "clientOrderId": "k-%", "symbol": "600519.SH", "side": "SELL",
        "quantity": 100, "priceType": "OWN_BEST",
    },
    "cancelOrder": {"accountId": "sim-1"},
    "haltTrading": {"reducing": True},
    "announceCorporateAction": {"symbol": "600519.SH", "exDate": "2023-02-03", "cash": "1"},
}  # fmt: skip
# Nothing here waits for approval, no id of a download is known before, and the calls that are wrong
# as such are refused.
REFUSED = {
    "cancelDownload",
    "submitOrder", "cancelOrder", "approveOrder", "rejectOrder", "writeOffOrder", "jumpClock",
    "injectOrder", "injectTrade",
}  # fmt: skip
# What a batch does is done by acts of their own besides.
PARTS = {"submitOrders": "submitOrder", "cancelAllOrders": "cancelOrder"}


def given(mutation: str, wire: str) -> Mapping[str, Any]:
    found = GIVEN.get(mutation) or ASKED[f"Mutation.{mutation}"][0]
    text = json.dumps(found, ensure_ascii=False).replace("%", wire).replace("@", "000001.SZ")
    return json.loads(text)


def shown(config: Config) -> list[dict[str, Any]]:
    command = ["audit", "show", "--config", str(ROOT / "config.toml")]
    done = CliRunner().invoke(app, [*command, "--data-dir", config.data_dir])
    return [json.loads(line) for line in done.stdout.splitlines()]


async def asked(caller: Caller, key: str | None, name: str) -> list[tuple[str, ...]]:
    """Ask for everything by both wires; return what the log must say of it, in order."""
    told: list[tuple[str, ...]] = []
    for wire in (caller.graphql, caller.grpc):
        for mutation in sorted(MUTATIONS, key=list(map_order()).index):
            asks = given(mutation, wire.__name__)
            outcome = (await wire(mutation, asks, key)).code
            told.append((mutation, outcome, name, wire.__name__.upper()))
    return told


def map_order() -> list[str]:
    """The mutations in the order in which the later ones tell of the earlier."""
    return [label.removeprefix("Mutation.") for label in ASKED if label.startswith("Mutation.")]


async def test_every_act_and_every_refusal_is_in_the_log_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APP_MODE", raising=False)
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path)})
    config.data_path.mkdir()
    keys = KeyStore(config.data_path / "keys.sqlite")
    reader = keys.create(Scope.READ, None)
    other = keys.create(Scope.TRADE, frozenset({"sim-2"}))
    told: list[tuple[str, ...]] = []
    async with opened(config) as caller:
        for key, name in ((None, "local"), (reader, ""), (other, "")):
            told += await asked(caller, key, name or str(key).split("_")[1])
    number = 0
    for act in shown(config):
        if act["operation"] == PARTS.get(told[number][0]):
            continue
        check(act, told[number])
        number += 1
    assert number == len(told)
    outcomes = {(mutation, outcome) for mutation, outcome, *_ in told}
    assert {(mutation, "FORBIDDEN") for mutation in MUTATIONS} <= outcomes
    done = {mutation for mutation, outcome in outcomes if outcome == "OK"}
    assert set(MUTATIONS) - done == REFUSED


def check(act: dict[str, Any], told: tuple[str, ...]) -> None:
    assert tuple(act[name] for name in ("operation", "outcome", "key", "wire")) == told, act
    wanted = given(told[0], told[3].lower())
    if act["what"]:
        assert act["account"] == wanted.get("accountId"), act
        kept = json.dumps(act["what"], ensure_ascii=False)
        for value in wanted.values():
            assert isinstance(value, (list, bool)) or str(value) in kept or value == "open", act
    assert act["peer"].startswith(f"{PEER[0]}:" if told[3] == "GRAPHQL" else "ipv4:127.0.0.1:")


async def test_a_timer_that_runs_out_acts_in_the_gateways_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APP_MODE", raising=False)
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path)})
    async with open_assembly(config) as assembly:
        controls, trading = assembly.way.controls, assembly.gateway.trading
        quote = (await assembly.gateway.quotes.quotes(["600519.SH"]))[0]
        assert isinstance(quote, Quote)
        assert quote.bids
        low = Decimal(str(quote.bids[0].price)) * Decimal("0.99")
        ticket = OrderTicket(
            "sim-1", "k1", "600519.SH", Side.BUY, 100, limit_price=low.quantize(Decimal("0.01"))
        )
        order = (await trading.submit(ticket)).order
        controls._dead_man._fire("sim-1")  # pyright: ignore[reportPrivateUsage] no seconds to wait
        await followed(trading, "sim-1", lambda found: OrderState.WORKING not in found.values())
    acts_told = shown(config)
    assert [(act["operation"], act["outcome"], act["key"]) for act in acts_told] == [
        ("submitOrder", "OK", "gateway"),
        ("haltTrading", "OK", "gateway"),
        ("cancelOrder", "OK", "gateway"),
    ]
    assert acts_told[1]["what"]["cause"] == "DEAD_MAN"
    assert [act["account"] for act in acts_told] == ["sim-1"] * 3
    assert acts_told[2]["order"] == order.id


def test_every_mutation_is_among_the_audited_acts() -> None:
    tables = (
        acts.TRADING, acts.BATCHES, acts.CONTROLS, acts.CONNECTIONS, acts.SECTORS, acts.SIMULATION,
        acts.DOWNLOADS,
    )  # fmt: skip
    assert sorted(each.name for table in tables for each in table.values()) == MUTATIONS

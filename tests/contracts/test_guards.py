"""Every guard and every limit, from one table by both wires: the same order, the same refusal."""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import grpc
import httpx
import pytest

from quantgraph.v1 import orders_pb2, types_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from tests.grpc_bridge.calls import Refusal

SYMBOL = "000001.SZ"
# One account per limit, so that none is used up by another's test.
OWN: dict[str, dict[str, Any]] = {
    "quantity": {"order_quantity": 1_000},
    "value": {"order_value": "5000"},
    "shares": {"position_quantity": 5_000},
    "worth": {"position_value": "1000"},
    "daily": {"daily_value": "1000"},
    "near": {"price_distance": "0.0001"},
    "allowed": {"symbols_allowed": ["600519.SH"]},
    "blocked": {"symbols_blocked": [SYMBOL]},
    "second": {"actions_per_second": 1, "actions_per_day": 1_000},
    "day": {"actions_per_day": 1},
}
NUMBER = re.compile(r"[\d.]+")
HELD = [{"symbol": SYMBOL, "quantity": 5_000, "cost_price": "12.50"}]


def limits(code: str, account: str, **changes: Any) -> Any:
    return pytest.param(code, {"accountId": account, **changes}, id=f"{account}-{code}")


def rule(code: str, **changes: Any) -> Any:
    return pytest.param(code, changes, id=f"rule-{code}")


# `at`: the price as a share of the last one.
CASES = [
    rule("UNKNOWN_SYMBOL", symbol="999999.SH"),
    rule("UNKNOWN_ACCOUNT", accountId="nobody"),
    rule("NOT_TRADABLE", symbol="000300.SH"),
    rule("QUANTITY_INVALID", quantity=0),
    rule("QUANTITY_INVALID", quantity=-100),
    rule("QUANTITY_LIMIT", quantity=2_000_000),
    rule("QUANTITY_LIMIT", quantity=9_007_199_254_740_900),
    rule("LOT_SIZE", quantity=150),
    rule("PRICE_REQUIRED", limitPrice=None),
    rule("PRICE_NOT_ALLOWED", priceType="BEST_FIVE_CANCEL"),
    rule("SESSION_CLOSED", priceType="AFTER_HOURS"),
    rule("PRICE_TYPE_UNSUPPORTED", symbol="600519.SH", priceType="FILL_OR_KILL", limitPrice=None),
    rule("TICK_SIZE", limitPrice="12.34567"),
    rule("PRICE_BAND", at="1.5"),
    rule("PRICE_CAGE", symbol="300750.SZ", at="1.08"),
    rule("ORDER_EXPIRED", expiresAt="2020-01-01T09:30:00+08:00"),
    rule("INSUFFICIENT_CASH", quantity=900_000),
    rule("INSUFFICIENT_SHARES", side="SELL", quantity=900_000),
    limits("ORDER_QUANTITY_LIMIT", "quantity", quantity=1_100),
    limits("ORDER_VALUE_LIMIT", "value", quantity=1_000),
    limits("ORDER_VALUE_LIMIT", "value", quantity=1_000, priceType="OPPOSITE_BEST",
           limitPrice=None),
    limits("POSITION_QUANTITY_LIMIT", "shares"),
    limits("POSITION_VALUE_LIMIT", "worth"),
    limits("DAILY_VALUE_LIMIT", "daily"),
    limits("PRICE_DISTANCE_LIMIT", "near", at="1.01"),
    limits("SYMBOL_BLOCKED", "allowed"),
    limits("SYMBOL_BLOCKED", "blocked", side="SELL"),
]  # fmt: skip
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on Problem { code message messageZh retryable } ... on RateLimited { retryAt }
  ... on SubmitOrderSuccess { order { id state } replayed } } }"""
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on Problem { code message messageZh retryable } ... on RateLimited { retryAt }
  ... on CancelOrderSuccess { order { id state } } } }"""


class Wires:
    """One gateway, asked by both."""

    def __init__(self, channel: grpc.Channel, client: httpx.Client) -> None:
        self.client, self.orders = client, OrderServiceStub(channel)

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def ticket(self, *, at: str = "1", **changes: Any) -> dict[str, Any]:
        """A buy at the last price, in the session."""
        shown = changes.get("symbol", SYMBOL)
        of = shown if shown == "300750.SZ" else SYMBOL
        found = self.ask("query($of: Symbol!) { quote(symbol: $of) { lastPrice } }", of=of)
        price = Decimal(str(found["quote"]["lastPrice"])) * Decimal(at)
        return {
            "accountId": "sim-1",
            "clientOrderId": uuid.uuid4().hex,
            "symbol": SYMBOL,
            "side": "BUY",
            "quantity": 100,
            "priceType": "LIMIT",
            "limitPrice": str(price.quantize(Decimal("0.01"))),
            **changes,
        }

    def submit(self, order: dict[str, Any]) -> Any:
        return self.ask(SUBMIT, input=order)["submitOrder"]

    def submit_rpc(self, order: dict[str, Any]) -> Any:
        """Submit by gRPC: the order, or the refusal."""
        request = orders_pb2.SubmitOrderRequest(
            account_id=order["accountId"],
            client_order_id=order["clientOrderId"],
            symbol=order["symbol"],
            side=orders_pb2.Side.Value(f"SIDE_{order['side']}"),
            quantity=order["quantity"],
            price_type=orders_pb2.PriceType.Value(f"PRICE_TYPE_{order['priceType']}"),
        )
        if order["limitPrice"] is not None:
            request.limit_price.CopyFrom(types_pb2.Decimal(value=order["limitPrice"]))
        if "expiresAt" in order:
            instant = datetime.fromisoformat(order["expiresAt"])
            request.expires_at.FromDatetime(instant)
        try:
            return self.orders.SubmitOrder(request)
        except grpc.RpcError as error:
            return Refusal(error)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def wires(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    accounts = [
        {"id": each, "name": each, "cash": "1000000", "positions": HELD} for each in ("sim-1", *OWN)
    ]
    own = [{"id": each, **keys} for each, keys in OWN.items()]
    sections = {"mock": {"accounts": accounts}, "trading": {"accounts": own}}
    with start_gateway(tmp_path_factory.mktemp("guards"), **sections) as running:
        address = running.addresses
        with (
            grpc.insecure_channel(address.grpc) as channel,
            httpx.Client(base_url=address.http, timeout=60) as client,
        ):
            yield Wires(channel, client)


@pytest.mark.parametrize(("code", "changes"), CASES)
def test_a_rule_refuses_the_same_order_by_both_wires(
    wires: Wires, code: str, changes: dict[str, Any]
) -> None:
    order = wires.ticket(**changes)
    told, refused = wires.submit(order), wires.submit_rpc(order)
    assert (told["__typename"], told["code"]) == ("OrderRejected", code), told
    assert refused.reason.value == code
    assert refused.error.retryable is told["retryable"]
    # Prices and the clock go on between the two.
    for text, same in ((refused.error.message, "message"), (refused.error.message_zh, "messageZh")):
        assert NUMBER.sub("#", text) == NUMBER.sub("#", told[same])
    # Nothing was journalled, and the key is free.
    assert wires.submit({**wires.ticket(), "clientOrderId": order["clientOrderId"]})["order"]


def test_acts_within_a_second_are_counted_across_both_wires(wires: Wires) -> None:
    for first, second in ((wires.submit, wires.submit_rpc), (wires.submit_rpc, wires.submit)):
        while isinstance(told := first(wires.ticket(accountId="second")), Refusal) or (
            isinstance(told, dict) and "order" not in told
        ):
            pass  # the second of the test before has not passed yet
        refused = second(wires.ticket(accountId="second"))
        if isinstance(refused, Refusal):
            assert refused.reason == "RATE_LIMITED"
            assert refused.error.retryable
            assert refused.retry_seconds == 0
            assert refused.error.retry_at is not None
        else:
            assert (refused["__typename"], refused["code"]) == ("RateLimited", "RATE_LIMITED")
            assert datetime.fromisoformat(refused["retryAt"]).year == 2023


def test_a_used_up_day_still_lets_an_order_be_canceled(wires: Wires) -> None:
    done = wires.submit(wires.ticket(accountId="day", at="0.99"))
    told, refused = (act(wires.ticket(accountId="day")) for act in (wires.submit, wires.submit_rpc))
    assert (told["__typename"], told["code"]) == ("RateLimited", "DAILY_COUNT_LIMIT")
    assert datetime.fromisoformat(told["retryAt"]).hour == 0
    assert refused.reason == "DAILY_COUNT_LIMIT"
    assert refused.retry_seconds > 3_600
    canceled = wires.ask(CANCEL, input={"accountId": "day", "id": done["order"]["id"]})
    assert canceled["cancelOrder"]["__typename"] == "CancelOrderSuccess"

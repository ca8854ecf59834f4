"""One gateway with a limit per account, asked by both wires, by WebSocket and by alias."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import httpx
from websockets.sync.client import ClientConnection, connect

from quantgraph.v1 import orders_pb2, types_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from tests.api.sockets import INIT, PROTOCOL, Socket
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
    "large": {"approval_above": "2000"},
    "quiet": {"actions_per_second": 1, "actions_per_day": 1},
    "free": {"actions_per_second": 10_000, "actions_per_day": 10_000},
}
HELD = [{"symbol": SYMBOL, "quantity": 5_000, "cost_price": "12.50"}]


_SUBMITTED = """{ __typename
  ... on Problem { code message messageZh retryable } ... on RateLimited { retryAt }
  ... on SubmitOrderSuccess { order { id state } replayed } }"""
SUBMIT = f"mutation($input: SubmitOrderInput!) {{ submitOrder(input: $input) {_SUBMITTED} }}"
ALIAS = SUBMIT.replace("submitOrder(", "other: submitOrder(")
BATCH = """mutation($input: SubmitOrdersInput!) { submitOrders(input: $input) { results {
  order { id } problem { code message messageZh retryable } } } }"""
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on Problem { code message messageZh retryable } ... on RateLimited { retryAt }
  ... on CancelOrderSuccess { order { id state } } } }"""
PREVIEW = """query($input: SubmitOrderInput!) { previewOrder(input: $input) { time passes
  refusals { code message retryAt } earlier { id } cash cashNeeded sharesNeeded sellable
  needsApproval lowerLimit upperLimit rules { rule name verified }
  estimate { price amount commission stampDuty transferFee handlingFee regulatoryFee fees } } }"""


class Wires:
    """One gateway, asked by both."""

    def __init__(self, channel: grpc.Channel, client: httpx.Client, raw: ClientConnection) -> None:
        self.client, self.orders, self.socket = client, OrderServiceStub(channel), Socket(raw)
        self.socket.send(INIT)
        assert self.socket.read()["type"] == "connection_ack"
        self._names = map(str, itertools.count())

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def ask_socket(self, query: str, **variables: Any) -> Any:
        """Ask by WebSocket."""
        name = next(self._names)
        self.socket.subscribe(name, query, variables=variables)
        answer, end = self.socket.read(), self.socket.read()
        assert (answer["type"], end) == ("next", {"id": name, "type": "complete"}), answer
        assert "errors" not in answer["payload"], answer
        return answer["payload"]["data"]

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

    def submit_alias(self, order: dict[str, Any]) -> Any:
        """Submit by a field of another name."""
        return self.ask(ALIAS, input=order)["other"]

    def submit_socket(self, order: dict[str, Any]) -> Any:
        """Submit by WebSocket."""
        return self.ask_socket(SUBMIT, input=order)["submitOrder"]

    def submit_rpc(self, order: dict[str, Any]) -> Any:
        """Submit by gRPC: the order, or the refusal."""
        try:
            return self.orders.SubmitOrder(_request(orders_pb2.SubmitOrderRequest, order))
        except grpc.RpcError as error:
            return Refusal(error)

    def submit_batch(self, order: dict[str, Any]) -> Any:
        """Submit as a batch of one: its problem."""
        given = {"accountId": order["accountId"], "orders": [order]}
        (done,) = self.ask(BATCH, input=given)["submitOrders"]["results"]
        assert done["order"] is None, done
        return done["problem"]

    def submit_batch_rpc(self, order: dict[str, Any]) -> Any:
        """Submit as a batch of one by gRPC: its problem."""
        request = orders_pb2.SubmitOrdersRequest(account_id=order["accountId"])
        request.orders.append(_request(orders_pb2.SubmitOrderRequest, order))
        (done,) = self.orders.SubmitOrders(request).results
        assert not done.HasField("order"), done
        return done.problem

    def preview(self, order: dict[str, Any]) -> Any:
        return self.ask(PREVIEW, input=order)["previewOrder"]

    def preview_rpc(self, order: dict[str, Any]) -> Any:
        """Preview by gRPC; raises what it is refused with."""
        return self.orders.PreviewOrder(_request(orders_pb2.PreviewOrderRequest, order)).preview


def _request(kind: type[Any], order: dict[str, Any]) -> Any:
    request = kind(
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
        request.expires_at.FromDatetime(datetime.fromisoformat(order["expiresAt"]))
    return request


@contextmanager
def guarded(start_gateway: Any, folder: Path) -> Iterator[Wires]:
    """Start a gateway whose accounts each have a limit of their own."""
    accounts = [
        {"id": each, "name": each, "cash": "1000000", "positions": HELD} for each in ("sim-1", *OWN)
    ]
    own = [{"id": each, **keys} for each, keys in OWN.items()]
    sections = {"mock": {"accounts": accounts}, "trading": {"accounts": own}}
    with start_gateway(folder, **sections) as running:
        address = running.addresses
        url = address.http.replace("http", "ws") + "/graphql"
        with (
            grpc.insecure_channel(address.grpc) as channel,
            httpx.Client(base_url=address.http, timeout=60) as client,
            connect(url, subprotocols=[PROTOCOL]) as raw,
        ):
            yield Wires(channel, client, raw)

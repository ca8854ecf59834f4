"""What the replaced proxy got wrong about accounts: each of its defects as a fact about ours.

A7: orders lay in one dictionary, so that any session read another account's. B3: positions, trades,
asset, risk and strategies were samples. B5: a refused order was told as accepted.
"""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from graphql import build_schema

from quantgraph.domain.access import Scope
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import accounts_pb2, orders_pb2, portfolio_pb2
from quantgraph.v1.accounts_pb2_grpc import AccountServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.portfolio_pb2_grpc import PortfolioServiceStub
from tests.grpc_bridge.calls import Refusal
from tests.resolvers.test_orders import CANCEL, SUBMIT, high_price, low_price

SCHEMA = build_schema((Path(__file__).parents[2] / "schema/schema.graphql").read_text("utf-8"))
ACCOUNTS = [
    {"id": "rich", "name": "Rich", "cash": "1000000.00",
     "positions": [{"symbol": "600519.SH", "quantity": 300, "cost_price": "1500.00"}]},
    {"id": "poor", "name": "Poor", "cash": "20000.00", "positions": []},
]  # fmt: skip
# What of an account can be read by a query, picked so that anything of it would show.
READS = {
    "futuresPositionStatistics": "quantity",
    "ipoQuotas": "quantity",
    "fills": "nodes { id }",
    "order": "id",
    "orders": "nodes { id }",
    "positions": "symbol",
    "positionsPage": "nodes { symbol }",
    "risk": "buyingPower",
    "strategies": "nodes { name }",
    "tradingLimits": "tradingDay",
    "tradingStatus": "state",
}
# Of these nobody has anything: no simulated account holds futures.
EMPTY = {"futuresPositionStatistics"}
ALL = """query($of: ID!) { orders(accountId: $of) { nodes { id } } fills(accountId: $of) {
    nodes { id orderId quantity amount fee } }
  strategies(accountId: $of) { nodes { name orders turnover fees } }
  risk(accountId: $of) { buyingPower exposures { symbol quantity } }
  positions(accountId: $of) { symbol quantity } accounts { id asset { cash } } }"""


class Caller:
    """Somebody with a key for one account."""

    def __init__(self, running: Any, key: str) -> None:
        self.running, self.key = running, key

    def __call__(self, query: str, *, fails: bool = False, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        url = f"{self.running.addresses.http}/graphql"
        answer = httpx.post(url, json=body, headers={"x-api-key": self.key}, timeout=30).json()
        assert ("errors" in answer) is fails, answer
        return answer if fails else answer["data"]

    def submit(self, account: str, **changes: Any) -> Any:
        wanted = {"accountId": account, "clientOrderId": uuid.uuid4().hex, "side": "BUY"}
        wanted |= {"symbol": "000001.SZ", "quantity": 100, "limitPrice": high_price(self)}
        return self(SUBMIT, input={**wanted, **changes})["submitOrder"]

    def filled(self, account: str, **changes: Any) -> str:
        order = self.submit(account, **changes)["order"]["id"]
        query = "query($a: ID!, $o: ID!) { order(accountId: $a, id: $o) { state } }"
        while self(query, a=account, o=order)["order"]["state"] != "FILLED":
            pass
        return order


@pytest.fixture(scope="module")
def callers(start_gateway: Any, tmp_path_factory: Any) -> Iterator[dict[str, Caller]]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "mock").mkdir()
    keys = KeyStore(folder / "mock" / "keys.sqlite")
    made = {each: keys.create(Scope.TRADE, frozenset({each})) for each in ("rich", "poor")}
    with start_gateway(folder, mock={"accounts": ACCOUNTS}) as running:
        yield {name: Caller(running, key) for name, key in made.items()}


def test_every_query_of_an_account_is_tried_below():
    fields = {name for name, field in SCHEMA.query_type.fields.items() if "accountId" in field.args}
    assert fields == set(READS)


@pytest.mark.parametrize("field", READS)
def test_another_account_has_nothing_to_show(callers: dict[str, Caller], field: str):
    order = callers["rich"].filled("rich")
    more = f', id: "{order}"' if field == "order" else ""
    query = f'{{ {field}(accountId: "rich"{more}) {{ {READS[field]} }} }}'
    assert bool(callers["rich"](query)[field]) is (field not in EMPTY)
    answer = callers["poor"](query, fails=True)
    assert answer["data"] == {field: None}
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ACCOUNT"
    nobody = callers["poor"](query.replace("rich", "nobody"), fails=True)
    told = [each["errors"][0]["message"] for each in (answer, nobody)]
    assert told[0].replace("rich", "nobody") == told[1]


def test_an_order_is_not_found_through_another_account(callers: dict[str, Caller]):
    rich, poor = callers["rich"], callers["poor"]
    order = rich.submit("rich", limitPrice=low_price(rich))["order"]["id"]
    found = poor(
        f"""{{ order(accountId: "poor", id: "{order}") {{ id }}
          fills(accountId: "poor", orderId: "{order}") {{ nodes {{ id }} }}
          orders(accountId: "poor") {{ nodes {{ id }} }} accounts {{ id }}
          accountsPage(ids: ["poor", "rich"]) {{ nodes {{ id }} }} }}"""
    )
    assert found["order"] is None
    assert found["fills"]["nodes"] == []
    assert order not in {each["id"] for each in found["orders"]["nodes"]}
    assert found["accounts"] == found["accountsPage"]["nodes"] == [{"id": "poor"}]
    for account, member in (("poor", "OrderNotFound"), ("rich", "OrderNotFound")):
        refused = poor(CANCEL, input={"accountId": account, "id": order})["cancelOrder"]
        assert refused["__typename"] == member
    state = rich(f'{{ order(accountId: "rich", id: "{order}") {{ state }} }}')["order"]["state"]
    assert state == "WORKING"


def test_nor_by_grpc_nor_in_a_stream(callers: dict[str, Caller]):
    poor = callers["poor"]
    key = (("x-api-key", poor.key),)
    with grpc.insecure_channel(poor.running.addresses.grpc) as channel:
        orders, accounts = OrderServiceStub(channel), AccountServiceStub(channel)
        portfolio = PortfolioServiceStub(channel)
        for call, request in (
            (orders.ListOrders, orders_pb2.ListOrdersRequest),
            (orders.ListFills, orders_pb2.ListFillsRequest),
            (accounts.GetAsset, accounts_pb2.GetAssetRequest),
            (accounts.ListPositions, accounts_pb2.ListPositionsRequest),
            (accounts.DisconnectAccount, accounts_pb2.DisconnectAccountRequest),
            (portfolio.GetRisk, portfolio_pb2.GetRiskRequest),
            (portfolio.ListStrategies, portfolio_pb2.ListStrategiesRequest),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call(request(account_id="rich"), metadata=key, timeout=20)
            assert Refusal(caught.value).reason == "UNKNOWN_ACCOUNT"
        for call, request in (
            (orders.StreamOrderEvents, orders_pb2.StreamOrderEventsRequest),
            (accounts.StreamAccountEvents, accounts_pb2.StreamAccountEventsRequest),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                next(call(request(account_id="rich"), metadata=key, timeout=20))
            assert Refusal(caught.value).reason == "UNKNOWN_ACCOUNT"


def test_an_account_that_never_traded_has_nothing_but_what_it_was_given(
    start_gateway: Any, tmp_path: Path
):
    with start_gateway(tmp_path, mock={"accounts": ACCOUNTS}) as running:
        found = {each["id"]: _read(running, each["id"]) for each in ACCOUNTS}
    for each in ACCOUNTS:
        shown = found[each["id"]]
        assert [shown[name]["nodes"] for name in ("orders", "fills", "strategies")] == [[], [], []]
        given = [{"symbol": x["symbol"], "quantity": x["quantity"]} for x in each["positions"]]
        assert shown["positions"] == given == shown["risk"]["exposures"]
        assert shown["risk"]["buyingPower"] == each["cash"]


def _read(running: Any, account: str) -> Any:
    url, body = f"{running.addresses.http}/graphql", {"query": ALL, "variables": {"of": account}}
    return httpx.post(url, json=body, timeout=30).json()["data"]


def test_one_trade_moves_every_figure_of_its_account_and_of_no_other(callers: dict[str, Caller]):
    rich, poor = callers["rich"], callers["poor"]
    label = uuid.uuid4().hex
    before, other = rich(ALL, of="rich"), poor(ALL, of="poor")
    order = rich.filled("rich", quantity=300, strategy=label)
    after = rich(ALL, of="rich")
    fills = [each for each in after["fills"]["nodes"] if each["orderId"] == order]
    assert sum(each["quantity"] for each in fills) == 300
    spent = sum(Decimal(each["amount"]) + Decimal(each["fee"]) for each in fills)

    def cash(found: Any) -> Decimal:
        return Decimal(found["accounts"][0]["asset"]["cash"])

    def held(found: Any) -> int:
        return sum(x["quantity"] for x in found["positions"] if x["symbol"] == "000001.SZ")

    # Other tests' orders may wait here, but none of them trades.
    assert cash(before) - cash(after) == spent
    assert held(after) == held(before) + 300
    assert Decimal(after["risk"]["buyingPower"]) == cash(after)
    [strategy] = [x for x in after["strategies"]["nodes"] if x["name"] == label]
    assert strategy["orders"] == 1
    assert Decimal(strategy["turnover"]) + Decimal(strategy["fees"]) == spent
    assert poor(ALL, of="poor") == other


def test_an_order_that_is_refused_is_never_told_as_accepted(callers: dict[str, Caller]):
    """Several orders at once, each within the cash, together far beyond it."""
    poor = callers["poor"]
    price = Decimal(low_price(poor))
    quantity = int(Decimal(15_000) / price) // 100 * 100
    keys = [uuid.uuid4().hex for _ in range(8)]

    def submit(key: str) -> Any:
        return poor.submit("poor", clientOrderId=key, limitPrice=f"{price}", quantity=quantity)

    with ThreadPoolExecutor(8) as pool:
        told = dict(zip(keys, pool.map(submit, keys), strict=True))
    working = [key for key in keys if told[key]["__typename"] == "SubmitOrderSuccess"]
    assert len(working) == 1
    query = """query($key: ID!) { order(accountId: "poor", clientOrderId: $key) {
      state rejectCode fills { id } } }"""
    for key in set(keys) - set(working):
        assert (told[key]["__typename"], told[key]["code"]) == (
            "OrderRejected",
            "INSUFFICIENT_CASH",
        )
        # What the guard refused is nowhere; what the exchange refused says so for ever.
        order = poor(query, key=key)["order"]
        assert order in (
            None,
            {"state": "REJECTED", "rejectCode": "INSUFFICIENT_CASH", "fills": []},
        )
    assert poor(query, key=working[0])["order"]["state"] == "WORKING"

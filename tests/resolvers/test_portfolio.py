"""Risk and strategies through the wire, over the simulated exchange."""

import uuid
from decimal import Decimal

import pytest

from tests.conftest import _asker
from tests.resolvers.test_fills import FILLS
from tests.resolvers.test_orders import SUBMIT, high_price

RISK = """{ risk(accountId: "sim-1") { buyingPower grossExposure
  exposures { symbol quantity price marketValue weight instrument { name } }
  sectors { sector symbols marketValue } concentration { largestSymbol largestWeight hhi }
  dayProfit { tradingDay realized unrealized total } unvalued { symbol code } }
  accounts { id asset { cash } positions { symbol quantity } }
  serverInfo { clock { tradingDay } } }"""
STRATEGIES = """query($after: String, $first: Int! = 500) {
  strategies(accountId: "sim-1", first: $first, after: $after) {
    nodes { name orders openOrders filledQuantity turnover fees realizedProfit unrealizedProfit
      unmatchedQuantity unvalued { symbol } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture(scope="module")
def own(start_gateway, tmp_path_factory):
    """A gateway of these tests' own: they sell what others may count on."""
    with start_gateway(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def ask_mock(own):
    yield from _asker(own)


def test_risk_adds_up(ask_mock):
    found = ask_mock(RISK)
    risk, account = found["risk"], found["accounts"][0]
    held = {each["symbol"]: each["quantity"] for each in account["positions"]}
    assert {each["symbol"]: each["quantity"] for each in risk["exposures"]} == held
    assert all(each["instrument"]["name"] for each in risk["exposures"])
    values = [Decimal(each["marketValue"]) for each in risk["exposures"]]
    for each, value in zip(risk["exposures"], values, strict=True):
        assert value == Decimal(each["price"]) * each["quantity"]
    gross = Decimal(risk["grossExposure"])
    assert gross == sum(values)
    weights = [float(each["weight"]) for each in risk["exposures"]]
    assert abs(sum(weights) - 1) < 1e-5
    assert abs(float(risk["concentration"]["hhi"]) - sum(w * w for w in weights)) < 1e-5
    assert risk["concentration"]["largestSymbol"] == risk["exposures"][0]["symbol"]
    assert {s for each in risk["sectors"] for s in each["symbols"]} == set(held)
    assert risk["buyingPower"] == account["asset"]["cash"]
    day = risk["dayProfit"]
    assert day["tradingDay"] == found["serverInfo"]["clock"]["tradingDay"]
    assert Decimal(day["total"]) == Decimal(day["realized"]) + Decimal(day["unrealized"])
    assert risk["unvalued"] == []


@pytest.fixture
def trade(ask_mock):
    """Trade under a label at once; returns the fills, newest first."""

    def run(label, side, quantity):
        order = {"accountId": "sim-1", "clientOrderId": uuid.uuid4().hex, "symbol": "000001.SZ"}
        price = high_price(ask_mock) if side == "BUY" else low(ask_mock)
        order |= {"side": side, "quantity": quantity, "limitPrice": price, "strategy": label}
        done = ask_mock(SUBMIT, input=order)["submitOrder"]["order"]["id"]
        query = f'{{ order(accountId: "sim-1", id: "{done}") {{ state }} }}'
        while ask_mock(query)["order"]["state"] != "FILLED":
            pass
        return ask_mock(FILLS, order=done)["fills"]["nodes"]

    return run


def low(ask):
    from tests.resolvers.test_orders import low_price

    return low_price(ask)


def test_a_strategy_is_told_from_its_own_fills(ask_mock, trade):
    label = uuid.uuid4().hex
    fills = trade(label, "BUY", 300) + trade(label, "SELL", 100)
    [found] = [x for x in ask_mock(STRATEGIES)["strategies"]["nodes"] if x["name"] == label]
    assert (found["orders"], found["openOrders"], found["filledQuantity"]) == (2, 0, 400)
    assert Decimal(found["turnover"]) == sum(Decimal(each["amount"]) for each in fills)
    assert Decimal(found["fees"]) == sum(Decimal(each["fee"]) for each in fills)
    cost = sum(Decimal(x["amount"]) + Decimal(x["fee"]) for x in fills if x["side"] == "BUY")
    received = sum(Decimal(x["amount"]) - Decimal(x["fee"]) for x in fills if x["side"] == "SELL")
    assert abs(Decimal(found["realizedProfit"]) - (received - cost / 3)) <= Decimal("0.05")
    assert found["unrealizedProfit"] is not None
    assert (found["unmatchedQuantity"], found["unvalued"]) == (0, [])


def test_shares_that_a_strategy_did_not_buy_are_in_no_profit(ask_mock, trade):
    label = uuid.uuid4().hex
    trade(label, "SELL", 100)
    [found] = [x for x in ask_mock(STRATEGIES)["strategies"]["nodes"] if x["name"] == label]
    assert found["unmatchedQuantity"] == 100
    assert (found["realizedProfit"], found["unrealizedProfit"]) == ("0.00", "0.00")
    assert Decimal(found["turnover"]) > 0


def test_pages_of_strategies_join(ask_mock, trade):
    for _ in range(2):
        trade(uuid.uuid4().hex, "BUY", 100)
    whole = [x["name"] for x in ask_mock(STRATEGIES)["strategies"]["nodes"]]
    first = ask_mock(STRATEGIES, first=1)["strategies"]
    rest = ask_mock(STRATEGIES, after=first["pageInfo"]["endCursor"])["strategies"]
    assert [x["name"] for x in first["nodes"] + rest["nodes"]] == whole
    forged = ask_mock(STRATEGIES, after="bm9wZTp4", fails=True)
    assert forged["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("field", ["risk", "strategies"])
def test_an_unknown_account_is_told(ask_mock, field):
    picked = "time" if field == "risk" else "nodes { name }"
    answer = ask_mock(f'{{ {field}(accountId: "x") {{ {picked} }} }}', fails=True)
    assert answer["data"] == {field: None}
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ACCOUNT"

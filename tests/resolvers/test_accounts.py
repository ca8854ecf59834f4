"""Accounts, assets and positions through the wire."""

from decimal import Decimal


def test_accounts_show_money_that_adds_up(ask_mock):
    query = """{ accounts { id name terminal status
      asset { cash frozenCash marketValue total source }
      positions { symbol quantity sellable costPrice lastPrice marketValue profit source } } }"""
    [account] = ask_mock(query)["accounts"]
    assert (account["id"], account["terminal"], account["status"]) == ("sim-1", "sim", "CONNECTED")
    asset = {name: Decimal(value) for name, value in account["asset"].items() if name != "source"}
    assert asset["total"] == asset["cash"] + asset["frozenCash"] + asset["marketValue"]
    assert account["asset"]["source"] == "SIMULATED"
    for held in account["positions"]:
        value = Decimal(held["lastPrice"]) * held["quantity"]
        assert Decimal(held["marketValue"]) == value
        assert 0 <= held["sellable"] <= held["quantity"]


def test_positions_pick_fields_and_join_instruments(ask_mock):
    found = ask_mock(
        '{ positions(accountId: "sim-1") { symbol instrument { name quote { lastPrice } } } }'
    )
    names = {each["symbol"]: each["instrument"]["name"] for each in found["positions"]}
    assert names["600519.SH"] == "贵州茅台"


def test_an_unknown_account_is_an_error_with_a_code(ask_mock):
    for field in ("positions", "orders"):
        picked = "symbol" if field == "positions" else "nodes { id }"
        answer = ask_mock(f'{{ {field}(accountId: "x") {{ {picked} }} }}', fails=True)
        assert answer["data"] == {field: None}
        assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ACCOUNT"

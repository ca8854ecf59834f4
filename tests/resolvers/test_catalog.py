"""What the terminal lists besides instruments, over HTTP and over gRPC."""

import math

import grpc
import pytest

from quantgraph.domain import etfs as domain_etfs
from quantgraph.domain.bonds import BondRequest
from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from quantgraph.wire import bonds, etfs
from schema.selection import camel

BOND = (
    "symbol name stockSymbol parValue conversionPrice initialPrice conversionStart conversionEnd "
    "issueDate listDate maturityDate issueAmount outstanding source"
)


def shown(record, names):
    """Return a domain record as GraphQL shows it."""
    values = {}
    for name in names:
        value = getattr(record, name)
        values[camel(name)] = value.isoformat() if hasattr(value, "isoformat") else value
    return values


@pytest.fixture
def catalog(gateway):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        yield CatalogServiceStub(channel)


def test_a_bond_is_valued_by_its_own_and_its_shares_quote(ask_mock):
    query = f"""{{ convertibleBonds {{ {BOND} price conversionValue premium
        instrument {{ name kind }} stock {{ quote {{ lastPrice }} }} }} }}"""
    found = ask_mock(query)["convertibleBonds"]
    assert len(found) >= 5
    compared = 0
    for bond in found:
        assert (bond["instrument"]["kind"], bond["instrument"]["name"]) == ("BOND", bond["name"])
        assert bond["source"] == "SIMULATED"
        assert (
            bond["issueDate"] < bond["listDate"] < bond["conversionStart"] < bond["conversionEnd"]
        )
        assert bond["outstanding"] <= bond["issueAmount"]
        shares = bond["parValue"] / bond["conversionPrice"]
        assert math.isclose(bond["premium"], bond["price"] / bond["conversionValue"] - 1)
        share = bond["stock"]["quote"]["lastPrice"]
        # the clock may have moved on between the two readings
        compared += math.isclose(bond["conversionValue"], shares * share)
        assert bond["conversionValue"] == pytest.approx(shares * share, rel=0.02)
    assert compared


def test_bonds_are_found_by_symbol_and_by_share(ask_mock):
    query = """query($s: [Symbol!], $k: [Symbol!]) {
        convertibleBonds(symbols: $s, stocks: $k) { symbol } }"""
    by_symbol = ask_mock(query, s=["113052.SH", "999999.SH"])["convertibleBonds"]
    assert by_symbol == [{"symbol": "113052.SH"}]
    assert ask_mock(query, k=["601166.SH"])["convertibleBonds"] == by_symbol
    assert ask_mock(query, s=["113052.SH"], k=["600000.SH"])["convertibleBonds"] == []


def test_too_many_symbols_are_refused(ask_mock):
    symbols = [f"{n:06d}.SH" for n in range(1001)]
    query = "query($s: [Symbol!]) { convertibleBonds(stocks: $s) { symbol } }"
    answer = ask_mock(query, fails=True, s=symbols)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_both_wires_list_the_same_bonds(ask_mock, catalog):
    asked = bonds.request_to_proto(BondRequest(stock_symbols=("601166.SH", "600000.SH")))
    found = [bonds.bond_from_proto(each) for each in catalog.ListConvertibleBonds(asked).bonds]
    query = f'{{ convertibleBonds(stocks: ["601166.SH", "600000.SH"]) {{ {BOND} }} }}'
    names = bonds.ConvertibleBond.__dataclass_fields__
    told = ask_mock(query)["convertibleBonds"]
    assert told == [shown(each.bond, names) for each in found]
    assert {each.price for each in found} == {None}
    asked.valued = True
    valued = [bonds.bond_from_proto(each) for each in catalog.ListConvertibleBonds(asked).bonds]
    assert all(each.price > 0 and each.conversion_value > 0 for each in valued)


COMPONENT = (
    "symbol name quantity substitution creationPremium creationAmount redemptionDiscount "
    "redemptionAmount"
)
BASKET = (
    "symbol name date creationUnit cashDifference estimatedCash unitValue netValue maxCashRatio "
    "iopvPublished creationAllowed redemptionAllowed creationLimit redemptionLimit source "
    f"components {{ {COMPONENT} }}"
)


def test_a_funds_list_adds_up_to_its_value(ask_mock):
    query = f"""{{ etfBasket(symbol: "510300.SH") {{ {BASKET}
        instrument {{ kind name priceTick quote {{ previousClose }} }} }}
        serverInfo {{ clock {{ now }} }} sector(name: "沪深300") {{ symbols }} }}"""
    found = ask_mock(query)
    basket = found["etfBasket"]
    assert basket["date"] == found["serverInfo"]["clock"]["now"][:10]
    assert basket["instrument"] == {
        "kind": "FUND", "name": basket["name"], "priceTick": "0.001",
        "quote": {"previousClose": basket["netValue"]},
    }  # fmt: skip
    assert basket["unitValue"] == pytest.approx(basket["netValue"] * basket["creationUnit"])
    symbols = [each["symbol"] for each in basket["components"]]
    assert symbols == sorted(symbols)
    assert set(symbols) <= set(found["sector"]["symbols"])
    prices = ask_mock("query($s: [Symbol!]!) { quotes(symbols: $s) { previousClose } }", s=symbols)[
        "quotes"
    ]
    worth = sum(
        each["quantity"] * quote["previousClose"]
        for each, quote in zip(basket["components"], prices, strict=True)
    )
    assert basket["estimatedCash"] == pytest.approx(basket["unitValue"] - worth, abs=0.02)
    # rounding to lots leaves a small part in cash
    assert abs(basket["estimatedCash"]) < basket["unitValue"] * 0.2
    assert abs(basket["cashDifference"]) < basket["unitValue"] * 0.2


def test_components_of_the_other_exchange_are_settled_later(ask_mock):
    found = ask_mock(f'{{ etfBasket(symbol: "510300.SH") {{ components {{ {COMPONENT} }} }} }}')
    for each in found["etfBasket"]["components"]:
        assert each["quantity"] % 100 == 0
        assert each["quantity"] > 0
        away = each["symbol"].endswith(".SZ")
        assert each["substitution"] == ("REFUNDED" if away else "ALLOWED")
        assert (each["creationAmount"] is not None) is away


@pytest.mark.parametrize(
    ("symbol", "code"),
    [("600519.SH", "NO_ETF_LIST"), ("999999.SH", "UNKNOWN_SYMBOL")],
)
def test_what_is_no_fund_has_no_list(ask_mock, catalog, symbol, code):
    answer = ask_mock(f'{{ etfBasket(symbol: "{symbol}") {{ date }} }}', fails=True)
    assert answer["data"] == {"etfBasket": None}
    assert answer["errors"][0]["extensions"]["code"] == code
    with pytest.raises(grpc.RpcError) as caught:
        catalog.GetEtfBasket(catalog_pb2.GetEtfBasketRequest(symbol=symbol))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_both_wires_tell_the_same_list(ask_mock, catalog):
    asked = catalog_pb2.GetEtfBasketRequest(symbol="510300.SH")
    found = etfs.basket_from_proto(catalog.GetEtfBasket(asked).basket)
    expected = shown(found, etfs.EtfBasket.__dataclass_fields__)
    parts = domain_etfs.EtfComponent.__dataclass_fields__
    expected["components"] = [shown(each, parts) for each in found.components]
    told = ask_mock(f'{{ etfBasket(symbol: "510300.SH") {{ {BASKET} }} }}')["etfBasket"]
    assert told == expected

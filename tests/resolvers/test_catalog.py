"""What the terminal lists besides instruments, over HTTP and over gRPC."""

import math
from datetime import date

import grpc
import pytest

from quantgraph.domain import etfs as domain_etfs
from quantgraph.domain import options as domain_options
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.ipos import IpoRequest
from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from quantgraph.wire import bonds, etfs, futures, ipos, options, treatments
from quantgraph.wire.fields import date_to_proto
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
        # a thin bond has no price before its first trade of the day
        if bond["price"] is not None:
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
    assert all(each.conversion_value > 0 for each in valued)
    # a thin bond has no price before its first trade of the day
    assert all(each.price is None or each.price > 0 for each in valued)


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


def test_each_component_is_the_whole_lots_nearest_to_its_weight(ask_mock):
    found = ask_mock("""{
        etfBasket(symbol: "510300.SH") { unitValue components { symbol quantity } }
        indexWeights(indexSymbol: "000300.SH") { symbol weight } }""")
    value = found["etfBasket"]["unitValue"]
    held = {each["symbol"]: each["quantity"] for each in found["etfBasket"]["components"]}
    weights = {each["symbol"]: each["weight"] / 100 for each in found["indexWeights"]}
    query = "query($s: [Symbol!]!) { quotes(symbols: $s) { symbol previousClose } }"
    for quote in ask_mock(query, s=list(weights))["quotes"]:
        lot = 100 * quote["previousClose"]
        wanted = value * weights[quote["symbol"]]
        assert abs(held.get(quote["symbol"], 0) / 100 * lot - wanted) <= lot / 2 + 1


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


CONTRACT = "symbol name type strike expiry unit listDate source"
_PAIR = f"call {{ {CONTRACT} }} put {{ {CONTRACT} }}"
CHAIN = f"underlying expiries {{ expiry strikes {{ strike {_PAIR} }} }}"


def contracts_of(chain):
    return [
        (expiry, row, contract)
        for expiry in chain["expiries"]
        for row in expiry["strikes"]
        for contract in (row["call"], row["put"])
    ]


def test_a_chain_goes_from_expiries_to_strikes_to_both_contracts(ask_mock):
    query = f"""{{ optionChain(underlying: "510300.SH") {{ {CHAIN}
        instrument {{ quote {{ lastPrice }} }} }} serverInfo {{ clock {{ now }} }} }}"""
    found = ask_mock(query)
    chain, today = found["optionChain"], found["serverInfo"]["clock"]["now"][:10]
    days = [each["expiry"] for each in chain["expiries"]]
    assert len(days) == 4
    assert days == sorted(days)
    assert days[0] >= today
    price = chain["instrument"]["quote"]["lastPrice"]
    for expiry in chain["expiries"]:
        strikes = [row["strike"] for row in expiry["strikes"]]
        assert strikes == sorted(set(strikes))
        assert strikes[0] < price < strikes[-1]
    for expiry, row, contract in contracts_of(chain):
        assert (contract["expiry"], contract["strike"]) == (expiry["expiry"], row["strike"])
        assert contract["listDate"] <= today
        assert contract["unit"] == 10_000
    symbols = [contract["symbol"] for _, _, contract in contracts_of(chain)]
    assert len(set(symbols)) == len(symbols)


def test_every_contract_is_found_as_an_instrument(ask_mock):
    contracts = [
        contract
        for _, _, contract in contracts_of(
            ask_mock(f'{{ optionChain(underlying: "510300.SH") {{ {CHAIN} }} }}')["optionChain"]
        )
    ]
    futures_ = ask_mock('{ mainContracts(product: "IF") { symbol secondSymbol } }')["mainContracts"]
    symbols = [each["symbol"] for each in contracts]
    symbols += [futures_[0]["symbol"], futures_[0]["secondSymbol"]]
    query = "query($s: Symbol!) { instrument(symbol: $s) { symbol kind market name listDate } }"
    kinds = {
        symbol: ask_mock(query, s=symbol)["instrument"] for symbol in symbols[::9] + symbols[-2:]
    }
    for symbol, found in kinds.items():
        future = symbol.endswith(".CFFEX")
        expected = ("FUTURE", "CFFEX") if future else ("OPTION", "SH")
        assert (found["kind"], found["market"]) == expected
    by_symbol = {each["symbol"]: each for each in contracts}
    assert all(kinds[s]["name"] == by_symbol[s]["name"] for s in kinds if s in by_symbol)


def test_a_chain_of_an_earlier_day_has_what_was_listed_then(ask_mock, catalog):
    query = (
        f"""query($d: Date) {{ optionChain(underlying: "510300.SH", date: $d) {{ {CHAIN} }} }}"""
    )
    on_last, after = (ask_mock(query, d=day)["optionChain"] for day in ("2022-12-28", "2022-12-29"))
    assert on_last["expiries"][0]["expiry"] == "2022-12-28"
    assert after["expiries"][0]["expiry"] > "2022-12-29"
    listed = [each["listDate"] for _, _, each in contracts_of(on_last)]
    assert max(listed) <= "2022-12-28"
    asked = catalog_pb2.GetOptionChainRequest(underlying="510300.SH")
    asked.date.CopyFrom(date_to_proto(date(2022, 12, 28)))
    told = options.chain_from_proto(catalog.GetOptionChain(asked).chain)
    assert [str(each.expiry) for each in told.expiries] == [
        each["expiry"] for each in on_last["expiries"]
    ]


def test_a_chain_of_a_day_to_come_is_refused(ask_mock):
    query = '{ optionChain(underlying: "510300.SH", date: "2100-01-04") { underlying } }'
    (error,) = ask_mock(query, fails=True)["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "has not come yet" in error["message"]


def test_an_underlying_without_contracts_has_an_empty_chain(ask_mock):
    query = "query($s: Symbol!) { optionChain(underlying: $s) { expiries { expiry } } }"
    assert ask_mock(query, s="600519.SH")["optionChain"] == {"expiries": []}
    answer = ask_mock(query, fails=True, s="999999.SH")
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_SYMBOL"


def test_main_contracts_are_told_by_day_up_to_the_present_one(ask_mock):
    query = """query($start: Date, $end: Date) { serverInfo { clock { now } }
        mainContracts(product: "IF", start: $start, end: $end) { date symbol secondSymbol } }"""
    found = ask_mock(query)
    today = found["serverInfo"]["clock"]["now"][:10]
    assert [each["date"] for each in found["mainContracts"]] == [today]
    told = ask_mock(query, start="2023-01-10", end="2023-01-31")["mainContracts"]
    by_day = {each["date"]: (each["symbol"], each["secondSymbol"]) for each in told}
    # IF2301 ended on Friday, the 20th; the 21st to the 29th were weekend and holiday
    assert by_day["2023-01-19"] == ("IF2301.CFFEX", "IF2302.CFFEX")
    assert by_day["2023-01-20"] == ("IF2302.CFFEX", "IF2303.CFFEX")
    assert list(by_day) == sorted(by_day)
    assert "2023-01-24" not in by_day
    assert ask_mock(query, start="2026-12-01")["mainContracts"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('product: "XX"', "UNKNOWN_PRODUCT"),
        ('product: ""', "UNKNOWN_PRODUCT"),
        ('product: "IF", start: "2023-01-02", end: "2023-01-01"', "START_AFTER_END"),
        ('product: "IF", start: "1900-01-01"', "CALENDAR_NOT_COVERED"),
    ],
)
def test_main_contracts_that_nobody_has_are_refused(ask_mock, arguments, code):
    answer = ask_mock(f"{{ mainContracts({arguments}) {{ symbol }} }}", fails=True)
    assert answer["errors"][0]["extensions"]["code"] == code


def test_what_is_known_without_prices_says_so(ask_mock):
    symbol = ask_mock('{ mainContracts(product: "IF") { symbol } }')["mainContracts"][0]["symbol"]
    query = f"""{{ quote(symbol: "{symbol}") {{ lastPrice }} bars(symbol: "{symbol}") {{ rowCount }}
        instrument(symbol: "{symbol}") {{ name }} }}"""
    answer = ask_mock(query, fails=True)
    assert {each["extensions"]["code"] for each in answer["errors"]} == {"NOT_QUOTED"}
    assert answer["data"]["instrument"]["name"]


def test_an_order_for_a_future_is_refused_with_a_reason(ask_mock):
    symbol = ask_mock('{ mainContracts(product: "IF") { symbol } }')["mainContracts"][0]["symbol"]
    query = """mutation($s: Symbol!) { submitOrder(input: { accountId: "sim-1",
        clientOrderId: "future-1", symbol: $s, side: BUY, quantity: 1, limitPrice: "3900.0" }) {
        __typename ... on OrderRejected { code } } }"""
    found = ask_mock(query, s=symbol)["submitOrder"]
    assert found["__typename"] == "OrderRejected"
    assert found["code"] == "NOT_QUOTED"


def test_both_wires_tell_the_same_contracts(ask_mock, catalog):
    asked = catalog_pb2.GetOptionChainRequest(underlying="510300.SH")
    chain = options.chain_from_proto(catalog.GetOptionChain(asked).chain)
    names = domain_options.OptionContract.__dataclass_fields__
    told = ask_mock(f'{{ optionChain(underlying: "510300.SH") {{ {CHAIN} }} }}')["optionChain"]
    held = [
        shown(contract, names)
        for expiry in chain.expiries
        for row in expiry.strikes
        for contract in (row.call, row.put)
    ]
    assert [contract for _, _, contract in contracts_of(told)] == held
    asked = MainRequest("IF", date(2022, 12, 1), date(2023, 1, 31))
    answer = catalog.ListMainContracts(futures.request_to_proto(asked))
    names = futures.MainContract.__dataclass_fields__
    expected = [shown(futures.contract_from_proto(each), names) for each in answer.contracts]
    query = """{ mainContracts(product: "IF", start: "2022-12-01", end: "2023-01-31") {
        product date symbol secondSymbol source } }"""
    assert ask_mock(query)["mainContracts"] == expected
    assert len(expected) > 30


IPO = (
    "symbol name subscriptionCode subscriptionDate issuePrice issueQuantity onlineQuantity "
    "maxSubscription minSubscription announceDate paymentDate listDate industryPe peBefore peAfter "
    "profitable winRate source"
)


def test_new_issues_are_told_by_day_and_are_instruments(ask_mock):
    query = f"""query($start: Date, $end: Date) {{
        ipos(start: $start, end: $end) {{ {IPO} instrument {{ name kind }} }} }}"""
    found = ask_mock(query)["ipos"]
    days = [each["subscriptionDate"] for each in found]
    assert days == sorted(days)
    assert all(each["instrument"] == {"name": each["name"], "kind": "STOCK"} for each in found)
    part = ask_mock(query, start=days[2], end=days[-2])["ipos"]
    assert [each["subscriptionDate"] for each in part] == days[2:-1]
    answer = ask_mock(query, fails=True, start="2023-01-02", end="2023-01-01")
    assert answer["errors"][0]["extensions"]["code"] == "START_AFTER_END"


def test_both_wires_tell_the_same_issues(ask_mock, catalog):
    answer = catalog.ListIpos(ipos.request_to_proto(IpoRequest()))
    names = ipos.Ipo.__dataclass_fields__
    expected = [shown(ipos.ipo_from_proto(each), names) for each in answer.ipos]
    assert ask_mock(f"{{ ipos {{ {IPO} }} }}")["ipos"] == expected
    assert len(expected) > 10


def test_a_fund_list_counts_no_cash_for_members_without_a_price_the_day_before(ask):
    # members that go on from imported bars have generated prices from the first day on alone
    basket = ask('{ etfBasket(symbol: "510300.SH") { cashDifference estimatedCash unitValue } }')
    found = basket["etfBasket"]
    assert found["cashDifference"] is None
    assert abs(found["estimatedCash"]) < 0.05 * found["unitValue"]


def test_both_wires_tell_the_days_of_special_treatment(ask_mock, catalog):
    query = """query($s: [Symbol!]!) {
        specialTreatments(symbols: $s) { symbol kind start end source } }"""
    symbols = ["600519.SH", "600518.SH", "999999.SH", "600518.SH"]
    told = ask_mock(query, s=symbols)["specialTreatments"]
    assert told == [
        {"symbol": "600518.SH", "kind": "ST", "start": "2015-01-05", "end": None,
         "source": "SIMULATED"}
    ]  # fmt: skip
    asked = catalog_pb2.ListSpecialTreatmentsRequest(symbols=symbols)
    (found,) = catalog.ListSpecialTreatments(asked).treatments
    names = treatments.SpecialTreatment.__dataclass_fields__
    assert shown(treatments.treatment_from_proto(found), names) == told[0]
    assert ask_mock(query, s=[])["specialTreatments"] == []


def test_special_treatments_of_too_many_shares_are_refused(ask_mock):
    query = "query($s: [Symbol!]!) { specialTreatments(symbols: $s) { symbol } }"
    (error,) = ask_mock(query, fails=True, s=[f"{n:06d}.SH" for n in range(1001)])["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"

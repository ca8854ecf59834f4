"""What the terminal lists besides instruments, over HTTP and over gRPC."""

import math

import grpc
import pytest

from quantgraph.domain.bonds import BondRequest
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from quantgraph.wire import bonds
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

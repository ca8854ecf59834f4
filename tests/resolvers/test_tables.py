"""The terminal's tables over HTTP and over gRPC: what becomes of simulated bonds."""

import grpc
import pytest

from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceStub
from quantgraph.wire.tables import column_from_proto

_ROWS = """query($s: [Symbol!], $f: [String!], $n: Int! = 500, $a: String) {
    tableRows(table: "bond_conv_price_info", symbols: $s, fields: $f, first: $n, after: $a) {
        source downloaded rowCount totalCount pageInfo { hasNextPage endCursor }
        columns { name kind numbers texts times integers } } }"""


@pytest.fixture
def catalog(gateway):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        yield CatalogServiceStub(channel)


def _values(found):
    named = {each["name"]: each for each in found["columns"]}
    kinds = {"NUMBER": "numbers", "TEXT": "texts", "TIME": "times", "INTEGER": "integers"}
    return {name: each[kinds[each["kind"]]] for name, each in named.items()}


def test_every_bond_has_its_first_conversion_price(ask_mock):
    told = ask_mock("{ convertibleBonds { symbol initialPrice issueDate } }")["convertibleBonds"]
    found = ask_mock(_ROWS)["tableRows"]
    assert (found["source"], found["downloaded"]) == ("SIMULATED", True)
    assert found["rowCount"] == found["totalCount"] >= len(told) >= 5
    columns = _values(found)
    assert columns["time"] == sorted(columns["time"])
    issued = {
        symbol: (price, time[:10])
        for symbol, price, time, reason in zip(
            columns["symbol"], columns["price"], columns["time"], columns["reason"], strict=True
        )
        if reason == "发行"
    }
    assert issued == {each["symbol"]: (each["initialPrice"], each["issueDate"]) for each in told}


def test_a_column_has_the_list_of_its_kind_alone(ask_mock):
    found = ask_mock(_ROWS, s=["113052.SH"], f=["price_before", "price"])["tableRows"]
    before, after = found["columns"]
    assert (before["name"], before["kind"], before["numbers"][0]) == (
        "price_before",
        "NUMBER",
        None,
    )
    assert after["numbers"][0] > 0
    assert [after[name] for name in ("texts", "times", "integers")] == [None, None, None]


def test_pages_join_to_the_whole(ask_mock):
    whole = _values(ask_mock(_ROWS, f=["symbol"])["tableRows"])["symbol"]
    joined, after = [], None
    while True:
        page = ask_mock(_ROWS, f=["symbol"], n=2, a=after)["tableRows"]
        joined += _values(page)["symbol"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert joined == whole


def test_tables_are_found_by_their_chinese_title(ask_mock):
    query = """query($q: String) { terminalTables(search: $q) {
        nodes { name title source fields { name kind title unit } } } }"""
    names = [each["name"] for each in ask_mock(query)["terminalTables"]["nodes"]]
    assert names == sorted(names)
    (found,) = ask_mock(query, q="回售")["terminalTables"]["nodes"]
    assert (found["name"], found["source"]) == ("bond_put_info", "SIMULATED")
    assert found["fields"][-1] == {
        "name": "put_price", "kind": "NUMBER", "title": "回售价格", "unit": "元",
    }  # fmt: skip


def test_grpc_names_the_rows_that_have_no_value(catalog, ask_mock):
    asked = catalog_pb2.ListTableRowsRequest(
        table="bond_conv_price_info", symbols=["113052.SH"], fields=["price_before", "time"]
    )
    time, before = map(column_from_proto, catalog.ListTableRows(asked).page.columns)
    told = _values(ask_mock(_ROWS, s=["113052.SH"], f=["time", "price_before"])["tableRows"])
    assert list(before.values) == told["price_before"]
    assert None in before.values
    assert None not in time.values


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('table: "nothing"', "UNKNOWN_TABLE"),
        ('table: "bond_call_info", fields: ["nothing"]', "BAD_REQUEST"),
        ('table: "bond_call_info", first: 0', "BAD_REQUEST"),
        ('table: "bond_call_info", start: "2024-01-02", end: "2024-01-01"', "START_AFTER_END"),
    ],
)
def test_what_cannot_be_answered_says_why(ask_mock, arguments, code):
    answer = ask_mock(f"{{ tableRows({arguments}) {{ rowCount }} }}", fails=True)
    assert answer["errors"][0]["extensions"]["code"] == code

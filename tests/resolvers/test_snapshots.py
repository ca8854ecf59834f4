"""Whole markets and sectors over HTTP, and over gRPC the same."""

import grpc
import pytest

from quantgraph.domain.instruments import Market
from quantgraph.domain.snapshots import QUOTE_FIELDS, SnapshotRequest
from quantgraph.v1 import snapshots_pb2
from quantgraph.v1.snapshots_pb2_grpc import SnapshotServiceStub
from quantgraph.wire.snapshots import request_to_proto, snapshot_from_proto
from schema.selection import camel
from tests.conftest import running_gateway

NAMES = " ".join(camel(name) for name in QUOTE_FIELDS)
ALL = f"symbol name {NAMES}"


def columns_of(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_rows_and_columns_of_a_sector_are_the_same_quotes(ask_mock):
    query = f"""{{ marketSnapshot(sector: "白酒") {{ source rowCount
        rows {{ {ALL} }} columns {{ {ALL} }} }} sector(name: "白酒") {{ symbols }} }}"""
    found = ask_mock(query)
    snapshot = found["marketSnapshot"]
    assert snapshot["columns"] == columns_of(snapshot["rows"])
    assert snapshot["columns"]["symbol"] == found["sector"]["symbols"]
    assert snapshot["rowCount"] == len(found["sector"]["symbols"])
    assert snapshot["source"] == "SIMULATED"
    assert "贵州茅台" in snapshot["columns"]["name"]
    assert len(set(snapshot["columns"]["time"])) == 1


def test_a_market_has_every_listed_symbol_of_it(ask_mock):
    query = """{ marketSnapshot(market: SZ) { rows { symbol lastPrice } }
        instruments(first: 500) { nodes { symbol market } } }"""
    found = ask_mock(query)
    listed = [each["symbol"] for each in found["instruments"]["nodes"] if each["market"] == "SZ"]
    rows = found["marketSnapshot"]["rows"]
    assert [row["symbol"] for row in rows] == listed
    assert all(row["lastPrice"] > 0 for row in rows)


def test_recorded_instruments_are_quoted_with_their_names(ask):
    rows = ask('{ marketSnapshot(sector: "沪深300") { rows { symbol name suspended } } }')
    assert len(rows["marketSnapshot"]["rows"]) == 300
    assert all(row["name"] for row in rows["marketSnapshot"]["rows"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("", "BAD_REQUEST"),
        ('(market: SH, sector: "白酒")', "BAD_REQUEST"),
        ('(sector: "没有这个")', "UNKNOWN_SECTOR"),
        ('(sector: "")', "UNKNOWN_SECTOR"),
    ],
)
def test_a_selection_that_is_none_is_refused(ask_mock, arguments, code):
    answer = ask_mock(f"{{ marketSnapshot{arguments} {{ rowCount }} }}", fails=True)
    assert answer["data"] == {"marketSnapshot": None}
    assert answer["errors"][0]["extensions"]["code"] == code


def test_both_wires_tell_the_same_moment(tmp_path):
    # so slow that no second passes between the two questions
    with running_gateway(tmp_path, mock={"speed": 0.001}) as running:
        import httpx

        query = f"{{ marketSnapshot(market: SH) {{ rows {{ {ALL} }} }} }}"
        body = {"query": query}
        url = f"{running.addresses.http}/graphql"
        rows = httpx.post(url, json=body, timeout=60).json()["data"]["marketSnapshot"]["rows"]
        with grpc.insecure_channel(running.addresses.grpc) as channel:
            asked = request_to_proto(SnapshotRequest(Market.SH, tuple(QUOTE_FIELDS), named=True))
            answer = SnapshotServiceStub(channel).GetMarketSnapshot(asked)
    found = snapshot_from_proto(answer, tuple(QUOTE_FIELDS))
    told = columns_of(rows)
    assert tuple(told["symbol"]) == found.quotes.symbols
    assert told["name"] == found.names
    for name in set(QUOTE_FIELDS) - {"time"}:
        mask = found.quotes.valid.get(name)
        values = found.quotes.values[name].tolist()
        if mask is not None:
            values = [value if held else None for value, held in zip(values, mask, strict=True)]
        assert told[camel(name)] == values, name


def test_the_zero_market_and_no_selector_are_named(gateway):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        stub = SnapshotServiceStub(channel)
        for asked, field in (
            (snapshots_pb2.GetMarketSnapshotRequest(market=0), "market"),
            (snapshots_pb2.GetMarketSnapshotRequest(), "selector"),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                stub.GetMarketSnapshot(asked)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert caught.value.details().startswith(f"{field}:")

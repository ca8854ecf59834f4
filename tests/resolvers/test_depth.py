"""`orderBooks` and `moneyFlows` through the wire."""

import grpc
import pytest

from quantgraph.v1 import depth_pb2
from quantgraph.v1.depth_pb2_grpc import DepthServiceStub
from quantgraph.wire.depth import book_from_proto

SIDES = "bids { price quantity } asks { price quantity }"


def levels(side):
    return [(each["price"], each["quantity"]) for each in side]


def test_a_book_goes_on_where_the_quote_ends(ask_mock):
    answer = ask_mock(
        f"""{{ orderBooks(symbols: ["600519.SH"]) {{ symbol time lastPrice source {SIDES} }}
        quote(symbol: "600519.SH") {{ time lastPrice {SIDES} }} }}"""
    )
    [book], quote = answer["orderBooks"], answer["quote"]
    assert (book["symbol"], book["source"]) == ("600519.SH", "SIMULATED")
    assert len(book["bids"]) == len(book["asks"]) == 10
    bids, asks = levels(book["bids"]), levels(book["asks"])
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0][0] < asks[0][0]
    if book["time"] == quote["time"]:
        assert (levels(quote["bids"]), levels(quote["asks"])) == (bids[:5], asks[:5])
        assert book["lastPrice"] == quote["lastPrice"]


def test_unknown_symbols_leave_holes_and_a_batch_is_bounded(ask_mock):
    query = "query($s: [Symbol!]!) { orderBooks(symbols: $s) { symbol } }"
    found = ask_mock(query, s=["999999.SH", "000001.SZ"])["orderBooks"]
    assert found == [None, {"symbol": "000001.SZ"}]
    answer = ask_mock(query, fails=True, s=[f"{number:06d}.SZ" for number in range(1_001)])
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_in_mock_nobodys_orders_make_the_trades(ask_mock):
    answer = ask_mock('{ moneyFlows(symbols: ["600519.SH"]) { time } }', fails=True)
    assert answer["data"] == {"moneyFlows": None}
    assert answer["errors"][0]["extensions"]["code"] == "TERMINAL_LACKS"
    info = ask_mock("{ serverInfo { backends { capabilities { operation available reason } } } }")
    rows = info["serverInfo"]["backends"][0]["capabilities"]
    said = {each["operation"]: each for each in rows}
    assert said["depth.orderBooks"]["available"]
    assert "single orders" in said["depth.moneyFlows"]["reason"]


def test_the_other_wire_says_why_there_is_no_book(gateway):
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        stub = DepthServiceStub(channel)
        asked = depth_pb2.ListOrderBooksRequest(symbols=["999999.SH", "000001.SZ"])
        nobody, bank = stub.ListOrderBooks(asked).results
        assert (nobody.symbol, nobody.failure.code) == ("999999.SH", "UNKNOWN_SYMBOL")
        assert len(book_from_proto(bank.book).bids) == 10
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListMoneyFlows(depth_pb2.ListMoneyFlowsRequest(symbols=["600519.SH"]))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION

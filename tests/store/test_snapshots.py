"""Recorded snapshots: what a price of 0 says of the quantity beside it."""

from quantgraph.domain.ticks import TickKind, TickRequest


def test_a_level_without_a_price_has_no_quantity_either(store, load):
    header = "symbol,time,last_price,bid_price_1,bid_quantity_1,ask_price_1,ask_quantity_1\n"
    load("quotes", header + "600519.SH,2023-02-01 10:00:00,10,0,500,10.01,700\n")
    fields = ("bid_price_1", "bid_quantity_1", "ask_price_1", "ask_quantity_1")
    request = TickRequest("600519.SH", TickKind.SNAPSHOT, None, None, fields, 10)
    found = store.read_ticks(request)
    assert found is not None
    known = {name: name not in found.valid or bool(found.valid[name][0]) for name in fields}
    assert known == {
        "bid_price_1": False,
        "bid_quantity_1": False,
        "ask_price_1": True,
        "ask_quantity_1": True,
    }
    assert found.values["ask_quantity_1"].tolist() == [700]

"""Level-2 columns in files of our own layouts: what is stored beside the plain recording."""

import numpy as np
import pytest

from quantgraph.domain.ticks import LEVEL2_TABLES, TickKind, TickRequest

ORDERS = """symbol,time,price,quantity,side,type,order_number
600519.SH,2023-02-01 09:30:00.010,1850.00,100,BUY,LIMIT,7
600519.SH,2023-02-01 09:30:00.020,0,200,S,MARKET,8
600519.SH,2023-02-01 09:30:00.030,,100,1,,7
"""


def read(store, kind, *fields):
    asked = fields or tuple(LEVEL2_TABLES[kind])
    return store.read_ticks(TickRequest("600519.SH", kind, None, None, asked, 100))


def test_orders_are_held_with_what_the_file_says_of_them(load, store):
    assert load("orders", ORDERS).outcome.rows == 3
    found = read(store, TickKind.LEVEL2_ORDER)
    assert found.values["side"].tolist() == [1, -1, 1]
    assert found.values["type"].tolist() == [1, 2, 0]
    assert found.valid["type"].tolist() == [True, True, False]
    assert found.valid["price"].tolist() == [True, False, False]
    assert found.values["order_number"].tolist() == [7, 8, 7]
    assert not found.valid["channel"].any()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",S,", ",Q,", "side 'Q' is none of"),
        (",200,", ",-200,", "is below zero"),
        (",200,", ",0,", "is not above zero"),
        (",MARKET,", ",SOME,", "type 'SOME' is none of"),
    ],
)
def test_an_order_that_makes_no_sense_keeps_its_file_out(load, store, old, new, reason):
    report = load("orders", ORDERS.replace(old, new))
    assert report.failure is not None
    assert any(reason in row.reason for row in report.bad.listed)
    assert read(store, TickKind.LEVEL2_ORDER, "time") is None


def test_trades_with_their_orders_are_level_2_as_well(load, store):
    plain = "symbol,time,price,quantity\n600519.SH,2023-02-01 09:31:00,1850,100\n"
    load("trades", plain)
    assert read(store, TickKind.LEVEL2_TRANSACTION, "time") is None
    told = "symbol,time,price,quantity,buy_order_number\n600519.SH,2023-02-01 09:31:00,1850,100,5\n"
    assert load("trades", told).outcome.changed
    found = read(store, TickKind.LEVEL2_TRANSACTION)
    assert found.values["buy_order_number"].tolist() == [5]
    assert found.values["amount"].tolist() == [185_000.0]
    assert not load("trades", told).outcome.changed


def test_an_auctions_quantity_without_a_price_is_kept_at_level_2_only(load, store):
    text = (
        "symbol,time,last_price,bid_price_2,bid_quantity_2,bid_price_10\n"
        "600519.SH,2023-02-01 09:20:00,0,0,300,0\n"
    )
    load("quotes", text)
    found = read(store, TickKind.LEVEL2_QUOTE, "bid_price_2", "bid_quantity_2", "bid_price_10")
    assert not found.valid["bid_price_2"][0]
    assert found.values["bid_quantity_2"].tolist() == [300]
    assert not found.valid["bid_price_10"][0]
    plain = read(store, TickKind.SNAPSHOT, "bid_quantity_2")
    assert np.array_equal(plain.valid["bid_quantity_2"], [False])

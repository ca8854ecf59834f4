"""`quote` and `quotes` through the wire."""

from decimal import Decimal

FIELDS = "symbol time lastPrice open high low previousClose volume amount suspended source"


def test_a_quote_goes_on_from_the_newest_imported_bar(ask):
    data = ask(
        f'{{ quote(symbol: "600519.SH") {{ {FIELDS} bids {{ price quantity }} asks {{ price }} }}'
        ' bars(symbol: "600519.SH", last: 1) { rows { close time } }'
        " serverInfo { clock { tradingDay now simulated } } }"
    )
    quote, clock = data["quote"], data["serverInfo"]["clock"]
    [bar] = data["bars"]["rows"]
    assert bar["time"] == "2024-08-20T00:00:00+08:00"
    assert clock["tradingDay"] == "2024-08-21"
    assert clock["simulated"] is True
    assert quote["source"] == "SIMULATED"
    assert quote["previousClose"] == bar["close"]
    assert abs(quote["lastPrice"] / bar["close"] - 1) <= 0.1001
    assert quote["low"] <= quote["lastPrice"] <= quote["high"]
    bids = [level["price"] for level in quote["bids"]]
    asks = [level["price"] for level in quote["asks"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert not (bids and asks) or bids[0] < asks[0]
    assert all(Decimal(str(price)) % Decimal("0.01") == 0 for price in bids + asks)
    assert quote["time"].startswith("2024-08-21T")


def test_quotes_keep_the_order_and_leave_holes_for_unknown_symbols(ask):
    found = ask('{ quotes(symbols: ["000001.SZ", "999999.SH", "600519.SH"]) { symbol } }')
    assert found["quotes"] == [{"symbol": "000001.SZ"}, None, {"symbol": "600519.SH"}]


def test_an_unknown_symbol_is_an_error_with_a_code(ask):
    answer = ask('{ quote(symbol: "999999.SH") { time } }', fails=True)
    assert answer["data"] == {"quote": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_SYMBOL"


def test_a_batch_of_symbols_is_bounded(ask):
    symbols = [f"{number:06d}.SZ" for number in range(1001)]
    answer = ask("query($s: [Symbol!]!) { quotes(symbols: $s) { time } }", fails=True, s=symbols)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_an_index_of_which_minutes_alone_are_imported_is_quoted_at_their_level(ask):
    query = """{ quote(symbol: "000001.SH") { lastPrice }
        bars(symbol: "000001.SH", period: MIN_1, last: 1) { source rows { close } } }"""
    answer = ask(query)
    assert answer["bars"]["source"] == "IMPORTED"
    level = answer["bars"]["rows"][0]["close"]
    assert level > 3_000
    assert level / 2 < answer["quote"]["lastPrice"] < level * 2

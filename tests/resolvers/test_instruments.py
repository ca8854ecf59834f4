"""`instrument` and `instruments` through the wire."""

import pytest


def pages(ask, arguments, size):
    after, symbols = None, []
    while True:
        query = f"""query($after: String) {{ instruments(first: {size}, after: $after {arguments})
          {{ nodes {{ symbol }} edges {{ cursor }} pageInfo {{ hasNextPage endCursor }} }} }}"""
        page = ask(query, after=after)["instruments"]
        symbols += [node["symbol"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return symbols
        assert page["edges"][-1]["cursor"] == after


def test_an_imported_instrument_has_its_facts(ask):
    found = ask(
        '{ instrument(symbol: "600519.SH")'
        " { name market kind board listDate isSt priceTick source } }"
    )["instrument"]
    assert found == {
        "name": "贵州茅台",
        "market": "SH",
        "kind": "STOCK",
        "board": "MAIN",
        "listDate": "2001-08-27",
        "isSt": False,
        "priceTick": "0.01",
        "source": "IMPORTED",
    }


def test_an_unknown_instrument_is_an_error_with_a_code(ask):
    answer = ask('{ instrument(symbol: "999999.SH") { name } }', fails=True)
    assert answer["data"] == {"instrument": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_SYMBOL"


def test_pages_join_to_the_whole_list_whatever_their_size(ask):
    large = pages(ask, "", 500)
    assert len(large) > 2700
    assert large == sorted(set(large))
    assert pages(ask, ', search: "银行"', 3) == pages(ask, ', search: "银行"', 500)


def test_search_finds_codes_and_names(ask):
    assert "600519.SH" in pages(ask, ', search: "6005"', 50)
    assert pages(ask, ', search: "茅台"', 50) == ["600519.SH"]
    assert pages(ask, ', search: "没有这只"', 50) == []


def test_search_finds_pinyin_initials(ask, ask_mock):
    assert "600519.SH" in pages(ask, ', search: "gzmt"', 50)
    assert pages(ask_mock, ', search: "GZMT"', 50) == ["600519.SH"]
    # 行 in 银行 is read hang, 长江 chang: the other readings find them as well
    assert "000001.SZ" in pages(ask_mock, ', search: "payx"', 50)
    assert pages(ask_mock, ', search: "zjdl"', 50) == ["600900.SH"]


def test_filters_hold_together(ask, ask_mock):
    star = pages(ask_mock, ", boards: [STAR]", 2)
    assert star == ["688012.SH", "688036.SH", "688111.SH", "688981.SH"]
    assert pages(ask_mock, ', boards: [STAR], sector: "半导体"', 1) == ["688012.SH", "688981.SH"]
    assert pages(ask_mock, ", markets: [BJ], kinds: [STOCK]", 50) == ["835185.BJ"]
    assert "000300.SH" in pages(ask_mock, ", kinds: [INDEX]", 50)
    found = pages(ask, ', kinds: [STOCK], markets: [SZ], sector: "沪深300"', 50)
    assert found == [each for each in found if each.endswith(".SZ")]
    assert len(found) > 50
    named = ', symbols: ["600519.SH", "688012.SH"], boards: [STAR]'
    assert pages(ask_mock, named, 50) == ["688012.SH"]
    assert pages(ask_mock, ', symbols: [], sector: "白酒"', 50) == []


def test_an_unknown_sector_finds_nothing_and_says_so(ask_mock):
    answer = ask_mock('{ instruments(sector: "没有") { nodes { symbol } } }', fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_SECTOR"


def test_a_cursor_is_good_for_its_filters_alone(ask_mock):
    query = "{ instruments(first: 1, kinds: [STOCK]) { pageInfo { endCursor } } }"
    cursor = ask_mock(query)["instruments"]["pageInfo"]["endCursor"]
    other = f'{{ instruments(after: "{cursor}") {{ nodes {{ symbol }} }} }}'
    answer = ask_mock(other, fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


def test_named_symbols_come_in_order_and_unknown_ones_are_left_out(ask):
    found = pages(ask, ', symbols: ["600519.SH", "000001.SZ", "999999.SH"]', 1)
    assert found == ["000001.SZ", "600519.SH"]


def test_a_foreign_cursor_is_refused(ask):
    for cursor in ("x", "b3JkZXI6MQ", "aW5zdHJ1bWVudDo", "é"):
        answer = ask(f'{{ instruments(after: "{cursor}") {{ nodes {{ symbol }} }} }}', fails=True)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


def test_page_sizes_are_bounded(ask):
    for size in (0, -1, 501):
        answer = ask(f"{{ instruments(first: {size}) {{ nodes {{ symbol }} }} }}", fails=True)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


RULES = """query($symbol: Symbol!, $date: Date) { instrument(symbol: $symbol) {
  rules(date: $date) { date isTradable priceTick lot { minimum step oddLot limitMost marketMost rule
    verified } band { upRatio downRatio previousClose lowerLimit upperLimit rule verified } } } }"""


def test_the_rules_of_a_past_day_know_its_previous_close(ask):
    rules = ask(RULES, symbol="600519.SH", date="2023-02-01")["instrument"]["rules"]
    # 1849.00 is the close of 2023-01-31, and the day's preclose in the recorded file
    query = """{ bars(symbol: "600519.SH", start: "2023-02-01", end: "2023-02-01") {
      rows { previousClose } } }"""
    close = ask(query)["bars"]["rows"][0]["previousClose"]
    band = rules["band"]
    assert float(band["previousClose"]) == close
    assert float(band["upperLimit"]) == pytest.approx(close * 1.1, abs=0.006)
    assert float(band["lowerLimit"]) == pytest.approx(close * 0.9, abs=0.006)
    assert (band["upRatio"], rules["priceTick"]) == ("0.10", "0.01")
    assert rules["lot"]["oddLot"] == "REMAINDER"


TRADING = """query($symbol: Symbol!, $date: Date) { instrument(symbol: $symbol) {
  rules(date: $date) {
  lot { name } band { name }
  cage { ratio ticks basis { rule name verified } }
  priceTypes { priceType inAuctions basis { name verified } }
  settlement { sellableAfter withdrawableAfter basis { verified } }
  purchaseLimit { most } halts { moveRatio minutes } } } }"""


def test_the_rules_of_a_day_tell_how_it_trades(ask_mock):
    rules = ask_mock(TRADING, symbol="600518.SH", date="2026-07-06")["instrument"]["rules"]
    assert (rules["lot"]["name"], rules["band"]["name"]) == ("lots.main", "band.main.st")
    cage = rules["cage"]
    assert (cage["ratio"], cage["ticks"], cage["basis"]["name"]) == ("0.02", 10, "cage.main")
    assert cage["basis"]["verified"]
    assert cage["basis"]["rule"].startswith("Price cage: ")
    kinds = {each["priceType"]: each["inAuctions"] for each in rules["priceTypes"]}
    assert list(kinds) == [
        "LIMIT",
        "OWN_BEST",
        "OPPOSITE_BEST",
        "BEST_FIVE_CANCEL",
        "BEST_FIVE_LIMIT",
        "AFTER_HOURS",
    ]
    assert [kind for kind, auctions in kinds.items() if auctions] == ["LIMIT"]
    days = rules["settlement"]
    assert (days["sellableAfter"], days["withdrawableAfter"]) == (1, 1)
    assert rules["purchaseLimit"] == {"most": 500_000}
    assert rules["halts"] == []


def test_a_bond_is_sold_the_day_it_is_bought_and_has_no_cage(ask_mock):
    rules = ask_mock(TRADING, symbol="113052.SH", date="2023-02-01")["instrument"]["rules"]
    assert (rules["cage"]["ratio"], rules["settlement"]["sellableAfter"]) == (None, 0)
    assert not rules["settlement"]["basis"]["verified"]
    assert rules["purchaseLimit"] is None


def test_a_new_listing_stops_where_it_moves_far(ask_mock):
    rules = ask_mock(TRADING, symbol="688012.SH", date="2019-07-22")["instrument"]["rules"]
    moves = [(each["moveRatio"], each["minutes"]) for each in rules["halts"]]
    assert moves == [("0.30", 10), ("0.60", 10)]


def test_the_rules_of_today_know_the_close_before(ask_mock):
    query = """{ serverInfo { clock { tradingDay } } instrument(symbol: "000001.SZ") {
      quote { previousClose } rules { date band { previousClose lowerLimit } } } }"""
    found = ask_mock(query)
    rules, quote = found["instrument"]["rules"], found["instrument"]["quote"]
    assert rules["date"] == found["serverInfo"]["clock"]["tradingDay"]
    assert float(rules["band"]["previousClose"]) == quote["previousClose"]


def test_a_day_to_come_has_ratios_but_no_prices(ask_mock):
    band = ask_mock(RULES, symbol="688981.SH", date="2026-12-30")["instrument"]["rules"]["band"]
    assert (band["upRatio"], band["previousClose"], band["upperLimit"]) == ("0.20", None, None)


def test_a_closed_day_has_no_previous_close(ask):
    band = ask(RULES, symbol="600519.SH", date="2023-02-04")["instrument"]["rules"]["band"]
    assert (band["upRatio"], band["previousClose"]) == ("0.10", None)


def test_an_index_has_no_rules_and_a_day_not_covered_is_refused(ask_mock):
    rules = ask_mock(RULES, symbol="000300.SH", date="2023-02-01")["instrument"]["rules"]
    assert (rules["isTradable"], rules["lot"], rules["band"]) == (False, None, None)
    answer = ask_mock(RULES, symbol="600519.SH", date="2027-01-04", fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "CALENDAR_NOT_COVERED"


def test_rules_of_a_day_that_fails_cost_another_day_nothing(ask_mock):
    query = """{ instrument(symbol: "600519.SH") { good: rules(date: "2023-02-01") { isTradable }
      bad: rules(date: "2027-01-04") { isTradable } } }"""
    answer = ask_mock(query, fails=True)
    assert answer["data"]["instrument"] == {"good": {"isTradable": True}, "bad": None}


def test_whatever_instrument_knows_is_found_where_it_is_named(ask_mock):
    chain = ask_mock("""{ optionChain(underlying: "510300.SH") {
        expiries { strikes { call { symbol } put { symbol } } } }
        mainContracts(product: "IF") { symbol }
        ipos { symbol } convertibleBonds { symbol stockSymbol } }""")
    strike = chain["optionChain"]["expiries"][0]["strikes"][0]
    named = [strike["call"]["symbol"], strike["put"]["symbol"]]
    named += [each["symbol"] for each in (*chain["mainContracts"], *chain["ipos"])]
    named += [
        s for each in chain["convertibleBonds"] for s in (each["symbol"], each["stockSymbol"])
    ]
    query = """query($s: [Symbol!], $k: [InstrumentKind!]) {
        instruments(symbols: $s, kinds: $k, first: 500) { nodes { symbol kind } } }"""
    found = ask_mock(query, s=[*named, "999999.SH"])["instruments"]["nodes"]
    assert [each["symbol"] for each in found] == sorted({*named})
    options = ask_mock(query, s=named, k=["OPTION"])["instruments"]["nodes"]
    assert [each["symbol"] for each in options] == sorted(named[:2])
    assert "OPTION" not in {e["kind"] for e in ask_mock(query)["instruments"]["nodes"]}


def test_an_import_of_names_alone_keeps_the_listing_day(ask):
    # the weights of the index name both shares and say no more; 603501 has another name by then
    query = """query($s: Symbol!, $t: String) {
        instrument(symbol: $s) { name listDate source rules(date: "2016-01-04") { isTradable } }
        instruments(search: $t) { nodes { symbol listDate } }
        bars(symbol: $s, start: "2015-01-01", end: "2018-12-31") { rows { time } } }"""
    answer = ask(query, s="603501.SH", t="豪威")
    assert answer["instrument"] == {
        "name": "豪威集团",
        "listDate": "2017-05-04",
        "source": "IMPORTED",
        "rules": {"isTradable": False},
    }
    assert answer["instruments"]["nodes"] == [{"symbol": "603501.SH", "listDate": "2017-05-04"}]
    assert answer["bars"]["rows"][0]["time"] == "2017-05-04T00:00:00+08:00"


def test_new_issues_are_listed_on_the_day_that_the_instrument_says(ask):
    found = ask("{ ipos { symbol listDate instrument { listDate } } }")["ipos"]
    assert len(found) > 40
    for each in found:
        assert each["instrument"]["listDate"] == each["listDate"]

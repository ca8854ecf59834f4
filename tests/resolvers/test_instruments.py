"""`instrument` and `instruments` through the wire."""


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

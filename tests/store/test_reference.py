"""Finding instruments."""

import pytest

from quantgraph.domain.instruments import Board, InstrumentKind, Market
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.store.reference import warned

INSTRUMENTS = (
    "symbol,name\n600519.SH,贵州茅台\n000002.SZ,万  科Ａ\n000858.SZ,五 粮 液\n600001.SH,*ST邯钢\n"
)


@pytest.fixture
def listed(store, load):
    load("instruments", INSTRUMENTS)
    load("bars", "symbol,date,open,high,low,close\n000001.SZ,2023-02-01,1,1,1,1\n")
    return store


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        (None, ["000001.SZ", "000002.SZ", "000858.SZ", "600001.SH", "600519.SH"]),
        ("6005", ["600519.SH"]),
        ("600519.sh", ["600519.SH"]),
        ("茅台", ["600519.SH"]),
        ("万科a", ["000002.SZ"]),
        ("五粮液", ["000858.SZ"]),
        ("st", ["600001.SH"]),
        ("519", []),
        ("GZMT", ["600519.SH"]),
        ("mt", ["600519.SH"]),
        ("wka", ["000002.SZ"]),
        ("sthg", ["600001.SH"]),
        ("mtw", []),
        ("%", []),
        (" ", []),
    ],
)
def test_search_is_by_start_of_code_or_part_of_name(listed, text, symbols):
    assert [one.symbol for one in listed.search(InstrumentSearch(text), 10, None)] == symbols


@pytest.mark.parametrize(
    ("search", "symbols"),
    [
        (InstrumentSearch(markets=frozenset({Market.SH})), ["600001.SH", "600519.SH"]),
        (InstrumentSearch(boards=frozenset({Board.STAR})), []),
        (InstrumentSearch("st", kinds=frozenset({InstrumentKind.FUND})), []),
        (InstrumentSearch(symbols=frozenset({"600519.SH", "999999.SH"})), ["600519.SH"]),
        (InstrumentSearch(symbols=frozenset()), []),
        (
            InstrumentSearch("000", frozenset({Market.SZ}), frozenset({InstrumentKind.STOCK})),
            ["000001.SZ", "000002.SZ", "000858.SZ"],
        ),
    ],
)
def test_all_filters_of_a_search_must_hold(listed, search, symbols):
    assert [one.symbol for one in listed.search(search, 10, None)] == symbols


def test_initials_follow_a_name_that_changes(listed, load):
    load("instruments", "symbol,name\n600519.SH,长安汽车\n")
    assert listed.search(InstrumentSearch("gzmt"), 5, None) == []
    for reading in ("caqc", "zaqc"):
        assert listed.search(InstrumentSearch(reading), 5, None)[0].symbol == "600519.SH"


def test_search_goes_on_after_a_symbol(listed):
    first = listed.search(InstrumentSearch(), 2, None)
    assert [one.symbol for one in first] == ["000001.SZ", "000002.SZ"]
    assert listed.search(InstrumentSearch(), 1, first[-1].symbol)[0].symbol == "000858.SZ"


def test_a_symbol_with_bars_alone_is_listed_without_a_name(listed):
    found = listed.instruments(["000001.SZ", "999999.SH"])
    assert list(found) == ["000001.SZ"]
    assert found["000001.SZ"].name is None
    assert found["000001.SZ"].kind == "STOCK"


@pytest.mark.parametrize(
    ("name", "is_warned"),
    [
        ("ST宏盛", True),
        ("*ST 明科", True),
        ("S*ST昌鱼", True),
        ("SST前锋", True),
        ("WEST药业", False),
        (None, False),
    ],
)
def test_the_risk_warning_stands_at_the_start_of_a_name(name, is_warned):
    assert warned(name) is is_warned

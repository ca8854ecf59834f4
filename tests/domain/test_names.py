"""Names as they are searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.names import finds, initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("贵州茅台", "gzmt"),
        ("平安银行", "payh"),
        ("*ST 邯钢", "sthg"),
        ("万  科Ａ", "wka"),
        ("沪深300", "hs300"),
        ("京东方A", "jdfa"),
        ("中信证券", "zxzq"),
        ("TCL科技", "tclkj"),
        ("", ""),
        ("—", ""),
        ("中㐂国", "zg"),
        ("䷀䷁", ""),
    ],
)
def test_the_likeliest_reading_comes_first(name, initials):
    assert initials_of(name).split(" ")[0] == initials


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("重庆啤酒", ("cqpj", "zqpj")),
        ("长安汽车", ("caqc", "zaqc")),
        ("平安银行", ("payx",)),
        ("乐视网", ("lsw", "ysw")),
    ],
)
def test_every_reading_of_a_character_is_taken(name, readings):
    """重 and 长 are read zh and ch, 行 is read h and x: whoever types either finds it."""
    for each in readings:
        assert each in initials_of(name).split(" ")
        assert finds(each.upper(), "600000.SH", name, initials_of(name))


_CHARACTERS = st.text(st.characters(min_codepoint=0x33F0, max_codepoint=0xA010), max_size=12)


@given(st.text(max_size=12) | _CHARACTERS)
def test_any_name_has_bounded_initials(name):
    spelt = initials_of(name)
    assert len(spelt.split(" ")) <= 64
    assert all(each.isascii() and each.isalnum() for each in spelt.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("6005", True),
        ("600519.sh", True),
        ("0519", False),
        ("茅台", True),
        ("mt", True),
        ("GZMT", True),
        ("gz mt", True),
        ("mtg", False),
        ("m t g", False),
        ("300", False),
        (" ", False),
        ("%", False),
    ],
)
def test_a_text_finds_codes_names_and_initials(text, found):
    assert finds(text, "600519.SH", "贵州茅台", initials_of("贵州茅台")) is found

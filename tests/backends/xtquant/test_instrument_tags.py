"""The vendor's tags of instruments, and what the terminal follows, through the real xtdata.py."""

import pytest

from quantgraph.domain.bars import Period
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instrument_tags import TagRequest, wanted_tags
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal_subscriptions import TerminalSubscription, found_of

from .conftest import Pair

FUND, SHARE = "510300.SH", "600519.SH"
ETF, STOCK = 100_013, 100_003


async def test_each_symbol_has_those_of_the_asked_tags_that_the_terminal_says(pair: Pair) -> None:
    pair.exchange.tags = {FUND: {ETF}, SHARE: {STOCK}}
    asked = TagRequest((FUND, SHARE, FUND), ("GE_EXTRA_STOCK", "GE_EXTRA_ETF"))
    found = await pair.terminal.catalog.instrument_tags(asked)
    assert [(each.symbol, each.tags) for each in found] == [
        (FUND, ("GE_EXTRA_ETF",)),
        (SHARE, ("GE_EXTRA_STOCK",)),
    ]
    assert found[0].source is Source.TERMINAL


async def test_without_tags_all_that_the_sdk_names_are_asked(pair: Pair) -> None:
    pair.exchange.tags = {FUND: {ETF, 279}}
    (found,) = await pair.terminal.catalog.instrument_tags(TagRequest((FUND,)))
    assert found.tags == ("GE_EXTRA_ETF", "PLEDGE_REPURCHASE_SH_DAY_1")


async def test_a_tag_that_nobody_knows_is_refused_by_name(pair: Pair) -> None:
    with pytest.raises(GatewayError, match="GE_NOTHING") as caught:
        await pair.terminal.catalog.instrument_tags(TagRequest((FUND,), ("GE_NOTHING",)))
    assert caught.value.reason is Reason.BAD_REQUEST


def test_a_thousand_questions_are_one_request_and_no_more() -> None:
    known = {f"T{number}": number for number in range(500)}
    assert len(wanted_tags(TagRequest((FUND, SHARE)), known)) == 500
    with pytest.raises(GatewayError, match="1500 questions"):
        wanted_tags(TagRequest((FUND, SHARE, "000001.SZ")), known)
    # A tag that is named twice is one question.
    assert wanted_tags(TagRequest((FUND,), ("T1", "T1")), known) == {"T1": 1}


async def test_what_the_terminal_follows_is_told_by_program_and_code(pair: Pair) -> None:
    pair.exchange.told["getallsubinfo"] = {
        "result": [
            {"addr": "10.0.0.2:55300", "stockCode": "10000001.SHO", "period": 0, "metaId": 3000},
            {"addr": "10.0.0.1:55301", "stockCode": "rb2405.SF", "period": 60_000, "metaId": 3001},
            {"addr": "10.0.0.1:55301", "stockCode": SHARE, "period": 86_400_000, "metaId": 3001},
            {"addr": "10.0.0.1:55301", "period": 0},
            "nothing that is known",
        ]
    }
    day = TerminalSubscription("10.0.0.1:55301", SHARE, SHARE, Period.DAY_1, 3_001, 86_400_000)
    other = TerminalSubscription("10.0.0.1:55301", "rb2405.SF", None, Period.MIN_1, 3_001, 60_000)
    option = TerminalSubscription("10.0.0.2:55300", "10000001.SHO", "10000001.SH", None, 3_000, 0)
    found = await pair.terminal.catalog.terminal_subscriptions()
    assert found == [day, other, option]
    assert found_of(found, None) == found
    assert found_of(found, "SHO") == [option]
    assert found_of(found, "0.1:") == [day, other]


def test_more_than_one_message_takes_is_refused() -> None:
    one = TerminalSubscription("a", SHARE, SHARE, None, 3_000, 0)
    assert len(found_of([one] * 10_000, None)) == 10_000
    with pytest.raises(GatewayError, match="Search for a program") as caught:
        found_of([one] * 10_001, None)
    assert caught.value.reason is Reason.ROW_LIMIT


@pytest.mark.parametrize(
    ("function", "verb"),
    [("is_stock_type", "is_stock_type"), ("get_all_sub_info", "getallsubinfo")],
)
async def test_a_terminal_without_them_says_so(pair: Pair, function: str, verb: str) -> None:
    pair.exchange.unrealized.add(verb)
    catalog = pair.terminal.catalog
    asked = {
        "is_stock_type": catalog.instrument_tags(TagRequest((FUND,), ("GE_EXTRA_ETF",))),
        "get_all_sub_info": catalog.terminal_subscriptions(),
    }
    with pytest.raises(GatewayError) as caught:
        await asked.pop(function)
    for unasked in asked.values():
        unasked.close()
    assert caught.value.reason is Reason.TERMINAL_LACKS
    assert pair.client.lacking == {function}

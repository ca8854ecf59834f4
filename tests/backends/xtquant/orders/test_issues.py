"""New issues and limits of subscription through the real xttrader.py."""

from datetime import date

import pytest

from quantgraph.backends.xtquant.futures_positions import XtFuturesPositions
from quantgraph.backends.xtquant.issues import XtIssues
from quantgraph.domain.errors import NotFound, Unavailable, Unsupported
from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from tests.doubles.world import ACCOUNT
from tests.waiting import until

_TOLD = {
    "ipo_code": "688001.SH",
    "ipo_name": "新股",
    "max_purchase_num": 9_500,
    "min_purchase_num": 500,
    "purchase_date": "20230201",
    "issue_price": 12.34,
}


async def test_issues_of_the_day_are_told(desk):
    undated = {**_TOLD, "ipo_code": "300001.SZ", "purchase_date": ""}
    unpriced = {**_TOLD, "ipo_code": "300002.SZ", "issue_price": 0.0, "max_purchase_num": 0}
    desk.counter.ipos = [_TOLD, undated, unpriced]
    second, first = await XtIssues(desk.link).issues()
    assert (first.symbol, first.name, first.subscription_date) == (
        "688001.SH",
        "新股",
        date(2023, 2, 1),
    )
    assert (first.issue_price, first.max_subscription, first.min_subscription) == (
        12.34,
        9_500,
        500,
    )
    assert (second.symbol, second.issue_price, second.max_subscription) == ("300002.SZ", None, None)


async def test_limits_are_those_of_the_account(desk):
    desk.counter.quotas = {"SZ": 500, "SH": 10_000, "KCB": 5_000, "XX": 7}
    issues = XtIssues(desk.link)
    assert await issues.ipo_quotas(ACCOUNT) == [
        IpoQuota(Market.SH, Board.MAIN, 10_000, Source.TERMINAL),
        IpoQuota(Market.SH, Board.STAR, 5_000, Source.TERMINAL),
        IpoQuota(Market.SZ, None, 500, Source.TERMINAL),
    ]
    with pytest.raises(NotFound):
        await issues.ipo_quotas("nobody")


async def test_a_terminal_without_the_function_says_so(desk):
    desk.counter.script.when("queryIPODataWithSeq", RuntimeError("[xtquant]function not realize."))
    with pytest.raises(Unsupported) as caught:
        await XtIssues(desk.link).issues()
    assert caught.value.reason is Reason.TERMINAL_LACKS
    desk.counter.script.when("queryIPODataWithSeq", RuntimeError("内部错误"))
    with pytest.raises(Unavailable, match="内部错误"):
        await XtIssues(desk.link).issues()
    assert desk.link.lacking == {"query_ipo_data_async"}


async def test_while_a_session_is_being_opened_nothing_is_asked(desk):
    desk.link.state = desk.link.state.lost(desk.counter.world.now(), "SOURCE_UNAVAILABLE")
    with pytest.raises(Unavailable, match="not connected"):
        await XtIssues(desk.link).ipo_quotas(ACCOUNT)
    with pytest.raises(Unavailable, match="not connected"):
        await XtFuturesPositions(desk.link).futures_position_statistics(ACCOUNT)


async def test_without_a_link_nothing_is_told(open_desk, counter):
    counter.answer = -1
    desk = await open_desk(linked=False)
    await until(lambda: desk.naps)
    with pytest.raises(Unavailable):
        await XtIssues(desk.link).ipo_quotas(ACCOUNT)
    counter.answer = 0
    await until(lambda: desk.link.up)

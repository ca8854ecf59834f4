"""Statistics of futures positions: the real xttrader.py alone would wait for ever."""

from datetime import date
from decimal import Decimal

import pytest

from quantgraph.backends.xtquant.futures_positions import XtFuturesPositions
from quantgraph.domain.errors import NotFound, Unavailable, Unsupported
from quantgraph.domain.futures_positions import HedgeFlag, PositionDirection
from tests.doubles.script import lose
from tests.doubles.world import ACCOUNT
from tests.waiting import until

FUTURES = "7770009"
LONG = {
    "exchange_id": "IF", "exchange_name": "中金所", "product_id": "IF", "instrument_id": "IF2303",
    "instrument_name": "沪深2303", "direction": 48, "hedge_flag": 49, "position": 3,
    "yesterday_position": 1, "today_position": 2, "can_close_vol": 3, "position_cost": 3_650_100.0,
    "avg_price": 4_055.6666666666665, "position_profit": -1_200.004999, "float_profit": 960.0,
    "open_price": 4_050.2, "used_margin": 437_659.2, "used_commission": 83.89, "open_times": 2,
    "instrument_value": 3_651_060.0, "open_volume": 2, "last_price": 4_056.8, "rise_ratio": 0.0031,
    "product_name": "一号", "ft_product_name": "沪深300股指期货", "expire_date": "20230317",
    "assest_weight": 0.43, "margin_ratio": 0.12, "today_profit_loss": 960.0, "cancel_times": 1,
    "yesterday_init_position": 2, "close_profit": 300.0, "open_cost": 3_645_180.0,
    "increase_by_settlement": 0.0029, "float_profit_divide_by_used_margin": 0.0022,
    "float_profit_divide_by_balance": 0.001,
}  # fmt: skip
SHORT = {
    **LONG, "direction": 49, "hedge_flag": 53, "exchange_id": "SF", "instrument_id": "ag2306",
    "last_price": 0.0, "avg_price": float("nan"), "float_profit": float("nan"),
    "rise_ratio": float("inf"), "expire_date": "", "exchange_name": "", "ft_product_name": "",
}  # fmt: skip


@pytest.fixture
async def desk(open_desk, counter):
    counter.accounts = {**counter.accounts, FUTURES: [1, 0]}
    counter.statistics = {FUTURES: [SHORT, LONG]}
    return await open_desk()


async def test_an_account_of_futures_tells_what_it_holds(desk):
    first, _ = await XtFuturesPositions(desk.link).futures_position_statistics(FUTURES)
    assert (first.account_id, first.symbol, first.contract) == (FUTURES, "IF2303.CFFEX", "IF2303")
    assert first.direction is PositionDirection.LONG
    assert first.hedge_flag is HedgeFlag.SPECULATION
    held = (first.quantity, first.today_quantity, first.yesterday_quantity, first.initial_quantity)
    assert held == (3, 2, 1, 2)
    assert (first.closable_quantity, first.opened_quantity) == (3, 2)
    assert (first.open_times, first.cancel_times) == (2, 1)
    assert (first.average_price, first.last_price) == (Decimal("4055.6667"), Decimal("4056.80"))
    assert (first.position_profit, first.float_profit) == (Decimal("-1200.00"), Decimal("960.00"))
    assert (first.product_name, first.expiry) == ("沪深300股指期货", date(2023, 3, 17))
    assert (first.asset_ratio, first.settlement_rise_ratio) == (0.43, 0.0029)


async def test_what_is_not_told_is_null_and_a_contract_without_a_symbol_is_told(desk):
    _, second = await XtFuturesPositions(desk.link).futures_position_statistics(FUTURES)
    assert (second.symbol, second.exchange, second.contract) == (None, "SF", "ag2306")
    assert (second.direction, second.hedge_flag) == (PositionDirection.SHORT, None)
    assert (second.last_price, second.average_price, second.float_profit) == (None, None, None)
    assert (second.rise_ratio, second.expiry, second.product_name) == (None, None, None)
    assert second.exchange_name is None


async def test_an_account_for_shares_holds_none_and_is_not_asked(desk):
    desk.counter.script.when("queryPositionStatisticsWithSeq", lose)
    assert await XtFuturesPositions(desk.link).futures_position_statistics(ACCOUNT) == ()
    with pytest.raises(NotFound):
        await XtFuturesPositions(desk.link).futures_position_statistics("nobody")


async def test_a_terminal_that_says_nothing_is_waited_for_a_while_only(desk):
    asked = XtFuturesPositions(desk.link)
    desk.hurry()
    desk.counter.script.when("queryPositionStatisticsWithSeq", lose)
    with pytest.raises(Unavailable, match="did not answer"):
        await asked.futures_position_statistics(FUTURES)
    assert desk.link._session._trader.cbs == {}
    desk.hurry(seconds=20.0)
    assert len(await asked.futures_position_statistics(FUTURES)) == 2
    lacks = RuntimeError("[xtquant]function not realize.")
    desk.counter.script.when("queryPositionStatisticsWithSeq", lacks)
    with pytest.raises(Unsupported):
        await asked.futures_position_statistics(FUTURES)
    assert desk.link.lacking == {"query_position_statistics_async"}


async def test_without_a_login_nothing_is_told(open_desk, counter):
    counter.answer = -1
    desk = await open_desk(linked=False)
    await until(lambda: desk.naps)
    with pytest.raises(Unavailable):
        await XtFuturesPositions(desk.link).futures_position_statistics(FUTURES)
    counter.answer = 0
    await until(lambda: desk.link.up)

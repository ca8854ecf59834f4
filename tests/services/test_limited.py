import asyncio
from datetime import date

import pytest

from quantgraph.config import LimitsConfig
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.services.limited import LimitedBars, resolve_window


def request(*symbols, window=None, period=Period.DAY_1, fields=("close",)):
    return BarRequest(symbols or ("600519.SH",), period, window or Window(), fields=fields)


@pytest.fixture
def limited(full, calendar):
    return LimitedBars(full.derived, LimitsConfig(bar_rows=1000, batch_symbols=10), calendar)


async def refused(port, ask):
    with pytest.raises(InvalidRequest) as caught:
        await port.bars(ask)
    return caught.value


async def test_without_start_and_last_it_is_the_last_250(limited):
    series = (await limited.bars(request()))[0]
    assert series.columns.length == 250
    end = day_start(date(2020, 1, 1))
    assert (await limited.bars(request(window=Window(end=end))))[0].columns.length == 250


@pytest.mark.parametrize("last", [0, -1])
def test_last_is_at_least_one(last):
    with pytest.raises(InvalidRequest) as caught:
        resolve_window(Window(last=last))
    assert caught.value.reason is Reason.BAD_REQUEST


def test_start_and_last_exclude_each_other():
    with pytest.raises(InvalidRequest) as caught:
        resolve_window(Window(start=1, last=1))
    assert caught.value.reason is Reason.BAD_REQUEST


def test_start_after_end_has_its_own_code():
    with pytest.raises(InvalidRequest) as caught:
        resolve_window(Window(start=2, end=1))
    assert caught.value.reason is Reason.START_AFTER_END
    assert resolve_window(Window(start=1, end=1)) == Window(start=1, end=1)


async def test_more_rows_than_the_limit_are_refused_with_the_limit_and_the_rpc(limited, full):
    error = await refused(limited, request(window=Window(last=1001)))
    assert error.reason is Reason.ROW_LIMIT
    assert error.details == {"limit": "1000", "rpc": "DownloadBars"}
    assert "1000" in error.message
    assert "DownloadBars" in error.message
    assert full.store.counter.transactions == 0


async def test_the_limit_itself_is_allowed(limited):
    assert (await limited.bars(request(window=Window(last=1000))))[0].columns.length == 1000


async def test_the_rows_of_all_symbols_count_together(limited):
    five = ("600519.SH", "000001.SZ", "601012.SH", "000858.SZ", "600000.SH")
    assert len(await limited.bars(request(*five, window=Window(last=200)))) == 5
    assert (
        await refused(limited, request(*five, window=Window(last=201)))
    ).reason is Reason.ROW_LIMIT


async def test_a_window_is_counted_by_what_it_holds_not_by_its_length(limited, full):
    # 35 years could hold 8,700 daily bars: 601012 holds 3,007, the minutes of one day 238
    far = Window(start=0)
    assert (await refused(limited, request("601012.SH", window=far))).reason is Reason.ROW_LIMIT
    minutes = (await limited.bars(request("600519.SH", window=far, period=Period.MIN_1)))[0]
    assert minutes.columns.length == 238
    full.store.counter.reset()
    await refused(limited, request("601012.SH", window=far))
    # refused after reading a bounded number of stamps, and no price
    assert full.store.counter.columns == {"time"}
    assert full.store.counter.blocks["time"] <= 6


async def test_a_short_window_is_not_counted_first(limited, full):
    window = Window(day_start(date(2023, 1, 1)), day_start(date(2023, 12, 31)))
    await limited.bars(request(window=window))
    assert full.store.counter.columns == {"close"}


async def test_a_window_over_many_symbols_is_counted_together(limited):
    window = Window(day_start(date(2021, 1, 1)), day_start(date(2023, 12, 31)))
    assert (await limited.bars(request("600519.SH", window=window)))[0].columns.length == 727
    error = await refused(limited, request("600519.SH", "000001.SZ", window=window))
    assert error.reason is Reason.ROW_LIMIT


async def test_too_many_symbols_are_refused(limited):
    error = await refused(limited, request(*[f"60{place:04d}.SH" for place in range(11)]))
    assert error.reason is Reason.BAD_REQUEST
    assert error.details == {"limit": "10"}


async def test_an_operation_has_one_limit_for_all_its_requests(limited):
    with OperationBudget() as budget:
        await limited.bars(request(window=Window(last=600)))
        assert budget.taken == 600
        assert (await refused(limited, request(window=Window(last=401)))).reason is Reason.ROW_LIMIT
        await limited.bars(request(window=Window(last=400)))
    await limited.bars(request(window=Window(last=1000)))


async def test_requests_side_by_side_share_the_limit(limited):
    with OperationBudget():
        both = [limited.bars(request(window=Window(last=600))) for _ in range(2)]
        answers = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(answer, InvalidRequest) for answer in answers) == 1


async def test_errors_of_symbols_are_passed_on(limited):
    first, second = await limited.bars(request("688999.SH", "600519.SH"))
    assert first.reason is Reason.UNKNOWN_SYMBOL
    assert second.columns.length == 250

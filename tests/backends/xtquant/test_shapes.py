"""What the SDK's bars are made of, and what it does to what it is given: nothing of it shows."""

import inspect
from copy import deepcopy
from datetime import date
from typing import Any

import numpy as np
import pytest

from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.bars import BarRequest, BarSeries, Period, Window, window
from quantgraph.domain.calendar import day_start

from .conftest import Pair

SYMBOLS = ("600519.SH", "000001.SZ")
DAY = date(2023, 1, 3)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], tuple[Any, ...], Any]]:
    """Each call for bars: its arguments, what they are after it, and what it answered."""
    data, calls = load_sdk().data, []
    real = data.get_market_data_ex

    def told(*arguments: Any) -> Any:
        before = deepcopy(arguments)
        answer = real(*arguments)
        calls.append((before, arguments, answer))
        return answer

    monkeypatch.setattr(data, "get_market_data_ex", told)
    return calls


async def bars(pair: Pair, span: Window, period: Period = Period.DAY_1) -> list[BarSeries]:
    found = await pair.terminal.bars(BarRequest(SYMBOLS, period, span))
    assert all(isinstance(each, BarSeries) for each in found)
    return [each for each in found if isinstance(each, BarSeries)]


async def test_columns_are_our_own_memory_where_the_sdks_cannot_be_written(
    pair: Pair, asked: Any
) -> None:
    series = await bars(pair, window(last=5))
    frames = [frame for *_, answer in asked for frame in answer.values()]
    theirs = [frame[name].to_numpy() for frame in frames for name in frame.columns]
    assert not all(each.flags.writeable for each in theirs)
    for column in (c for each in series for c in each.columns.values.values()):
        assert not any(np.shares_memory(column, each) for each in theirs)


async def test_volumes_and_times_beyond_32_bits_are_exact(pair: Pair) -> None:
    row = {"time": day_start(DAY), "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}
    lots = 123_456_789
    cells = {"volume": float(lots), "amount": 1e10, "preClose": 1.0, "suspendFlag": 0}
    for code in SYMBOLS:
        pair.exchange.recordings["1d", code] = [row | cells]
    for each in await bars(pair, window(DAY, DAY)):
        columns = each.columns.values
        assert (columns["volume"].dtype, columns["time"].dtype) == (np.int64, np.int64)
        assert columns["volume"].tolist() == [lots * 100]
        assert columns["time"].tolist() == [day_start(DAY)] > [2**32]


async def test_no_argument_is_changed_and_no_shared_default_grows(pair: Pair, asked: Any) -> None:
    data = load_sdk().data
    shared = {
        (name, each.name): each.default
        for name, function in inspect.getmembers(data, inspect.isfunction)
        for each in inspect.signature(function).parameters.values()
        if isinstance(each.default, list | dict)
    }
    kept = deepcopy(shared)
    assert len(shared) > 5
    await bars(pair, window(last=5))
    await pair.terminal.quotes(SYMBOLS)
    await pair.terminal.reference.sectors()
    await pair.terminal.reference.instruments(SYMBOLS)
    assert shared == kept
    assert [before for before, _, _ in asked] == [after for _, after, _ in asked]


@pytest.mark.parametrize(
    "span",
    [window(last=3), window(DAY), window(None, DAY), window(DAY, date(2023, 1, 6))],
    ids=["last", "start", "end", "both"],
)
@pytest.mark.parametrize("period", [Period.DAY_1, Period.MIN_1])
async def test_both_ends_of_a_span_are_texts(
    pair: Pair, asked: Any, span: Window, period: Period
) -> None:
    if period is Period.MIN_1 and span.last is None and span.start is None:
        span = window(last=3, end=DAY)
    await bars(pair, span, period)
    ends = [arguments[3:5] for arguments, _, _ in asked]
    assert ends
    assert all(type(each) is str for pair_of in ends for each in pair_of)

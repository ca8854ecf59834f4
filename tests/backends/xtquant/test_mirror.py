"""Today's minutes come from the terminal's mirror of bars where its cache has none of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quantgraph.domain.bars import BarRequest, BarSeries, Period, window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.sources import Source
from tests.backends.sim.conftest import START

from .conftest import Pair

CODE = "600519.SH"
TODAY = BarRequest((CODE,), Period.MIN_1, window(START))


def _row(minute: int, price: float = 10.0) -> dict[str, Any]:
    """Return a minute of the first day as the terminal stamps it, `minute` after 09:30."""
    time = day_start(START) + (9 * 60 + 30 + minute) * 60_000
    prices = dict.fromkeys(("open", "high", "low", "close", "preClose"), price)
    return {"time": time, **prices, "volume": 3.0, "amount": 3_000.0}


@pytest.fixture
def uncached(pair: Pair) -> Pair:
    """Ten minutes and a half after the opening, of which the cache has nothing."""
    pair.at(10 * 60 + 30)
    pair.exchange.recordings["1m", CODE] = []
    pair.exchange.mirror[CODE] = [_row(minute, 10.0 + minute) for minute in range(12)]
    return pair


async def _minutes(pair: Pair, request: BarRequest = TODAY) -> BarSeries:
    (found,) = await pair.terminal.bars(request)
    assert isinstance(found, BarSeries), found
    return found


async def test_finished_minutes_that_nobody_downloaded_are_told(uncached: Pair) -> None:
    series = await _minutes(uncached)
    values = series.columns.values
    # The auction is a part of the first minute; the one under way is not told.
    assert values["time"].tolist() == [_row(n)["time"] for n in range(10)]
    assert values["close"].tolist() == [11.0 + n for n in range(10)]
    assert values["volume"].tolist() == [600, *[300] * 9]
    assert not series.columns.present("suspended").any()
    assert (series.source, series.coverage.complete) == (Source.TERMINAL, True)
    asked = uncached.exchange.asked["getfullkline"]
    assert (asked["dividendtype"], asked["fillData"], asked["count"]) == ("none", False, -1)
    assert asked["starttime"] == f"{START:%Y%m%d}000000"


async def test_they_go_on_where_the_cache_ends_and_are_cut_as_asked(uncached: Pair) -> None:
    before = replace(TODAY, window=window(START - timedelta(days=1)))
    old = {**_row(5), "suspendFlag": 0}
    old["time"] -= 86_400_000
    uncached.exchange.recordings["1m", CODE] = [old]
    assert (await _minutes(uncached, before)).columns.length == 11
    last = await _minutes(uncached, replace(TODAY, window=window(last=3), fields=("close",)))
    assert tuple(last.columns.values) == ("close",)
    assert last.columns.values["close"].tolist() == [18.0, 19.0, 20.0]


async def test_rows_of_the_day_before_are_not_told_twice(uncached: Pair) -> None:
    late = {**_row(3), "suspendFlag": 0}
    late["time"] -= 86_400_000
    uncached.exchange.recordings["1m", CODE] = [late]
    uncached.exchange.mirror[CODE] = [late]
    before = replace(TODAY, window=window(START - timedelta(days=1)))
    assert (await _minutes(uncached, before)).columns.length == 1


@pytest.mark.parametrize("asked", [
    replace(TODAY, window=window(START - timedelta(days=5), START - timedelta(days=1))),
    replace(TODAY, period=Period.DAY_1),
])  # fmt: skip
async def test_the_mirror_is_not_asked_for_what_it_has_not(
    uncached: Pair, asked: BarRequest
) -> None:
    await _minutes(uncached, asked)
    assert "getfullkline" not in uncached.exchange.asked


async def test_what_the_cache_has_of_today_is_not_asked_for(uncached: Pair) -> None:
    uncached.exchange.recordings["1m", CODE] = [{**_row(1, 7.0), "suspendFlag": 0}]
    assert (await _minutes(uncached)).columns.values["close"].tolist() == [7.0]
    assert "getfullkline" not in uncached.exchange.asked


async def test_a_terminal_without_a_mirror_answers_from_its_cache_as_before(
    uncached: Pair,
) -> None:
    uncached.exchange.unrealized.add("getfullkline")
    assert (await _minutes(uncached)).columns.length == 0
    assert (await _minutes(uncached)).columns.length == 0
    # It said once that it has none, and bars are there all the same.
    assert uncached.client.lacking == {"get_full_kline"}
    assert sum(call == ("getfullkline",) for call in uncached.exchange.calls) == 1

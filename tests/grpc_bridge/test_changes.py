"""A download while files are imported: one series, or a refusal, never two spliced together."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grpc_bridge.downloads import download
from grpc_bridge.tokens import TokenSeal
from quantgraph.domain.bars import Adjustment, BarRequest, Period, Window, window
from quantgraph.domain.calendar import starts_of
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.services.workers import Workers
from quantgraph.v1.bars_pb2 import DownloadBarsResponse
from tests.grpc_bridge.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    found = Folder(tmp_path)
    days = found.calendar.between(date(2023, 2, 1), date(2023, 6, 1)).tolist()
    rows = "".join(f"600519.SH,{day},10,10,10,10,100,10\n" for day in days)
    found.load("bars", f"symbol,date,open,high,low,close,volume,previous_close\n{rows}")
    yield found
    found.store.close()


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(2, 8)
    yield pool
    pool.close()


def ask(adjustment: Adjustment) -> BarRequest:
    (first,) = starts_of([date(2023, 2, 1)]).tolist()
    return BarRequest(("600519.SH",), Period.DAY_1, Window(start=first), adjustment)


async def opened(gateway: Gateway, request: BarRequest) -> AsyncGenerator[Any]:
    frames = download(gateway, request, TokenSeal(b"secret"))
    async with aclosing(frames):
        async for frame in frames:
            yield DownloadBarsResponse.FromString(frame)


@pytest.mark.parametrize("adjustment", [Adjustment.FRONT, Adjustment.BACK_RATIO])
async def test_a_dividend_that_comes_between_two_frames_ends_the_symbol(
    folder: Folder, workers: Workers, adjustment: Adjustment
):
    folder.load("dividends", "symbol,ex_date,cash\n600519.SH,2023-03-01,1\n")
    frames: list[Any] = []
    async for frame in opened(folder.gateway(workers), ask(adjustment)):
        frames.append(frame)
        if frame.HasField("chunk"):
            folder.load("dividends", "symbol,ex_date,cash\n600519.SH,2023-05-04,2\n")
    assert [each.WhichOneof("frame") for each in frames] == [
        "manifest", "chunk", "failure", "summary",
    ]  # fmt: skip
    assert frames[2].failure.failure.code == "SOURCE_CHANGED"
    assert frames[3].summary.failure_count == 1


async def test_what_does_not_touch_the_series_does_not_end_it(folder: Folder, workers: Workers):
    gateway = folder.gateway(workers)
    folder.load("dividends", "symbol,ex_date,cash\n600519.SH,2023-03-01,1\n")
    chunks: list[Any] = []
    async for frame in opened(gateway, ask(Adjustment.FRONT)):
        if frame.HasField("chunk"):
            chunks.append(frame.chunk.columns.close)
            # after the newest bar held, and of another symbol
            folder.load(
                "dividends",
                "symbol,ex_date,cash\n600519.SH,2023-07-03,2\n000001.SZ,2023-03-02,1\n",
            )
    closes = np.concatenate(chunks)
    assert len(chunks) > 2
    assert (closes[0], closes[-1]) == (9.0, 10.0)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.WEEK_1, date(2023, 1, 2), date(2023, 7, 2)),
        (Period.MONTH_1, date(2023, 1, 1), date(2023, 6, 30)),
        (Period.QUARTER_1, date(2023, 1, 1), date(2023, 6, 30)),
    ],
)
async def test_a_missing_day_is_counted_once_whatever_the_portions(
    folder: Folder, workers: Workers, period: Period, first: date, last: date
):
    days = folder.calendar.between(first, last).tolist()
    holes = days[10:-5:5]
    rows = "".join(f"000001.SZ,{day},10,10,10,10,100,10\n" for day in days if day not in holes)
    folder.load("bars", f"symbol,date,open,high,low,close,volume,previous_close\n{rows}")
    request = BarRequest(("000001.SZ",), period, window(first, last))
    frames = [each async for each in opened(folder.gateway(workers), request)]
    done = next(each.instrument for each in frames if each.HasField("instrument"))
    assert done.coverage.missing == len(holes)
    named = [date(each.year, each.month, each.day) for each in done.coverage.missing_dates]
    assert named == holes[:20]

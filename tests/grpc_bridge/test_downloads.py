"""A download: every row once, in order, within the ports' limits, and it says when it is whole."""

import asyncio
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import grpc
import numpy as np
import pytest
from grpc import aio
from hypothesis import given
from hypothesis import strategies as st

from grpc_bridge.spans import bars_per_day, cut, merged_coverage
from quantgraph.domain.aggregation import bucket_start
from quantgraph.domain.bars import BarColumns, Coverage, Period
from quantgraph.domain.calendar import day_of
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2, system_pb2, types_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from quantgraph.wire.bars import twin_from_proto
from quantgraph.wire.columns import content_hash, twinned
from quantgraph.wire.downloads import CHUNK_BYTES, CHUNK_ROWS
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.conftest import Serve
from tests.grpc_bridge.memory.bars import SYMBOLS, day, minute_columns
from tests.grpc_bridge.world import World

DAYS = bars_pb2.PERIOD_DAY_1
MINUTES = bars_pb2.PERIOD_MIN_1


def ask(*symbols: str, period: Any = DAYS, **more: Any) -> bars_pb2.DownloadBarsRequest:
    return bars_pb2.DownloadBarsRequest(symbols=symbols, period=period, **more)


def bound(year: int, month: int, number: int) -> types_pb2.TimeBound:
    return types_pb2.TimeBound(date=types_pb2.Date(year=year, month=month, day=number))


async def frames(
    channel: aio.Channel, request: bars_pb2.DownloadBarsRequest
) -> list[bars_pb2.DownloadBarsResponse]:
    return [frame async for frame in BarServiceStub(channel).DownloadBars(request)]


def rows_of(received: list[bars_pb2.DownloadBarsResponse], symbol: str) -> BarColumns:
    """Put the chunks of a symbol together, as a stock client would."""
    parts = [each.chunk for each in received if each.chunk.symbol == symbol]
    read = [twin_from_proto(twinned(each.columns, bars_pb2.BarColumns)) for each in parts]
    values = {name: np.concatenate([x.values[name] for x in read]) for name in read[0].values}
    whole = [np.ones(each.length, np.bool_) for each in read]
    names = {name for each in read for name in each.valid}
    valid = {
        name: np.concatenate([x.valid.get(name, y) for x, y in zip(read, whole, strict=True)])
        for name in names
    }
    return BarColumns(sum(each.length for each in read), values, valid)


def assert_same(received: BarColumns, held: BarColumns) -> None:
    assert received.length == held.length
    for name, column in held.values.items():
        mask = held.valid.get(name, np.ones(held.length, np.bool_))
        assert (received.values[name][mask] == column[mask]).all()
        if name in held.valid:
            assert (received.valid[name] == mask).all()


async def test_every_row_of_every_symbol_arrives_once(channel: aio.Channel, world: World):
    received = await frames(channel, ask(*SYMBOLS))
    kinds = [each.WhichOneof("frame") for each in received]
    assert kinds == ["manifest", *["chunk", "instrument"] * 4, "summary"]
    for symbol in SYMBOLS:
        assert_same(rows_of(received, symbol), world.bars.held[symbol, Period.DAY_1])
    rows = world.bars.held["600519.SH", Period.DAY_1].length
    done = received[2].instrument
    assert (done.symbol, done.source, done.row_count) == (SYMBOLS[0], 1, rows)
    assert (done.coverage.complete, done.HasField("anchor")) == (True, False)
    assert received[-1].summary == bars_pb2.DownloadSummary(
        symbol_count=4, failure_count=0, chunk_count=4, row_count=4 * rows
    )


async def test_the_manifest_says_what_will_come(channel: aio.Channel):
    request = ask("600519.SH", adjustment=bars_pb2.ADJUSTMENT_FRONT)
    request.read_mask.paths.extend(["close", "time"])
    received = await frames(channel, request)
    manifest = received[0].manifest
    assert (manifest.symbol_count, manifest.period, manifest.adjustment) == (1, DAYS, 2)
    assert list(manifest.read_mask.paths) == ["time", "close"]
    assert received[-2].instrument.HasField("anchor")


async def test_only_the_picked_columns_are_asked_for_and_sent(channel: aio.Channel, world: World):
    request = ask("600519.SH")
    request.read_mask.paths.extend(["close", "time"])
    received = await frames(channel, request)
    assert world.bars.asked[-1].fields == ("time", "close")
    columns = received[1].chunk.columns
    assert len(columns.close) == columns.row_count
    assert not columns.open
    assert not columns.validity


async def test_a_bad_symbol_fails_alone(channel: aio.Channel, world: World):
    away = Unavailable(Reason.SOURCE_UNAVAILABLE, "The terminal is away.")
    world.bars.failing["000001.SZ"] = away
    received = await frames(channel, ask("000001.SZ", "999999.SH", "600519.SH"))
    failed = {each.failure.symbol: each.failure.failure for each in received
              if each.HasField("failure")}  # fmt: skip
    assert {symbol: each.code for symbol, each in failed.items()} == {
        "000001.SZ": "SOURCE_UNAVAILABLE",
        "999999.SH": "UNKNOWN_SYMBOL",
    }
    assert failed["999999.SH"].message_zh == "未知证券代码"
    assert_same(rows_of(received, "600519.SH"), world.bars.held["600519.SH", Period.DAY_1])
    summary = received[-1].summary
    assert (summary.symbol_count, summary.failure_count) == (1, 2)


@pytest.mark.parametrize("period", [DAYS, MINUTES])
async def test_a_failure_stands_though_the_source_comes_back(
    channel: aio.Channel, world: World, period: Any
):
    world.hold("600519.SH", Period.MIN_1, minute_columns(1, date(2024, 2, 26)))
    world.bars.failing["600519.SH"] = Unavailable(Reason.SOURCE_UNAVAILABLE, "Away.")
    whole = world.bars.bars

    async def recovering(request: Any) -> Any:
        found = await whole(request)
        world.bars.failing.clear()
        return found

    world.bars.bars = recovering
    received = await frames(channel, ask("600519.SH", period=period))
    assert [each.WhichOneof("frame") for each in received] == ["manifest", "failure", "summary"]


async def test_both_ends_of_the_span_are_included(channel: aio.Channel):
    request = ask("600519.SH", start=bound(2023, 2, 1), end=bound(2023, 2, 3))
    received = await frames(channel, request)
    assert list(received[1].chunk.columns.time) == [day(2023, 2, n) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (bound(1, 1, 1), bound(1985, 12, 31)),
        (bound(2024, 3, 2), None),
        (bound(2024, 3, 2), bound(9999, 12, 31)),
        (bound(2023, 2, 4), bound(2023, 2, 5)),
    ],
)
@pytest.mark.parametrize("period", [DAYS, MINUTES])
async def test_a_span_without_bars_is_whole_and_empty(
    channel: aio.Channel, world: World, start: Any, end: Any, period: Any
):
    received = await frames(channel, ask("600519.SH", start=start, end=end, period=period))
    assert [each.WhichOneof("frame") for each in received] == ["manifest", "instrument", "summary"]
    assert received[1].instrument.row_count == 0
    assert len(world.bars.asked) == 1


async def test_a_download_is_not_bound_by_the_row_limit(serve: Serve, world: World):
    held = minute_columns(1, date(2023, 10, 2))
    world.hold("600519.SH", Period.MIN_1, held)
    world.limit_rows(5_000)
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        received = await frames(channel, ask("600519.SH", period=MINUTES))
    assert held.length > 5 * world.bars.limit
    assert_same(rows_of(received, "600519.SH"), held)
    assert received[-1].summary.row_count == held.length


async def test_minutes_without_a_start_begin_where_the_symbol_does(
    channel: aio.Channel, world: World
):
    held = minute_columns(1, date(2024, 2, 26))
    world.hold("600519.SH", Period.MIN_1, held)
    received = await frames(channel, ask("600519.SH", "000001.SZ", period=MINUTES))
    assert_same(rows_of(received, "600519.SH"), held)
    assert [x.instrument.row_count for x in received if x.HasField("instrument")] == [960, 0]
    # A probe of both and one window each: years without minutes are not asked for.
    assert [each.symbols for each in world.bars.asked] == [
        ("600519.SH", "000001.SZ"), ("600519.SH",), ("000001.SZ",),
    ]  # fmt: skip
    assert world.bars.asked[1].window.start == day(2024, 2, 26)


async def test_many_symbols_cost_few_requests(channel: aio.Channel, world: World):
    await frames(channel, ask(*SYMBOLS, start=bound(2023, 1, 1), end=bound(2023, 12, 31)))
    assert [each.symbols for each in world.bars.asked] == [SYMBOLS]


async def test_symbols_that_begin_together_cost_one_request(channel: aio.Channel, world: World):
    await frames(channel, ask(*SYMBOLS))
    probe, request = world.bars.asked
    assert (probe.fields, probe.window.last) == (("time",), 1)
    assert (request.symbols, request.window.start) == (SYMBOLS, day(2020, 1, 1))


async def test_no_chunk_is_larger_than_promised(channel: aio.Channel, world: World):
    held = minute_columns(3, date(2023, 10, 2))
    world.hold("600519.SH", Period.MIN_1, held)
    received = await frames(channel, ask("600519.SH", period=MINUTES))
    chunks = [each for each in received if each.HasField("chunk")]
    assert len(chunks) == received[-1].summary.chunk_count > 1
    for each in chunks:
        assert each.chunk.columns.row_count <= CHUNK_ROWS
        assert each.ByteSize() <= CHUNK_BYTES
        packed = twinned(each.chunk.columns, bars_pb2.BarColumns)
        assert content_hash(packed, bars_pb2.BarColumns) == each.chunk.content_hash


async def test_two_sources_are_never_mixed(serve: Serve, world: World):
    world.hold("600519.SH", Period.MIN_1, minute_columns(1, date(2024, 1, 1)))
    world.limit_rows(5_000)
    whole = world.bars.bars

    async def changing(request: Any) -> Any:
        found = await whole(request)
        world.bars.source = Source.SIMULATED if len(world.bars.asked) > 2 else Source.IMPORTED
        return found

    world.bars.bars = changing
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        received = await frames(channel, ask("600519.SH", period=MINUTES))
    assert received[-2].failure.failure.code == "SOURCE_CHANGED"
    assert {each.chunk.source for each in received if each.HasField("chunk")} == {1}
    assert received[-1].summary.failure_count == 1


async def test_a_symbol_that_fails_midway_is_failed_as_a_whole(serve: Serve, world: World):
    world.hold("600519.SH", Period.MIN_1, minute_columns(1, date(2024, 1, 1)))
    world.limit_rows(5_000)
    whole = world.bars.bars

    async def failing(request: Any) -> Any:
        if len(world.bars.asked) == 2:
            world.bars.failing["600519.SH"] = Unavailable(Reason.SOURCE_UNAVAILABLE, "Away.")
        return await whole(request)

    world.bars.bars = failing
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        received = await frames(channel, ask("600519.SH", period=MINUTES))
    assert [each.WhichOneof("frame") for each in received] == [
        "manifest", "chunk", "failure", "summary",
    ]  # fmt: skip
    assert len(world.bars.asked) == 3


async def test_a_span_the_wrong_way_round_is_refused_before_any_frame(channel: aio.Channel):
    request = ask("600519.SH", start=bound(2023, 2, 3), end=bound(2023, 2, 1))
    call = BarServiceStub(channel).DownloadBars(request)
    refusal = await refused(call.read())
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.START_AFTER_END,
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbols": []}, "symbols"),
        ({"symbols": ["600519"]}, "symbols[0]"),
        ({"period": 0}, "period"),
        ({"period": 99}, "period"),
        ({"adjustment": 0}, "adjustment"),
        ({"start": types_pb2.TimeBound()}, "start"),
        ({"end": bound(2023, 2, 30)}, "end.date"),
    ],
)
async def test_a_wrong_field_is_named(channel: aio.Channel, change: Any, field: str):
    request = bars_pb2.DownloadBarsRequest(**{"symbols": ["600519.SH"], "period": DAYS, **change})
    refusal = await refused(BarServiceStub(channel).DownloadBars(request).read())
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_a_client_that_stops_reading_stops_the_server(serve: Serve, world: World):
    for symbol in SYMBOLS:
        world.hold(symbol, Period.MIN_1, minute_columns(1, date(2021, 1, 4)))
    world.limit_rows(10_000)
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = BarServiceStub(channel).DownloadBars(ask(*SYMBOLS, period=MINUTES))
        await call.read()
        # Other calls are answered meanwhile, so the loop runs; the download does not go on.
        system = SystemServiceStub(channel)
        settled, before = 0, -1
        while settled < 50:
            settled = settled + 1 if len(world.bars.asked) == before else 0
            before = len(world.bars.asked)
            await system.GetServerInfo(system_pb2.GetServerInfoRequest())
        assert before < 40
        last = None
        while (frame := await call.read()) is not aio.EOF:
            last = frame
        assert last is not None
        assert last.HasField("summary")
        assert len(world.bars.asked) > 80


async def test_a_cancelled_download_reads_no_further(serve: Serve, world: World):
    for symbol in SYMBOLS:
        world.hold(symbol, Period.MIN_1, minute_columns(1, date(2021, 1, 4)))
    world.limit_rows(1_000)
    server = await serve()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = BarServiceStub(channel).DownloadBars(ask(*SYMBOLS, period=MINUTES))
        await call.read()
        call.cancel()
        await BarServiceStub(channel).ListBars(
            bars_pb2.ListBarsRequest(symbol="600519.SH", period=DAYS, last=1)
        )
        await server.stop(0)
        asked = len(world.bars.asked)
        assert asked < 500
        await asyncio.sleep(0)
        assert len(world.bars.asked) == asked


FIRST = st.integers(day(1990, 12, 19), day(2026, 12, 31))


@given(FIRST, st.integers(0, 400 * 86_400_000), st.integers(-1, 50))
def test_windows_are_the_span_cut_at_midnights(first: int, length: int, days: int):
    windows = cut(first, first + length, days, Period.MIN_1)
    assert (windows[0].start, windows[-1].end) == (first, first + length)
    for window, following in pairwise(windows):
        assert window.end is not None
        assert following.start == window.end + 1
        assert day_of(window.end) != day_of(following.start)
    for window in windows:
        spanned = (day_of(window.end or 0) - day_of(window.start or 0)).days + 1
        assert spanned <= max(days, 1)


@given(FIRST, st.integers(0, 2_000 * 86_400_000), st.integers(1, 50), st.sampled_from(Period))
def test_no_window_ends_inside_a_bar(first: int, length: int, days: int, period: Period):
    windows = cut(first, first + length, days, period)
    assert (windows[0].start, windows[-1].end) == (first, first + length)
    for window, following in pairwise(windows):
        assert window.end is not None
        assert following.start == window.end + 1
        assert period.minutes or bucket_start(period, window.end + 1) == window.end + 1


@pytest.mark.parametrize(
    ("period", "most"),
    [(Period.MIN_1, 242), (Period.MIN_5, 50), (Period.HOUR_1, 6), (Period.YEAR_1, 1)],
)
def test_a_day_never_has_more_bars_than_planned(period: Period, most: int):
    assert bars_per_day(period) == most


def test_coverage_of_the_parts_is_coverage_of_the_whole():
    first = Coverage(1, 9, True, 0)
    gap = Coverage(1, 9, False, 2, (date(2023, 2, 1), date(2023, 2, 2)))
    assert merged_coverage([first, gap]) == replace(gap)
    assert merged_coverage([gap, first]).complete is False
    unknown = Coverage(1, 9, None, None)
    assert merged_coverage([gap, unknown]) == Coverage(1, 9, None, None, gap.missing_dates)
    many = Coverage(1, 9, False, 15, (date(2023, 2, 1),) * 15)
    assert len(merged_coverage([many, many]).missing_dates) == 20

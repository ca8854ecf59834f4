"""A download that is cut goes on behind any frame, byte by byte as if it had not been cut."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import grpc
import numpy as np
import pytest
from grpc import aio
from hypothesis import given, settings
from hypothesis import strategies as st

from grpc_bridge.server import start
from grpc_bridge.tokens import TOKEN_SECONDS, Position, TokenSeal
from quantgraph.config import GrpcConfig
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2, types_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.wire.bars import download_from_proto
from tests.grpc_bridge.calls import Refusal
from tests.grpc_bridge.memory.bars import SYMBOLS, minute_columns
from tests.grpc_bridge.memory.system import NOW
from tests.grpc_bridge.world import World

METHOD = "/quantgraph.v1.BarService/DownloadBars"
MINUTES = bars_pb2.PERIOD_MIN_1
WALL = [1_700_000_000.0]


def seal(secret: bytes = b"kept in the data folder") -> TokenSeal:
    return TokenSeal(secret, lambda: WALL[0])


def wall_stands() -> None:
    WALL[0] = 1_700_000_000.0


@pytest.fixture(autouse=True)
def _wall() -> None:
    wall_stands()


async def answers(
    world: World, request: bars_pb2.DownloadBarsRequest, *, stop: int = 10**9, **more: Any
) -> list[bytes]:
    """Download from a server of its own, and cut after some frames; raw bytes."""
    server = await start(world.gateway, GrpcConfig(port=0), seal=more.get("seal") or seal())
    try:
        async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call = channel.unary_stream(METHOD)(request.SerializeToString())
            found: list[bytes] = []
            while len(found) < stop and (frame := await call.read()) is not aio.EOF:
                found.append(frame)
            call.cancel()
            return found
    finally:
        await server.stop(0)


def opened(frame: bytes) -> bars_pb2.DownloadBarsResponse:
    return bars_pb2.DownloadBarsResponse.FromString(frame)


def ask(symbols: tuple[str, ...] = SYMBOLS, **more: Any) -> bars_pb2.DownloadBarsRequest:
    return bars_pb2.DownloadBarsRequest(symbols=symbols, **{"period": MINUTES, **more})


def behind(request: bars_pb2.DownloadBarsRequest, frame: bytes) -> bars_pb2.DownloadBarsRequest:
    again = bars_pb2.DownloadBarsRequest()
    again.CopyFrom(request)
    again.resume_token = opened(frame).resume_token
    return again


def small_world() -> World:
    """Four symbols that begin on different days, one of them without minutes; small portions."""
    world = World()
    for symbol, day in zip(SYMBOLS, (2, 20, 12), strict=False):
        world.hold(symbol, Period.MIN_1, minute_columns(day, date(2024, 2, day)))
    world.limit_rows(1_500)
    return world


async def refusal_of(world: World, request: bars_pb2.DownloadBarsRequest, **more: Any) -> Refusal:
    with pytest.raises(aio.AioRpcError) as caught:
        await answers(world, request, **more)
    return Refusal(caught.value)


@pytest.mark.parametrize("period", [MINUTES, bars_pb2.PERIOD_DAY_1])
async def test_behind_every_frame_come_the_bytes_of_the_uncut_download(period: Any):
    world = small_world()
    world.bars.failing["600000.SH"] = Unavailable(Reason.SOURCE_UNAVAILABLE, "Away.")
    request = ask((*SYMBOLS, "999999.SH"), period=period)
    whole = await answers(world, request)
    assert len(whole) > 8
    for place, frame in enumerate(whole[:-1]):
        assert opened(frame).resume_token
        assert await answers(world, behind(request, frame)) == whole[place + 1 :]
    assert not opened(whole[-1]).resume_token


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_download_cut_any_number_of_times_is_the_uncut_download(data: st.DataObject):
    wall_stands()
    world = small_world()
    world.limit_rows(data.draw(st.sampled_from((1_000, 3_000, 100_000)), "row limit"))
    fields = data.draw(st.sampled_from(([], ["close"], ["time", "amount"])), "fields")
    symbols = tuple(data.draw(st.permutations((*SYMBOLS, "999999.SH")), "symbols"))
    request = ask(symbols, read_mask={"paths": fields})
    if data.draw(st.booleans(), "bounded"):
        request.start.CopyFrom(types_pb2.TimeBound(date=types_pb2.Date(year=2024, month=2, day=5)))
    whole = asyncio.run(answers(world, request))
    received: list[bytes] = []
    asked = request
    while not received or not opened(received[-1]).HasField("summary"):
        stop = data.draw(st.integers(1, len(whole)), "frames until the cut")
        received += asyncio.run(answers(world, asked, stop=stop))
        asked = behind(request, received[-1])
    assert received == whole


async def test_no_row_is_sent_twice_or_read_for_the_symbols_before():
    world = small_world()
    request = ask()
    whole = await answers(world, request)
    place = next(i for i, each in enumerate(whole) if opened(each).HasField("instrument"))
    world.bars.asked.clear()
    await answers(world, behind(request, whole[place]))
    assert not any(SYMBOLS[0] in each.symbols for each in world.bars.asked)


class Earlier:
    """A clock that has most of the bars still before it."""

    def now(self) -> Any:
        return NOW - timedelta(days=8)


async def test_time_may_pass_between_cut_and_resumption():
    world = small_world()
    later = world.gateway
    world.gateway = replace(later, clock=Earlier())
    whole = await answers(world, ask())
    world.gateway = later
    assert len(whole) < len(await answers(world, ask()))
    for place in range(3):
        assert await answers(world, behind(ask(), whole[place])) == whole[place + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        {"symbols": SYMBOLS[:3]},
        {"symbols": SYMBOLS[::-1]},
        {"period": bars_pb2.PERIOD_MIN_5},
        {"adjustment": bars_pb2.ADJUSTMENT_FRONT},
        {"read_mask": {"paths": ["close"]}},
        {"end": types_pb2.TimeBound(date=types_pb2.Date(year=2024, month=2, day=9))},
    ],
)
async def test_another_request_cannot_go_on(change: Any):
    world = small_world()
    frames = await answers(world, ask(), stop=2)
    again = behind(ask(**change), frames[1])
    refusal = await refusal_of(world, again)
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.RESUME_REQUEST_CHANGED,
    )
    assert refusal.fields == ["resume_token"]


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_forged_token_is_refused(data: st.DataObject):
    signing, request = seal(), download_from_proto(ask())
    token = signing.write(signing.begin(request, 1, "w"), Position(2, 3, 4))
    assert signing.read(token, request)[1] == Position(2, 3, 4)
    place = data.draw(st.integers(0, len(token) - 1))
    flipped = bytearray(token)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    forged = data.draw(st.sampled_from((bytes(flipped), token[:place], token + b"x")))
    with pytest.raises(GatewayError) as refused:
        signing.read(forged, request)
    assert refused.value.reason is Reason.RESUME_TOKEN_INVALID


async def test_a_token_of_another_gateway_is_refused():
    world = small_world()
    frames = await answers(world, ask(), stop=2)
    refusal = await refusal_of(world, behind(ask(), frames[1]), seal=seal(b"another"))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.RESUME_TOKEN_INVALID,
    )


async def test_a_token_expires_a_day_after_the_download_began():
    world = small_world()
    frames = await answers(world, ask())
    WALL[0] += TOKEN_SECONDS - 1
    assert await answers(world, behind(ask(), frames[1])) == frames[2:]
    WALL[0] += 3
    refusal = await refusal_of(world, behind(ask(), frames[1]))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.ABORTED,
        Reason.RESUME_TOKEN_EXPIRED,
    )


def changed(columns: BarColumns, row: int) -> BarColumns:
    close = columns.values["close"].copy()
    close[row] += 0.01
    return replace(columns, values={**columns.values, "close": close})


def chunks_of(frames: list[bytes]) -> list[int]:
    first = SYMBOLS[0]
    return [i for i, each in enumerate(frames) if opened(each).chunk.symbol == first]


async def test_a_correction_of_rows_that_were_sent_ends_the_symbol_alone():
    world = small_world()
    request = ask()
    whole = await answers(world, request)
    second = chunks_of(whole)[1]
    key = (SYMBOLS[0], Period.MIN_1)
    world.hold(*key, changed(world.bars.held[key], 0))
    rest = await answers(world, behind(request, whole[second]))
    failure = opened(rest[0]).failure
    assert (failure.symbol, failure.failure.code) == (SYMBOLS[0], "SOURCE_CHANGED")
    ended = whole.index(next(each for each in whole if opened(each).HasField("instrument")))
    strip = [content(each) for each in rest[1:-1]]
    assert strip == [content(each) for each in whole[ended + 1 : -1]]
    summary, before = opened(rest[-1]).summary, opened(whole[-1]).summary
    assert (summary.failure_count, summary.symbol_count) == (1, before.symbol_count - 1)
    sent = [opened(each).chunk for each in (*whole[: second + 1], *rest)]
    assert summary.row_count == sum(each.columns.row_count for each in sent)
    assert summary.chunk_count == sum(bool(each.symbol) for each in sent)


def content(frame: bytes) -> bytes:
    message = opened(frame)
    message.ClearField("resume_token")
    return message.SerializeToString()


async def test_a_correction_of_rows_to_come_is_sent():
    world = small_world()
    request = ask()
    whole = await answers(world, request)
    key = (SYMBOLS[0], Period.MIN_1)
    world.hold(*key, changed(world.bars.held[key], -1))
    rest = await answers(world, behind(request, whole[chunks_of(whole)[0]]))
    closes = np.concatenate(
        [opened(each).chunk.columns.close for each in rest if opened(each).chunk.symbol == key[0]]
    )
    assert closes[-1] == world.bars.held[key].values["close"][-1]
    assert not opened(rest[-1]).summary.failure_count


async def test_rows_that_are_gone_end_the_symbol():
    world = small_world()
    request = ask()
    whole = await answers(world, request)
    key = (SYMBOLS[0], Period.MIN_1)
    last = chunks_of(whole)[-1]
    world.hold(*key, world.bars.held[key].take(slice(0, 240)))
    rest = await answers(world, behind(request, whole[last]))
    assert opened(rest[0]).failure.failure.code == "SOURCE_CHANGED"


async def test_another_source_ends_the_symbol():
    world = small_world()
    request = ask()
    whole = await answers(world, request)
    world.bars.source = Source.TERMINAL
    rest = await answers(world, behind(request, whole[chunks_of(whole)[0]]))
    assert opened(rest[0]).failure.failure.code == "SOURCE_CHANGED"


async def test_a_simulated_market_that_started_over_is_another_one():
    world = small_world()
    world.bars.source = Source.SIMULATED
    whole = await answers(world, ask())
    world.system.epoch = "w2"
    assert opened((await answers(world, behind(ask(), whole[0])))[-1]).HasField("summary")
    for frame in whole[1:-1]:
        refusal = await refusal_of(world, behind(ask(), frame))
        assert (refusal.code, refusal.reason) == (
            grpc.StatusCode.ABORTED,
            Reason.EPOCH_CHANGED,
        )


async def test_recorded_bars_outlive_the_simulated_market():
    world = small_world()
    whole = await answers(world, ask())
    world.system.epoch = "w2"
    rest = await answers(world, behind(ask(), whole[2]))
    assert [content(each) for each in rest] == [content(each) for each in whole[3:]]


async def test_a_stock_client_can_go_on():
    world = small_world()
    server = await start(world.gateway, GrpcConfig(port=0))
    try:
        async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = BarServiceStub(channel)
            first = await stub.DownloadBars(ask()).read()
            again = ask(resume_token=first.resume_token)
            rest = [each async for each in stub.DownloadBars(again)]
        assert rest[-1].HasField("summary")
    finally:
        await server.stop(0)

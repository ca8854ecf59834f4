"""The client takes nothing for whole that is not."""

from collections.abc import Callable, Generator
from datetime import date
from typing import Any

import numpy as np
import pytest

from quantgraph.client import Client, DownloadStream, FailedSymbol, connect
from quantgraph.client.downloads import collect
from quantgraph.client.resuming import Retry, resumed
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarRequest, Period, Window
from quantgraph.domain.errors import GatewayError, InvalidRequest, NotFound, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2
from quantgraph.wire.bars import download_to_proto
from quantgraph.wire.twins import twin
from tests.client.conftest import Running
from tests.grpc_bridge.memory.bars import SYMBOLS, minute_columns
from tests.grpc_bridge.world import World


def test_a_download_is_what_is_held(client: Client, running: Running):
    download = client.download_bars([*SYMBOLS, "999999.SH"])
    assert tuple(download.series) == SYMBOLS
    for symbol, series in download.series.items():
        held = running.world.bars.held[symbol, Period.DAY_1]
        assert (series.symbol, series.period, series.source) == (
            symbol, Period.DAY_1, Source.IMPORTED,
        )  # fmt: skip
        assert series.coverage.complete is True
        for name, column in held.values.items():
            mask = held.valid.get(name, np.ones(held.length, np.bool_))
            assert series.columns.values[name][mask].tobytes() == column[mask].tobytes()
        assert (series.columns.valid["amount"] == held.valid["amount"]).all()
    assert isinstance(download.failures["999999.SH"], NotFound)
    assert download.failures["999999.SH"].reason is Reason.UNKNOWN_SYMBOL


def test_many_chunks_become_one_series(serving: Callable[[World], Running]):
    world = World()
    held = minute_columns(1, date(2023, 9, 1))
    world.hold("600519.SH", Period.MIN_1, held)
    world.limit_rows(7_000)
    with connect(serving(world).target) as client:
        series = client.download_bars(["600519.SH"], period="MIN_1").series["600519.SH"]
    assert series.columns.length == held.length
    assert (series.columns.values["close"] == held.values["close"]).all()


def test_only_the_picked_columns_come_and_time_always(client: Client):
    download = client.download_bars("600519.SH", fields=["close"], start="2024-02-01")
    columns = download.series["600519.SH"].columns
    assert list(columns.values) == ["time", "close"]
    assert columns.length == 21


def test_a_stream_gives_each_symbol_as_soon_as_it_is_whole(client: Client):
    stream = client.stream_bars(["600519.SH", "999999.SH", "000001.SZ"])
    received = list(stream)
    assert [each.symbol for each in received] == ["600519.SH", "999999.SH", "000001.SZ"]
    assert isinstance(received[1], FailedSymbol)
    assert stream.rows == sum(
        each.columns.length for each in received if not isinstance(each, FailedSymbol)
    )


def test_a_stream_can_be_left_early(client: Client):
    for each in client.stream_bars(SYMBOLS):
        assert each.symbol == SYMBOLS[0]
        break
    assert client.server_info().version


def test_bars_of_one_symbol_are_read_only_columns(client: Client, running: Running):
    series = client.bars("600519.SH", last=3, adjustment=Adjustment.NONE)
    held = running.world.bars.held["600519.SH", Period.DAY_1]
    assert (series.columns.values["close"] == held.values["close"][-3:]).all()
    with pytest.raises(ValueError, match="read-only"):
        series.columns.values["close"][0] = 1.0


def test_a_sector_has_its_members(client: Client):
    assert client.sector("白酒").symbols == ("000858.SZ", "600519.SH")
    with pytest.raises(NotFound) as refused:
        client.sector("无")
    assert refused.value.reason is Reason.UNKNOWN_SECTOR


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"period": "1d"}, "'1d' is not one of MIN_1"),
        ({"adjustment": "qfq"}, "'qfq' is not one of NONE"),
        ({"start": "2023-02-30"}, "'2023-02-30' is not a date"),
        ({"start": "2023-02-01T09:30:00"}, "has no offset"),
        ({"fields": ["settle"]}, "settle: unknown column"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_sent(
    client: Client, running: Running, options: Any, text: str
):
    with pytest.raises(InvalidRequest, match=text):
        client.download_bars(SYMBOLS, **options)
    with pytest.raises(InvalidRequest, match="is not a symbol"):
        client.bars("MAOTAI")
    assert running.world.bars.asked == []


def test_a_key_is_shown_and_a_wrong_one_refused(running: Running):
    running.world.access.closed = True
    with connect(running.target, "reader") as client:
        assert client.bars("600519.SH").columns.length == 250
    for key in (None, "wrong"):
        with connect(running.target, key) as client:
            with pytest.raises(GatewayError) as refused:
                client.bars("600519.SH")
            assert refused.value.reason is Reason.UNAUTHENTICATED
            with pytest.raises(GatewayError) as refused:
                client.download_bars(SYMBOLS)
            assert refused.value.reason is Reason.UNAUTHENTICATED


def test_a_gateway_that_is_not_there_is_unavailable():
    with connect("127.0.0.1:1") as client, pytest.raises(Unavailable) as refused:
        client.download_bars(SYMBOLS)
    assert refused.value.reason is Reason.SOURCE_UNAVAILABLE
    assert "127.0.0.1:1" in refused.value.message


REQUEST = BarRequest(
    ("600519.SH", "999999.SH", "000001.SZ"), Period.DAY_1, Window(), fields=tuple(BAR_FIELDS)
)


@pytest.fixture
def frames(client: Client) -> list[bars_pb2.DownloadBarsResponse]:
    """The frames of a real download, with the columns as bytes that a test can change."""
    method = "/quantgraph.v1.BarService/DownloadBars"
    answers = client._caller.stream(method, download_to_proto(REQUEST))
    return [twin(bars_pb2.DownloadBarsResponse).FromString(each) for each in answers]


def replay(frames: list[Any]) -> DownloadStream:
    def again(token: bytes) -> Generator[bytes]:
        assert not token
        yield from (each.SerializeToString() for each in frames)

    return DownloadStream(REQUEST, resumed(again, Retry(attempts=0)))


def test_the_frames_of_a_download_are_whole(frames: list[Any]):
    download = collect(replay(frames))
    assert len(download.series) == 2
    assert len(download.failures) == 1


def test_a_download_cut_anywhere_is_incomplete(frames: list[Any]):
    for length in range(len(frames)):
        with pytest.raises(Unavailable) as refused:
            collect(replay(frames[:length]))
        assert refused.value.reason is Reason.DOWNLOAD_INCOMPLETE


def test_a_download_that_lacks_or_repeats_any_frame_is_incomplete(frames: list[Any]):
    for index in range(1, len(frames)):
        for changed in (frames[:index] + frames[index + 1 :], frames[: index + 1] + frames[index:]):
            with pytest.raises(Unavailable) as refused:
                collect(replay(changed))
            assert refused.value.reason is Reason.DOWNLOAD_INCOMPLETE


@pytest.mark.parametrize("change", ["close", "bitmap", "row_count", "hash"])
def test_a_chunk_with_another_content_is_corrupt(frames: list[Any], change: str):
    chunk = next(each.chunk for each in frames if each.HasField("chunk"))
    columns = chunk.columns
    if change == "close":
        columns.close = bytes([columns.close[0] ^ 1]) + columns.close[1:]
    elif change == "bitmap":
        first = columns.validity[0]
        first.bitmap = bytes([first.bitmap[0] ^ 1]) + first.bitmap[1:]
    elif change == "row_count":
        columns.row_count += 1
    else:
        chunk.content_hash ^= 1
    with pytest.raises(Unavailable) as refused:
        collect(replay(frames))
    assert refused.value.reason is Reason.DOWNLOAD_CORRUPT
    assert refused.value.details["symbol"] == chunk.symbol


def test_rows_of_a_symbol_that_nobody_asked_for_are_not_taken(frames: list[Any]):
    for each in frames:
        if each.HasField("instrument"):
            each.instrument.symbol = "600000.SH"
    with pytest.raises(Unavailable, match=r"600000\.SH was not asked for"):
        collect(replay(frames))

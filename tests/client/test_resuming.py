"""A download survives cuts by itself, and says what it has where it cannot."""

import asyncio
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpc_bridge.server import GrpcServer, start
from grpc_bridge.tokens import TokenSeal
from quantgraph.client import Client, DownloadStream, Retry, connect
from quantgraph.client.downloads import collect
from quantgraph.client.resuming import resumed
from quantgraph.client.saving import STATE
from quantgraph.config import GrpcConfig
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.errors import EpochChanged, GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.v1.bars_pb2 import DownloadBarsResponse
from quantgraph.wire.bars import download_to_proto
from tests.grpc_bridge.memory.bars import SYMBOLS
from tests.grpc_bridge.world import World

METHOD = "/quantgraph.v1.BarService/DownloadBars"
REQUEST = BarRequest((*SYMBOLS, "999999.SH"), Period.DAY_1, Window())


class House:
    """A gateway that can go away and come back at the same port, with the same data folder."""

    def __init__(self) -> None:
        self.world = World()
        self.seal = TokenSeal(b"kept")
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server: GrpcServer | None = None
        self.open()

    def open(self) -> None:
        begin = start(self.world.gateway, GrpcConfig(port=self.port), seal=self.seal)
        self._server = asyncio.run_coroutine_threadsafe(begin, self._loop).result(10)
        self.port = self._server.port

    def close(self) -> None:
        if self._server is not None:
            asyncio.run_coroutine_threadsafe(self._server.stop(0), self._loop).result(10)
            self._server = None

    def leave(self) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.leave()


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    with connect(f"127.0.0.1:{house.port}") as client:
        yield client


class Frames(list[bytes]):
    """Prints short where a test fails."""

    def __repr__(self) -> str:
        return f"{len(self)} frames"


def frames_of(client: Client, request: BarRequest) -> Frames:
    return Frames(client._caller.stream(METHOD, download_to_proto(request)))


def cut() -> Unavailable:
    return Unavailable(Reason.SOURCE_UNAVAILABLE, "The connection was reset.")


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 12), max_size=8))
def test_whatever_is_cut_the_download_is_the_same(frames: Frames, cuts: list[int]):
    tokens = [DownloadBarsResponse.FromString(each).resume_token for each in frames]

    def call(token: bytes) -> Generator[bytes]:
        first = tokens.index(token) + 1 if token else 0
        if not left:
            yield from frames[first:]
            return
        # Before the first frame nothing is retried.
        yield from frames[first : first + max(left.pop(), not token)]
        raise cut()

    left = list(cuts)
    told: list[str] = []
    retry = Retry(attempts=len(cuts) + 1, tell=told.append, sleep=lambda _: None)
    download = collect(DownloadStream(REQUEST, resumed(call, retry)))
    assert list(download.series) == list(SYMBOLS)
    assert list(download.failures) == ["999999.SH"]
    assert all("SOURCE_UNAVAILABLE" in each for each in told)


@pytest.fixture(scope="module")
def frames() -> Iterator[Frames]:
    house = House()
    try:
        with connect(f"127.0.0.1:{house.port}") as client:
            yield frames_of(client, REQUEST)
    finally:
        house.leave()


def test_a_gateway_that_comes_back_is_asked_for_the_rest(house: House, client: Client):
    def come_back(_seconds: float) -> None:
        house.open()
        grpc.channel_ready_future(client._caller._channel).result(10)

    told: list[str] = []
    client.retry = Retry(tell=told.append, sleep=come_back)
    stream = client.stream_bars(REQUEST.symbols)
    received = []
    for each in stream:
        received.append(each.symbol)
        if len(received) == 1:
            # What the connection holds may still be read; then it is cut.
            house.close()
    assert received == list(REQUEST.symbols)
    assert len(told) <= 1


def exhausted(frames: Frames, error: GatewayError, count: int) -> Any:
    waits: list[float] = []

    def call(token: bytes) -> Generator[bytes]:
        yield from () if token else frames[:count]
        raise error

    retry = Retry(attempts=3, first=1, most=3, tell=lambda _: None, sleep=waits.append)
    with pytest.raises(GatewayError) as refused:
        collect(DownloadStream(REQUEST, resumed(call, retry)))
    return refused.value, waits


def test_a_cut_for_good_says_what_came(frames: Frames):
    error, waits = exhausted(frames, cut(), 5)
    assert error.reason is Reason.DOWNLOAD_INCOMPLETE
    assert "2 of 5 symbols came whole" in error.message
    assert (error.details["cause"], error.details["symbols"]) == ("SOURCE_UNAVAILABLE", "2")
    assert int(error.details["rows"]) > 0
    assert waits == [1, 2, 3]


def test_what_a_retry_cannot_cure_is_not_retried(frames: Frames):
    changed = EpochChanged(Reason.EPOCH_CHANGED, "The market has started over.")
    error, waits = exhausted(frames, changed, 2)
    assert (error.reason, error.details["cause"]) == (
        Reason.DOWNLOAD_INCOMPLETE,
        "EPOCH_CHANGED",
    )
    assert waits == []


def test_before_the_first_frame_nothing_is_retried(frames: Frames):
    error, waits = exhausted(frames, cut(), 0)
    assert (error.reason, waits) == (Reason.SOURCE_UNAVAILABLE, [])


def test_bytes_that_are_no_frame_are_corrupt(frames: Frames):
    def call(token: bytes) -> Generator[bytes]:
        yield from (frames[0], b"\xff\xff")

    with pytest.raises(Unavailable) as refused:
        collect(DownloadStream(REQUEST, resumed(call, Retry())))
    assert refused.value.reason is Reason.DOWNLOAD_CORRUPT


# Files


def unfinished(house: House, client: Client, folder: Path, whole: int) -> Unavailable:
    """Save until some symbols are whole; then the gateway goes away for good."""
    client.retry = Retry(attempts=0)
    add, count = DownloadStream._whole, 0

    def counted(self: DownloadStream, done: Any) -> Any:
        nonlocal count
        if count == whole:
            raise Unavailable(Reason.DOWNLOAD_INCOMPLETE, "Cut.")
        count += 1
        return add(self, done)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DownloadStream, "_whole", counted)
        with pytest.raises(Unavailable) as refused:
            client.save_bars(REQUEST.symbols, folder, progress=False)
    return refused.value


def test_the_next_call_goes_on_behind_what_is_saved(house: House, client: Client, tmp_path: Path):
    error = unfinished(house, client, tmp_path, 2)
    assert "2 of 5 symbols are saved" in error.message
    before = {each: each.stat().st_mtime_ns for each in tmp_path.glob("*.parquet")}
    assert [each.stem for each in sorted(before)] == sorted(SYMBOLS[:2])
    house.world.bars.asked.clear()
    saved = client.save_bars(REQUEST.symbols, tmp_path, progress=False)
    assert (saved.resumed, list(saved.files), list(saved.failures)) == (
        2, list(SYMBOLS), ["999999.SH"],
    )  # fmt: skip
    assert saved.rows == 4 * house.world.bars.held["600519.SH", Period.DAY_1].length
    assert {each: each.stat().st_mtime_ns for each in before} == before
    assert not any(SYMBOLS[0] in each.symbols for each in house.world.bars.asked)
    assert not (tmp_path / STATE).exists()


@pytest.mark.parametrize("change", ["request", "secret", "file", "garbage"])
def test_what_cannot_be_gone_on_with_begins_at_the_beginning(
    house: House, client: Client, tmp_path: Path, change: str
):
    unfinished(house, client, tmp_path, 2)
    symbols = list(REQUEST.symbols)
    if change == "request":
        symbols.reverse()
    elif change == "secret":
        house.close()
        house.seal = TokenSeal(b"another")
        house.open()
        grpc.channel_ready_future(client._caller._channel).result(10)
    elif change == "file":
        (tmp_path / f"{SYMBOLS[0]}.parquet").unlink()
    else:
        (tmp_path / STATE).write_text("not json")
    saved = client.save_bars(symbols, tmp_path, progress=False)
    assert saved.resumed == 0
    assert set(saved.files) == set(SYMBOLS)
    assert not (tmp_path / STATE).exists()


def test_a_state_file_that_a_crash_cut_is_read_to_its_last_whole_line(
    house: House, client: Client, tmp_path: Path
):
    unfinished(house, client, tmp_path, 2)
    state = tmp_path / STATE
    state.write_text(state.read_text()[:-20])
    saved = client.save_bars(REQUEST.symbols, tmp_path, progress=False)
    assert (saved.resumed, list(saved.files)) == (1, list(SYMBOLS))


def test_the_bar_and_what_is_said_go_to_standard_error(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    client.save_bars(SYMBOLS, tmp_path)
    told = capsys.readouterr()
    assert told.out == ""

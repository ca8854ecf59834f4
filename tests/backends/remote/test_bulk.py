"""Downloads through another gateway: its own frames, which go on wherever its token is shown."""

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from grpc import aio

from grpc_bridge import sending, tokens
from grpc_bridge.server import start
from quantgraph.backends.many.frames import ManyFrames
from quantgraph.backends.remote import bulk
from quantgraph.backends.remote.failures import offline
from quantgraph.backends.remote.frames import AgentFrames
from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BAR_FIELDS, BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import GatewayError, InvalidRequest, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import ClockChange
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore
from quantgraph.v1 import bars_pb2, system_pb2, types_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.backends.remote.agents import Asker, agent_at, gateway_over, stands
from tests.grpc_bridge.calls import Refusal

METHOD = "/quantgraph.v1.BarService/DownloadBars"
MAOTAI, PING_AN = "600519.SH", "000001.SZ"
SYMBOLS = (MAOTAI, "999999.SH", PING_AN)
SINCE = {"date": {"year": 2023, "month": 6, "day": 1}}
ENDS = ("instrument", "failure")


class Front:
    """A gateway's port, and what it says to downloads."""

    def __init__(self, port, key=""):
        self.channel = aio.insecure_channel(f"127.0.0.1:{port}")
        self.metadata = (("x-api-key", key),) if key else ()
        self.bars = BarServiceStub(self.channel)

    def call(self, request):
        written = request.SerializeToString()
        return self.channel.unary_stream(METHOD)(written, metadata=self.metadata)

    async def frames(self, request, stop=10**9):
        call, found = self.call(request), []
        while len(found) < stop and (frame := await call.read()) is not aio.EOF:
            found.append(frame)
        call.cancel()
        return found

    async def refusal(self, request):
        with pytest.raises(aio.AioRpcError) as caught:
            await self.frames(request)
        return Refusal(caught.value).reason


@asynccontextmanager
async def front(stack, agent, folder):
    """Open another gateway over the agent, on its wire."""
    here, key = await stack.enter_async_context(gateway_over(agent, folder))
    server = await start(here.gateway, here.config.grpc.model_copy(update={"port": 0}))
    stack.push_async_callback(server.stop, 0)
    await stands(here)
    made = Front(server.port, key)
    stack.push_async_callback(made.channel.close)
    yield made


@asynccontextmanager
async def both(folder):
    """Yield an agent whose time stands, its front, and that of a gateway over it."""
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(agent_at(folder / "agent", start="2024-03-01"))
        await agent.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        there = Front(agent.port)
        stack.push_async_callback(there.channel.close)
        here = await stack.enter_async_context(front(stack, agent, folder / "here"))
        yield SimpleNamespace(stack=stack, agent=agent, there=there, here=here)


def ask(*symbols, period=bars_pb2.PERIOD_DAY_1, **more):
    return bars_pb2.DownloadBarsRequest(symbols=symbols or SYMBOLS, period=period, **more)


def opened(frame):
    return bars_pb2.DownloadBarsResponse.FromString(frame)


def behind(request, frame):
    again = bars_pb2.DownloadBarsRequest()
    again.CopyFrom(request)
    again.resume_token = opened(frame).resume_token
    return again


def told(frames):
    """Return what frames say, but for the tokens, which know when their download began."""
    found = [opened(each) for each in frames]
    for each in found:
        each.ClearField("resume_token")
    return found


def days(first, last, price=7):
    """Return daily bars of the trading days between, all of one price."""
    found = load_calendar(CalendarConfig(), Path()).between(first, last)
    return bars_at(np.array([day_start(day) for day in found.tolist()], np.int64), price)


def bars_at(times, price=7):
    names = ("open", "high", "low", "close", "volume", "amount")
    values = {name: np.full(len(times), price, BAR_FIELDS[name].dtype) for name in names}
    return BarColumns(len(times), {"time": times, **values})


def hold(folder, symbol, period, bars):
    """Import bars into a gateway that is not open."""
    folder.mkdir(parents=True, exist_ok=True)
    store = MarketStore(folder)
    with store.write(load_calendar(CalendarConfig(), folder)) as writer:
        writer.put_bars(symbol, period, bars)
    store.close()


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(sending, "rows_per_chunk", lambda _: 100)


async def test_a_gateway_hands_on_the_frames_that_its_agent_writes(tmp_path, small_chunks):
    asked = [
        ask(start=SINCE),
        ask(start=SINCE, adjustment=bars_pb2.ADJUSTMENT_BACK, period=bars_pb2.PERIOD_WEEK_1),
        ask(
            start=SINCE, adjustment=bars_pb2.ADJUSTMENT_FRONT_RATIO, read_mask={"paths": ["close"]}
        ),
        ask(
            MAOTAI,
            start={"date": {"year": 2024, "month": 2, "day": 29}},
            period=bars_pb2.PERIOD_MIN_1,
        ),
    ]
    async with both(tmp_path) as ways:
        for request in asked:
            direct = await ways.there.frames(request)
            assert len(direct) > len(request.symbols) + 1
            through = await ways.here.frames(request)
            assert told(through) == told(direct)
            # Bytes of the agent: it knows each of its tokens again.
            rest = await ways.there.frames(behind(request, through[-2]))
            assert told(rest) == told(direct[-1:])
        turned = ask(start=SINCE, end={"date": {"year": 2023, "month": 5, "day": 31}})
        assert await ways.here.refusal(turned) is Reason.START_AFTER_END


async def test_a_download_that_is_cut_anywhere_goes_on_at_any_gateway_of_the_agent(
    tmp_path, small_chunks
):
    request = ask(start=SINCE)
    async with both(tmp_path) as ways:
        another = await ways.stack.enter_async_context(
            front(ways.stack, ways.agent, tmp_path / "another")
        )
        whole = await ways.here.frames(request)
        assert sum(opened(each).HasField("chunk") for each in whole) == 4
        for place, frame in enumerate(whole[:-1]):
            where = (ways.here, another, ways.there)[place % 3]
            assert await ways.here.frames(request, stop=place + 1)
            assert await where.frames(behind(request, frame)) == whole[place + 1 :]


async def test_a_token_is_refused_as_its_agent_refuses_it(tmp_path, monkeypatch):
    request = ask(start=SINCE)
    async with both(tmp_path) as ways:
        frame = (await ways.here.frames(request, stop=2))[1]
        other = behind(request, frame)
        other.adjustment = bars_pb2.ADJUSTMENT_BACK
        assert await ways.here.refusal(other) is Reason.RESUME_REQUEST_CHANGED
        monkeypatch.setattr(tokens, "TOKEN_SECONDS", -1)
        assert await ways.here.refusal(behind(request, frame)) is Reason.RESUME_TOKEN_EXPIRED
        request.resume_token = b"nobody's"
        assert await ways.here.refusal(request) is Reason.RESUME_TOKEN_INVALID


async def test_what_is_imported_here_is_written_here_and_goes_on_here_alone(tmp_path):
    hold(tmp_path / "here/dev", PING_AN, Period.DAY_1, days(date(2024, 1, 2), date(2024, 2, 1)))
    async with both(tmp_path) as ways:
        request = ask(start=SINCE)
        frames = await ways.here.frames(request)
        ends = [opened(each) for each in frames if opened(each).WhichOneof("frame") in ENDS]
        sources = [each.instrument.source for each in ends if each.HasField("instrument")]
        assert sources == [types_pb2.SOURCE_SIMULATED, types_pb2.SOURCE_IMPORTED]
        assert await ways.here.frames(behind(request, frames[2])) == frames[3:]
        assert await ways.there.refusal(behind(request, frames[2])) is Reason.RESUME_TOKEN_INVALID
        # Of what is not held here nothing is.
        assert await ways.there.frames(
            behind(ask(MAOTAI), (await ways.here.frames(ask(MAOTAI)))[0])
        )


QUERY = """{ bars(symbol: "600519.SH", period: DAY_1, last: 3) { source rows { close } } }"""


LAST = bars_pb2.ListBarsRequest(symbol=MAOTAI, period=bars_pb2.PERIOD_DAY_1, last=3)


async def test_what_is_imported_at_the_agent_is_told_here_from_then_on(tmp_path):
    there, some = tmp_path / "agent/mock", (date(2024, 1, 2), date(2024, 2, 1))
    hold(there, MAOTAI, Period.DAY_1, days(*some))
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(agent_at(tmp_path / "agent", start="2024-03-01"))
        here, key = await stack.enter_async_context(gateway_over(agent, tmp_path / "here"))
        await stands(here)
        server = await start(here.gateway, here.config.grpc.model_copy(update={"port": 0}))
        stack.push_async_callback(server.stop, 0)
        asker, front = Asker(stack), Front(server.port, key)
        stack.push_async_callback(front.channel.close)
        # Twice: whoever keeps an answer has the second at hand.
        for price in (7, 7, 8, 9):
            if price > 7:
                hold(there, MAOTAI, Period.DAY_1, days(*some, price=price))
            data, errors = await asker.ask(here, QUERY, None, key)
            assert errors == []
            bars = [{"close": float(price)}] * 3
            assert data["bars"] == {"source": "IMPORTED", "rows": bars}
            told = await front.bars.ListBars(LAST, metadata=front.metadata)
            assert list(told.series.columns.close) == [price] * 3


async def test_a_client_that_stops_reading_stops_the_agent(tmp_path, monkeypatch):
    minutes = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000
    starts = days(date(2022, 1, 4), date(2023, 6, 1)).values["time"]
    bars = bars_at((starts[:, None] + minutes[None, :]).ravel())
    symbols = [f"{600_000 + place}.SH" for place in range(10)]
    for symbol in symbols:
        hold(tmp_path / "agent/mock", symbol, Period.MIN_1, bars)
    made, whole = [], sending.frame_of
    monkeypatch.setattr(sending, "frame_of", lambda *told: made.append(1) or whole(*told))
    async with both(tmp_path) as ways:
        call = ways.here.call(ask(*symbols, period=bars_pb2.PERIOD_MIN_1))
        await call.read()
        # Other calls are answered meanwhile, so the loop runs; the download does not go on.
        system, calm, before = SystemServiceStub(ways.there.channel), 0, -1
        while calm < 50:
            calm = calm + 1 if len(made) == before else 0
            before = len(made)
            await system.GetServerInfo(system_pb2.GetServerInfoRequest())
        frames = []
        while (frame := await call.read()) is not aio.EOF:
            frames.append(frame)
        assert opened(frames[-1]).summary.chunk_count == len(made) > 40
        assert before < 30


class Line:
    """The way to an agent that has written frames, the token of each its number."""

    address, silent = "here", False

    def __init__(self, cut_behind=None, last=True):
        summary = bars_pb2.DownloadBarsResponse(summary={"symbol_count": 3})
        self.frames = [
            bars_pb2.DownloadBarsResponse(manifest={"symbol_count": 3}, resume_token=b"%d" % each)
            for each in range(4)
        ]
        self.frames += [summary] if last else []
        self.asked, self._cut = [], cut_behind

    async def log(self, method, request, held):
        self.asked.append(request.resume_token)
        begin = int(request.resume_token) + 1 if request.resume_token else 0
        for place, frame in enumerate(self.frames[begin:], begin):
            if place == self._cut:
                self._cut = None
                raise offline("here", "cut")
            yield frame.SerializeToString()

    async def whole(self, token=b""):
        agent = SimpleNamespace(channel=self, heard=[])
        frames = await AgentFrames(agent).open(REQUEST, token)
        return [opened(each) async for each in frames]


REQUEST = BarRequest((MAOTAI, PING_AN), Period.DAY_1, Window(start=0))


@pytest.mark.parametrize("place", [1, 3, 4])
async def test_a_gateway_goes_on_by_itself_where_its_agent_was_cut(place, monkeypatch):
    monkeypatch.setattr(bulk, "_AGAIN_S", 0)
    line = Line(cut_behind=place)
    assert await line.whole() == line.frames
    assert line.asked == [b"", b"%d" % (place - 1)]


async def test_a_download_without_an_end_is_an_error_and_one_that_never_began_too():
    for line in (Line(last=False), Line(cut_behind=0)):
        with pytest.raises(Unavailable):
            await line.whole()


class Wrote:
    """A terminal's gateway that knows its own token alone, or is away."""

    def __init__(self, token, error=None):
        self.token, self.error = token, error

    async def open(self, request, token):
        if self.error is not None:
            raise self.error
        if token not in (b"", self.token):
            raise InvalidRequest(Reason.RESUME_TOKEN_INVALID, "not mine")
        return self.token


async def test_of_several_terminals_the_one_goes_on_that_gave_the_token():
    away = Unavailable(Reason.TERMINAL_OFFLINE, "away")
    east, west, gone = Wrote(b"east"), Wrote(b"west"), Wrote(b"gone", away)

    async def opened_by(token, *several):
        terminals = [SimpleNamespace(bar_frames=each) for each in several]

        async def first(question):
            return await question(terminals[0])

        preferred = SimpleNamespace(order=terminals, ask=first)
        try:
            return await ManyFrames(preferred).open(REQUEST, token)
        except GatewayError as error:
            return error.reason

    assert await opened_by(b"", None, west) is None
    assert await opened_by(b"", east, west) == b"east"
    assert await opened_by(b"west", east, west) == b"west"
    assert await opened_by(b"west", None, west) == b"west"
    assert await opened_by(b"west", None) is None
    assert await opened_by(b"north", east, west) is Reason.RESUME_TOKEN_INVALID
    assert await opened_by(b"gone", gone, west) is Reason.TERMINAL_OFFLINE

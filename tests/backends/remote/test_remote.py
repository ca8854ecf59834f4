"""A gateway over another one: what is lost says so, what is cut goes on, and nothing is sent."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import numpy as np
import pytest

from grpc_bridge.server import start
from quantgraph.backends.lane import Lane
from quantgraph.backends.remote.backend import RemoteSettings, RemoteTerminal
from quantgraph.backends.remote.bulk import read_bulk
from quantgraph.backends.remote.capability import NO_ORDERS
from quantgraph.backends.remote.channel import Target
from quantgraph.backends.remote.failures import offline, translated
from quantgraph.domain.access import Scope
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.errors import (
    EpochChanged,
    Forbidden,
    GatewayError,
    NotFound,
    StartupError,
    Unauthenticated,
    Unavailable,
)
from quantgraph.domain.instruments import Market
from quantgraph.domain.operations import unsaid
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.simulation import ClockChange
from quantgraph.domain.snapshots import QUOTE_FIELDS
from quantgraph.domain.sources import Source
from quantgraph.domain.terminals import TerminalState
from quantgraph.services.conformance.accounts import ACCOUNTS, LINK
from quantgraph.services.conformance.market import MARKET
from quantgraph.services.conformance.running import Subject, Verdict, outcomes
from tests.api.real import ACCOUNT, TWIN, Terminal, gateway, make_keys
from tests.backends.remote.agents import agent_at, gateway_over, stands
from tests.waiting import until

MAOTAI, PING_AN = "600519.SH", "000001.SZ"


@asynccontextmanager
async def remote(agent, seconds=20.0):
    """Open a remote terminal of an agent, connected."""
    terminal = agent.terminal(seconds)
    backend = terminal.backend()
    await backend.start()
    try:
        await until(lambda: backend.status().state is TerminalState.CONNECTED)
        yield backend
    finally:
        await backend.close()


async def test_a_remote_terminal_passes_the_suite_of_every_back_end(tmp_path):
    symbols = ("600000.SH", PING_AN, MAOTAI)
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        subject = Subject(backend, agent.assembly.gateway.clock, symbols, None, None)
        found = [each async for each in outcomes((*LINK, *MARKET, *ACCOUNTS), subject, 20)]
        assert [each for each in found if each.verdict is not Verdict.PASSED] == []


async def test_what_an_agent_can_is_its_own_word_and_orders_are_not_among_it(tmp_path):
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        rows = {each.operation: each for each in backend.capabilities()}
        own = (await agent.assembly.gateway.system.info()).backends[0].capabilities
        for each in own:
            if each.operation.partition(".")[0] in {"bars", "ticks", "reference", "accounts"}:
                assert rows[each.operation] == each
        assert rows["orders.LIMIT"].reason == NO_ORDERS
        assert unsaid(backend.capabilities()) == []
        assert backend.status().source is Source.SIMULATED
        # In dev there is nothing that could send an order.
        assert backend.desk is None
        with pytest.raises(StartupError) as caught:
            backend.sender()
        assert caught.value.reason is Reason.MODE_UNAVAILABLE


async def test_an_agent_that_is_away_is_an_error_and_no_data():
    settings = RemoteSettings("far", Target("127.0.0.1:1"), 5.0)
    backend = RemoteTerminal(settings, _Now()).backend()
    await backend.start()
    try:
        for ask in (
            backend.quotes.quotes([MAOTAI]),
            backend.reference.sectors(),
            backend.data.bars(BarRequest((MAOTAI,), Period.DAY_1, Window(last=1))),
            backend.accounts.accounts(),
            anext(backend.quotes.follow(MAOTAI)),
        ):
            with pytest.raises(Unavailable) as caught:
                await ask
            assert caught.value.reason is Reason.TERMINAL_OFFLINE
        await until(lambda: backend.status().links[0].reason)
        assert backend.status().state is TerminalState.CONNECTING
        assert set(backend.problems()) == {"market_data", "accounts"}
        assert not backend.quotes.state().connected
        rows = {each.operation: each for each in backend.capabilities()}
        assert "not answered" in rows["bars"].reason
    finally:
        await backend.close()


async def test_an_agent_that_stands_still_is_not_waited_for_twice(monkeypatch):
    monkeypatch.setattr("quantgraph.backends.remote.agent._LOOK_S", 0.1)
    held = []
    still = await asyncio.start_server(lambda _, out: held.append(out), "127.0.0.1", 0)
    (port,) = {each.getsockname()[1] for each in still.sockets}
    backend = RemoteTerminal(RemoteSettings("far", Target(f"127.0.0.1:{port}")), _Now()).backend()
    await backend.start()
    try:
        await until(lambda: backend.status().links[0].reason == Reason.TIMED_OUT)
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable) as caught:
                await backend.quotes.quotes([MAOTAI])
        assert caught.value.reason is Reason.TERMINAL_OFFLINE
    finally:
        await backend.close()
        still.close()
        for each in held:
            each.close()
            await each.wait_closed()


async def test_quotes_that_are_cut_say_so_and_go_on_with_the_state_of_then(tmp_path):
    async with (
        asyncio.timeout(20),
        agent_at(tmp_path, speed=60.0) as agent,
        remote(agent) as backend,
    ):
        async with aclosing(backend.quotes.follow(MAOTAI)) as quotes:
            first = await anext(quotes)
            later = await anext(quotes)
            assert first.symbol == MAOTAI
            assert later.time > first.time
            # Who comes later has the present quote at once, and the same stream.
            async with aclosing(backend.quotes.follow(MAOTAI)) as others:
                assert (await anext(others)).time >= later.time
            await agent.leave()
            with pytest.raises(Unavailable) as caught:
                async for later in quotes:  # noqa: B007 the last one that came
                    pass
            assert caught.value.reason is Reason.TERMINAL_OFFLINE
        await until(lambda: not backend.quotes.state().connected)
        assert backend.status().state is TerminalState.LOST
        await agent.come_back()
        await until(lambda: backend.quotes.state().connected)
        async with aclosing(backend.quotes.follow(MAOTAI)) as quotes:
            assert (await anext(quotes)).time >= later.time


async def test_a_symbol_that_is_nothing_costs_the_others_no_quote(tmp_path):
    async with (
        agent_at(tmp_path) as agent,
        remote(agent) as backend,
        aclosing(backend.quotes.follow(PING_AN)) as quotes,
    ):
        await anext(quotes)
        with pytest.raises(NotFound):
            await anext(backend.quotes.follow("999999.SH"))
        assert backend.quotes.state().connected


async def test_whoever_heeds_hears_at_once_that_an_agent_went_and_came(tmp_path):
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        heard = []
        backend.heed(lambda: heard.append(backend.status().state))
        await agent.leave()
        await until(lambda: backend.status().state is TerminalState.LOST)
        await agent.come_back()
        await until(lambda: backend.status().state is TerminalState.CONNECTED)
        assert [heard[0], heard[-1]] == [TerminalState.LOST, TerminalState.CONNECTED]


async def test_clients_of_the_gateway_see_the_gap(tmp_path):
    async with (
        agent_at(tmp_path / "agent") as agent,
        gateway_over(agent, tmp_path / "here") as (here, _),
    ):
        await stands(here)
        assert (await here.gateway.system.info()).terminals[0].kind == "remote"
        await agent.leave()
        await stands(here, TerminalState.LOST)
        assert "market_data" in await here.gateway.system.problems()
        await agent.come_back()
        await stands(here)
        assert "market_data" not in await here.gateway.system.problems()


async def test_a_bar_under_way_comes_through(tmp_path):
    async with (
        asyncio.timeout(20),
        agent_at(tmp_path, speed=60.0) as agent,
        remote(agent) as backend,
    ):
        for period in (Period.MIN_1, Period.DAY_1):
            async with aclosing(backend.bar_feed.follow(MAOTAI, period)) as bars:
                async for bar in bars:
                    if bar is not None:
                        assert bar.bar.close > 0
                        assert bar.source is Source.SIMULATED
                        break


class Cut:
    """A channel that breaks a download off, once, behind so many messages."""

    def __init__(self, channel, messages):
        self._channel, self._left, self.tokens = channel, messages, []

    async def stream(self, method, request):
        self.tokens.append(request.resume_token)
        async with aclosing(self._channel.stream(method, request)) as frames:
            async for frame in frames:
                if self._left == 0:
                    self._left = -1
                    raise offline("here", "cut")
                self._left -= 1
                yield frame


@pytest.mark.parametrize("messages", [1, 2, 3])
async def test_a_download_that_is_cut_goes_on_behind_what_came(tmp_path, messages):
    async with agent_at(tmp_path, start="2024-03-01") as agent:
        await agent.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        channel = agent.terminal().agent.channel
        window = Window(start=1_640_995_200_000)
        request = BarRequest((MAOTAI, "999999.SH", PING_AN), Period.DAY_1, window)
        whole = await read_bulk(channel, request)
        broken = Cut(channel, messages)
        again = await read_bulk(broken, request)
        assert len(broken.tokens) == 2
        assert broken.tokens[1]
        assert again["999999.SH"].reason is whole["999999.SH"].reason is Reason.UNKNOWN_SYMBOL
        for symbol in (MAOTAI, PING_AN):
            one, other = whole[symbol], again[symbol]
            assert one.columns.length > 400
            assert other.coverage == one.coverage
            for name, column in one.columns.values.items():
                np.testing.assert_array_equal(column, other.columns.values[name])
        await channel.close()


async def test_more_bars_than_a_message_takes_are_downloaded_and_cut(tmp_path):
    async with agent_at(tmp_path, start="2024-03-01") as agent, remote(agent) as backend:
        await agent.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        fields = ("time", "close")
        (few,) = await backend.data.bars(
            BarRequest((MAOTAI,), Period.DAY_1, Window(last=300), fields=fields)
        )
        (all_,) = await backend.data.bars(
            BarRequest((MAOTAI,), Period.DAY_1, Window(last=100_001), fields=fields)
        )
        times = all_.columns.values["time"]
        assert len(times) > 300
        assert times[-300:].tolist() == few.columns.values["time"].tolist()
        (none,) = await backend.data.bars(
            BarRequest((MAOTAI,), Period.DAY_1, Window(last=7), fields=())
        )
        assert (none.columns.length, none.columns.values) == (7, {})


async def test_a_large_board_is_the_small_ones_together(tmp_path, monkeypatch):
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        await agent.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        known = await backend.reference.market_symbols(Market.SZ)
        symbols = (*known[:3], "999999.SH", MAOTAI)
        fields = tuple(QUOTE_FIELDS)
        one = await backend.quotes.board(symbols, fields)
        monkeypatch.setattr("quantgraph.backends.remote.quotes._FEW", 0)
        other = await backend.quotes.board(symbols, fields)
        assert one.symbols == other.symbols == (*known[:3], MAOTAI)
        assert one.source is other.source is Source.SIMULATED
        for name in fields:
            there = one.valid.get(name, np.ones(4, bool))
            assert there.tolist() == other.valid.get(name, np.ones(4, bool)).tolist()
            assert one.values[name][there].tolist() == other.values[name][there].tolist()


async def test_pages_of_instruments_go_on_where_they_ended(tmp_path):
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        search = InstrumentSearch(markets=frozenset({Market.SH}))
        whole, more = await backend.reference.search(search, 500, None)
        assert not more
        first, more = await backend.reference.search(search, 3, None)
        assert more
        rest, _ = await backend.reference.search(search, 500, first[-1].symbol)
        assert [*first, *rest] == list(whole)
        named = InstrumentSearch(text="600519", symbols=frozenset({MAOTAI, PING_AN}))
        assert [each.symbol for each in (await backend.reference.search(named, 9, None))[0]] == [
            MAOTAI
        ]
        ((sector, *_), nothing) = await backend.reference.sectors_of([MAOTAI, "999999.SH"])
        assert MAOTAI in sector.symbols
        assert nothing == []


async def test_what_an_order_may_use_is_read_from_the_account(tmp_path):
    async with agent_at(tmp_path) as agent, remote(agent) as backend:
        means = await backend.accounts.means("sim-1", MAOTAI)
        assert (means.cash > 0, means.sellable, means.bought) == (True, 200, None)
        with pytest.raises(NotFound):
            await backend.accounts.means("nobody", MAOTAI)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Unauthenticated(Reason.UNAUTHENTICATED, "no key"), Reason.TERMINAL_OFFLINE),
        (Forbidden(Reason.FORBIDDEN, "not yours"), Reason.TERMINAL_OFFLINE),
        (Unavailable(Reason.SHUTTING_DOWN, "stopping"), Reason.TERMINAL_OFFLINE),
        (GatewayError(Reason.INTERNAL, "broken"), Reason.SOURCE_UNAVAILABLE),
        (EpochChanged(Reason.EPOCH_CHANGED, "anew"), Reason.SOURCE_UNAVAILABLE),
        (NotFound(Reason.UNKNOWN_SYMBOL, "none"), Reason.UNKNOWN_SYMBOL),
        (Unavailable(Reason.SOURCE_UNAVAILABLE, "away"), Reason.SOURCE_UNAVAILABLE),
    ],
)
def test_troubles_of_the_agent_are_no_faults_of_a_caller(said, reason):
    assert translated(said, "far:1").reason is reason


async def test_a_wrong_key_is_told_as_a_terminal_that_is_away(tmp_path):
    async with agent_at(tmp_path) as agent:
        target = Target(f"127.0.0.1:{agent.port}", "qg_wrong")
        backend = RemoteTerminal(RemoteSettings("sim", target), _Now()).backend()
        with pytest.raises(Unavailable, match="UNAUTHENTICATED") as caught:
            await backend.quotes.quotes([MAOTAI])
        assert caught.value.reason is Reason.TERMINAL_OFFLINE
        await backend.close()


async def test_the_paper_twins_of_an_agent_in_dev_are_its_own(tmp_path):
    far = Terminal()
    key = make_keys(tmp_path, "dev")[0].create(Scope.READ, None)
    async with gateway(far, tmp_path, "dev") as there:
        listed = [each.id for each in await there.gateway.accounts.accounts()]
        assert listed == [ACCOUNT, TWIN]
        server = await start(there.gateway, there.config.grpc.model_copy(update={"port": 0}))
        target = Target(f"127.0.0.1:{server.port}", key)
        backend = RemoteTerminal(RemoteSettings("far", target), _Now()).backend()
        assert [each.id for each in await backend.accounts.accounts()] == [ACCOUNT]
        await backend.close()
        await server.stop(0)
    await far.close()


async def test_what_waits_for_a_follower_comes_before_the_end():
    lane = Lane()
    lane.put("quote")
    lane.end(offline("here", "cut"))
    assert await lane.take() == "quote"
    with pytest.raises(Unavailable):
        await lane.take()


class _Now:
    """A clock that stands."""

    def now(self):
        return datetime(2024, 3, 1, tzinfo=UTC)

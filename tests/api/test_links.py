"""A terminal's link in a whole gateway: who hears that it is lost, and when."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from api.assembly import open_assembly
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.orders import OrderTicket, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import LogCursor, QuoteWatch, StreamKind
from quantgraph.domain.terminals import TerminalPart, TerminalState
from quantgraph.loading import load_config

CONFIG = Path(__file__).parents[2] / "config.toml"


async def test_readers_of_an_account_hear_of_a_lost_link_at_once(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    monkeypatch.setattr("quantgraph.services.log_stream.HEARTBEAT_S", 60)
    settings = {"data_dir": str(tmp_path), "mock": {"faults": ["DISCONNECT times=1"]}}
    async with open_assembly(load_config(CONFIG, settings)) as assembly:
        gateway = assembly.gateway
        async with aclosing(gateway.connections.events(LogCursor("sim-1"))) as events:
            kinds = [(await anext(events)).kind for _ in range(2)]
            assert kinds == [StreamKind.SNAPSHOT, StreamKind.CAUGHT_UP]
            beat = asyncio.create_task(anext(events))
            await asyncio.sleep(0)
            kind = PriceType.OPPOSITE_BEST
            ticket = OrderTicket("sim-1", "k", "000001.SZ", Side.BUY, 100, price_type=kind)
            await gateway.trading.submit(ticket)
            heard = await asyncio.wait_for(beat, 10)
            assert (heard.kind, heard.source.connected) == (StreamKind.HEARTBEAT, False)


async def test_a_link_that_is_lost_and_comes_back_is_told_as_it_happens(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    monkeypatch.setattr("quantgraph.services.terminals.HEARTBEAT_S", 60)
    settings = {"data_dir": str(tmp_path), "mock": {"faults": ["DISCONNECT times=1"]}}
    async with open_assembly(load_config(CONFIG, settings)) as assembly, asyncio.timeout(20):
        gateway = assembly.gateway
        async with aclosing(gateway.system.terminals()) as events:
            (before,) = (await anext(events)).terminals
            assert (before.state, before.source) == (TerminalState.CONNECTED, Source.SIMULATED)
            assert [each.part for each in before.links] == list(TerminalPart)
            assert [each.account_id for each in before.logins] == ["sim-1"]
            lost = asyncio.create_task(anext(events))
            await asyncio.sleep(0)
            kind = PriceType.OPPOSITE_BEST
            ticket = OrderTicket("sim-1", "k", "000001.SZ", Side.BUY, 100, price_type=kind)
            await gateway.trading.submit(ticket)
            news = await lost
            (during,) = news.terminals
            assert (news.kind, during.state) == (StreamKind.UPDATE, TerminalState.LOST)
            data, trading = during.links
            assert (data.state, trading.state) == (TerminalState.CONNECTED, TerminalState.LOST)
            assert trading.reason == Reason.SOURCE_UNAVAILABLE
            assert trading.since > before.links[1].since
            back = asyncio.create_task(anext(events))
            await asyncio.sleep(0)
            await gateway.simulation.set_faults([])
            (after,) = (await back).terminals
            assert (after.state, after.links[1].reason) == (TerminalState.CONNECTED, None)
            assert (await gateway.system.info()).terminals == (after,)


async def test_a_quiet_terminal_sends_heartbeats_and_quotes_are_no_news(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    monkeypatch.setattr("quantgraph.services.terminals.HEARTBEAT_S", 0.01)
    config = load_config(CONFIG, {"data_dir": str(tmp_path)})
    async with open_assembly(config) as assembly, asyncio.timeout(20):
        async with aclosing(assembly.gateway.system.terminals()) as events:
            kinds = [(await anext(events)).kind for _ in range(3)]
            assert kinds == [StreamKind.SNAPSHOT, StreamKind.HEARTBEAT, StreamKind.HEARTBEAT]
            watch = QuoteWatch(("600519.SH",))
            async with aclosing(assembly.gateway.quote_stream.watch(watch)) as quotes:
                await anext(quotes)
            event = await anext(events)
            assert event.kind is StreamKind.HEARTBEAT
            assert event.terminals[0].links[0].last_event is not None
        # A stream that goes on is ended as the gateway stops.
        async with aclosing(assembly.gateway.system.terminals()) as events:
            await anext(events)
            assembly.drain()
            with pytest.raises(Unavailable) as caught:
                await anext(events)
            assert caught.value.reason is Reason.SHUTTING_DOWN

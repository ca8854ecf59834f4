"""A terminal's link in a whole gateway: who hears that it is lost, and when."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from api.assembly import open_assembly
from quantgraph.domain.orders import OrderTicket, PriceType, Side
from quantgraph.domain.streams import LogCursor, StreamKind
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

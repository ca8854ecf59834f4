"""The connection to the bus ends when the gateway does."""

import asyncio

from nats.aio.client import Client

from quantgraph.bus import connection
from quantgraph.bus.connection import NatsBus
from quantgraph.bus.names import Names
from quantgraph.bus.session import BusSettings
from tests.waiting import settled


class Deaf(Client):
    """A client that takes being canceled once for a connection that failed, as some calls do."""

    heeds = False

    async def connect(self, *_, **__):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if Deaf.heeds:
                raise
            Deaf.heeds = True
            raise OSError("cut") from None

    async def close(self):
        """Leave what was never connected."""


async def test_closing_ends_it_though_the_client_does_not_heed_that_it_is_canceled(monkeypatch):
    monkeypatch.setattr(connection, "Client", Deaf)
    bus = NatsBus(BusSettings(("nats://127.0.0.1:1",), Names("q"), None, None, 1, 1, 1.0))
    bus.start()
    await settled()
    async with asyncio.timeout(5):
        await bus.close()
    assert not bus.session

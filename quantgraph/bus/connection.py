"""The bus made of NATS: it connects, and connects again."""

import asyncio
import random
from contextlib import suppress

import structlog
from nats.aio.client import Client

from quantgraph.bus.ports import BusAway
from quantgraph.bus.session import ANSWER_S, FAILED, BusSettings, NatsSession

_log = structlog.get_logger(__name__)
# Seconds: to connect, and between two signs of life; two that fail end a connection.
_CONNECT_S, _PING_S = 5, 2
# Between two attempts, at first and at most.
_FIRST_S, _MOST_S = 0.25, 5.0


class NatsBus:
    """Implements `Bus`: connects, and connects again, until it is closed.

    A lost connection is told to everybody and a new one begun: nothing waits in a buffer for a
    server that may come back, because who reads is told anew by the agent.
    """

    def __init__(self, settings: BusSettings) -> None:
        """Connect to nothing before `start`."""
        self._settings = settings
        self.session: NatsSession | None = None
        # Why the last attempt failed; empty before the first.
        self.trouble = ""
        self._met = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._quiet = False
        self._closing = False

    def start(self) -> None:
        """Look after the connection from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Disconnect, and connect no more."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def met(self) -> NatsSession:
        """Wait for a connection."""
        while self.session is None:
            await self._met.wait()
        return self.session

    async def _run(self) -> None:
        pause = _FIRST_S
        while True:
            with suppress(*FAILED, BusAway):
                await self._live()
                pause = _FIRST_S
            if self._closing:  # some calls of the client take being canceled for a failure
                return
            await asyncio.sleep(pause * random.uniform(0.75, 1.0))  # noqa: S311 no secret
            pause = min(pause * 2, _MOST_S)

    async def _live(self) -> None:
        client = Client()
        session = NatsSession(client, self._settings)
        try:
            await self._connect(client, session)
            await session.prepare()
            self.session, self._quiet = session, False
            self._met.set()
            _log.info("bus_connected", server=_server(client))
            await session.ended()
            _log.warning("bus_lost")
        except (*FAILED, BusAway) as error:
            # At once: to close what was half made may take as long as an answer.
            self._say(error)
            raise
        finally:
            self.session = None
            self._met.clear()
            session.lose()
            with suppress(*FAILED):
                async with asyncio.timeout(ANSWER_S):
                    await client.close()

    def _say(self, error: Exception) -> None:
        """Note why it is away; in the log once until it was there."""
        self.trouble = str(error)[:200] or type(error).__name__
        if not self._quiet:
            _log.warning("bus_away", error=type(error).__name__, message=self.trouble)
        self._quiet = True

    async def _connect(self, client: Client, session: NatsSession) -> None:
        async def lost() -> None:
            session.lose()

        async def failed(error: Exception) -> None:
            session.missed(error)

        settings = self._settings
        await client.connect(
            list(settings.servers),
            error_cb=failed,
            disconnected_cb=lost,
            closed_cb=lost,
            name="quantgraph",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_S,
            ping_interval=_PING_S,
            max_outstanding_pings=2,
            pending_size=settings.pending,
            tls=settings.tls,
            token=settings.token,
        )


def _server(client: Client) -> str:
    url = client.connected_url
    return "" if url is None else f"{url.hostname}:{url.port}"

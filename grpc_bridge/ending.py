"""The end of a gRPC server: asked for as often as one likes, each time with a grace of its own."""

import asyncio

from grpc import aio

# Longer than anybody waits: when calls are cut is decided here.
_AGES_S = 86_400.0


class Ending:
    """Stops a server once, at the earliest time that anybody asked for.

    Two calls of `aio.Server.stop` at once crash the process now and then: one destroys the server
    while the other is about to cancel its calls. Here one follows the other.
    """

    def __init__(self, server: aio.Server) -> None:
        """Stop nothing yet. Made in the loop of the server."""
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._until = float("inf")
        self._sooner = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def stop(self, grace: float) -> None:
        """Take no new call, and cut in `grace` seconds those that run; returns when all ended."""
        self._until = min(self._until, self._loop.time() + grace)
        self._sooner.set()
        if self._task is None:
            self._task = self._loop.create_task(self._end())
        await asyncio.shield(self._task)

    async def _end(self) -> None:
        orderly = self._loop.create_task(self._server.stop(_AGES_S))
        while not orderly.done() and (left := self._until - self._loop.time()) > 0:
            self._sooner.clear()
            sooner = self._loop.create_task(self._sooner.wait())
            await asyncio.wait({orderly, sooner}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            sooner.cancel()
        orderly.cancel()
        await asyncio.wait({orderly})
        # Cuts what is left, and does nothing where the server has stopped.
        await self._server.stop(None)

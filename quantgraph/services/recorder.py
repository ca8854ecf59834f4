"""Writes to the order journal, one job at a time: what comes meanwhile shares the next fsync."""

import asyncio
from collections.abc import Sequence

from quantgraph.domain.journal import Intent, Journal, Outcome, Recorded
from quantgraph.services.workers import Workers

_Asked = tuple[Intent | Outcome, asyncio.Future[Recorded]]


class Recorder:
    """Keeps the order in which entries came; a lone one waits for nobody."""

    def __init__(self, journal: Journal, workers: Workers) -> None:
        """Record in `journal`, on a thread of `workers`."""
        self._journal = journal
        self._workers = workers
        self._waiting: list[_Asked] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, entry: Intent | Outcome) -> Recorded:
        """Return when the entry is durable. Errors: those of `Journal.record`, OVERLOADED.

        A caller that gives up stops waiting; its entry is recorded all the same.
        """
        answer: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await answer

    async def close(self) -> None:
        """Return when everything that was asked for is recorded."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, []
            found = await self._commit([entry for entry, _ in asked])
            for (_, answer), each in zip(asked, found, strict=True):
                _give(answer, each)
        self._writing = None

    async def _commit(self, entries: list[Intent | Outcome]) -> Sequence[Recorded | Exception]:
        try:
            return await self._workers.run(self._journal.record, entries)
        except Exception as error:
            return [error] * len(entries)


def _give(answer: asyncio.Future[Recorded], found: Recorded | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)

"""What becomes of downloads, told to many: each reader has the newest state of each job waiting."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from quantgraph.domain.downloads import DownloadEvent, DownloadJob
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import Tally, attach
from quantgraph.services.log_stream import HEARTBEAT_S

# A reader is told no more often than this, seconds: a screen shows no more either.
_PACE_S = 0.1


@dataclass(slots=True, eq=False)
class _Reader:
    """Who follows: one slot a job, the newest state wins."""

    job_id: str | None
    slots: dict[str, DownloadJob] = field(default_factory=dict[str, DownloadJob])
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: int = 0
    conflated: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        return Tally(self.delivered, self.conflated, len(self.slots))


class DownloadNews:
    """Tells readers of jobs; nobody waits for a slow one, and no end of a job is skipped."""

    def __init__(self, pace_s: float = _PACE_S) -> None:
        """Begin with nobody; each reader is told of steps once in `pace_s` seconds at most."""
        self._pace_s = pace_s
        self._readers: set[_Reader] = set()
        self._closing = False

    def tell(self, job: DownloadJob) -> None:
        """Have every reader of the job hear how it is now."""
        for each in self._readers:
            if each.job_id in (None, job.id):
                each.conflated += job.id in each.slots
                each.slots[job.id] = job
                each.stirred.set()

    def close(self) -> None:
        """End every stream: the gateway is stopping."""
        self._closing = True
        for each in self._readers:
            each.stirred.set()

    async def follow(
        self, job_id: str | None, present: Sequence[DownloadJob]
    ) -> AsyncGenerator[DownloadEvent, None]:
        """Yield what is present, then every change; of one job nothing after its end."""
        reader = _Reader(job_id)
        self._readers.add(reader)
        attach(reader)
        try:
            for job in present:
                # What has changed since is told here already: its slot would tell it again.
                newest = reader.slots.pop(job.id, job)
                reader.delivered += 1
                yield DownloadEvent(StreamKind.SNAPSHOT, newest)
                if job_id is not None and newest.state.ended:
                    return
            yield DownloadEvent(StreamKind.CAUGHT_UP)
            while True:
                if not reader.slots and not await _happens(reader.stirred):
                    yield DownloadEvent(StreamKind.HEARTBEAT)
                if self._closing and not reader.slots:
                    raise Unavailable(Reason.SHUTTING_DOWN, "The gateway is stopping.")
                reader.stirred.clear()
                while reader.slots:
                    job = reader.slots.pop(next(iter(reader.slots)))
                    reader.delivered += 1
                    yield DownloadEvent(StreamKind.UPDATE, job)
                    if job_id is not None and job.state.ended:
                        return
                await asyncio.sleep(self._pace_s)
        finally:
            self._readers.discard(reader)


async def _happens(stirred: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await stirred.wait()
    except TimeoutError:
        return False
    return True

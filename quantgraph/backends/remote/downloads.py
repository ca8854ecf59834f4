"""Downloads into the cache of the agent's terminal: a job there for each portion of one here."""

import asyncio
from contextlib import aclosing, suppress

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.failures import offline, translated
from quantgraph.domain.downloads import (
    DownloadJob,
    DownloadProgress,
    DownloadState,
    DownloadWish,
    Told,
)
from quantgraph.domain.errors import GatewayError, LimitReached, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1 import downloads_pb2
from quantgraph.wire.download_jobs import event_from_proto, job_from_proto, wish_to_proto
from quantgraph.wire.failures import error_of

# Seconds that a job which nobody here waits for may take to be stopped there.
_STOP_S = 2.0


class AgentDownloads:
    """Implements `Downloader`. A job for the same that is under way there is followed.

    One that was begun from here is stopped with ours; another's goes on.
    """

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._agent = agent
        self._channel = agent.channel
        # Begun from here, and not seen to end.
        self._own: set[str] = set()

    @property
    def source(self) -> Source:
        """Where the agent's terminal fetches from."""
        return self._agent.status().source

    async def run(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Have it fetched there and return how it ended.

        Errors besides those of the port: TERMINAL_OFFLINE, after which it goes on there, and is
        found again; DOWNLOAD_CANCELED where somebody there has canceled it.
        """
        starting = asyncio.ensure_future(self._started(wish))
        try:
            job = await asyncio.shield(starting)
            last = await self._followed(job.id, told)
        except asyncio.CancelledError:
            await self._stop(starting)
            raise
        self._own.discard(job.id)
        return self._ended(last)

    async def _started(self, wish: DownloadWish) -> DownloadJob:
        try:
            # Asked again after a cut: the same wish is the same job.
            answer = await self._channel.call(
                "DownloadService/StartDownload",
                wish_to_proto(wish),
                downloads_pb2.StartDownloadResponse,
            )
        except GatewayError as error:
            if error.reason is Reason.DOWNLOAD_LIMIT or isinstance(error, LimitReached):
                # It has enough to do just now: ours waits.
                raise Unavailable(Reason.SOURCE_UNAVAILABLE, error.message) from None
            raise
        if answer.changed:
            self._own.add(answer.job.id)
        return job_from_proto(answer.job)

    async def _followed(self, job_id: str, told: Told) -> DownloadJob:
        """Return a job once it has ended, telling how far it is until then."""
        request = downloads_pb2.StreamDownloadJobsRequest(id=job_id)
        stream = self._channel.stream("DownloadService/StreamDownloadJobs", request)
        async with aclosing(stream) as messages:
            async for data in messages:
                answer = downloads_pb2.StreamDownloadJobsResponse.FromString(data)
                job = event_from_proto(answer.event).job
                if job is not None and job.state.ended:
                    return job
                if job is not None and job.total:
                    told(DownloadProgress(job.done, job.total, job.message or ""))
        raise offline(self._channel.address, "it ended the stream of a download")

    async def _stop(self, starting: asyncio.Future[DownloadJob]) -> None:
        # Where it cannot be said it ends by itself: what it brings stays where it is.
        with suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(_STOP_S):
                job_id = (await starting).id
                if job_id not in self._own:
                    return
                self._own.discard(job_id)
                await self._channel.call(
                    "DownloadService/CancelDownload",
                    downloads_pb2.CancelDownloadRequest(id=job_id),
                    downloads_pb2.CancelDownloadResponse,
                )

    def _ended(self, job: DownloadJob) -> DownloadProgress:
        """Return how far it came, or raise why not to the end."""
        if job.state is DownloadState.CANCELED:
            text = f"Download {job.id} was canceled at {self._channel.address}; start it again."
            raise Unavailable(Reason.DOWNLOAD_CANCELED, text)
        failure = job.failures[0] if job.failures else None
        code = job.code or (None if failure is None else failure.code)
        if code is not None:
            text = job.message or (code.value if failure is None else failure.message)
            raise translated(error_of(code.value, text, "", {}), self._channel.address)
        return DownloadProgress(job.done, job.total or job.done, job.message or "")

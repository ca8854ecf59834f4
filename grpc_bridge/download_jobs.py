"""Answers DownloadService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace

from quantgraph.domain.downloads import DownloadJob
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import downloads_pb2
from quantgraph.v1.downloads_pb2_grpc import DownloadServiceServicer
from quantgraph.wire.download_jobs import (
    event_to_proto,
    job_to_proto,
    query_from_proto,
    wish_from_proto,
)
from quantgraph.wire.fields import text_from_proto
from quantgraph.wire.pages import after_token, page_size, token_of

_PAGE = 50
# Of a message beside its jobs: the token, and what frames each job.
_SPARE_BYTES = 1_024
_FRAME_BYTES = 8


class DownloadServicer(DownloadServiceServicer):
    """DownloadService over the gateway's ports."""

    def __init__(self, gateway: Gateway, message_bytes: int) -> None:
        """Answer from `gateway`, a page in at most so many bytes."""
        self._downloads = gateway.downloads
        self._bytes = message_bytes

    async def StartDownload(
        self, request: downloads_pb2.StartDownloadRequest, context: object
    ) -> downloads_pb2.StartDownloadResponse:
        done = await self._downloads.start(wish_from_proto(request))
        return downloads_pb2.StartDownloadResponse(job=job_to_proto(done.job), changed=done.changed)

    async def CancelDownload(
        self, request: downloads_pb2.CancelDownloadRequest, context: object
    ) -> downloads_pb2.CancelDownloadResponse:
        done = await self._downloads.cancel(text_from_proto(request.id, "id"))
        return downloads_pb2.CancelDownloadResponse(
            job=job_to_proto(done.job), changed=done.changed
        )

    async def GetDownloadJob(
        self, request: downloads_pb2.GetDownloadJobRequest, context: object
    ) -> downloads_pb2.GetDownloadJobResponse:
        job = await self._downloads.job(text_from_proto(request.id, "id"))
        return downloads_pb2.GetDownloadJobResponse(job=job_to_proto(job))

    async def ListDownloadJobs(
        self, request: downloads_pb2.ListDownloadJobsRequest, context: object
    ) -> downloads_pb2.ListDownloadJobsResponse:
        wanted = query_from_proto(request)
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(wanted.scope(), request.page_token)
        page = await self._downloads.jobs(replace(wanted, first=size, after=after))
        jobs = _fitting(page.jobs, self._bytes)
        more = page.more or len(jobs) < len(page.jobs)
        return downloads_pb2.ListDownloadJobsResponse(
            jobs=jobs, next_page_token=token_of(wanted.scope(), jobs[-1].id) if more else ""
        )

    async def StreamDownloadJobs(
        self, request: downloads_pb2.StreamDownloadJobsRequest, context: object
    ) -> AsyncGenerator[downloads_pb2.StreamDownloadJobsResponse]:
        job_id = text_from_proto(request.id, "id") if request.HasField("id") else None
        async with aclosing(self._downloads.events(job_id)) as events:
            async for event in events:
                yield downloads_pb2.StreamDownloadJobsResponse(event=event_to_proto(event))


def _fitting(jobs: Iterable[DownloadJob], most: int) -> list[downloads_pb2.DownloadJob]:
    """Return the first jobs, as many as one message takes, and one at least."""
    found: list[downloads_pb2.DownloadJob] = []
    size = _SPARE_BYTES
    for job in jobs:
        message = job_to_proto(job)
        size += message.ByteSize() + _FRAME_BYTES
        if found and size > most:
            break
        found.append(message)
    return found

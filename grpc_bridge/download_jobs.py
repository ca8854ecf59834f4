"""Answers DownloadService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

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


class DownloadServicer(DownloadServiceServicer):
    """DownloadService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._downloads = gateway.downloads

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
        return downloads_pb2.ListDownloadJobsResponse(
            jobs=[job_to_proto(each) for each in page.jobs],
            next_page_token=token_of(wanted.scope(), page.jobs[-1].id) if page.more else "",
        )

    async def StreamDownloadJobs(
        self, request: downloads_pb2.StreamDownloadJobsRequest, context: object
    ) -> AsyncGenerator[downloads_pb2.StreamDownloadJobsResponse]:
        job_id = text_from_proto(request.id, "id") if request.HasField("id") else None
        async with aclosing(self._downloads.events(job_id)) as events:
            async for event in events:
                yield downloads_pb2.StreamDownloadJobsResponse(event=event_to_proto(event))

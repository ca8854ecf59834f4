"""Downloads into a gateway's terminal, from here: started, canceled, listed and followed."""

from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import date

from quantgraph.client.calls import Caller
from quantgraph.domain.downloads import (
    DownloadChange,
    DownloadEvent,
    DownloadJob,
    DownloadKind,
    DownloadState,
    DownloadWish,
)
from quantgraph.domain.errors import bad_request
from quantgraph.domain.instruments import checked_symbol
from quantgraph.v1 import downloads_pb2
from quantgraph.wire.download_jobs import event_from_proto, job_from_proto, wish_to_proto
from quantgraph.wire.enums import DOWNLOAD_KIND, DOWNLOAD_STATE

_SERVICE = "/quantgraph.v1.DownloadService"


class DownloadCalls:
    """The gateway's downloads as domain objects. Every method raises its GatewayErrors."""

    def __init__(self, caller: Caller) -> None:
        """Call by `caller`; use `Client.downloads`."""
        self._caller = caller

    def start(
        self,
        kind: DownloadKind | str,
        symbols: Iterable[str] = (),
        *,
        start: date | None = None,
        end: date | None = None,
        table: str | None = None,
    ) -> DownloadChange:
        """Queue a download; one under way for the same is returned (`changed` False).

        Errors: BAD_REQUEST, START_AFTER_END, DOWNLOAD_LIMIT, ….
        """
        if str(kind) not in list(DownloadKind):
            raise bad_request(f"{kind!r} is not one of {', '.join(DownloadKind)}.", field="kind")
        names = tuple(checked_symbol(each) for each in symbols)
        request = wish_to_proto(DownloadWish(DownloadKind(kind), names, start, end, table))
        answer = self._caller.call(
            f"{_SERVICE}/StartDownload", request, downloads_pb2.StartDownloadResponse
        )
        return DownloadChange(job_from_proto(answer.job), answer.changed)

    def cancel(self, job_id: str) -> DownloadChange:
        """End a download; one that has ended stays as it is. Errors: UNKNOWN_DOWNLOAD."""
        answer = self._caller.call(
            f"{_SERVICE}/CancelDownload",
            downloads_pb2.CancelDownloadRequest(id=job_id),
            downloads_pb2.CancelDownloadResponse,
        )
        return DownloadChange(job_from_proto(answer.job), answer.changed)

    def get(self, job_id: str) -> DownloadJob:
        """Return a download as it is now. Errors: UNKNOWN_DOWNLOAD."""
        answer = self._caller.call(
            f"{_SERVICE}/GetDownloadJob",
            downloads_pb2.GetDownloadJobRequest(id=job_id),
            downloads_pb2.GetDownloadJobResponse,
        )
        return job_from_proto(answer.job)

    def all(
        self, states: Iterable[DownloadState] = (), kinds: Iterable[DownloadKind] = ()
    ) -> Generator[DownloadJob]:
        """Yield the downloads that match, newest first, page by page."""
        request = downloads_pb2.ListDownloadJobsRequest(
            states=[DOWNLOAD_STATE.to_proto(each) for each in states],
            kinds=[DOWNLOAD_KIND.to_proto(each) for each in kinds],
        )
        while True:
            answer = self._caller.call(
                f"{_SERVICE}/ListDownloadJobs", request, downloads_pb2.ListDownloadJobsResponse
            )
            yield from map(job_from_proto, answer.jobs)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def follow(self, job_id: str | None = None) -> Generator[DownloadEvent]:
        """Yield every change, of one download to its end or of all; close it to stop.

        Errors: UNKNOWN_DOWNLOAD, SHUTTING_DOWN, SOURCE_UNAVAILABLE where the gateway is lost.
        """
        request = downloads_pb2.StreamDownloadJobsRequest(id=job_id)
        with closing(self._caller.stream(f"{_SERVICE}/StreamDownloadJobs", request)) as answers:
            for each in answers:
                message = downloads_pb2.StreamDownloadJobsResponse.FromString(each)
                yield event_from_proto(message.event)

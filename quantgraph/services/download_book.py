"""The list of downloads: those under way, and a bounded number of those that have ended."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from quantgraph.domain.downloads import (
    DownloadJob,
    DownloadPage,
    DownloadQuery,
    DownloadState,
    DownloadWish,
    unknown_download,
)
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason


class DownloadBook:
    """Every job that is remembered, by id and in the order in which they came."""

    def __init__(self, held: Iterable[DownloadJob], kept: int) -> None:
        """Begin with what is held; of ended jobs the newest `kept` stay."""
        self._jobs = {each.id: each for each in held}
        self._kept = kept

    def get(self, job_id: str) -> DownloadJob:
        """Return a job. Errors: UNKNOWN_DOWNLOAD."""
        if job_id not in self._jobs:
            raise unknown_download(job_id)
        return self._jobs[job_id]

    def find(self, job_id: str) -> DownloadJob | None:
        """Return a job, None where there is none of this id."""
        return self._jobs.get(job_id)

    def put(self, job: DownloadJob) -> None:
        """Hold a job as it is now."""
        self._jobs[job.id] = job

    def trim(self) -> Sequence[str]:
        """Forget ended jobs beyond those kept, the first to end first; return their ids."""
        ended = [(each.ended_at, each.id) for each in self._jobs.values() if each.state.ended]
        gone = [each for _, each in sorted(ended)[: max(len(ended) - self._kept, 0)]]
        for each in gone:
            del self._jobs[each]
        return gone

    def live(self) -> Iterator[DownloadJob]:
        """Return what waits or runs, the oldest first."""
        return (each for each in self._jobs.values() if not each.state.ended)

    def waiting(self) -> DownloadJob | None:
        """Return the next one to be run."""
        return next((each for each in self.live() if each.state is DownloadState.QUEUED), None)

    def same(self, wish: DownloadWish) -> DownloadJob | None:
        """Return the job under way that brings the same."""
        return next((each for each in self.live() if each.wish.same(wish)), None)

    def lately(self, wish: DownloadWish, now: datetime, within: timedelta) -> DownloadJob | None:
        """Return the newest job for the same that has ended within a while, however it did."""
        return next(
            (
                each
                for each in reversed(self._jobs.values())
                if each.ended_at is not None and now - each.ended_at <= within
                if each.wish.same(wish)
            ),
            None,
        )

    def page(self, query: DownloadQuery) -> DownloadPage:
        """Return the jobs that match, newest first. Errors: INVALID_CURSOR."""
        newest = list(reversed(self._jobs.values()))
        if query.after is not None:
            place = [each.id for each in newest]
            if query.after not in place:
                text = f"Download {query.after[:60]!r} is remembered no more; begin again."
                raise InvalidRequest(Reason.INVALID_CURSOR, text)
            newest = newest[place.index(query.after) + 1 :]
        found = [each for each in newest if query.wants(each)]
        return DownloadPage(tuple(found[: query.first]), len(found) > query.first)

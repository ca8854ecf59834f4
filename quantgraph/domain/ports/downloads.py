"""What the rooms above may ask of downloads, and what a terminal is asked for them."""

from collections.abc import AsyncGenerator
from typing import Protocol

from quantgraph.domain.bars import BarSeries
from quantgraph.domain.downloads import (
    DownloadChange,
    DownloadEvent,
    DownloadJob,
    DownloadPage,
    DownloadProgress,
    DownloadQuery,
    DownloadWish,
    Told,
)
from quantgraph.domain.sources import Source


class Downloader(Protocol):
    """A terminal that fetches into its own cache, one wish at a time."""

    @property
    def source(self) -> Source:
        """Where it fetches from."""
        ...

    async def run(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Fetch and return how it ended; `told` hears of every step, on the loop.

        Cancelling it stops the terminal as well. Errors: DOWNLOAD_REFUSED and UNKNOWN_SYMBOL, of
        what is asked for; TIMED_OUT where it says nothing any more; TERMINAL_LACKS;
        SOURCE_UNAVAILABLE while it is away.
        """
        ...


class Downloads(Protocol):
    """Downloads as jobs, one at a time per terminal. They outlive requests and restarts."""

    async def start(self, wish: DownloadWish) -> DownloadChange:
        """Queue a download and answer at once; one that is under way for the same is answered.

        Errors: BAD_REQUEST, START_AFTER_END, DOWNLOAD_LIMIT, STORE_UNAVAILABLE.
        """
        ...

    async def cancel(self, job_id: str) -> DownloadChange:
        """End a job, also one whose terminal hangs; one that has ended stays as it is.

        Errors: UNKNOWN_DOWNLOAD, STORE_UNAVAILABLE.
        """
        ...

    async def job(self, job_id: str) -> DownloadJob:
        """Return a job as it is now. Errors: UNKNOWN_DOWNLOAD."""
        ...

    async def jobs(self, query: DownloadQuery) -> DownloadPage:
        """Return the jobs that match, newest first. Errors: INVALID_CURSOR."""
        ...

    async def find(self, wish: DownloadWish) -> DownloadJob | None:
        """Return the job for the same that is under way, or has ended lately; else None."""
        ...

    def events(self, job_id: str | None) -> AsyncGenerator[DownloadEvent, None]:
        """Yield what is under way, CAUGHT_UP, then every change, and a heartbeat every 5 s.

        Of one job alone: it first, whatever its state, and nothing after its end. Errors:
        UNKNOWN_DOWNLOAD, SHUTTING_DOWN.
        """
        ...


class MissingBars(Protocol):
    """Has what a series lacks downloaded."""

    async def fetch(self, series: BarSeries) -> BarSeries:
        """Start what brings its missing sessions, and say in `coverage` which job does; no wait.

        Unchanged where nothing is missing, or no download would show here. Errors: as
        `Downloads.start`.
        """
        ...

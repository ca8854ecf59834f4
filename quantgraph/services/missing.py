"""Starts downloads of what a series of bars lacks, and says so in its coverage."""

from dataclasses import replace

from quantgraph.domain.bars import BarSeries
from quantgraph.domain.downloads import missing_of
from quantgraph.domain.ports.downloads import Downloads


class DownloadedBars:
    """Implements `MissingBars` over the jobs of downloads; nobody waits for one."""

    def __init__(self, downloads: Downloads) -> None:
        """Start them by `downloads`, which writes down who asked."""
        self._downloads = downloads

    async def fetch(self, series: BarSeries) -> BarSeries:
        """Start what is missing, unless it is under way or was had lately."""
        wish = missing_of(series)
        if wish is None:
            return series
        job = await self._downloads.find(wish) or (await self._downloads.start(wish)).job
        return replace(series, coverage=replace(series.coverage, download_id=job.id))

"""Downloads in memory: three of an earlier day, and a terminal that says nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from quantgraph.domain.downloads import DownloadFailure, DownloadJob, DownloadKind, DownloadWish
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.services.download_jobs import DownloadBounds, DownloadJobs, DownloadParts
from tests.grpc_bridge.memory.system import NOW, Inline, MarketClock

SYMBOLS = ("600519.SH", "000001.SZ")
_DAYS = DownloadWish(DownloadKind.DAYS, SYMBOLS, date(2024, 1, 2), date(2024, 2, 29))


class SilentTerminal:
    """Never answers."""

    source = Source.TERMINAL

    async def run(self, wish: DownloadWish, told: Any) -> Any:
        await asyncio.get_running_loop().create_future()


class MemoryDownloads:
    """A shelf of what an earlier start left: one done, one failed, one to be gone on with."""

    def __init__(self) -> None:
        later = NOW + timedelta(seconds=9)
        made = [
            DownloadJob(
                f"download_{number}", wish, Source.TERMINAL, NOW, total=len(wish.symbols) or None
            )
            for number, wish in enumerate((_DAYS, DownloadWish(DownloadKind.BONDS), _DAYS), 1)
        ]
        begun = [each.begin(NOW) for each in made]
        failure = DownloadFailure(SYMBOLS[1], Reason.DOWNLOAD_REFUSED, "无权限")
        lacking = begun[1].fail(later, Reason.TERMINAL_LACKS, "It is an older one.")
        minutes = replace(begun[2], wish=replace(_DAYS, kind=DownloadKind.MINUTES, start=None))
        self.held = {
            each.id: each
            for each in (
                begun[0].failing(failure).end(later),
                lacking,
                minutes.step(1, 2, "600519.SH"),
            )
        }

    def load(self) -> list[DownloadJob]:
        return list(self.held.values())

    def put(self, job: DownloadJob, gone: Sequence[str] = ()) -> None:
        self.held[job.id] = job


class Numbers:
    """Ids in their order."""

    def __init__(self) -> None:
        self._next = count(4)

    def new(self, prefix: str) -> str:
        return f"{prefix}{next(self._next)}"


def memory_downloads(terminal: Any = None, symbols: int = 1_000) -> DownloadJobs:
    """The real jobs over both; nothing runs before somebody starts something."""
    bounds = DownloadBounds(symbols=symbols)
    parts: Any = (terminal or SilentTerminal(), MemoryDownloads(), Inline(), bounds)
    return DownloadJobs(DownloadParts(*parts, MarketClock(), Numbers()))

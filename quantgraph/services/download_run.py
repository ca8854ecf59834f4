"""One download from where it stands to its end: symbols in portions, each whole or named."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from quantgraph.domain.clock import Clock
from quantgraph.domain.downloads import DownloadFailure, DownloadJob, DownloadProgress
from quantgraph.domain.errors import GatewayError, NotFound
from quantgraph.domain.ports.downloads import Downloader
from quantgraph.domain.reasons import Reason

# Symbols that a terminal is asked for at once: what is lost with an interrupted portion.
_PORTION = 20
# Symbols in a row of which the terminal says nothing: it hangs, and the next ones would as well.
_SILENT = 3
_OWN_FAULT = frozenset({Reason.DOWNLOAD_REFUSED, Reason.TIMED_OUT})


@dataclass(frozen=True, slots=True)
class RunParts:
    """What a run needs: who fetches, what time it is, and who is told.

    `tell` hears of every step, `keep` makes durable what is whole.
    """

    downloader: Downloader
    clock: Clock
    tell: Callable[[DownloadJob], None]
    keep: Callable[[DownloadJob], Awaitable[None]]


class DownloadRun:
    """Runs one job; `job` is how it stands, `whole` how many symbols need not be had again."""

    def __init__(self, parts: RunParts, job: DownloadJob) -> None:
        """Begin it."""
        self._parts = parts
        self.job = job.begin(parts.clock.now())
        self.whole = job.done if job.wish.symbols else 0
        self._silent = 0
        parts.tell(self.job)

    async def run(self) -> None:
        """Fetch what is left. Errors: as `Downloader.run`, where they end or interrupt all."""
        symbols = self.job.wish.symbols
        if not symbols:
            await self._parts.downloader.run(self.job.wish, self._step)
        while self.whole < len(symbols):
            portion = symbols[self.whole : self.whole + _PORTION]
            await self._portion(portion)
            self._tell(self.job.step(self.whole, len(symbols), self.job.message))
            if self.whole < len(symbols):
                await self._parts.keep(self.job)
        self._tell(self.job.end(self._parts.clock.now()))

    async def _portion(self, symbols: Sequence[str]) -> None:
        """Fetch them together; where that fails each alone, so that the culprit is named."""
        try:
            await self._fetch(symbols)
        except GatewayError as error:
            if not _blames(error):
                raise
            if len(symbols) == 1:
                self._fail(symbols[0], error)
                return
            for each in symbols:
                await self._portion((each,))
            return
        self._silent = 0
        self.whole += len(symbols)

    async def _fetch(self, symbols: Sequence[str]) -> None:
        begun, many = self.whole, len(symbols)

        def told(step: DownloadProgress) -> None:
            # The source counts steps of its own, several for each symbol of some kinds.
            done = begun + many * min(step.finished, step.total) // max(step.total, 1)
            text = step.message or None
            self._tell(self.job.step(done, len(self.job.wish.symbols), text))

        wish = replace(self.job.wish, symbols=tuple(symbols))
        await self._parts.downloader.run(wish, told)

    def _fail(self, symbol: str, error: GatewayError) -> None:
        self._silent = self._silent + 1 if error.reason is Reason.TIMED_OUT else 0
        if self._silent >= _SILENT:
            raise error
        self.whole += 1
        self._tell(self.job.failing(DownloadFailure.of(symbol, error)))

    def _step(self, step: DownloadProgress) -> None:
        self._tell(self.job.step(step.finished, step.total, step.message or None))

    def _tell(self, job: DownloadJob) -> None:
        self.job = job
        self._parts.tell(job)


def _blames(error: GatewayError) -> bool:
    """Return whether it is about what was asked for, not about the terminal."""
    return error.reason in _OWN_FAULT or isinstance(error, NotFound)

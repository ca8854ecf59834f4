"""What the simulated exchange tells: its reports, one reader's, and the day's list of orders."""

import asyncio
from collections.abc import Iterable

from quantgraph.backends.sim.day_list import DayList
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import Checkpoint, ExecutionReport, LinkChange, TerminalEvent

# For reports to be recorded: two slow disks.
_PATIENCE_S = 5.0


class Reporting:
    """One queue of reports, None at its end; `listed` says what they said of each order."""

    def __init__(self, clock: MarketClock) -> None:
        """Begin without orders."""
        self._clock = clock
        self.queue: asyncio.Queue[TerminalEvent | None] = asyncio.Queue()
        self.listed = DayList()

    def publish(self, reports: Iterable[ExecutionReport]) -> None:
        """Let the reader have reports."""
        for report in reports:
            self.listed.note(report)
            self.queue.put_nowait(report)

    def relink(self, *, up: bool) -> None:
        """Tell that the link is back, or broken: orders stay as last told."""
        self.queue.put_nowait(LinkChange(up, from_ms(self._clock.moment().ms)))

    def forget(self, listed: DayList | None = None) -> None:
        """Begin without orders, or with a list: what is still to be told is of another world."""
        self.listed = listed or DayList()
        while not self.queue.empty():
            self.queue.get_nowait()

    async def recorded(self) -> None:
        """Return when all that was told has been recorded.

        Errors: SOURCE_UNAVAILABLE where that does not happen.
        """
        reached = asyncio.Event()
        self.queue.put_nowait(Checkpoint(reached.set))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await reached.wait()
        except TimeoutError as error:
            text = "Reports of the exchange are not being recorded now; try again later."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text) from error

    def end(self) -> None:
        """End the reader's stream behind what is on its way."""
        self.queue.put_nowait(None)

"""What is measured of a gateway, made with its parts: calls, acts, timings and streams."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias

from api.log_writer import LogWriter
from api.metrics import ActBook, Dials
from api.worlds import OrderWay
from quantgraph.bus.places import BusPlace
from quantgraph.domain.audit import Act
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.calls import Call
from quantgraph.domain.clock import Clock
from quantgraph.domain.quotes import Quote
from quantgraph.services.calls import CallBook, Tracer
from quantgraph.services.download_jobs import DownloadJobs
from quantgraph.services.latency import Timings
from quantgraph.services.quotes import SharedQuotes
from quantgraph.services.subscriptions import StreamBook

Problems: TypeAlias = Callable[[], Mapping[str, str]]
# Seconds between two looks at how late the event loop is.
_LOOK_S = 0.25


class Watch:
    """Counts and times; `start` in the running loop."""

    def __init__(
        self,
        log: LogWriter | None,
        most: int,
        tracer: Tracer | None = None,
        bus: BusPlace | None = None,
    ) -> None:
        """Hand lines on to `log`, as far as it takes them; a key may hold `most` streams."""
        self._log, self._bus = log, bus
        line = None if log is None or not log.takes(Call) else log.put
        self.calls = CallBook(line, tracer)
        self.acts = ActBook(None if log is None or not log.takes(Act) else log.put)
        self.timings = Timings()
        self.streams = StreamBook(most=most)
        self._task: asyncio.Task[None] | None = None

    def aged(self, clock: Clock) -> Callable[[Quote], None]:
        """Return what notes how old a quote is when it comes."""
        note = self.timings.quote_age.note
        return lambda quote: note((to_ms(clock.now()) - quote.time) / 1_000)

    def dials(
        self, way: OrderWay, quotes: SharedQuotes, downloads: DownloadJobs, problems: Problems
    ) -> Dials:
        """Return where all of it can be read."""
        return Dials(
            calls=self.calls,
            acts=self.acts,
            timings=self.timings,
            states=way.states,
            streams=self.streams,
            trading=lambda: way.status().state,
            connected=way.connected,
            upstreams=lambda: quotes.upstream_count,
            problems=problems,
            downloads=downloads.under_way,
            downloads_ended=downloads.ended,
            lines_dropped=lambda: 0 if self._log is None else self._log.dropped,
            bus=self._bus,
        )

    def bus_connected(self) -> bool | None:
        """Return whether the bus is there; None where none is configured."""
        return None if self._bus is None else self._bus.connected

    def start(self) -> None:
        """Begin to look at the event loop."""
        self._task = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        loop, note = asyncio.get_running_loop(), self.timings.loop_lag.note
        while True:
            due = loop.time() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            note(loop.time() - due)

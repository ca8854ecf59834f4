"""The live feed: one task wakes at every quote of the clock, as long as anybody follows."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ParamSpec, Protocol, TypeVar

import structlog

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.live import Screens
from quantgraph.backends.sim.moments import MarketClock, Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.quotes import Quote
from quantgraph.domain.streams import SourceState

P = ParamSpec("P")
R = TypeVar("R")
# At ×1000 a quote is due every real millisecond; what falls between two wakes is skipped.
_SHORTEST_WAIT_S = 0.01
_BACKLOG = 1_000
_logger = structlog.get_logger(__name__)
# Real seconds after which followers notice that an import gave their symbol another path.
_RENEWAL_S = 1.0


class Runner(Protocol):
    """A pool for blocking work, such as `services.workers.Workers`."""

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking work off the event loop and return its result."""
        ...


class _Lane:
    """Quotes on their way to one follower; a very slow one loses the oldest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark: tuple[str, date, int] | None = None
        self._quotes: deque[Quote] = deque(maxlen=_BACKLOG)
        self._some = asyncio.Event()
        self._error: Exception | None = None

    def put(self, quote: Quote) -> None:
        self._quotes.append(quote)
        self._some.set()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._some.set()

    async def take(self) -> Quote:
        while not self._quotes:
            if self._error is not None:
                raise self._error
            self._some.clear()
            await self._some.wait()
        return self._quotes.popleft()


@dataclass(frozen=True, slots=True)
class FeedParts:
    """What the feed is made of. `interval_ms` is trading time; `sleep` takes real seconds."""

    paths: Paths
    quoter: Quoter
    clock: MarketClock
    runner: Runner
    interval_ms: int
    screens: Screens
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class SimFeed:
    """Implements `QuoteFeed`: to each follower the present quote at once, then every new one."""

    def __init__(self, parts: FeedParts) -> None:
        """Start nothing: the task runs only while somebody follows."""
        self._parts = parts
        self._alarm = Alarm(parts.clock, parts.sleep)
        self._lanes: set[_Lane] = set()
        self._task: asyncio.Task[None] | None = None
        self._last: int | None = None
        self._wanted: set[str] = set()
        self._loading: asyncio.Task[Mapping[str, Path]] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._slept = 0.0

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield every new quote until closed. Errors: UNKNOWN_SYMBOL."""
        lane = _Lane(await self._path(symbol))
        self._lanes.add(lane)
        try:
            await self._serve([lane])
            self._wake()
            while True:
                yield await lane.take()
        finally:
            self._lanes.discard(lane)
            self._rest()

    def state(self) -> SourceState:
        """Return that the simulation runs, and when it last gave a quote."""
        now = self._parts.clock.moment().ms
        lag = None if self._last is None else max(now - self._last, 0)
        return SourceState(connected=True, last_event_time=self._last, lag_ms=lag)

    @property
    def running(self) -> bool:
        """Whether the task is awake, that is, whether anybody follows."""
        return self._task is not None

    async def beat(self) -> None:
        """Give every follower the quote of this moment, unless it has it already."""
        await self._serve(list(self._lanes))

    async def _serve(self, lanes: Sequence[_Lane]) -> None:
        mark = self._mark(self._parts.clock.moment())
        due = [lane for lane in lanes if lane.mark != mark]
        for lane in due:
            lane.mark = mark
        now, quotes = await self._quotes(due)
        # Who has been given a newer one meanwhile gets no older one after it.
        for lane in (each for each in due if each.mark == mark):
            lane.mark = self._mark(now)
            quote = quotes[lane.path.instrument.symbol]
            lane.put(quote)
            self._last = quote.time

    def _mark(self, now: Moment) -> tuple[str, date, int]:
        return now.epoch, now.day, self._parts.quoter.step(now)

    async def _path(self, symbol: str) -> Path:
        """Return the path, loading all that are asked for at the same time in one job."""
        day = self._parts.clock.moment().day
        path = self._parts.paths.ready(symbol, day)
        if path is None:
            self._wanted.add(symbol)
            if self._loading is None:
                self._loading = asyncio.create_task(self._load(day))
            path = (await asyncio.shield(self._loading)).get(symbol)
        if path is None:
            raise unknown_symbol(symbol)
        return path

    async def _load(self, day: date) -> Mapping[str, Path]:
        # Begins after everybody who is ready to run has asked: a sector's worth of followers
        # comes at once, and one job each would overflow the workers.
        symbols, self._wanted, self._loading = tuple(self._wanted), set(), None
        return await self._parts.runner.run(self._parts.paths.load, symbols, day)

    async def _quotes(self, due: Sequence[_Lane]) -> tuple[Moment, Mapping[str, Quote]]:
        paths = {lane.path.instrument.symbol: lane.path for lane in due}
        screens = await self._parts.screens(list(paths))
        # Read after the order books: no quote is stamped earlier than what it shows.
        now = self._parts.clock.moment()
        return now, self._parts.quoter.quote(paths, now, screens)

    async def renew(self) -> None:
        """Give every follower its symbol's present path, beside the beat: quotes never wait."""
        symbols = {lane.path.instrument.symbol for lane in self._lanes}
        day = self._parts.clock.moment().day
        try:
            paths = await self._parts.runner.run(self._parts.paths.load, tuple(symbols), day)
            for lane in self._lanes:
                lane.path = paths.get(lane.path.instrument.symbol, lane.path)
        except GatewayError as error:  # too busy, or the store is away: the next one may succeed
            _logger.debug("paths_not_renewed", reason=error.reason.value)
        finally:
            self._renewal = None

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def _rest(self) -> None:
        if not self._lanes and self._task is not None:
            self._task.cancel()
            self._task = None
            if self._renewal is not None:
                self._renewal.cancel()

    async def _run(self) -> None:
        try:
            while True:
                # First of all: the clock may have jumped, and stand, since the task was made.
                await self.beat()
                self._slept += await self._alarm.step(self._parts.interval_ms, _SHORTEST_WAIT_S)
                if self._slept >= _RENEWAL_S and self._renewal is None:
                    self._slept = 0.0
                    self._renewal = asyncio.create_task(self.renew())
        except Exception as error:
            self._task = None
            for lane in self._lanes:
                lane.fail(error)

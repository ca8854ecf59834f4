"""The exchange in the clock's world: time moves it, days end, worlds start over."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import structlog

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.clock import MarketClock, Moment
from quantgraph.backends.sim.day_list import DayList
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import dump_exchange, live_in, load_exchange, readable
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.pit import Screen
from quantgraph.backends.sim.securities import Security
from quantgraph.config import SeedAccount
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, OrderRefused, Unavailable
from quantgraph.domain.ports.market import Dividends
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.terminal import Checkpoint, ExecutionReport, TerminalEvent

T = TypeVar("T")
_STEP_MS = 1_000
# At ×1000 a second passes every real millisecond; what falls between two wakes is done at once.
_SHORTEST_WAIT_S = 0.01
# About 2 ms: the event loop has others to serve.
_SLICE = 16
_TRIES = 5
# For reports to be recorded: two slow disks.
_PATIENCE_S = 5.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorldParts:
    """What the exchange's world is made of.

    `listing` makes the security of a symbol and a day, off the event loop; it raises OrderRefused
    where there is none. `open_orders` per account and `live_symbols` are limits.
    """

    clock: MarketClock
    calendar: TradingCalendar
    dividends: Dividends
    listing: Callable[[str, date], Awaitable[Security]]
    accounts: Sequence[SeedAccount]
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    open_orders: int = 1_000
    live_symbols: int = 500
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Driver:
    """Keeps one exchange abreast of the clock and gathers its reports.

    When the clock begins a new epoch the world starts anew: accounts as seeded, no orders. Then
    `on_epoch` is awaited with the epoch's id before anything else happens.
    """

    def __init__(self, parts: WorldParts, on_epoch: Callable[[str], Awaitable[None]]) -> None:
        """Open the accounts; `start` makes time act also while nobody asks."""
        self._parts = parts
        self._on_epoch = on_epoch
        self.reports: asyncio.Queue[TerminalEvent | None] = asyncio.Queue()
        self._keeper: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        # Quotes of many symbols are read in threads, while the loop moves the books.
        self._still = threading.Lock()
        now = parts.clock.moment()
        self.epoch = now.epoch
        self.exchange = self._open(now)
        self.listed = DayList()

    def start(self) -> None:
        """Begin to move with the clock."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stand still, and end the reports."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self.reports.put_nowait(None)

    def screen(self, symbol: str) -> Screen | None:
        """Return what a live symbol displays, None for any other; from any thread."""
        if not self.exchange.is_live(symbol):
            return None
        with self._still:
            return self.exchange.screen(symbol)

    async def present(self) -> Moment:
        """Bring the world up to the clock: all that was due, the day's end, the new epoch."""
        async with self._turning:
            now = self._parts.clock.moment()
            if now.epoch != self.epoch:
                await self._start_over(now)
            else:
                await self._catch_up(now.ms)
                if now.day != self.exchange.day:
                    events = await self._events(self.exchange.day, now.day)
                    self.listed.roll()
                    with self._still:
                        self.publish(self.exchange.roll(now.day, now.ms, events)[0])
        return now

    async def act(self, work: Callable[[int], T], symbol: str | None = None) -> T:
        """Do something at the exchange at this instant, with a symbol listed for the day.

        Nothing else happens between the arrival of the present and the work. What it raises is
        raised; the reports until then are told all the same. Raises OrderRefused as well where
        the symbol cannot be listed, or the world starts over meanwhile.
        """
        epoch = self.epoch
        for _ in range(_TRIES):
            now = await self.present()
            if self.epoch != epoch:
                text = "The simulated world has just started over; submit the order again."
                raise OrderRefused(Reason.TERMINAL_REFUSED, text)
            if symbol is not None and symbol not in self.exchange.listed:
                # A fast clock may leave the day meanwhile; the next try is of the new one.
                self.exchange.list_security(await self._parts.listing(symbol, now.day))
                continue
            try:
                with self._still:
                    return work(now.ms)
            finally:
                self._expire(now.ms)
        text = f"The simulated day ends before {symbol} could be listed; slow the clock down."
        raise OrderRefused(Reason.TERMINAL_REFUSED, text)

    async def dump(self) -> dict[str, Any]:
        """Return the exchange's state at the present; its reports have been recorded.

        Errors: SOURCE_UNAVAILABLE where nobody takes them.
        """
        await self.settle()
        return {**dump_exchange(self.exchange), "listed": self.listed.dump()}

    async def load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        """Go on from a state: `begin` turns the world back and returns its new epoch.

        Where it cannot be read, or `begin` fails, nothing has changed.
        """
        async with self._turning:
            day, live = live_in(state)
            with readable():
                securities = {symbol: await self._parts.listing(symbol, day) for symbol in live}
                listed = DayList.load(state["listed"])
            exchange = load_exchange(state, self._rules(self.epoch), securities)
            epoch = await begin()
            exchange.rules = self._rules(epoch)
            with self._still:
                self.exchange = exchange
            self.epoch, self.listed = epoch, listed
            while not self.reports.empty():
                self.reports.get_nowait()

    async def settle(self) -> None:
        """Return when all that is due by now has happened and is recorded.

        Errors: SOURCE_UNAVAILABLE where its reports are not being recorded.
        """
        await self.present()
        reached = asyncio.Event()
        self.reports.put_nowait(Checkpoint(reached.set))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await reached.wait()
        except TimeoutError as error:
            text = "Reports of the exchange are not being recorded now; try again later."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text) from error

    async def _catch_up(self, at: int) -> None:
        while self.exchange.behind(at):
            with self._still:
                self.publish(self.exchange.advance(at, _SLICE))
            await asyncio.sleep(0)
        self._expire(at)

    def _expire(self, at: int) -> None:
        """Come to an instant by which all frames were fed: what expires by then does."""
        with self._still:
            self.publish(self.exchange.advance(at))

    async def _events(self, after: date, until: date) -> Sequence[Dividend]:
        """Return what the held shares grant on the days after one day, up to another."""
        ledgers = self.exchange.ledgers.values()
        held = sorted({symbol for each in ledgers for symbol in each.holdings})
        found = await self._parts.dividends.dividends(held, Period.DAY_1) if held else ()
        return [each for one in found for each in one or () if after < each.ex_date <= until]

    async def _start_over(self, now: Moment) -> None:
        self.epoch = now.epoch
        self.exchange = self._open(now)
        self.listed = DayList()
        while not self.reports.empty():
            self.reports.get_nowait()
        await self._on_epoch(now.epoch)

    def _open(self, now: Moment) -> Exchange:
        ledgers = [Ledger.open(seed) for seed in self._parts.accounts]
        return Exchange(ledgers, now.day, self._rules(now.epoch))

    def _rules(self, epoch: str) -> Rules:
        parts = self._parts
        return Rules(
            calendar=parts.calendar,
            fees=parts.fees,
            # The end of an epoch's id is random: no two worlds give the same broker order id.
            prefix=f"SIM{epoch[-8:]}",
            open_orders=parts.open_orders,
            live_symbols=parts.live_symbols,
        )

    def publish(self, reports: Iterable[ExecutionReport]) -> None:
        """Let the reader have reports."""
        for report in reports:
            self.listed.note(report)
            self.reports.put_nowait(report)

    async def _keep(self) -> None:
        """Let time act though nobody may ask: orders fill, and at the day's end they expire."""
        alarm = Alarm(self._parts.clock, self._parts.sleep)
        while True:
            await alarm.step(_STEP_MS, _SHORTEST_WAIT_S)
            try:
                await self.present()
            except GatewayError as error:  # the store is away: the day ends when it is back
                _logger.warning("exchange_held_up", reason=error.reason.value)

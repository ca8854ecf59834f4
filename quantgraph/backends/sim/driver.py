"""The exchange in the clock's world: time moves it, days end, worlds start over."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import structlog

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.announced import read_events
from quantgraph.backends.sim.day_list import DayList
from quantgraph.backends.sim.engine.own import OwnEngine
from quantgraph.backends.sim.engine.port import Engine, Kept, Opening
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.keeping import dump_exchange, live_in, readable
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.pursuit import Pursuit
from quantgraph.backends.sim.reporting import Reporting
from quantgraph.backends.sim.screen import Screen
from quantgraph.domain.bars import Period
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.reasons import Reason

T = TypeVar("T")
_STEP_MS = 1_000
# At ×1000 a second passes every real millisecond; what falls between two wakes is done at once.
_SHORTEST_WAIT_S = 0.01
_TRIES = 5
_TOGETHER = 64
_logger = structlog.get_logger(__name__)


class Driver:
    """Keeps one exchange abreast of the clock, or the clock of it, and gathers its reports.

    Where the order books cannot follow the clock it is held back, and everything is answered from
    the state that they have reached: nobody waits for the rest.

    When the clock begins a new epoch the world starts anew: accounts as seeded, no orders. Then
    `on_epoch` is awaited with the epoch's id before anything else happens. While the exchange is
    lost the link is broken; a new epoch brings another one.
    """

    def __init__(self, parts: WorldParts, on_epoch: Callable[[str], Awaitable[None]]) -> None:
        """Hold the parts; `start` makes time act also while nobody asks."""
        self._parts = parts
        self._on_epoch = on_epoch
        self.engine: Engine = parts.engine or OwnEngine(parts.listing)
        self.engine.watch(self._lose)
        self._pursuit = Pursuit(parts.clock, self.engine, parts.portion_s)
        self.reporting = Reporting(parts.clock)
        self._alarm = Alarm(parts.clock, parts.sleep)
        self._keeper: asyncio.Task[None] | None = None
        self._works: set[asyncio.Future[Any]] = set()
        self._turning = asyncio.Lock()
        now = parts.clock.moment()
        self.epoch = now.epoch
        # Another number after whatever gives other accounts: a world, or one more of them.
        self.roster = 0
        self._day: date | None = None
        self._symbols: set[str] = set()

    def start(self) -> None:
        """Begin to move with the clock."""
        self._pursuit.kept = True
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stand still, and end the reports."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, *self._works, return_exceptions=True)
        await self.engine.close()
        self.reporting.end()

    async def screens(self, symbols: Iterable[str]) -> Mapping[str, Screen]:
        """Return what those display that have an order book; none where the exchange is lost.

        The clock shows no earlier instant afterwards than they are of.
        """
        live = [symbol for symbol in symbols if symbol in self._symbols]
        if not live or self.engine.lost:
            return {}
        screens: dict[str, Screen] = {}
        # A few at once: whoever looks first waits for what their books are owed, 20 ms in all.
        for begin in range(0, len(live), _TOGETHER):
            found, due = await self.look(_screens, live[begin : begin + _TOGETHER])
            screens |= found
            if due is not None and self._pursuit.behind:
                self._pursuit.hold(due)
        return screens

    async def present(self) -> None:
        """Bring the world up to the clock: all that was due, the day's end, the new epoch.

        Or as near as a small part of a portion does: who waits gives the rest of it away.
        Errors: EXCHANGE_LOST.
        """
        if not self._pursuit.behind:
            with self._pursuit.hurried():
                await self._whole(self._alone(self._arrive))

    async def act(self, work: Callable[[int], Awaitable[T]], symbol: str | None = None) -> T:
        """Do something at the exchange at the instant reached, with a symbol listed for the day.

        Nothing else happens between the arrival there and the work. What it raises is raised; the
        reports until then are told all the same. Raises OrderRefused as well where the symbol
        cannot be listed, or the world starts over meanwhile; EXCHANGE_LOST.
        """
        with self._pursuit.hurried():
            return await self._whole(self._alone(lambda: self._act(work, symbol)))

    async def attach(self, work: Callable[..., None], *args: object) -> None:
        """Do at the exchange what hangs on no instant and no book: nobody waits for their way.

        What it raises is raised; EXCHANGE_LOST.
        """
        if self._day is None:
            await self.present()
        await self._whole(self._attach(work, args))

    async def look(self, work: Callable[..., T], *args: object) -> T:
        """Read something of the exchange as it stands. Errors: EXCHANGE_LOST."""
        if self._day is None:
            await self.present()
        return await self.engine.look(work, *args)

    async def _attach(self, work: Callable[..., None], args: Sequence[object]) -> None:
        await self.engine.attach(work, *args)
        self.roster += 1

    async def _act(self, work: Callable[[int], Awaitable[T]], symbol: str | None) -> T:
        epoch = self.epoch
        for _ in range(_TRIES):
            now = await self._arrive()
            if self.epoch != epoch:
                text = "The simulated world has just started over; submit the order again."
                raise OrderRefused(Reason.TERMINAL_REFUSED, text)
            if symbol is not None and symbol not in self._symbols:
                await self.engine.enlist(symbol, now.day)
                self._symbols.add(symbol)
                continue
            try:
                return await work(now.ms)
            except GatewayError:
                if not self.engine.lost:  # what came before a refusal is told all the same
                    self.reporting.publish((await self.engine.advance(now.ms)).reports)
                raise
        text = f"The simulated day ends before {symbol} could be listed; slow the clock down."
        raise OrderRefused(Reason.TERMINAL_REFUSED, text)

    async def dump(self) -> dict[str, Any]:
        """Return the exchange's state at the present; its reports have been recorded.

        Errors: SOURCE_UNAVAILABLE where nobody takes them.
        """
        await self.settle()
        told = {"listed": self.reporting.listed.dump(), "announced": self._parts.announced.dump()}
        return {**await self.engine.act(dump_exchange), **told}

    async def load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        """Go on from a state: `begin` turns the world back and returns its new epoch.

        Where it cannot be read, or `begin` fails, nothing has changed.
        """
        await self._whole(self._alone(lambda: self._load(state, begin)))

    async def _arrive(self) -> Moment:
        """Go a portion of the way at most, none while others do; return the moment reached."""
        if not self._pursuit.behind:
            await self._go_on()
            if self._pursuit.behind:  # the keeper may sleep for long at a slow clock
                self._alarm.ring()
        return self._pursuit.reached

    async def _go_on(self) -> None:
        goal = self._parts.clock.goal()
        if self._day is None:
            await self._open(goal)
        if goal.epoch != self.epoch:
            await self._start_over(goal)
        elif not await self._pursuit.follow(goal, self.reporting.publish):
            return
        elif goal.day != self._day:
            await self._roll(goal)
        self._pursuit.arrive(goal, live=bool(self._symbols))

    async def _load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        away = self.engine.lost
        day, live = live_in(state)
        with readable():
            listed, events = DayList.load(state["listed"]), read_events(state["announced"])
        before = self._parts.announced.events
        # Its symbols are listed by the prices of its own events.
        self._parts.announced.replace(events)
        try:
            await self.engine.load(Kept(state, self._parts.rules(self.epoch), day, tuple(live)))
            epoch = await begin()
        except BaseException:
            self._parts.announced.replace(before)
            raise
        await self.engine.adopt(self._parts.rules(epoch))
        self.roster += 1
        self._forget(listed, away=away)
        self.epoch, self._day, self._symbols = epoch, day, set(live)
        self._pursuit.arrive(self._parts.clock.goal(), live=bool(live))

    async def settle(self) -> None:
        """Return when all that is due by now has happened, a jump arrived, and all is recorded.

        Errors: SOURCE_UNAVAILABLE where its reports are not being recorded.
        """
        clock = self._parts.clock
        await self.present()
        while self._pursuit.behind and (clock.leaping or clock.paused):
            await self._whole(self._alone(self._go_on))
        await self.reporting.recorded()

    async def _roll(self, now: Moment) -> None:
        ended = self._day or now.day
        events = await self._events(ended, now.day)
        self.reporting.listed.roll(ended)
        self._symbols.clear()
        self._day = now.day
        self.reporting.publish((await self.engine.act(Exchange.roll, now.day, now.ms, events))[0])

    async def _events(self, after: date, until: date) -> Sequence[Dividend]:
        """Return what the held shares grant on the days after one day, up to another."""
        held = await self.engine.look(Exchange.held)
        found = await self._parts.dividends.dividends(held, Period.DAY_1) if held else ()
        return [each for one in found for each in one or () if after < each.ex_date <= until]

    async def _start_over(self, now: Moment) -> None:
        self.epoch = now.epoch
        away = self.engine.lost
        self._parts.announced.replace({})
        await self._open(now)
        self._forget(away=away)
        await self._on_epoch(now.epoch)

    def _forget(self, listed: DayList | None = None, *, away: bool) -> None:
        """Begin without orders, or with a list; `away`: the link was broken."""
        self.reporting.forget(listed)
        if away:
            self.reporting.relink(up=True)

    async def _open(self, now: Moment) -> None:
        self._symbols.clear()
        accounts = tuple(self._parts.accounts)
        await self.engine.begin(Opening(accounts, now.day, self._parts.rules(now.epoch)))
        self._day = now.day
        self.roster += 1

    def _lose(self) -> None:
        """Tell that the link is broken: the orders of the lost exchange stay as last told."""
        self._pursuit.give_up()
        self.reporting.relink(up=False)

    async def _alone(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self._turning:
            return await work()

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Finish what was begun, though who asked goes away: its reports would be lost."""
        if not self.engine.apart:
            return await work
        task = asyncio.ensure_future(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def _keep(self) -> None:
        """Let time act though nobody may ask: orders fill, and at the day's end they expire."""
        told = None
        while True:
            if self._pursuit.behind:
                # an exchange that has a core of its own is not left idle, unless it is held up
                quick = self.engine.apart and told is None
                await self._parts.sleep(0.0 if quick else _SHORTEST_WAIT_S)
            else:
                await self._alarm.step(_STEP_MS, _SHORTEST_WAIT_S)
            try:
                await self._whole(self._alone(self._go_on))
                told = None
            except GatewayError as error:  # the store is away: the day ends when it is back
                if error.reason is not told:
                    _logger.warning("exchange_held_up", reason=error.reason.value)
                told = error.reason


def _screens(exchange: Exchange, symbols: Sequence[str]) -> tuple[Mapping[str, Screen], int | None]:
    """Return what symbols display, and before when (epoch ms) nothing happens any more."""
    return exchange.screens(symbols), exchange.due

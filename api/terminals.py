"""The world of dev and prod, and of several in mock: a terminal's market, and where orders go."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from api.paper import PaperWorld
from api.worlds import NOT_LINKED, Holder, Sources, World
from quantgraph.config import Config
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.clock import Clock, RandomIds, SystemClock
from quantgraph.domain.orders import Destination
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.system import BackendInfo, Capability, ClockInfo, Mode
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.timekeeper import phase_of
from quantgraph.services.wall import WallClock

_DESTINATIONS = {
    Mode.MOCK: Destination.SIMULATED,
    Mode.DEV: Destination.INTERCEPTED,
    Mode.PROD: Destination.TERMINAL,
}


class TerminalClock:
    """Implements `Clock` by the time that a terminal lives in; before it has said so, by ours."""

    def __init__(self, told: Callable[[], ClockInfo | None]) -> None:
        """Ask `told` at each reading."""
        self._told = told
        self._own = SystemClock()

    def now(self) -> datetime:
        """Return the present instant there, aware, UTC."""
        told = self._told()
        return self._own.now() if told is None else told.now


class TerminalWorld:
    """What is told by a terminal, over what is imported; `world` is what services stand on.

    In dev the terminal's sender is never made: orders go to paper twins. In prod there is no
    paper, and no sender either where the terminal's own gateway has the desk, nor in mock, where
    several simulated ones stand for one world.
    """

    def __init__(self, config: Config, sources: Sources, backend: Backend, clock: Clock) -> None:
        """Wire it together; nothing is asked of the terminal yet."""
        store, calendar, workers = sources
        self._backend, self._config = backend, config
        self._parts = backend.parts or (backend,)
        self.clock = WallClock(clock, calendar, RandomIds().new("epoch_"))
        data = backend.data
        inner = InnerMarket(data, data, backend.reference, data, data)
        self.recorded = Recorded(store, inner, workers, CoverageJudge(calendar, self.clock))
        self.paper = None
        if config.mode is Mode.DEV:
            self.paper = PaperWorld(config, sources, (backend, self.recorded, self.clock))
        holder, sender = self._ways()
        self.world = World(
            config=config,
            store=store,
            calendar=calendar,
            workers=workers,
            clock=self.clock,
            market=backend.quotes,
            catalog=backend.catalog,
            depth=backend.depth,
            depth_feed=backend.depth_feed,
            bar_feed=backend.bar_feed,
            downloader=backend.downloader,
            recorded=self.recorded,
            holder=holder,
            quotas=backend.quotas if self.paper is None else self.paper.quotas,
            futures_positions=backend.futures_positions
            if self.paper is None
            else self.paper.futures,
            hong_kong=backend.hong_kong,
            sender=sender,
            destination=_DESTINATIONS[config.mode],
            prefix="order_" if config.mode is Mode.PROD else "mock_order_",
            replays=False,
            rest="simulated" if config.mode is Mode.MOCK else "from the terminal",
            note="",
            clock_info=self._clock_info,
            backends=self._backends,
            terminals=lambda: tuple(each.status() for each in self._parts),
            heed=backend.heed,
            problems=self._problems,
            start=self._start,
            close=self._close,
            adopt=self._adopt,
            bar_frames=backend.bar_frames,
        )

    def _ways(self) -> tuple[Holder, Callable[[], Terminal]]:
        paper = self.paper
        if paper is not None:
            return paper.holder, lambda: paper.sender
        return self._backend.accounts, self._backend.sender

    def _adopt(self, config: Config) -> None:
        self._backend.adopt(config.model_dump(mode="json", exclude_none=True))

    async def _start(self) -> None:
        await self._backend.start()
        if self.paper is not None:
            self.paper.start()

    async def _close(self) -> None:
        if self.paper is not None:
            await self.paper.close()
        await self._backend.close()

    def _clock_info(self) -> ClockInfo:
        now = self.clock.moment()
        there = self._backend.clock() if self._config.mode is Mode.MOCK else None
        if there is not None:
            return replace(there, now=from_ms(now.ms), trading_day=now.day, epoch=now.epoch)
        return ClockInfo(
            now=from_ms(now.ms),
            simulated=self._config.mode is Mode.MOCK,
            speed=1.0,
            paused=False,
            phase=phase_of(now.ms, now.day),
            trading_day=now.day,
            epoch=now.epoch,
        )

    def _backends(self, linked: bool) -> tuple[BackendInfo, ...]:
        del linked  # of its orders' way alone
        return tuple(
            BackendInfo(each.name, each.kind, not each.problems(), self._rows(each))
            for each in self._parts
        )

    def _rows(self, backend: Backend) -> tuple[Capability, ...]:
        rows = backend.capabilities()
        if self.paper is None:
            return rows
        # The paper exchange takes every kind of order.
        return tuple(
            Capability(each.operation, available=True)
            if each.operation.startswith("orders.")
            else each
            for each in rows
        )

    def _problems(self, linked: bool) -> Mapping[str, str]:
        found = dict(self._backend.problems())
        if not linked:
            found["trading"] = NOT_LINKED
        if self.paper is not None and self.paper.problem is not None:
            found["paper"] = self.paper.problem
        return found

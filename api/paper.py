"""Dev mode's paper exchange: the simulated one, trading by what the real market shows."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from quantgraph.backends.sim.listing import Listing
from quantgraph.backends.sim.paper import PaperMarket, kept_for, show_frames
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.quotas import HeldQuotas
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.backends.sim.wall import PaperClock
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import DatedClock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.backend import Backend
from quantgraph.services.futures_positions import NoFutures, TwinnedFutures
from quantgraph.services.paper import PaperKeeper
from quantgraph.services.recorded import Recorded
from quantgraph.services.twins import InterceptingTerminal, TwinnedAccounts, TwinnedQuotas, Twins
from quantgraph.services.workers import Workers
from quantgraph.store.market import MarketStore
from quantgraph.store.paper import PaperFile

# Between attempts to go on from what was kept: the terminal may not have connected yet.
_AGAIN_S = 2.0
_logger = structlog.get_logger(__name__)


class PaperWorld:
    """The paper exchange, its twins, and what is kept of both.

    Nothing is taken before it has gone on from what was kept; `problem` says why it has not.
    """

    def __init__(
        self,
        config: Config,
        sources: tuple[MarketStore, TradingCalendar, Workers],
        real: tuple[Backend, Recorded, DatedClock],
    ) -> None:
        """Wire it over the real market. Raises StartupError where what was kept is unreadable."""
        (_, calendar, workers), (backend, recorded, clock) = sources, real
        self._clock = PaperClock(clock)
        self._market = PaperMarket(backend.quotes, recorded, self._clock, config.mock.live_symbols)
        parts = WorldParts(
            clock=self._clock,
            calendar=calendar,
            dividends=recorded,
            listing=Listing(recorded, self._market, calendar),
            accounts=(),
            fees=config.rules.fees,
            open_orders=config.mock.open_orders,
            live_symbols=config.mock.live_symbols,
        )
        self._terminal = SimTerminal(parts, backend.quotes)
        self._market.attend(self._show)
        file = PaperFile(config.data_path / "paper.state")
        self._kept = file.read()
        self._keeper = PaperKeeper(self._terminal.driver, file, workers)
        self.twins = Twins(backend.accounts, self._terminal, self._keeper.note)
        self.holder = TwinnedAccounts(self.twins)
        held = HeldQuotas(self.holder, recorded, (calendar, self._clock))
        self.quotas = TwinnedQuotas(backend.quotas, held)
        self.futures = TwinnedFutures(backend.futures_positions, NoFutures(self.holder))
        self.sender = InterceptingTerminal(self.twins, backend.quotes.state)
        self.problem: str | None = "The paper exchange has not been opened yet."
        self._opener: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to open it."""
        self._opener = asyncio.create_task(self._open())

    async def close(self) -> None:
        """Follow nothing any more, and keep the exchange as it stands."""
        if self._opener is not None:
            self._opener.cancel()
            await asyncio.gather(self._opener, return_exceptions=True)
        await self._market.close()
        await self._keeper.close()
        if self.twins.opened:
            try:
                await self._keeper.save()
            except GatewayError as error:
                _logger.warning("paper_not_kept", reason=error.reason.value)
        await self._terminal.close()

    async def _open(self) -> None:
        while not self.twins.opened:
            try:
                if self._kept is not None:
                    await self._go_on(self._kept)
                self._terminal.start()
                self._keeper.start()
                self.problem, self.twins.opened = None, True
            except GatewayError as error:
                if self.problem != error.message:
                    _logger.warning("paper_not_open", reason=error.reason.value)
                self.problem = error.message
                await asyncio.sleep(_AGAIN_S)

    async def _go_on(self, state: Mapping[str, Any]) -> None:
        now = self._clock.moment()

        async def begin() -> str:
            return now.epoch

        await self._terminal.driver.load(kept_for(state, now.day), begin)

    async def _show(self, symbol: str) -> None:
        await self._terminal.operate(show_frames, symbol)

"""The simulated world of mock mode: its clock, its market, and a terminal with incidents."""

from collections.abc import Awaitable, Callable, Mapping

from api.child import COMMAND, Setup
from api.imported import StoreListings
from api.replays import plan_world
from api.worlds import NOT_LINKED, Sources, World
from quantgraph import __version__
from quantgraph.backends.sim import paths
from quantgraph.backends.sim.capability import capabilities
from quantgraph.backends.sim.clock import Pace, SimClock
from quantgraph.backends.sim.counter import CounterTerminal
from quantgraph.backends.sim.deep import SimDepth, SimDepthFeed
from quantgraph.backends.sim.downloads import SimDownloads, SimShelf
from quantgraph.backends.sim.engine.process import ChildEngine, ChildParts
from quantgraph.backends.sim.faults.terminal import FaultParts, FaultyTerminal
from quantgraph.backends.sim.forming import SimBarFeed
from quantgraph.backends.sim.hong_kong import NoHongKong
from quantgraph.backends.sim.listing import Listing
from quantgraph.backends.sim.market import MarketParts, SimMarket
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.quotas import HeldQuotas
from quantgraph.backends.sim.rejections import RejectionStyle
from quantgraph.backends.sim.replayed import ReplayedMarket
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.config import Config
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.incidents import IncidentSetting
from quantgraph.domain.orders import Destination
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.system import BackendInfo
from quantgraph.domain.terminals import (
    AccountLogin,
    TerminalLink,
    TerminalPart,
    TerminalState,
    TerminalStatus,
)
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.futures_positions import NoFutures
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.timekeeper import Timekeeper
from quantgraph.store.market import MarketStore


class SimulatedWorld:
    """What is simulated, over what is held; nobody is told of it yet."""

    def __init__(
        self, config: Config, sources: Sources, start_over: Callable[[str], Awaitable[None]]
    ) -> None:
        """Wire it together; `start_over` is called with the new epoch when it begins anew."""
        store, calendar, workers = sources
        self.config, self.store, self.calendar, self.workers = config, *sources
        self.plan = plan_world(config.mock, store, calendar)
        self.clock = SimClock(self.plan.start, calendar, Pace(config.mock.speed))
        self.timekeeper = Timekeeper(self.clock, calendar)
        self._began = "", self.clock.now()
        listings = StoreListings(store, self.plan.start)
        world = paths.World(config.mock.seed, calendar, self.clock.start, listings)
        parts = MarketParts(self.clock, workers, config.mock.quote_interval_ms)
        self.market = self._open_market(world, parts, store)
        self.bar_feed = SimBarFeed(self.market)
        inner = InnerMarket(self.market, self.market, self.market, self.market)
        shelf = self.plan.shelf(store, self.clock)
        self.recorded = Recorded(shelf, inner, workers, CoverageJudge(calendar, self.clock))
        listing = Listing(self.recorded, self.market, calendar)
        exchange = WorldParts(
            clock=self.clock,
            calendar=calendar,
            dividends=self.recorded,
            listing=listing,
            engine=self._engine(listing) if config.mock.process else None,
            announced=self.market.announced,
            accounts=config.mock.accounts,
            fees=config.rules.fees,
            open_orders=config.mock.open_orders,
            live_symbols=config.mock.live_symbols,
        )
        self.terminal = SimTerminal(exchange, self.market, start_over)
        self.market.show(self.terminal.screens)
        style = RejectionStyle(config.mock.rejection_style)
        incidents = FaultParts(self.clock, config.mock.seed, style=style)
        counter = CounterTerminal(self.terminal, style)
        self.faulty = FaultyTerminal(counter, incidents)
        self.faulty.set_incidents(IncidentSetting.parse(each) for each in config.mock.faults)
        self.world = self._world()

    def _world(self) -> World:
        recorded = self.recorded
        shelf = SimShelf(recorded, recorded, recorded, self.market.catalog)
        return World(
            config=self.config,
            store=self.store,
            calendar=self.calendar,
            workers=self.workers,
            clock=self.clock,
            market=self.market,
            catalog=self.market.catalog,
            depth=SimDepth(self.market),
            depth_feed=SimDepthFeed(self.market),
            bar_feed=self.bar_feed,
            downloader=SimDownloads(shelf, self.config.mock.download_ms / 1_000),
            recorded=self.recorded,
            holder=self.terminal,
            quotas=HeldQuotas(self.terminal, self.recorded, (self.calendar, self.clock)),
            futures_positions=NoFutures(self.terminal),
            hong_kong=NoHongKong(),
            sender=lambda: self.faulty,
            destination=Destination.SIMULATED,
            prefix="mock_order_",
            replays=bool(self.plan.replayed),
            rest="simulated",
            note=self.plan.note,
            clock_info=self.timekeeper.info,
            backends=lambda linked: (BackendInfo("sim", "sim", linked, capabilities()),),
            terminals=lambda: (self._status(),),
            # A link that breaks is a report, of which the order path tells.
            heed=lambda _: None,
            problems=self._problems,
            start=self._start,
            close=self._close,
        )

    async def _start(self) -> None:
        self.terminal.start()

    async def _close(self) -> None:
        await self.faulty.close()
        await self.terminal.close()

    def _problems(self, linked: bool) -> Mapping[str, str]:
        if self.terminal.lost:
            return {"exchange": "The process of the simulated exchange has ended (EXCHANGE_LOST)."}
        if not linked:
            return {"trading": NOT_LINKED}
        return {}

    def _status(self) -> TerminalStatus:
        up, since, told = self.faulty.link()
        state = TerminalState.CONNECTED if up else TerminalState.LOST
        reason = None if up else Reason.SOURCE_UNAVAILABLE.value
        moment = self.clock.moment()
        if moment.epoch != self._began[0]:
            self._began = moment.epoch, from_ms(moment.ms)
        began = self._began[1]
        quoted = self.market.state().last_event_time
        heard = None if quoted is None else from_ms(quoted)
        data = (TerminalPart.MARKET_DATA, TerminalState.CONNECTED, began, heard, 0, None)
        trading = (TerminalPart.TRADING, state, since or began, told, 0, reason)
        return TerminalStatus(
            name="sim",
            kind="sim",
            source=Source.SIMULATED,
            links=(TerminalLink(*data), TerminalLink(*trading)),
            logins=tuple(AccountLogin(each, True, None) for each in self.terminal.account_ids),
            terminal_version=__version__,
        )

    def _open_market(self, world: paths.World, parts: MarketParts, store: MarketStore) -> SimMarket:
        if not self.plan.replayed:
            return SimMarket(world, parts)
        return ReplayedMarket(world, parts, self.plan.recordings(store))

    def _engine(self, listing: Listing) -> ChildEngine:
        config, plan = self.config, self.plan
        interval = config.mock.quote_interval_ms
        setup = Setup(config.data_path, config.mock.seed, self.calendar, plan, interval)
        return ChildEngine(
            ChildParts(
                COMMAND,
                setup,
                listing.find,
                self.market.announced.of,
                float(config.mock.process_seconds),
            )
        )

"""A gateway over a world, whatever its mode: the services, one upon the other."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.bounds import Bounded, is_local, limits_of
from api.feeds import MarketStreams
from api.imported import HeldData
from api.ledgers import Logs
from api.metrics import Dials
from api.series import limit_bars, open_bars, open_downloads, open_frames, open_rules, open_sectors
from api.trading import OrderPath
from api.watch import Watch
from api.worlds import OrderWay, World
from quantgraph.config import Config
from quantgraph.domain.orders import Destination
from quantgraph.domain.ports.gateway import Access, Gateway
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.simulation import Simulation
from quantgraph.services.acts import DOWNLOADS, SECTORS, SIMULATION
from quantgraph.services.audit import AuditTrail, audited
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from quantgraph.services.depth import CheckedDepth
from quantgraph.services.dividends import DividendBook
from quantgraph.services.download_jobs import DownloadJobs
from quantgraph.services.interception import intercept
from quantgraph.services.live_bars import BarSources, SharedBars
from quantgraph.services.live_depth import SharedDepth
from quantgraph.services.meter import KeyMeter
from quantgraph.services.missing import DownloadedBars
from quantgraph.services.quotes import SharedQuotes
from quantgraph.services.sectors import AllSectors
from quantgraph.services.sessions import RuledSessions
from quantgraph.services.snapshots import MarketBoard
from quantgraph.services.system import GatewaySystem, SystemState
from quantgraph.services.terminals import TerminalWatch
from quantgraph.services.ticks import LimitedTicks
from quantgraph.services.visits import OpenVisits
from quantgraph.services.workers import Workers
from quantgraph.store.market import MarketStore
from quantgraph.store.secret import load_secret

Operate = Callable[[Reference], Simulation]


@dataclass(slots=True)
class Assembly:
    """A gateway, what the server prints of it, and how its streams end."""

    config: Config
    gateway: Gateway
    data: str
    access: str
    store: MarketStore
    quotes: SharedQuotes
    streams: MarketStreams
    way: OrderWay
    downloads: DownloadJobs
    terminals: TerminalWatch
    secret: bytes
    dials: Dials
    workers: Workers
    # What keeps the gateway from being ready besides its parts.
    problems: dict[str, str]
    bounded: Bounded
    _endings: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def retire(self) -> None:
        """Say wherever health is asked that the gateway is stopping."""
        self.problems["stopping"] = "The gateway is stopping: it takes no new clients."

    def drain(self) -> None:
        """End every live stream, telling its reader to come back later."""
        self.way.drain()
        self.downloads.drain()
        self.terminals.drain()
        self._endings.append(asyncio.get_running_loop().create_task(self.streams.close()))


class Wiring:
    """The services of one world, wired together; `take_way` comes before `assemble`."""

    def __init__(self, world: World, watch: Watch) -> None:
        """Wire what tells of the market; `watch` measures it."""
        self.world, self.watch = world, watch
        self._own: dict[str, str] = {}
        aged = watch.aged(world.clock)
        self.quotes = SharedQuotes(world.market, world.market, self._epoch, heard=aged)
        self._cached = open_bars(world)
        self.downloads = open_downloads(world)
        live = BarSources(world.bar_feed, self._cached, world.clock, self._epoch)
        depth = SharedDepth(world.depth_feed, self._epoch)
        self.streams = MarketStreams(self.quotes, SharedBars(live), depth)

    def open_path(self, logs: Logs) -> OrderPath:
        """Return the way of orders over the world's own terminal, which `logs` write down."""
        path = OrderPath(self.world, logs, self.watch.timings)
        self.take_way(path, logs.audit)
        return path

    def take_way(self, way: OrderWay, audit: AuditTrail) -> None:
        """Have accounts and orders kept where `way` leads; what is done here goes to `audit`."""
        self.way, self._audit = way, audit
        self.terminals = TerminalWatch(self.world.terminals)
        self.world.heed(self.terminals.changed)
        way.on_change(self.terminals.changed)

    def assemble(self, access: Access, operate: Operate | None = None) -> Assembly:
        """Return the gateway over these parts; `operate` makes what a simulated world has."""
        world, audit, way = self.world, self._audit, self.way
        config, limits = world.config, limits_of(world.config)
        own = config.limits
        self._visits = OpenVisits(access, own.key_connections, own.key_check_seconds)
        started_at = datetime.now(UTC)
        self._held = HeldData(world.store, world.workers, (world.rest, world.note))
        bars, custom = limit_bars(world, self._cached), open_sectors(world)
        reference = AllSectors(world.recorded, custom)
        desk = way.desk()
        meter = KeyMeter(config.rates.rates)
        downloads = audited(self.downloads, audit, DOWNLOADS)
        ticks = LimitedTicks(world.recorded, limits.bar_rows)
        board = MarketBoard(world.market, reference, limits.bar_rows)
        priced = ListedMarket(world.market, world.recorded)
        lists = PricedCatalog(world.catalog, priced, limits.bar_rows)
        held = (way, bars, ticks, board, lists, custom)
        open_ = (self.watch.streams, self._visits, world.workers, world.adopt)
        bounded = Bounded(limits, meter, *held, *open_)
        gateway = Gateway(
            mode=config.mode,
            limits=limits,
            clock=world.clock,
            calendar=world.calendar,
            bars=bars,
            ready_bars=bars.ready,
            bar_frames=open_frames(world),
            dividends=DividendBook(world.recorded, world.recorded),
            ticks=ticks,
            quotes=world.market,
            snapshots=board,
            quote_stream=self.quotes,
            bar_stream=self.streams.bars,
            reference=reference,
            rules=open_rules(world),
            sectors=audited(custom, audit, SECTORS),
            sessions=RuledSessions(world.calendar),
            lists=lists,
            depth=CheckedDepth(world.depth),
            depth_stream=self.streams.depth,
            financials=world.recorded,
            downloads=downloads,
            missing_bars=DownloadedBars(downloads),
            ipo_quotas=desk.quotas,
            futures_position_statistics=world.futures_positions,
            hong_kong=world.hong_kong,
            accounts=desk.accounts,
            connections=desk.connections,
            controls=desk.controls,
            trading=desk.trading,
            audit=audit,
            meter=meter,
            calls=self.watch.calls,
            batches=desk.batches,
            previews=desk.previews,
            allowances=desk.allowances,
            fills=desk.fills,
            portfolio=desk.portfolio,
            access=access,
            system=GatewaySystem(limits, started_at, self._state()),
            subscriptions=self.watch.streams,
            visits=self._visits,
            started_at=started_at,
            simulation=None if operate is None else audited(operate(reference), audit, SIMULATION),
        )
        if world.destination is Destination.INTERCEPTED:
            gateway = intercept(gateway)
        note = "no key needed on loopback" if is_local(config) else "API keys required"
        parts = (world.store, self.quotes, self.streams)
        orders = (way, self.downloads, self.terminals)
        secret = load_secret(config.data_path)
        dials = self.watch.dials(way, self.quotes, self.downloads, self._problems)
        rest = (secret, dials, world.workers, self._own, bounded)
        return Assembly(config, gateway, self._held.text, note, *parts, *orders, *rest)

    async def start(self) -> None:
        """Let time act: days end, reports are taken."""
        self.watch.start()
        self.way.start()
        await self.world.start()
        self.downloads.begin()
        self._visits.start()

    async def close(self) -> None:
        """End streams and tasks, the readers of a part before the part."""
        await self._visits.close()
        await self.downloads.close()
        self.way.drain()
        self.terminals.drain()
        await self.watch.close()
        await self.way.rest()
        await self.streams.close()
        await self.world.close()
        await self.way.close()

    def _state(self) -> SystemState:
        world, way = self.world, self.way
        return SystemState(
            mode=way.mode,
            clock=world.clock_info,
            data=self._held.now,
            trading=way.status,
            backends=lambda: world.backends(way.connected()),
            problems=self._problems,
            terminals=self.terminals,
            latency=self.watch.timings.latency,
            bus=self.watch.bus_connected,
        )

    def _problems(self) -> Mapping[str, str]:
        way = self.way
        return {**self._own, **way.problems(), **self.world.problems(way.connected())}

    def _epoch(self) -> str:
        return self.world.clock.moment().epoch

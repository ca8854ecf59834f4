"""What the market tells of a world: bars down their chain, rules, sectors, and downloads."""

from datetime import date, timedelta

from api.bounds import sizes_of
from api.worlds import World
from quantgraph.domain.ports.market import BarFrames
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.cached import CachedBars
from quantgraph.services.custom import CustomSectors
from quantgraph.services.derived import DerivedBars
from quantgraph.services.download_jobs import DownloadBounds, DownloadJobs, DownloadParts
from quantgraph.services.limited import LimitedBars
from quantgraph.services.rules import RuleBook
from quantgraph.services.unheld import UnheldFrames
from quantgraph.store.custom import CustomSectorStore
from quantgraph.store.downloads import DownloadStore


def open_bars(world: World) -> CachedBars:
    """Return the chain of bars but for the limits of a request."""
    adjusted = AdjustedBars(world.recorded, world.recorded, world.workers)
    derived = DerivedBars(adjusted, world.workers)
    size = world.config.cache.bars_mb * 1_000_000
    return CachedBars(derived, lambda: _version(world), size)


def limit_bars(world: World, cached: CachedBars) -> LimitedBars:
    """Return the whole chain, the limits of a request outermost."""
    return LimitedBars(cached, world.config.limits, world.calendar, cached.ready)


def open_frames(world: World) -> BarFrames | None:
    """Return the downloads that are handed on as the terminal's own gateway writes them."""
    frames = world.bar_frames
    return None if frames is None else UnheldFrames(frames, world.store, world.workers)


def open_rules(world: World) -> RuleBook:
    """Return the rules that hold for each instrument now."""
    prices = (world.market, world.recorded)
    return RuleBook(world.recorded, prices, world.clock, world.calendar)


def open_sectors(world: World) -> CustomSectors:
    """Return the sectors that users make, beside those of the market."""
    shelf = CustomSectorStore(world.config.data_path / "sectors.sqlite")
    return CustomSectors(world.recorded, shelf, world.workers, sizes_of(world.config))


def open_downloads(world: World) -> DownloadJobs:
    """Return the downloads of a world's terminal; those of an earlier start are among them."""
    own = world.config.downloads
    bounds = DownloadBounds(
        waiting=own.waiting,
        kept=own.kept,
        symbols=world.config.limits.batch_symbols,
        away_s=float(own.away_seconds),
        again=timedelta(minutes=own.again_minutes),
    )
    shelf = DownloadStore(world.config.data_path / "downloads.sqlite")
    return DownloadJobs(DownloadParts(world.downloader, shelf, world.workers, bounds))


def _version(world: World) -> tuple[bytes, date, str, int]:
    """Return all that imported series depend on; coverage is judged by the clock's day.

    Of replayed days a bar shows once its minute is over.
    """
    moment = world.clock.moment()
    minute = moment.ms // 60_000 if world.replays else 0
    return world.store.version(), moment.day, moment.epoch, minute

"""What the market tells of a world: bars down their chain, rules, sectors that users make."""

from datetime import date

from api.worlds import World
from quantgraph.services.adjusted import AdjustedBars
from quantgraph.services.cached import CachedBars
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.derived import DerivedBars
from quantgraph.services.limited import LimitedBars
from quantgraph.services.rules import RuleBook
from quantgraph.store.custom import CustomSectorStore


def open_bars(world: World) -> CachedBars:
    """Return the chain of bars but for the limits of a request."""
    adjusted = AdjustedBars(world.recorded, world.recorded, world.workers)
    derived = DerivedBars(adjusted, world.workers)
    size = world.config.cache.bars_mb * 1_000_000
    return CachedBars(derived, lambda: _version(world), size)


def limit_bars(world: World, cached: CachedBars) -> LimitedBars:
    """Return the whole chain, the limits of a request outermost."""
    return LimitedBars(cached, world.config.limits, world.calendar, cached.ready)


def open_rules(world: World) -> RuleBook:
    """Return the rules that hold for each instrument now."""
    prices = (world.market, world.recorded)
    return RuleBook(world.recorded, prices, world.clock, world.calendar)


def open_sectors(world: World) -> CustomSectors:
    """Return the sectors that users make, beside those of the market."""
    limits = world.config.limits
    sizes = SectorLimits(limits.custom_sectors, limits.sector_members, limits.batch_symbols)
    shelf = CustomSectorStore(world.config.data_path / "sectors.sqlite")
    return CustomSectors(world.recorded, shelf, world.workers, sizes)


def _version(world: World) -> tuple[bytes, date, str, int]:
    """Return all that imported series depend on; coverage is judged by the clock's day.

    Of replayed days a bar shows once its minute is over.
    """
    moment = world.clock.moment()
    minute = moment.ms // 60_000 if world.replays else 0
    return world.store.version(), moment.day, moment.epoch, minute

"""What the simulated backend can do, and why not."""

from functools import cache

from quantgraph.backends.sim.catalog import NO_PROGRAMS, NO_TAGS
from quantgraph.backends.sim.deep import NO_FLOWS, NO_QUEUES
from quantgraph.backends.sim.downloads import LACKING
from quantgraph.backends.sim.hong_kong import NO_HONG_KONG
from quantgraph.domain.downloads import DownloadKind
from quantgraph.domain.operations import WHOLE, report
from quantgraph.domain.orders import PriceType
from quantgraph.domain.system import Capability
from quantgraph.domain.ticks import TickKind

_NO_SNAPSHOTS = "No history of quotes is generated; imported recordings are served."
_NO_DEALS = (
    "The market is generated second by second, without single orders; imported recordings are "
    "served."
)
_NO_TICKS = {
    TickKind.SNAPSHOT: _NO_SNAPSHOTS,
    TickKind.LEVEL2_QUOTE: _NO_SNAPSHOTS,
    TickKind.TRADE: _NO_DEALS,
    TickKind.LEVEL2_ORDER: _NO_DEALS,
    TickKind.LEVEL2_TRANSACTION: _NO_DEALS,
}

_NO_FUTURES = "No simulated account holds futures: all of them are for shares."

_SAID = {
    **WHOLE,
    "ticks": _NO_SNAPSHOTS,
    "depth.moneyFlows": NO_FLOWS,
    "depth.orderQueues": NO_QUEUES,
    "depth.orderRank": NO_QUEUES,
    "futuresPositionStatistics": _NO_FUTURES,
    "hongKong": NO_HONG_KONG,
    "depthStream.watchQueues": NO_QUEUES,
    "lists.instrumentTags": NO_TAGS,
    "lists.terminalSubscriptions": NO_PROGRAMS,
    "simulation": None,
}


@cache
def capabilities() -> tuple[Capability, ...]:
    """Return one row per operation, and one per kind of tick, of price and of download."""
    ticks = [
        Capability(f"ticks.{kind}", available=False, reason=_NO_TICKS[kind]) for kind in TickKind
    ]
    prices = [Capability(f"orders.{kind}", available=True, reason=None) for kind in PriceType]
    fetches = [
        Capability(f"downloads.{kind}", kind not in LACKING, LACKING.get(kind))
        for kind in DownloadKind
    ]
    return (*report(_SAID), *ticks, *prices, *fetches)

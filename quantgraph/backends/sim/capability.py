"""What the simulated backend can do, and why not."""

from functools import cache

from quantgraph.domain.orders import PriceType
from quantgraph.domain.system import Capability
from quantgraph.domain.ticks import TickKind

_ABLE = ("bars", "dividends", "quotes", "quoteStream", "instruments", "sectors", "weights")
_TRADING = ("financials", "accounts", "positions", "orders", "cancels")

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


@cache
def capabilities() -> tuple[Capability, ...]:
    """Return one row per operation of the simulated market and terminal."""
    able = [Capability(name, available=True) for name in (*_ABLE, *_TRADING)]
    ticks = [Capability("ticks", available=False, reason=_NO_SNAPSHOTS)]
    ticks += [
        Capability(f"ticks.{kind}", available=False, reason=_NO_TICKS[kind]) for kind in TickKind
    ]
    prices = [
        Capability(f"orders.{kind}", available=kind is PriceType.LIMIT, reason=_price_reason(kind))
        for kind in PriceType
    ]
    return (*able, *ticks, *prices)


def _price_reason(kind: PriceType) -> str | None:
    return None if kind is PriceType.LIMIT else "The simulated exchange matches LIMIT orders only."

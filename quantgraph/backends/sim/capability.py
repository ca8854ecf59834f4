"""What the simulated backend can do, and why not."""

from collections.abc import Mapping
from functools import cache

from quantgraph.domain.operations import report
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

# By port, or by operation where a port's operations differ.
_SAID: Mapping[str, str | None] = {
    "bars": None,
    "dividends": None,
    "ticks": _NO_SNAPSHOTS,
    "quotes": None,
    "snapshots": None,
    "quoteStream": None,
    "barStream": None,
    "reference": None,
    "rules": None,
    "sectors": None,
    "sessions": None,
    "lists": None,
    "financials": None,
    "accounts": None,
    "connections": None,
    "controls": None,
    "trading": None,
    "batches": None,
    "previews": None,
    "allowances": None,
    "fills": None,
    "portfolio": None,
    "simulation": None,
}


@cache
def capabilities() -> tuple[Capability, ...]:
    """Return one row per operation, and one per kind of tick and of price."""
    ticks = [
        Capability(f"ticks.{kind}", available=False, reason=_NO_TICKS[kind]) for kind in TickKind
    ]
    prices = [Capability(f"orders.{kind}", available=True, reason=None) for kind in PriceType]
    return (*report(_SAID), *ticks, *prices)

"""What the simulated backend can do, and why not."""

from quantgraph.domain.orders import PriceType
from quantgraph.domain.system import Capability

_ABLE = ("bars", "dividends", "quotes", "quoteStream", "instruments", "sectors", "weights")
_TRADING = ("financials", "accounts", "positions", "orders", "cancels")


def capabilities() -> tuple[Capability, ...]:
    """Return one row per operation of the simulated market and terminal."""
    able = [Capability(name, available=True) for name in (*_ABLE, *_TRADING)]
    ticks = Capability(
        "ticks", available=False, reason="No ticks are generated; imported ones are served."
    )
    prices = [
        Capability(f"orders.{kind}", available=kind is PriceType.LIMIT, reason=_price_reason(kind))
        for kind in PriceType
    ]
    return (*able, ticks, *prices)


def _price_reason(kind: PriceType) -> str | None:
    return None if kind is PriceType.LIMIT else "The simulated exchange matches LIMIT orders only."

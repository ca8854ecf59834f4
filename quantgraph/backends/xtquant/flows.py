"""The terminal's count of big and small orders, 109 columns of one row, in our words."""

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from quantgraph.backends.xtquant.codes import lot_of
from quantgraph.backends.xtquant.days import read_instant
from quantgraph.domain.depth import Flow, MoneyFlow, NetFlow, SizedFlow
from quantgraph.domain.quotes import Quote
from quantgraph.domain.sources import Source

Row: TypeAlias = Mapping[str, Any]
# How far an average may lie beyond the day's lowest and highest: they are not of one moment.
_SLACK = 0.02
_COUNTS: Mapping[str, str] = {
    "buy_count": "bidNumber",
    "sell_count": "offNumber",
    "buy_count_change": "bidNumberDx",
    "sell_count_change": "offNumberDx",
    "trade_count_change": "transactionNumber",
}
_QUANTITIES: Mapping[str, str] = {
    "net_order_quantity": "netOrder",
    "net_withdrawn_quantity": "netWithdraw",
    "withdrawn_buy_quantity": "withdrawBid",
    "withdrawn_sell_quantity": "withdrawOff",
}


def read_flow(symbol: str, told: Row, quote: Quote | None) -> MoneyFlow | None:
    """Return the flows of a row; None without a time.

    Quantities are None where the row and the quote do not tell whether they are shares or lots.
    """
    instant = read_instant(told.get("time"))
    if instant is None:
        return None
    unit = unit_of(symbol, told, quote)
    return MoneyFlow(
        symbol=symbol,
        time=instant,
        active_buys=_sized(told, "bid", unit),
        active_sells=_sized(told, "off", unit),
        passive_buys=_sized(told, "unactiveBid", unit),
        passive_sells=_sized(told, "unactiveOff", unit),
        net_inflow=_net(told, unit),
        **{name: _count(told, vendor, 1) for name, vendor in _COUNTS.items()},
        **{name: _count(told, vendor, unit) for name, vendor in _QUANTITIES.items()},
        ddx=_number(told, "ddx"),
        ddy=_number(told, "ddy"),
        ddz=_number(told, "ddz"),
        source=Source.TERMINAL,
    )


def unit_of(symbol: str, told: Row, quote: Quote | None) -> int | None:
    """Return how many shares one of the row's volumes is; None where nothing tells it.

    The vendor does not say. Money by volume is the average price in one unit or the other, and it
    lies between the day's lowest and highest.
    """
    volume = (_number(told, "bidTotalVolume") or 0.0) + (_number(told, "offTotalVolume") or 0.0)
    amount = (_number(told, "bidTotalAmount") or 0.0) + (_number(told, "offTotalAmount") or 0.0)
    if volume <= 0 or quote is None or quote.low is None or quote.high is None:
        return None
    low, high = quote.low * (1 - _SLACK), quote.high * (1 + _SLACK)
    units = (unit for unit in (1, lot_of(symbol)) if low * unit <= amount / volume <= high * unit)
    return next(units, None)


def _sized(told: Row, stem: str, unit: int | None) -> SizedFlow:
    return SizedFlow(
        extra_large=_flow(told, f"{stem}Most", unit),
        large=_flow(told, f"{stem}Big", unit),
        medium=_flow(told, f"{stem}Medium", unit),
        small=_flow(told, f"{stem}Small", unit),
        total=_flow(told, f"{stem}Total", unit),
    )


def _net(told: Row, unit: int | None) -> NetFlow:
    return NetFlow(
        extra_large=_flow(told, "netInflowMost", unit),
        large=_flow(told, "netInflowBig", unit),
        medium=_flow(told, "netInflowMedium", unit),
        small=_flow(told, "netInflowSmall", unit),
    )


def _flow(told: Row, stem: str, unit: int | None) -> Flow:
    return Flow(
        amount=_number(told, f"{stem}Amount"),
        quantity=_count(told, f"{stem}Volume", unit),
        amount_change=_number(told, f"{stem}AmountDx"),
        quantity_change=_count(told, f"{stem}VolumeDx", unit),
    )


def _count(told: Row, name: str, unit: int | None) -> int | None:
    found = _number(told, name)
    if not found:
        # Of nothing there is nothing in any unit.
        return None if found is None else 0
    return None if unit is None else round(found * unit)


def _number(told: Row, name: str) -> float | None:
    found = told.get(name)
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None

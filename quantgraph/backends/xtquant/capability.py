"""What the real terminal can do, and why not: by its kind, and by what it answered so far."""

from collections.abc import Collection, Mapping

from quantgraph.backends.xtquant.ticks import NO_TRADES
from quantgraph.domain.operations import report
from quantgraph.domain.system import Capability
from quantgraph.domain.ticks import TickKind

_TODAY = "Of today alone, as far as a live subscription received it; needs the level-2 permission."

# By port: what reading comes to. The gateway makes rules, sessions and custom sectors itself.
_READS: Mapping[str, str | None] = {
    "bars": None,
    "dividends": None,
    "ticks": None,
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
    "simulation": "This is no simulated world.",
}
_TICKS: Mapping[TickKind, str] = {
    TickKind.TRADE: NO_TRADES,
    TickKind.LEVEL2_QUOTE: _TODAY,
    TickKind.LEVEL2_ORDER: _TODAY,
    TickKind.LEVEL2_TRANSACTION: _TODAY,
}
# The SDK's function → what cannot be answered without it.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "get_market_data_ex": ("bars",),
    "get_full_tick": ("quotes", "snapshots", "reference.marketSymbols", "reference.search"),
    "get_instrument_detail": ("reference.instruments",),
    "get_sector_list": ("reference.sectors", "reference.sector", "reference.sectorsOf"),
    "get_stock_list_in_sector": ("reference.sectors", "reference.sector", "reference.sectorsOf"),
    "get_index_weight": ("reference.weights",),
    "get_divid_factors": ("dividends",),
    "get_financial_data_ori": ("financials",),
    "get_cb_info": ("lists.bonds",),
    "get_etf_info": ("lists.etfBasket",),
    "get_option_list": ("lists.optionChain",),
    "get_ipo_info": ("lists.ipos",),
    "get_main_contract": ("lists.mainContracts",),
    "subscribe_quote": ("quoteStream", "barStream"),
    "get_market_data_ex_ori": ("ticks.SNAPSHOT",),
    "get_l2_quote": ("ticks.LEVEL2_QUOTE",),
    "get_l2_order": ("ticks.LEVEL2_ORDER",),
    "get_l2_transaction": ("ticks.LEVEL2_TRANSACTION",),
}


def capabilities(
    lacking: Collection[str], trading: Mapping[str, str | None]
) -> tuple[Capability, ...]:
    """Return a row per operation, and one per kind of tick.

    `lacking` are the SDK's functions that this terminal said it has not (`Data.lacking`): it
    tells so only when it is asked, so that a report grows truer. `trading` is what is said of the
    ports of orders and accounts, by port or operation.
    """
    missing = {
        operation: f"This terminal's version or edition has no {function}."
        for function in sorted(lacking)
        for operation in _NEEDED.get(function, ())
    }
    said = {name: text for name, text in missing.items() if not name.startswith("ticks.")}
    ticks = [
        Capability(f"ticks.{kind}", reason is None, reason)
        for kind in TickKind
        for reason in (missing.get(f"ticks.{kind}", _TICKS.get(kind)),)
    ]
    return (*report({**_READS, **trading, **said}), *ticks)

"""What the real terminal can do, and why not: by its kind, and by what it answered so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from quantgraph.backends.xtquant.downloads import FETCHED
from quantgraph.backends.xtquant.logins import FUTURES_ACCOUNT
from quantgraph.backends.xtquant.order_codes import ACCOUNT_TYPES, price_number
from quantgraph.backends.xtquant.tables import AFAR
from quantgraph.backends.xtquant.ticks import NO_TRADES
from quantgraph.backends.xtquant.treatments import LIST
from quantgraph.domain.downloads import DownloadKind
from quantgraph.domain.instruments import Market
from quantgraph.domain.operations import WHOLE, report
from quantgraph.domain.orders import PriceType
from quantgraph.domain.system import Capability
from quantgraph.domain.ticks import TickKind

_TODAY = "Of today alone, as far as a live subscription received it; needs the level-2 permission."

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
    "get_metatable_list": ("lists.tables", "lists.tableRows"),
    "get_metatable_config": ("lists.tables", "lists.tableRows"),
    "get_main_contract": ("lists.mainContracts",),
    "is_stock_type": ("lists.instrumentTags",),
    "get_all_sub_info": ("lists.terminalSubscriptions",),
    "get_broker_queue_data": ("hongKong.brokerQueues",),
    "get_hk_broker_dict": ("hongKong.brokers",),
    "subscribe_quote": ("quoteStream", "barStream"),
    "get_market_data_ex_ori": ("ticks.SNAPSHOT",),
    **{
        function: tuple(f"downloads.{kind}" for kind in kinds)
        for function, kinds in FETCHED.items()
    },
    "get_fullspeed_orderbook": ("depth.orderBooks",),
    "get_transactioncount": ("depth.moneyFlows",),
    "subscribe_l2thousand": ("depthStream.watchBooks",),
    "subscribe_l2thousand_queue": ("depthStream.watchQueues",),
    "get_l2thousand_queue": ("depth.orderQueues",),
    "get_order_rank": ("depth.orderRank",),
    "get_l2_quote": ("ticks.LEVEL2_QUOTE",),
    "get_l2_order": ("ticks.LEVEL2_ORDER",),
    "get_l2_transaction": ("ticks.LEVEL2_TRANSACTION",),
}


# The same of what trading asks.
_ASKED: Mapping[str, tuple[str, ...]] = {
    "query_stock_asset_async": ("accounts.asset", "accounts.assets", "portfolio.risk"),
    "query_stock_positions_async": ("accounts.positions", "accounts.holdings", "portfolio.risk"),
    "query_new_purchase_limit_async": ("ipoQuotas",),
    "query_position_statistics_async": ("futuresPositionStatistics",),
    # Without the list nothing that was not told is ever found: no order may be sent.
    "query_stock_orders_async": ("trading.submit", "trading.approve", "batches.submitAll"),
    "query_stock_trades_async": ("trading.submit", "trading.approve", "batches.submitAll"),
}
# What is nothing without an account for shares.
_OF_ACCOUNTS = (
    *("ipoQuotas", "accounts.asset", "accounts.assets", "accounts.positions", "accounts.holdings"),
    *("connections", "trading", "batches", "previews", "allowances", "fills", "portfolio"),
)
# What lists nothing at all before somebody downloads it.
_DOWNLOADED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "get_sector_list": (
        "sectors",
        ("reference.sectors", "reference.sector", "reference.sectorsOf"),
    ),
    "get_etf_info": ("lists of funds", ("lists.etfBasket",)),
    "get_metatable_list": ("list of tables", ("lists.tables", "lists.tableRows")),
    LIST: ("days of special treatment", ("lists.specialTreatments",)),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a terminal has told of itself so far: it tells only what it is asked for.

    `lacking`: functions that it has not. `empty`: those that list what is downloaded, and had
    nothing. `accounts`: of those that are served; None before the first login. `unserved`: how many
    there are of other types, by the type. `afar`: its files are on another machine.
    """

    lacking: Collection[str] = ()
    empty: Collection[str] = ()
    accounts: int | None = None
    unserved: Mapping[int, int] = field(default_factory=dict[int, int])
    afar: bool = False


def capabilities(told: Told) -> tuple[Capability, ...]:
    """Return a row per operation, and one per kind of tick, of download and of price.

    It grows truer with what the terminal is asked.
    """
    missing = _not_downloaded(told) | _afar(told) | _lacking(told)
    fetched = {f"downloads.{kind}": missing.get(f"downloads.{kind}") for kind in DownloadKind}
    said = {
        name: text
        for name, text in missing.items()
        if not name.startswith("ticks.") and name not in fetched
    }
    ticks = [
        Capability(f"ticks.{kind}", reason is None, reason)
        for kind in TickKind
        for reason in (missing.get(f"ticks.{kind}", _TICKS.get(kind)),)
    ]
    simulated = {"simulation": "This is no simulated world."}
    fetches = [Capability(name, reason is None, reason) for name, reason in fetched.items()]
    rows = report({**WHOLE, **_unserved(told), **_futures(told), **said, **simulated})
    return (*rows, *ticks, *fetches, *_prices(told))


def _lacking(told: Told) -> dict[str, str]:
    return {
        operation: f"This terminal's version or edition has no {function}."
        for function in sorted(told.lacking)
        for operation in (*_NEEDED.get(function, ()), *_ASKED.get(function, ()))
    }


def _not_downloaded(told: Told) -> dict[str, str]:
    return {
        operation: f"The terminal has no {what} yet: they have to be downloaded to it first."
        for function in sorted(told.empty)
        for what, operations in (_DOWNLOADED[function],)
        for operation in operations
    }


def _afar(told: Told) -> dict[str, str]:
    return {"lists.tableRows": AFAR} if told.afar else {}


def _unserved(told: Told) -> dict[str, str]:
    """Return why nothing can be traded by this login, where it has no account for shares."""
    if told.accounts is None or told.accounts > 0:
        return {}
    words = [
        f"{count} of {ACCOUNT_TYPES.get(kind, f'type {kind}')}"
        for kind, count in sorted(told.unserved.items())
    ]
    others = f": it has {', '.join(words)}" if words else ""
    return dict.fromkeys(_OF_ACCOUNTS, f"This login has no account for shares{others}.")


def _futures(told: Told) -> dict[str, str]:
    """Return why no positions of futures can be told, where no account has any."""
    if told.accounts is None or told.unserved.get(FUTURES_ACCOUNT):
        return {}
    return {"futuresPositionStatistics": "This login has no account of futures."}


def _prices(told: Told) -> list[Capability]:
    missing = _unserved(told).get("trading")
    rows: list[Capability] = []
    for kind in PriceType:
        offered = any(price_number(market, kind) is not None for market in Market)
        reason = missing if offered else "The terminal has no such orders."
        rows.append(Capability(f"orders.{kind}", reason is None, reason))
    return rows

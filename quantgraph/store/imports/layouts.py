"""How files are laid out: whose columns mean what, in which unit, stamped how. One row a layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from quantgraph.domain.bars import Period
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import STATEMENTS
from quantgraph.domain.level2 import ORDER_TABLE, QUOTE_TABLE, TRANSACTION_TABLE
from quantgraph.domain.ticks import SNAPSHOT_FIELDS
from quantgraph.store.imports import eastmoney


class ImportKind(StrEnum):
    """What a file holds."""

    BARS = "bars"
    QUOTES = "quotes"
    TRADES = "trades"
    ORDERS = "orders"
    INSTRUMENTS = "instruments"
    SECTORS = "sectors"
    WEIGHTS = "weights"
    FINANCIALS = "financials"
    DIVIDENDS = "dividends"


class Stamp(StrEnum):
    """How a row says when it was."""

    DAY = "a date"
    INSTANT = "a start: epoch ms, or date and time, in Shanghai unless an offset is given"
    INSTANT_END = "an end: date and time in Shanghai, one minute after the start"
    CLOCK_END = "an end: a date and a clock as HHMMSSmmm, one minute after the start"
    CLOCK = "a clock HH:MM:SS.mmm; the date stands in the file name or in --date"


class Code(StrEnum):
    """How a row says what it is about."""

    SYMBOL = "600519.SH, or a bare stock code"
    BAOSTOCK = "sh.600519"
    XSHG = "600519.XSHG"
    EXCHANGE = "a bare code, and its exchange in the column of the value `exchange`"


@dataclass(frozen=True, slots=True)
class Unit:
    """A source column: how many of our units (shares, yuan) one of its own is."""

    column: str
    factor: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """One known layout.

    A file matches if its header has all `columns` and none of `without`; in an `exact` layout
    nothing but they and `optional` may stand. `optional` columns are read where present,
    everything else is listed as unused. `values` maps our fields to columns; `constant` must hold
    on every row. A layout with `refused` is known by name, but what it holds must not enter the
    store.
    """

    name: str
    kind: ImportKind
    columns: tuple[str, ...]
    values: Mapping[str, Unit]
    optional: tuple[str, ...] = ()
    exact: bool = False
    without: tuple[str, ...] = ()
    code: tuple[Code, str] | None = None
    stamp: tuple[Stamp, str] | None = None
    period: Period | None = None
    statement: Statement | None = None
    constant: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: tuple[str, ...] = ("",)
    refused: str = ""

    def matches(self, header: Sequence[str]) -> bool:
        """Return whether a file with this header can be of this layout."""
        names = set(header)
        if self.exact and not names.issubset({*self.columns, *self.optional}):
            return False
        return names.issuperset(self.columns) and names.isdisjoint(self.without)


def _same(*names: str) -> Mapping[str, Unit]:
    return {name: Unit(name) for name in names}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_OHLC = ("open", "high", "low", "close")
_BAR_EXTRAS = ("volume", "amount", "previous_close", "suspended")
_TUSHARE = _words("trade_date ts_code open high low close pre_close change pct_chg vol amount")
# Lots of 100 shares and thousands of yuan.
_TUSHARE_VALUES = {
    **_same(*_OHLC),
    "volume": Unit("vol", 100),
    "amount": Unit("amount", 1000),
    "previous_close": Unit("pre_close"),
}
_ADJUSTED = (
    "its prices are adjusted. The store keeps raw prices only, and adjusts them itself "
    "(--layout tushare-daily reads the unadjusted download)."
)


def _tushare(name: str, refused: str = "") -> Layout:
    return Layout(
        name=name,
        kind=ImportKind.BARS,
        columns=_TUSHARE,
        optional=("openinterest",),
        exact=True,
        values=_TUSHARE_VALUES,
        code=(Code.SYMBOL, "ts_code"),
        stamp=(Stamp.DAY, "trade_date"),
        period=Period.DAY_1,
        refused=refused,
    )


_BARS = (
    Layout(
        name="daily",
        kind=ImportKind.BARS,
        columns=("date", *_OHLC),
        optional=("symbol", *_BAR_EXTRAS),
        without=("time",),
        values=_same(*_OHLC, *_BAR_EXTRAS),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.DAY, "date"),
        period=Period.DAY_1,
    ),
    Layout(
        name="minute",
        kind=ImportKind.BARS,
        columns=("time", *_OHLC),
        optional=("symbol", "volume", "amount"),
        without=("date",),
        values=_same(*_OHLC, "volume", "amount"),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.INSTANT, "time"),
        period=Period.MIN_1,
    ),
    Layout(
        name="baostock-daily",
        kind=ImportKind.BARS,
        columns=_words(
            "date code open high low close preclose volume amount adjustflag turn tradestatus "
            "pctChg isST"
        ),
        exact=True,
        values={
            **_same(*_OHLC, "volume", "amount"),
            "previous_close": Unit("preclose"),
            "traded": Unit("tradestatus"),
        },
        code=(Code.BAOSTOCK, "code"),
        stamp=(Stamp.DAY, "date"),
        period=Period.DAY_1,
        constant={"adjustflag": "3"},  # 1 and 2 are adjusted prices
    ),
    _tushare("tushare-daily"),
    _tushare("tushare-daily-qfq", _ADJUSTED),
    _tushare("tushare-daily-hfq", _ADJUSTED),
    Layout(
        name="wondertrader-daily",
        kind=ImportKind.BARS,
        columns=_words("date time open high low close volumn turnover"),
        exact=True,
        values={**_same(*_OHLC), "volume": Unit("volumn"), "amount": Unit("turnover")},
        stamp=(Stamp.DAY, "date"),
        period=Period.DAY_1,
        constant={"time": "0"},  # its intraday files look the same and have a clock here
    ),
    Layout(
        name="dolphindb-minute",
        kind=ImportKind.BARS,
        columns=_words(
            "symbol exchange cycle tradingDay date time open high low close volume turnover "
            "unixTime"
        ),
        exact=True,
        values={**_same(*_OHLC, "volume", "exchange"), "amount": Unit("turnover")},
        code=(Code.EXCHANGE, "symbol"),
        stamp=(Stamp.CLOCK_END, "date"),
        period=Period.MIN_1,
        constant={"cycle": "1"},
    ),
    Layout(
        name="czsc-minute",
        kind=ImportKind.BARS,
        columns=_words("symbol id dt freq open close high low vol"),
        exact=True,
        values={**_same(*_OHLC), "volume": Unit("vol")},
        code=(Code.XSHG, "symbol"),
        stamp=(Stamp.INSTANT_END, "dt"),
        period=Period.MIN_1,
        constant={"freq": "Freq.F1"},
    ),
)

_SNAPSHOT_COLUMNS = tuple(
    dict.fromkeys(name for name in (*SNAPSHOT_FIELDS, *QUOTE_TABLE) if name != "time")
)
_TRADE_COLUMNS = tuple(name for name in TRANSACTION_TABLE if name != "time")
_DEAL = ("price", "quantity")
_ORDER_COLUMNS = tuple(name for name in ORDER_TABLE if name != "time")


def _levels(depth: int) -> Mapping[str, Unit]:
    return {
        f"{ours}_{what}_{level}": Unit(f"{theirs}{name}{level}")
        for ours, theirs in (("bid", "Bid"), ("ask", "Ask"))
        for what, name in (("price", "Price"), ("quantity", "Volume"))
        for level in range(1, depth + 1)
    }


_SSE_SNAPSHOT = {
    "last_price": Unit("LastPrice"),
    "open": Unit("OpenPrice"),
    "high": Unit("HighPrice"),
    "low": Unit("LowPrice"),
    "previous_close": Unit("PreCloPrice"),
    "volume": Unit("TradVolume"),
    "amount": Unit("Turnover"),
    "trade_count": Unit("TradNumber"),
    **_levels(5),
}
# What level 2 has besides; a file may lack any of it.
_SSE_LEVEL2 = {
    **_levels(10),
    **{f"bid_orders_{level}": Unit(f"NumOrdersB{level}") for level in range(1, 11)},
    **{f"ask_orders_{level}": Unit(f"NumOrdersS{level}") for level in range(1, 11)},
    "phase": Unit("InstruStatus"),
    "close": Unit("ClosePrice"),
    "total_bid_quantity": Unit("TotalBidVol"),
    "average_bid_price": Unit("WAvgBidPri"),
    "total_ask_quantity": Unit("TotalAskVol"),
    "average_ask_price": Unit("WAvgAskPri"),
    "withdrawn_bid_count": Unit("WiDBuyNum"),
    "withdrawn_bid_quantity": Unit("WiDBuyVol"),
    "withdrawn_bid_amount": Unit("WiDBuyMon"),
    "withdrawn_ask_count": Unit("WiDSellNum"),
    "withdrawn_ask_quantity": Unit("WiDSellVol"),
    "withdrawn_ask_amount": Unit("WiDSellMon"),
    "etf_creation_count": Unit("EtfBuyNumber"),
    "etf_creation_quantity": Unit("EtfBuyVolume"),
    "etf_creation_amount": Unit("EtfBuyMoney"),
    "etf_redemption_count": Unit("EtfSellNumber"),
    "etf_redemption_quantity": Unit("EtfSellVolume"),
    "etf_redemption_amount": Unit("ETFSellMoney"),
    "iopv": Unit("IOPV"),
    "local_time": Unit("LocalTime"),
    "sequence_number": Unit("SeqNo"),
    "image_status": Unit("ImageStatus"),
    "total_bid_number": Unit("TotBidNum"),
    "total_sell_number": Unit("TotSellNum"),
    "bid_number": Unit("BidNum"),
    "sell_number": Unit("SellNum"),
    "max_bid_duration": Unit("MaxBidDur"),
    "max_sell_duration": Unit("MaxSellDur"),
    "alt_average_bid_price": Unit("AltWAvgBidPri"),
    "alt_average_ask_price": Unit("AltWAvgAskPri"),
    "yield_to_maturity": Unit("YieldToMatu"),
    "warrant_exercise_number": Unit("TotWarExNum"),
    "warrant_lower_price": Unit("WarLowerPri"),
    "warrant_upper_price": Unit("WarUpperPri"),
}

_TICKS = (
    Layout(
        name="snapshots",
        kind=ImportKind.QUOTES,
        columns=("time", "last_price"),
        optional=("symbol", *_SNAPSHOT_COLUMNS),
        values=_same(*_SNAPSHOT_COLUMNS),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.INSTANT, "time"),
    ),
    Layout(
        name="sse-l2-snapshot",
        kind=ImportKind.QUOTES,
        columns=("UpdateTime", "SecurityID", *(unit.column for unit in _SSE_SNAPSHOT.values())),
        values={**_SSE_SNAPSHOT, **_SSE_LEVEL2},
        code=(Code.SYMBOL, "SecurityID"),
        stamp=(Stamp.CLOCK, "UpdateTime"),
    ),
    Layout(
        name="trades",
        kind=ImportKind.TRADES,
        columns=("time", "price", "quantity"),
        optional=("symbol", *(name for name in _TRADE_COLUMNS if name not in _DEAL)),
        values=_same(*_TRADE_COLUMNS),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.INSTANT, "time"),
    ),
    Layout(
        name="sse-l2-trade",
        kind=ImportKind.TRADES,
        columns=_words(
            "SecurityID TradTime TradPrice TradVolume TradeMoney TradeBSFlag TradeIndex"
        ),
        values={
            "price": Unit("TradPrice"),
            "quantity": Unit("TradVolume"),
            "amount": Unit("TradeMoney"),
            "taker": Unit("TradeBSFlag"),
            "trade_number": Unit("TradeIndex"),
            "buy_order_number": Unit("TradeBuyNo"),
            "sell_order_number": Unit("TradeSellNo"),
            "channel": Unit("TradeChan"),
            "local_time": Unit("LocalTime"),
            "sequence_number": Unit("SeqNo"),
            "business_index": Unit("BizIndex"),
            "data_status": Unit("DataStatus"),
        },
        code=(Code.SYMBOL, "SecurityID"),
        stamp=(Stamp.CLOCK, "TradTime"),
    ),
    Layout(
        name="orders",
        kind=ImportKind.ORDERS,
        columns=("time", "quantity", "side"),
        optional=("symbol", *(name for name in _ORDER_COLUMNS if name not in ("quantity", "side"))),
        values=_same(*_ORDER_COLUMNS),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.INSTANT, "time"),
    ),
)

_LISTS = (
    Layout(
        name="instruments",
        kind=ImportKind.INSTRUMENTS,
        columns=("symbol", "name"),
        optional=("list_date", "delist_date", "is_st"),
        values=_same("name", "list_date", "delist_date", "is_st"),
        code=(Code.SYMBOL, "symbol"),
    ),
    Layout(
        name="tushare-basics",
        kind=ImportKind.INSTRUMENTS,
        columns=_words(
            "code name industry area pe outstanding totals totalAssets liquidAssets fixedAssets "
            "reserved reservedPerShare esp bvps pb timeToMarket"
        ),
        exact=True,
        values={"name": Unit("name"), "list_date": Unit("timeToMarket")},
        code=(Code.SYMBOL, "code"),
        missing=("", "0"),
    ),
    Layout(
        name="kg-stocks",
        kind=ImportKind.INSTRUMENTS,
        columns=("股票代码:ID", "股票名称", ":LABEL"),
        exact=True,
        values={"name": Unit("股票名称")},
        code=(Code.SYMBOL, "股票代码:ID"),
    ),
    Layout(
        name="sectors",
        kind=ImportKind.SECTORS,
        columns=("sector", "symbol"),
        optional=("category", "date"),
        values=_same("sector", "category", "date"),
        code=(Code.SYMBOL, "symbol"),
    ),
    Layout(
        name="kg-stocks",
        kind=ImportKind.SECTORS,
        columns=("股票代码:ID", "股票名称", ":LABEL"),
        exact=True,
        values={"name": Unit("股票名称")},
        code=(Code.SYMBOL, "股票代码:ID"),
    ),
    Layout(
        name="kg-concepts",
        kind=ImportKind.SECTORS,
        columns=("概念名称", "ConceptId:ID", ":LABEL"),
        exact=True,
        values={
            "sector": Unit("概念名称"),
            "code": Unit("ConceptId:ID"),
            "category": Unit(":LABEL"),
        },
    ),
    Layout(
        name="kg-edges",
        kind=ImportKind.SECTORS,
        columns=(":START_ID", ":END_ID", ":TYPE"),
        exact=True,
        values={"code": Unit(":END_ID")},
        code=(Code.SYMBOL, ":START_ID"),
        constant={":TYPE": "belong_to"},
    ),
    Layout(
        name="weights",
        kind=ImportKind.WEIGHTS,
        columns=("index_symbol", "symbol", "weight", "date"),
        optional=("index_name", "name"),
        values=_same("index_symbol", "weight", "index_name", "name"),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.DAY, "date"),
    ),
    Layout(
        name="csi-weights",
        kind=ImportKind.WEIGHTS,
        columns=(
            "日期Date",
            "指数代码 Index Code",
            "指数名称 Index Name",
            "成份券代码Constituent Code",
            "成份券名称Constituent Name",
            "交易所Exchange",
            "权重(%)weight",
        ),
        values={
            "index_symbol": Unit("指数代码 Index Code"),
            "index_name": Unit("指数名称 Index Name"),
            "name": Unit("成份券名称Constituent Name"),
            "exchange": Unit("交易所Exchange"),
            "weight": Unit("权重(%)weight"),
        },
        code=(Code.EXCHANGE, "成份券代码Constituent Code"),
        stamp=(Stamp.DAY, "日期Date"),
    ),
    Layout(
        name="dividends",
        kind=ImportKind.DIVIDENDS,
        columns=("symbol", "ex_date"),
        optional=("cash", "bonus", "conversion", "rights", "rights_price"),
        values=_same("cash", "bonus", "conversion", "rights", "rights_price"),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.DAY, "ex_date"),
    ),
)


def _eastmoney(statement: Statement, name: str) -> Layout:
    table = eastmoney.COLUMNS[statement]
    return Layout(
        name=name,
        kind=ImportKind.FINANCIALS,
        columns=("scode", "sname", "noticedate", "reportdate", *table.values()),
        values={
            "announce_date": Unit("noticedate"),
            "name": Unit("sname"),
            **{ours: Unit(theirs) for ours, theirs in table.items()},
        },
        code=(Code.SYMBOL, "scode"),
        stamp=(Stamp.DAY, "reportdate"),
        statement=statement,
        missing=("", "-"),
    )


def _own_statement(statement: Statement) -> Layout:
    names = tuple(STATEMENTS[statement].fields)
    return Layout(
        name=f"{statement.value.lower().replace('_', '-')}",
        kind=ImportKind.FINANCIALS,
        columns=("symbol", "report_date"),
        optional=("announce_date", "item", *names),
        values=_same("announce_date", "item", *names),
        code=(Code.SYMBOL, "symbol"),
        stamp=(Stamp.DAY, "report_date"),
        statement=statement,
    )


_FINANCIALS = (
    _eastmoney(Statement.BALANCE, "eastmoney-balance"),
    _eastmoney(Statement.INCOME, "eastmoney-income"),
    _eastmoney(Statement.CASH_FLOW, "eastmoney-cash-flow"),
    *(_own_statement(statement) for statement in Statement),
)

LAYOUTS: Sequence[Layout] = (*_BARS, *_TICKS, *_LISTS, *_FINANCIALS)

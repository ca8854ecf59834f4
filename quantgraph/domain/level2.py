"""Level-2 recordings (逐笔): ten levels, single orders and single deals, one table per recording.

The tables make the GraphQL types and are what the protobuf messages are checked against. Fields
that a publisher explains nowhere keep his name and his numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DEPTH = 10


class QuotePhase(StrEnum):
    """What the exchange was doing when it published a level-2 quote."""

    START = "START"
    OPENING_AUCTION = "OPENING_AUCTION"
    CONTINUOUS = "CONTINUOUS"
    BREAK = "BREAK"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    ENDED = "ENDED"
    CLOSED = "CLOSED"
    SUSPENDED = "SUSPENDED"


class EntrustType(StrEnum):
    """What a level-2 order message asks the exchange for."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    OWN_BEST = "OWN_BEST"
    CANCEL = "CANCEL"


class EntrustSide(StrEnum):
    """Direction of a level-2 order."""

    BUY = "BUY"
    SELL = "SELL"


# How enumerations are held in columns; 0 stands under a mask only.
PHASES: Mapping[int, QuotePhase] = dict(enumerate(QuotePhase, 1))
ENTRUST_TYPES: Mapping[int, EntrustType] = dict(enumerate(EntrustType, 1))
ENTRUST_SIDES: Mapping[int, EntrustSide] = {1: EntrustSide.BUY, -1: EntrustSide.SELL}


@dataclass(frozen=True, slots=True)
class Level2Field:
    """One column: its numpy type and what it says. `raw`: as published, of unexplained meaning."""

    name: str
    dtype: str
    description: str
    raw: bool = False

    @property
    def priced(self) -> bool:
        """Whether it is a price, of which 0 means that there is none."""
        return self.dtype == "float64" and not self.raw and not self.name.endswith("amount")


def _price(name: str, words: str) -> Level2Field:
    return Level2Field(name, "float64", f"{words}, yuan.")


def _money(name: str, words: str) -> Level2Field:
    return Level2Field(name, "float64", f"{words}, yuan.")


def _count(name: str, words: str) -> Level2Field:
    return Level2Field(name, "int64", f"{words}.")


def _raw(name: str, column: str, dtype: str = "int64") -> Level2Field:
    text = f"{column} as published; its publisher gives no legend and no unit."
    return Level2Field(name, dtype, text, raw=True)


def _levels(side: str, words: str) -> tuple[Level2Field, ...]:
    found: list[Level2Field] = []
    for level in range(1, DEPTH + 1):
        where = f"{words} price {level}, 1 the best"
        found.append(_price(f"{side}_price_{level}", where[0].upper() + where[1:]))
        found.append(_count(f"{side}_quantity_{level}", f"Quantity at {where}, shares"))
        found.append(_count(f"{side}_orders_{level}", f"Number of orders at {where}"))
    return tuple(found)


def _table(*fields: Level2Field) -> Mapping[str, Level2Field]:
    return {field.name: field for field in fields}


_RECORDED = (
    Level2Field(
        "local_time", "int64", "When whoever recorded it got it, by his own clock, to the ms."
    ),
    _count("sequence_number", "Number given by whoever recorded it"),
)

QUOTE_TABLE = _table(
    Level2Field("time", "int64", "When the exchange published it."),
    Level2Field("phase", "int8", "What the exchange was doing."),
    _price("last_price", "Price of the last trade"),
    _price("open", "First price of the day"),
    _price("high", "Highest price of the day so far"),
    _price("low", "Lowest price of the day so far"),
    _price("close", "Closing price, once there is one"),
    _price("previous_close", "Reference price of the day"),
    _count("volume", "Quantity traded that day so far, shares"),
    _money("amount", "Money traded that day so far"),
    _count("trade_count", "Number of trades that day so far"),
    _count("total_bid_quantity", "Quantity of all waiting buy orders, shares"),
    _price("average_bid_price", "Price of all waiting buy orders, weighted by quantity"),
    _count("total_ask_quantity", "Quantity of all waiting sell orders, shares"),
    _price("average_ask_price", "Price of all waiting sell orders, weighted by quantity"),
    _count("withdrawn_bid_count", "Number of buy orders withdrawn so far"),
    _count("withdrawn_bid_quantity", "Quantity of buy orders withdrawn so far, shares"),
    _money("withdrawn_bid_amount", "Money of buy orders withdrawn so far"),
    _count("withdrawn_ask_count", "Number of sell orders withdrawn so far"),
    _count("withdrawn_ask_quantity", "Quantity of sell orders withdrawn so far, shares"),
    _money("withdrawn_ask_amount", "Money of sell orders withdrawn so far"),
    _count("etf_creation_count", "Creations (申购) of a fund so far; 0 for a share"),
    _count("etf_creation_quantity", "Fund units created so far; 0 for a share"),
    _money("etf_creation_amount", "Money of creations so far; 0 for a share"),
    _count("etf_redemption_count", "Redemptions (赎回) of a fund so far; 0 for a share"),
    _count("etf_redemption_quantity", "Fund units redeemed so far; 0 for a share"),
    _money("etf_redemption_amount", "Money of redemptions so far; 0 for a share"),
    _price("iopv", "Indicative value of a fund's unit (IOPV); null for a share"),
    *_levels("bid", "buy"),
    *_levels("ask", "sell"),
    *_RECORDED,
    _raw("image_status", "ImageStatus"),
    _raw("total_bid_number", "TotBidNum"),
    _raw("total_sell_number", "TotSellNum"),
    _raw("bid_number", "BidNum"),
    _raw("sell_number", "SellNum"),
    _raw("max_bid_duration", "MaxBidDur"),
    _raw("max_sell_duration", "MaxSellDur"),
    _raw("alt_average_bid_price", "AltWAvgBidPri", "float64"),
    _raw("alt_average_ask_price", "AltWAvgAskPri", "float64"),
    _raw("yield_to_maturity", "YieldToMatu", "float64"),
    _raw("warrant_exercise_number", "TotWarExNum"),
    _raw("warrant_lower_price", "WarLowerPri", "float64"),
    _raw("warrant_upper_price", "WarUpperPri", "float64"),
)

ORDER_TABLE = _table(
    Level2Field("time", "int64", "When the exchange took it."),
    _price("price", "Price; null for an order without one"),
    _count("quantity", "Quantity, shares"),
    Level2Field("side", "int8", "Direction."),
    Level2Field("type", "int8", "What it asks for."),
    _count("order_number", "Number given by the exchange, to which transactions refer"),
    _count("channel", "Channel of the exchange; numbers are unique within one"),
    *_RECORDED,
)

TRANSACTION_TABLE = _table(
    Level2Field("time", "int64", "When the exchange matched it."),
    _price("price", "Price"),
    _count("quantity", "Quantity, shares"),
    _money("amount", "Price times quantity"),
    Level2Field("side", "int8", "Who took."),
    _count("trade_number", "Number given by the exchange"),
    _count("buy_order_number", "Number of the buy order"),
    _count("sell_order_number", "Number of the sell order"),
    _count("channel", "Channel of the exchange; numbers are unique within one"),
    *_RECORDED,
    _raw("business_index", "BizIndex"),
    _raw("data_status", "DataStatus"),
)

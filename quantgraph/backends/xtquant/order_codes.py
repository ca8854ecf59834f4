"""The vendor's numbers of accounts, orders, prices and statuses, and ours for them.

Each table holds every number that the SDK has a name for; what is not there is unlisted.
"""

from collections.abc import Mapping
from typing import NamedTuple

from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import OrderState, PriceType, Side

S, P = OrderState, PriceType
_BUY, _SELL = Side.BUY, Side.SELL
# Of shares for cash: the one type of account that orders are sent for.
CASH_ACCOUNT = 2
# The vendor's words of types of accounts; all but one are read and traded by no rule of ours yet.
ACCOUNT_TYPES: Mapping[int, str] = {
    1: "futures",
    CASH_ACCOUNT: "stocks",
    3: "margin",
    5: "futures options",
    6: "stock options",
    7: "Shanghai-Hong Kong Connect",
    8: "income swaps",
    10: "NEEQ",
    11: "Shenzhen-Hong Kong Connect",
    13: "over-the-counter wealth",
    1001: "foreign futures",
    1002: "Interactive Brokers",
    15001: "custody",
    15002: "interbank",
    15003: "bank",
    15005: "over the counter",
}
# Login of an account, and why it takes no orders then; None: it does.
ACCOUNT_STATUSES: Mapping[int, str | None] = {
    -1: "The account is invalid.",
    0: None,
    1: "The account waits for its login.",
    2: "The account is being logged in.",
    3: "The login of the account failed.",
    4: "The account is being prepared.",
    5: "The data of the account are being corrected.",
    6: "The account is closed after the session.",
    7: "The secondary link of the account is down.",
    8: "The account was disabled by the system.",
    9: "The account was disabled by its user.",
}
# 255 is the terminal's own word for not knowing.
STATUSES: Mapping[int, OrderState] = {
    48: S.SENT,
    49: S.SENT,
    50: S.WORKING,
    51: S.PENDING_CANCEL,
    52: S.PENDING_CANCEL,
    53: S.CANCELED,
    54: S.CANCELED,
    55: S.PARTIALLY_FILLED,
    56: S.FILLED,
    57: S.REJECTED,
    255: S.UNKNOWN,
}
BUY_SHARES, SELL_SHARES = 23, 24
_FUTURES = {
    0: _BUY, 1: _SELL, 2: _SELL, 3: _SELL, 4: _BUY, 5: _BUY, 6: _SELL, 7: _SELL, 8: _BUY, 9: _BUY,
    10: _SELL, 11: _SELL, 12: _BUY, 13: _BUY, 14: _BUY, 15: _SELL,
    16: None, 17: None, 18: None, 19: None, 20: None, 21: None, 22: None, 400: None,
}  # fmt: skip
_MARGIN = {
    27: _BUY, 28: _SELL, 29: _BUY, 30: None, 31: _SELL, 32: None,
    40: _BUY, 41: _SELL, 42: _BUY, 43: None, 44: _SELL, 45: None,
}  # fmt: skip
_OPTIONS = {
    48: _BUY, 49: _SELL, 50: _SELL, 51: _BUY, 52: _SELL, 53: _BUY,
    54: None, 55: None, 56: None, 57: None, 100: None, 137: None, 138: None, 139: None,
}  # fmt: skip
_BASKETS = dict.fromkeys((134, 135, *range(110, 120)))
# Which way an order of a type goes; None where it is neither a purchase nor a sale, or both.
ORDER_TYPES: Mapping[int, Side | None] = {
    BUY_SHARES: _BUY,
    SELL_SHARES: _SELL,
    **_FUTURES,
    **_MARGIN,
    **_OPTIONS,
    **_BASKETS,
}


class VendorPrice(NamedTuple):
    """A price type of the vendor: ours, and where it is taken; None where we have no such word."""

    ours: PriceType | None
    markets: frozenset[Market] = frozenset()


_SHANGHAI = frozenset({Market.SH, Market.BJ})
_SHENZHEN = frozenset({Market.SZ})
_SHARES = _SHANGHAI | _SHENZHEN
LIMIT = 11
PRICE_TYPES: Mapping[int, VendorPrice] = {
    # The terminal fills in the latest price: a limit that nobody named is not sent.
    5: VendorPrice(None),
    LIMIT: VendorPrice(P.LIMIT, _SHARES),
    # Of futures exchanges, whose orders are not sent.
    18: VendorPrice(None),
    19: VendorPrice(None),
    20: VendorPrice(None),
    21: VendorPrice(None),
    22: VendorPrice(None),
    23: VendorPrice(None),
    24: VendorPrice(None),
    42: VendorPrice(P.BEST_FIVE_CANCEL, _SHANGHAI),
    43: VendorPrice(P.BEST_FIVE_LIMIT, _SHANGHAI),
    44: VendorPrice(P.OPPOSITE_BEST, _SHARES),
    45: VendorPrice(P.OWN_BEST, _SHARES),
    # What cannot trade at once, at any price, is canceled: no other exchange has it.
    46: VendorPrice(None),
    47: VendorPrice(P.BEST_FIVE_CANCEL, _SHENZHEN),
    48: VendorPrice(P.FILL_OR_KILL, _SHENZHEN),
}
_SENT: Mapping[tuple[Market, PriceType], int] = {
    (market, each.ours): number
    for number, each in PRICE_TYPES.items()
    if each.ours is not None
    for market in each.markets
}
# Some brokers show these in the list instead of what was sent: market, limit, best.
_SHOWN: Mapping[int, PriceType] = {49: P.OPPOSITE_BEST, 50: P.LIMIT, 51: P.OPPOSITE_BEST}


def price_number(market: Market, kind: PriceType) -> int | None:
    """Return what stands for a price type in a market, None where the vendor has none there."""
    return _SENT.get((market, kind))


def price_kind(number: int, price: float) -> PriceType:
    """Return our word for what a list shows, the nearest one where there is none.

    A price that is shown with an unlisted number is a limit's; without one it was found.
    """
    known = PRICE_TYPES.get(number)
    if known is not None and known.ours is not None:
        return known.ours
    return _SHOWN.get(number) or (P.LIMIT if price > 0 else P.OPPOSITE_BEST)

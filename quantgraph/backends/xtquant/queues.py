"""Single orders in the terminal's book of a thousand levels, and one order's place among them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import isfinite
from typing import Any, TypeAlias, cast

from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.codes import lot_of, to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import read_instant
from quantgraph.backends.xtquant.quotes import absence, price_of
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.depth import OrderQueue, OrderQueues, OrderRank, QueueRequest, RankRequest
from quantgraph.domain.orders import Side
from quantgraph.domain.sources import Source

Row: TypeAlias = Mapping[str, Any]
_SIDES: Mapping[Side, str] = {Side.BUY: "buy", Side.SELL: "sell"}
_HALF_MS = timedelta(microseconds=500)
# Beyond it, and where it is NaN, a size is no number.
_MOST = 1e15


def ask_queues(data: Data, book: InstrumentBook, request: QueueRequest, day: date) -> OrderQueues:
    """Return the queues of a request. Errors: UNKNOWN_SYMBOL, NOT_QUOTED."""
    code, symbol = to_vendor(request.symbol), request.symbol
    prices = [SentPrice(each) for each in request.prices] or None
    told = data.call("get_l2thousand_queue", code, request.levels, prices)
    found = read_queues(symbol, _row(told, code))
    if found is None:
        raise absence(symbol, book.find(data, [symbol], day)[symbol], "queues of orders")
    return found


def ask_rank(data: Data, request: RankRequest) -> OrderRank:
    """Return the place of an order; of None the terminal holds no book of a thousand levels."""
    told: Row | None = data.call(
        "get_order_rank",
        to_vendor(request.symbol),
        # The SDK cuts its milliseconds off a float: half of one keeps them whole.
        from_ms(request.time) + _HALF_MS,
        _SIDES[request.side],
        float(request.price),
        request.quantity,
        request.open_quantity,
    )
    return OrderRank(request.symbol, _rank((told or {}).get("pricerank")), Source.TERMINAL)


def read_queues(symbol: str, told: Row) -> OrderQueues | None:
    """Return the queues of a row, sizes in lots; None without a time."""
    instant = read_instant(told.get("time"))
    if instant is None:
        return None
    bids, asks = _queues(symbol, told, "bid"), _queues(symbol, told, "ask")
    return OrderQueues(symbol, instant, bids, asks, Source.TERMINAL)


class SentPrice(float):
    """A price that the SDK multiplies by 10,000 before it is sent: 11.37 by itself falls short."""

    def __mul__(self, parts: float) -> int:
        """Return whole parts of a yuan."""
        return round(float(self) * parts)


def _row(told: Any, code: str) -> Row:  # noqa: ANN401 a row, rows, rows by code, or nothing
    if isinstance(told, Mapping) and code in told:
        told = cast("Mapping[str, Any]", told)[code]
    if isinstance(told, list):
        told = cast("list[Any]", told)[-1] if told else None
    return cast("Row", told) if isinstance(told, Mapping) else {}


def _queues(symbol: str, told: Row, side: str) -> tuple[OrderQueue, ...]:
    prices: Sequence[Any] = told.get(f"{side}Price") or ()
    volumes: Sequence[Any] = told.get(f"{side}Volume") or ()
    levels: Sequence[Any] = told.get(f"{side}Gear") or ()
    lot, found = lot_of(symbol), list[OrderQueue]()
    for place, (told_price, queue) in enumerate(zip(prices, volumes, strict=False)):
        price = price_of(told_price)
        if price is not None:
            level = levels[place] if place < len(levels) else None
            level = level if isinstance(level, int) else None
            sizes = tuple(int(each) * lot for each in queue or () if each and 0 < each < _MOST)
            found.append(OrderQueue(level, price, sizes))
    return tuple(found)


def _rank(told: object) -> int | None:
    if not isinstance(told, int | float) or not isfinite(told) or told < 0:
        return None
    return int(told)

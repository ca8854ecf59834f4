"""What the terminal tells of level 2 for many symbols at once: quick books and flows of money."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar, cast

from quantgraph.backends.xtquant.book import InstrumentBook
from quantgraph.backends.xtquant.codes import lot_of, to_vendor
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.days import read_instant
from quantgraph.backends.xtquant.flows import read_flow
from quantgraph.backends.xtquant.queues import ask_queues, ask_rank
from quantgraph.backends.xtquant.quotes import absence, levels_of, price_of, quotes_of
from quantgraph.domain.depth import (
    BOOK_LEVELS,
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.sources import Source

T = TypeVar("T")
Row = Mapping[str, Any]


class TerminalDepth:
    """Implements `Depth` over what the terminal receives of level 2."""

    def __init__(self, client: DataClient, book: InstrumentBook, today: Callable[[], date]) -> None:
        """Ask nothing yet."""
        self._client, self._book, self._today = client, book, today

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Return the present book per symbol; see `ports.Depth`."""
        return await self._client.run(_read_books, self._book, symbols, self._today())

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Return today's flows per symbol; see `ports.Depth`."""
        return await self._client.run(_read_flows, self._book, symbols, self._today())

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Return the single orders that wait at some prices; see `ports.Depth`."""
        return await self._client.run(ask_queues, self._book, request, self._today())

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Return where an order stands among those that wait; see `ports.Depth`."""
        return await self._client.run(ask_rank, request)


def read_book(symbol: str, told: Row, most: int = BOOK_LEVELS) -> OrderBook | None:
    """Return a book of so many levels at most; None without a time.

    Sizes are lots: the vendor says so of its books of a thousand levels, and writes these alike.
    It documents other names of three fields than it sends.
    """
    instant = read_instant(told.get("time") or told.get("timeTag"))
    if instant is None:
        return None
    bids = (told.get("bidPrice"), told.get("bidVolume"))
    asks = (
        told.get("askPrice") or told.get("offPrice"),
        told.get("askVolume") or told.get("offVolume"),
    )
    lot = lot_of(symbol)
    return OrderBook(
        symbol=symbol,
        time=instant,
        last_price=price_of(told.get("price")),
        bids=levels_of(bids, lot, most),
        asks=levels_of(asks, lot, most),
        source=Source.TERMINAL,
    )


def _read_books(
    data: Data, book: InstrumentBook, symbols: Sequence[str], day: date
) -> list[OrderBook | GatewayError]:
    told = _ask(data, "get_fullspeed_orderbook", symbols)
    found = {symbol: read_book(symbol, row) for symbol, row in told.items()}
    return _each(symbols, found, book.find(data, _absent(symbols, found), day))


def _read_flows(
    data: Data, book: InstrumentBook, symbols: Sequence[str], day: date
) -> list[MoneyFlow | GatewayError]:
    told = _ask(data, "get_transactioncount", symbols)
    # The flows say in no unit what they count: the day's prices tell it.
    quotes = quotes_of(data, [*told])
    found = {symbol: read_flow(symbol, row, quotes.get(symbol)) for symbol, row in told.items()}
    return _each(symbols, found, book.find(data, _absent(symbols, found), day))


def _ask(data: Data, function: str, symbols: Sequence[str]) -> dict[str, Row]:
    """Return the newest row of each symbol that the terminal has one of."""
    codes = {to_vendor(symbol): symbol for symbol in symbols}
    told: Mapping[str, Any] = (data.call(function, [*codes]) or {}) if codes else {}
    rows = ((symbol, _newest(told.get(code))) for code, symbol in codes.items())
    return {symbol: row for symbol, row in rows if row}


def _newest(told: Any) -> Row | None:  # noqa: ANN401 a row, a list of rows, or nothing
    if isinstance(told, list):
        return cast("list[Row]", told)[-1] if told else None
    return told


def _absent(symbols: Sequence[str], found: Mapping[str, object | None]) -> list[str]:
    return [symbol for symbol in symbols if found.get(symbol) is None]


def _each(
    symbols: Sequence[str], found: Mapping[str, T | None], known: Mapping[str, object | None]
) -> list[T | GatewayError]:
    rows = ((symbol, found.get(symbol)) for symbol in symbols)
    return [
        absence(symbol, known.get(symbol), "level-2 data") if row is None else row
        for symbol, row in rows
    ]

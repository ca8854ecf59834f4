"""Tradable things and their codes."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from quantgraph.domain.errors import bad_request
from quantgraph.domain.sources import Source

# Shares, funds, bonds and indexes; options; futures, by product and month.
_SYMBOL = re.compile(r"[0-9]{6}\.(SH|SZ|BJ)|[0-9]{8}\.(SH|SZ)|[A-Z]{1,2}[0-9]{4}\.CFFEX")
_OPTION_DIGITS = 8


class Market(StrEnum):
    """An exchange, as the suffix of its symbols."""

    SH = "SH"
    SZ = "SZ"
    BJ = "BJ"
    CFFEX = "CFFEX"


class InstrumentKind(StrEnum):
    """What sort of thing is traded."""

    STOCK = "STOCK"
    FUND = "FUND"
    BOND = "BOND"
    INDEX = "INDEX"
    OPTION = "OPTION"
    FUTURE = "FUTURE"
    OTHER = "OTHER"


class Board(StrEnum):
    """The segment of the exchange, which decides bands, lots and sizes."""

    MAIN = "MAIN"
    STAR = "STAR"
    CHINEXT = "CHINEXT"
    BSE = "BSE"


@dataclass(frozen=True, slots=True)
class Segment:
    """What market rules tell apart: an exchange, a kind and, of shares, a board."""

    market: Market
    kind: InstrumentKind
    board: Board | None

    def __str__(self) -> str:
        """Return it as a message shows it."""
        return " ".join(part for part in (self.market, self.board, self.kind) if part)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable thing. `name` and `list_date` are None where no source gave them."""

    symbol: str
    name: str | None
    market: Market
    kind: InstrumentKind
    board: Board | None
    price_tick: Decimal | None
    list_date: date | None
    delist_date: date | None
    is_st: bool
    source: Source

    def __hash__(self) -> int:
        """Return a hash that costs next to nothing: rows are looked up by it, dozens per order."""
        return hash(self.symbol)

    @property
    def segment(self) -> Segment:
        """The part of the market whose rules are the instrument's."""
        return Segment(self.market, self.kind, self.board)

    @property
    def is_leaving(self) -> bool:
        """Whether it trades its last days before the delisting (退市整理期), as its name says."""
        return self.name is not None and (self.name.startswith("退市") or self.name.endswith("退"))

    def filled(self, other: "Instrument") -> "Instrument":
        """Return it with the listing days of another description where it has none itself."""
        first, gone = self.list_date or other.list_date, self.delist_date or other.delist_date
        return replace(self, list_date=first, delist_date=gone)


def checked_symbol(text: str) -> str:
    """Return `text` if it is a symbol like 600519.SH, else raise BAD_REQUEST."""
    if _SYMBOL.fullmatch(text) is None:
        raise bad_request(
            f"{text[:40]!r} is not a symbol: expected six digits, a dot and SH, SZ or BJ, "
            "as in 600519.SH (options: eight digits; futures: IF2303.CFFEX).",
            symbol=text[:40],
        )
    return text


# Code ranges by exchange: who may trade what is decided by the leading digits. The indexes of CSI
# (93, 95) are counted to Shanghai and those of CNI (97, 98) to Shenzhen, who own their makers.
_PREFIXES: tuple[tuple[Market, tuple[str, ...], InstrumentKind, Board | None], ...] = (
    (Market.SH, ("688", "689"), InstrumentKind.STOCK, Board.STAR),
    (Market.SH, ("600", "601", "603", "605"), InstrumentKind.STOCK, Board.MAIN),
    (Market.SH, ("000", "93", "95"), InstrumentKind.INDEX, None),
    (Market.SH, ("50", "51", "52", "53", "55", "56", "58"), InstrumentKind.FUND, None),
    (Market.SH, ("11", "10", "12"), InstrumentKind.BOND, None),
    (Market.SZ, ("300", "301", "302"), InstrumentKind.STOCK, Board.CHINEXT),
    (Market.SZ, ("000", "001", "002", "003"), InstrumentKind.STOCK, Board.MAIN),
    (Market.SZ, ("399", "97", "98"), InstrumentKind.INDEX, None),
    (Market.SZ, ("15", "16", "18"), InstrumentKind.FUND, None),
    (Market.SZ, ("12", "11", "10"), InstrumentKind.BOND, None),
    (Market.BJ, ("43", "83", "87", "88", "92"), InstrumentKind.STOCK, Board.BSE),
    (Market.BJ, ("899",), InstrumentKind.INDEX, None),
)


def classify(symbol: str) -> tuple[Market, InstrumentKind, Board | None]:
    """Return exchange, kind and board of a symbol by its code range."""
    code, market = symbol.split(".")
    if market == Market.CFFEX:
        return Market.CFFEX, InstrumentKind.FUTURE, None
    if len(code) == _OPTION_DIGITS:
        return Market(market), InstrumentKind.OPTION, None
    for exchange, prefixes, kind, board in _PREFIXES:
        if market == exchange and code.startswith(prefixes):
            return exchange, kind, board
    return Market(market), InstrumentKind.OTHER, None


_BOARDS: dict[Market, tuple[Board, ...]] = {
    Market.SH: (Board.MAIN, Board.STAR),
    Market.SZ: (Board.MAIN, Board.CHINEXT),
    Market.BJ: (Board.BSE,),
}


def checked_segment(market: Market, kind: InstrumentKind, board: Board | None) -> Segment:
    """Return the segment; shares without a board are the exchange's first. Errors: BAD_REQUEST."""
    boards = _BOARDS.get(market, ()) if kind is InstrumentKind.STOCK else ()
    if board is None:
        return Segment(market, kind, boards[0] if boards else None)
    if board not in boards:
        known = ", ".join(boards) or "none"
        text = f"{market} has no board {board} of {kind}; its boards of that kind: {known}."
        raise bad_request(text, field="board", board=board)
    return Segment(market, kind, board)


def market_of_code(code: str, kind: InstrumentKind = InstrumentKind.STOCK) -> Market | None:
    """Return the exchange of a bare code of a kind, or None where the range is not that kind's."""
    for exchange, prefixes, found, _ in _PREFIXES:
        if found is kind and code.startswith(prefixes):
            return exchange
    return None

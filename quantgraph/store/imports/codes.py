"""Cells that say what a row is about → symbols."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import Times
from quantgraph.domain.instruments import InstrumentKind, classify, market_of_code
from quantgraph.store.imports.cells import Cells
from quantgraph.store.imports.layouts import Code

_SYMBOL = re.compile(r"([0-9]{6})\.(SH|SZ|BJ)", re.IGNORECASE)
_BARE = re.compile(r"[0-9]{6}")
_SUFFIXES: Mapping[str, str] = {
    "SSE": "SH",
    "SZSE": "SZ",
    "BSE": "BJ",
    "XSHG": "SH",
    "XSHE": "SZ",
    "上海证券交易所": "SH",
    "深圳证券交易所": "SZ",
    "北京证券交易所": "BJ",
}
# B shares are known by their range too, but no board's rules hold for them.
_B_SHARES = {"900": "SH", "200": "SZ"}
# Makers of data have indexes of their own besides the exchanges'.
_INDEXES = frozenset({InstrumentKind.INDEX, InstrumentKind.OTHER})
_IN_NAME = (
    re.compile(r"(?<!\d)([0-9]{6})\.(SH|SZ|BJ)(?![A-Z])", re.IGNORECASE),
    re.compile(r"(?<![A-Z])(SSE|SZSE|BSE)\.([0-9]{6})(?!\d)", re.IGNORECASE),
    re.compile(r"(?<!\d)([0-9]{6})_[0-9]{8}(?!\d)"),
)


def read_symbols(cells: Cells, code: Code, exchange: pl.Series | None = None) -> list[str]:
    """Return a symbol per row, "" where it cannot be told (a fault)."""
    cells.require()
    text = cells.text.fill_null("")
    if code is Code.EXCHANGE and exchange is not None:
        text = text + "@" + exchange.fill_null("")
    distinct: list[str] = text.unique().to_list()
    known = [_READERS[code](one) or "" for one in distinct]
    symbols = text.replace_strict(distinct, known, return_dtype=pl.String)
    bad = (symbols == "").to_numpy() & ~cells.missing
    cells.faults.add(bad, f"{cells.name} {{}} is not a code whose exchange is known", cells.text)
    return symbols.to_list()


def group_codes(symbols: list[str]) -> tuple[list[str], Times]:
    """Return the distinct symbols and each row's place among them."""
    text = pl.Series(symbols, dtype=pl.String)
    distinct: list[str] = text.unique(maintain_order=True).to_list()
    places = text.replace_strict(distinct, range(len(distinct)), return_dtype=pl.Int64)
    return distinct, places.to_numpy().astype(np.int64)


def split_rows(rows: BarColumns, codes: Times) -> Iterator[tuple[int, BarColumns]]:
    """Yield each code's rows in time order; equal stamps keep the order of the file."""
    order = np.lexsort((rows.values["time"], codes))
    sorted_codes = codes[order]
    edges = [0, *(np.flatnonzero(np.diff(sorted_codes)) + 1).tolist(), len(codes)]
    for start, stop in pairwise(edges):
        if stop > start:
            chosen = order[start:stop]
            values = {name: column[chosen] for name, column in rows.values.items()}
            valid = {name: mask[chosen] for name, mask in rows.valid.items()}
            yield int(sorted_codes[start]), BarColumns(stop - start, values, valid)


def symbol_in_name(file: Path) -> str | None:
    """Return the symbol that stands in a file name, if exactly one does.

    Known forms: 600000.SH, SSE.600000 (also SZSE, BSE), and 600519_20230201 for stocks.
    """
    dotted = {f"{code}.{market.upper()}" for code, market in _IN_NAME[0].findall(file.name)}
    named = {f"{code}.{_SUFFIXES[name.upper()]}" for name, code in _IN_NAME[1].findall(file.name)}
    bare = {symbol for code in _IN_NAME[2].findall(file.name) if (symbol := parse_symbol(code))}
    found = dotted | named | bare
    return found.pop() if len(found) == 1 else None


def parse_symbol(text: str) -> str | None:
    """Return the symbol of 600519.SH or of a bare stock code, None if the exchange is unclear."""
    found = _SYMBOL.fullmatch(text)
    if found:
        return text.upper()
    if not _BARE.fullmatch(text):
        return None
    market = market_of_code(text)
    suffix = _B_SHARES.get(text[:3]) if market is None else market.value
    return None if suffix is None else f"{text}.{suffix}"


def parse_index(text: str) -> str | None:
    """Return the symbol of an index: 000300 is Shanghai's, 399001 Shenzhen's.

    None where the range is another kind's; a code of no known range needs its exchange.
    """
    if _SYMBOL.fullmatch(text):
        return text.upper() if classify(text.upper())[1] in _INDEXES else None
    market = market_of_code(text, InstrumentKind.INDEX) if _BARE.fullmatch(text) else None
    return None if market is None else f"{text}.{market.value}"


def _baostock(text: str) -> str | None:
    market, _, code = text.partition(".")
    return _checked(code, market.upper())


def _xshg(text: str) -> str | None:
    code, _, exchange = text.partition(".")
    return _checked(code, _SUFFIXES.get(exchange.upper(), ""))


def _with_exchange(text: str) -> str | None:
    code, _, exchange = text.partition("@")
    # a table of numbers has lost its leading zeros
    return _checked(code.zfill(6), _SUFFIXES.get(exchange.strip().upper(), ""))


def _checked(code: str, market: str) -> str | None:
    symbol = f"{code}.{market}"
    return symbol if _SYMBOL.fullmatch(symbol) else None


_READERS: Mapping[Code, Callable[[str], str | None]] = {
    Code.SYMBOL: parse_symbol,
    Code.BAOSTOCK: _baostock,
    Code.XSHG: _xshg,
    Code.EXCHANGE: _with_exchange,
}

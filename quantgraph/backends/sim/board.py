"""Quotes of many symbols at once, as columns: the same that `Quoter` gives one by one."""

from collections.abc import Mapping, Sequence

import numpy as np

from quantgraph.backends.sim.cutter import Tapes
from quantgraph.backends.sim.daily import Path
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.live import displayed, printed, screens_on
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.tape import Print
from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.snapshots import BOOK_FIELDS, QUOTE_FIELDS, QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import DEPTH

# One whole exchange: 14 kB a day and 4 kB a minute of each symbol, made when first asked for.
_KEPT = 8_192
_PRICES = {
    "last_price": "last",
    "open": "open",
    "high": "high",
    "low": "low",
    "previous_close": "previous",
}
_SILENT = Print(0, 0, 0, 0, 0, 0, 0.0, rising=False, usual=0, scale=1)


class QuoteTable:
    """Makes the columns of a moment; only the asked ones, and books only where they are asked."""

    def __init__(self, paths: Paths, quoter: Quoter) -> None:
        """Quote from the paths at the quoter's steps."""
        self._paths = paths
        self._quoter = quoter
        self._tapes = Tapes(paths.world.seed, _KEPT, _KEPT)

    def read(
        self,
        symbols: Sequence[str],
        fields: Sequence[str],
        now: Moment,
        shown: Mapping[str, Screen] | None = None,
    ) -> QuoteColumns:
        """Return the quotes of those that exist, in their order: blocking.

        `shown` are the screens of those that have an order book.
        """
        at = self._quoter.instant(now)
        paths = self._paths.excerpts(symbols, at.day)
        prints = dict(self._tapes.prints(paths, at))
        live = screens_on(shown or {}, at.day)
        screens = {symbol: live[symbol] for symbol in prints if symbol in live}
        prints |= {symbol: printed(prints[symbol], screen) for symbol, screen in screens.items()}
        rows = [prints.get(symbol, _SILENT) for symbol in paths]
        quoted = np.array([symbol in prints for symbol in paths], np.bool_)
        traded = np.array([row.volume > 0 for row in rows], np.bool_)
        values = {name: self._column(name, rows, at) for name in fields if name not in BOOK_FIELDS}
        if "suspended" in values:
            values["suspended"] = ~quoted
        valid = {name: traded for name in values if name in _PRICES}
        if "previous_close" in valid:
            valid["previous_close"] = quoted
        if not BOOK_FIELDS.isdisjoint(fields):
            books, there = self._books(paths, (prints, screens), at)
            values |= {name: books[name] for name in fields if name in books}
            valid |= {name: there[name] for name in fields if name in there}
        scripted = any(screen.scripted for screen in screens.values())
        sources = {path.source(at.day) for path in paths.values()}
        lived = sources == {Source.REPLAY} and not scripted
        source = Source.REPLAY if lived else Source.SIMULATED
        return QuoteColumns(tuple(paths), source, values, valid)

    def _column(self, name: str, rows: Sequence[Print], at: Moment) -> Column:
        dtype = QUOTE_FIELDS[name]
        if name in _PRICES:
            cells = [getattr(row, _PRICES[name]) for row in rows]
            return np.array(cells, np.int64) / np.array([row.scale for row in rows], np.int64)
        if name == "time":
            return np.full(len(rows), at.ms, dtype)
        if name == "suspended":
            return np.zeros(len(rows), dtype)
        return np.array([getattr(row, name) for row in rows], dtype)

    def _books(
        self,
        paths: Mapping[str, Path],
        shown: tuple[Mapping[str, Print], Mapping[str, Screen]],
        at: Moment,
    ) -> tuple[Mapping[str, Column], Mapping[str, Mask]]:
        prints, screens = shown
        values = {name: np.zeros(len(paths), QUOTE_FIELDS[name]) for name in BOOK_FIELDS}
        there = {name: np.zeros(len(paths), np.bool_) for name in BOOK_FIELDS}
        for row, (symbol, path) in enumerate(paths.items()):
            state = prints.get(symbol)
            if state is None:
                continue
            if symbol in screens:
                book = displayed(screens[symbol], DEPTH)
            else:
                book = self._quoter.book(path.instrument, state, at)
            for side, rungs in (("bid", book.bids), ("ask", book.asks)):
                for name, cell in _cells(side, rungs, state.scale):
                    values[name][row] = cell
                    there[name][row] = True
        return values, there


def _cells(side: str, rungs: Sequence[Rung], scale: int) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for level, rung in enumerate(rungs[:DEPTH], 1):
        found.append((f"{side}_price_{level}", rung.price / scale))
        found.append((f"{side}_quantity_{level}", rung.quantity))
    return found

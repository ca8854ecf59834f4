"""Row tables of instruments and index weights, and the writer of all reference data."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.names import initials_of, is_spelt, sought
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, date_not_held
from quantgraph.domain.sources import Source
from quantgraph.store.sectors import SectorRow, SectorWriter

# A symbol whose bars were imported is listed even if no file named it.
_LISTED = (
    "SELECT symbol, name, list_date, delist_date, is_st, sought, initials FROM instruments "
    "UNION ALL SELECT DISTINCT symbol, NULL, NULL, NULL, 0, '', '' FROM series "
    "WHERE symbol NOT IN (SELECT symbol FROM instruments)"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file says about an instrument; None where it does not say."""

    symbol: str
    name: str | None
    list_date: date | None = None
    delist_date: date | None = None
    is_st: bool | None = None


def load_instruments(
    connection: sqlite3.Connection, symbols: Sequence[str]
) -> Mapping[str, Instrument]:
    """Return what is listed of the symbols."""
    query = f"SELECT * FROM ({_LISTED}) WHERE symbol IN (SELECT value FROM json_each(?))"  # noqa: S608 constants only
    rows = connection.execute(query, (json.dumps(list(symbols)),))
    return {row[0]: _instrument(row) for row in rows}


def search_instruments(
    connection: sqlite3.Connection, search: InstrumentSearch, first: int, after: str | None
) -> Sequence[Instrument]:
    """Return up to `first` instruments after a symbol; see `InstrumentSearch`."""
    query = f"SELECT * FROM ({_LISTED}) WHERE symbol > ?"  # noqa: S608 - constants only
    values: list[str | int] = [after or ""]
    if search.symbols is not None:
        query += " AND symbol IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(sorted(search.symbols)))
    if search.text:
        wanted = sought(search.text)
        query += (
            " AND (substr(symbol, 1, ?) = ? OR (? <> '' AND instr(sought, ?) > 0) "
            "OR (? AND instr(initials, ?) > 0))"
        )
        values += [len(search.text), search.text.upper(), wanted, wanted, is_spelt(wanted), wanted]
    rows = connection.execute(query + " ORDER BY symbol", values)
    # kind and board follow from the code by Python's tables; rows are read no further than needed
    return list(islice(filter(search.admits, map(_instrument, rows)), first))


def load_weights(
    connection: sqlite3.Connection, index_symbol: str, day: date | None
) -> Sequence[IndexWeight]:
    """Return the members of the newest held date not after a day, heaviest first.

    Raises Unsupported DATE_NOT_HELD where only later ones are held.
    """
    query = (
        "SELECT min(date), max(CASE WHEN date <= ? THEN date END) FROM weights "
        "WHERE index_symbol = ?"
    )
    until = "9999-12-31" if day is None else day.isoformat()
    first, newest = connection.execute(query, (until, index_symbol)).fetchone()
    if day is not None and first is not None and newest is None:
        raise date_not_held(f"The index {index_symbol}", day, date.fromisoformat(first))
    rows = connection.execute(
        "SELECT index_symbol, symbol, weight, date FROM weights WHERE (index_symbol, date) = "
        "(?, ?) ORDER BY weight DESC, symbol",
        (index_symbol, newest),
    )
    return [
        IndexWeight(index, symbol, weight, date.fromisoformat(day), Source.IMPORTED)
        for index, symbol, weight, day in rows
    ]


class ReferenceWriter:
    """Writes reference rows inside the caller's transaction; each put says if it changed any."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection
        self._sectors = SectorWriter(connection)

    def put_listings(self, listings: Sequence[Listing]) -> bool:
        """Store what a file of instruments says; what it does not say stays as it is held."""
        symbols = json.dumps([listing.symbol for listing in listings])
        query = (
            "SELECT symbol, name, list_date, delist_date, is_st FROM instruments "
            "WHERE symbol IN (SELECT value FROM json_each(?))"
        )
        held = {row[0]: row[1:] for row in self._connection.execute(query, (symbols,))}
        return self._run(
            "INSERT INTO instruments VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "name = excluded.name, list_date = excluded.list_date, "
            "delist_date = excluded.delist_date, is_st = excluded.is_st, "
            "sought = excluded.sought, initials = excluded.initials "
            "WHERE (name, list_date, delist_date, is_st) IS NOT "
            "(excluded.name, excluded.list_date, excluded.delist_date, excluded.is_st)",
            [_merged_row(listing, held.get(listing.symbol)) for listing in listings],
        )

    def put_names(self, listings: Iterable[Listing]) -> bool:
        """Name symbols that no file of instruments has described."""
        return self._run(
            "INSERT OR IGNORE INTO instruments VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_listing_row(listing) for listing in listings],
        )

    def put_sector(self, sector: SectorRow) -> bool:
        """Replace the members of a sector, see `SectorWriter.put`."""
        return self._sectors.put(sector)

    def put_weights(self, weights: Sequence[tuple[str, date, str, float]]) -> bool:
        """Replace the members of every (index, date) that the rows name."""
        rows = {(index, day.isoformat(), symbol, weight) for index, day, symbol, weight in weights}
        stated = {row[:2] for row in rows}
        held: set[tuple[str, str, str, float]] = set()
        for place in stated:
            query = "SELECT * FROM weights WHERE index_symbol = ? AND date = ?"
            held.update(self._connection.execute(query, place).fetchall())
        if held == rows:
            return False
        self._run("DELETE FROM weights WHERE index_symbol = ? AND date = ?", list(stated))
        return self._run("INSERT INTO weights VALUES (?, ?, ?, ?)", list(rows))

    def _run(self, query: str, rows: Sequence[tuple[Any, ...]]) -> bool:
        before = self._connection.total_changes
        self._connection.executemany(query, rows)
        return self._connection.total_changes != before


def _listing_row(listing: Listing) -> tuple[Any, ...]:
    dates = (_iso(listing.list_date), _iso(listing.delist_date))
    is_st = warned(listing.name) if listing.is_st is None else listing.is_st
    name = listing.name or ""
    return (listing.symbol, listing.name, *dates, int(is_st), sought(name), initials_of(name))


def _merged_row(listing: Listing, held: Sequence[Any] | None) -> tuple[Any, ...]:
    symbol, name, listed, delisted, is_st, *searched = _listing_row(listing)
    if held is not None:
        listed, delisted = listed or held[1], delisted or held[2]
        # a warning that the held name does not explain was stated by a file
        if listing.is_st is None and bool(held[3]) != warned(held[0]):
            is_st = held[3]
    return symbol, name, listed, delisted, is_st, *searched


def warned(name: str | None) -> bool:
    """Return whether a name carries the exchange's risk warning: ST, *ST, SST or S*ST."""
    return sought(name or "").startswith(("st", "*st", "sst", "s*st"))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instrument(row: Sequence[Any]) -> Instrument:
    symbol, name, listed, delisted, is_st = row[:5]
    market, kind, board = classify(symbol)
    return Instrument(
        symbol=symbol,
        name=name,
        market=market,
        kind=kind,
        board=board,
        price_tick=None,
        list_date=None if listed is None else date.fromisoformat(listed),
        delist_date=None if delisted is None else date.fromisoformat(delisted),
        is_st=bool(is_st),
        source=Source.IMPORTED,
    )

"""Sectors as files state them, stored over those held: by their code first, then by name."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter

from quantgraph.domain.sectors import Sector, date_not_held
from quantgraph.domain.sources import Source

_LISTS = (
    "SELECT s.name, s.category, l.date, l.id FROM sectors s JOIN lists l ON l.sector = s.id "
    "{where} ORDER BY s.name, l.date"
)


@dataclass(frozen=True, slots=True)
class SectorRow:
    """A sector as a file states it; `code` is the file's own id of it.

    A name or category of None is one that the file does not state.
    """

    name: str | None
    category: str | None
    code: str | None
    symbols: tuple[str, ...]
    day: date | None = None


@dataclass(frozen=True, slots=True)
class _List:
    """One list of a sector: its id, the day it is of, and all days of which one is held."""

    id: int
    name: str
    category: str | None
    day: date | None
    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    id: int
    name: str
    category: str | None
    code: str | None


def load_sectors(connection: sqlite3.Connection) -> Sequence[Sector]:
    """Return all sectors by name, each with the members of its newest date."""
    return _filled(connection, _lists(connection, "", ()))


def load_sector(connection: sqlite3.Connection, name: str, day: date | None) -> Sector | None:
    """Return one sector as of a day, or None. Raises Unsupported DATE_NOT_HELD."""
    return next(
        iter(_filled(connection, _lists(connection, "WHERE s.name = ?", (name,), day))), None
    )


def load_sectors_of(connection: sqlite3.Connection, symbols: Sequence[str]) -> Sequence[Sector]:
    """Return the sectors by name that any of the symbols is in now."""
    query = "SELECT DISTINCT list FROM members WHERE symbol IN (SELECT value FROM json_each(?))"
    having = {row[0] for row in connection.execute(query, (json.dumps(list(symbols)),))}
    lists = _lists(connection, "", ())
    return _filled(connection, [each for each in lists if each.id in having])


def _lists(
    connection: sqlite3.Connection, where: str, values: tuple[str, ...], day: date | None = None
) -> Sequence[_List]:
    rows = connection.execute(_LISTS.format(where=where), values)
    return [
        _choose(name, category, [row[2:] for row in group], day)
        for (name, category), group in groupby(rows, key=itemgetter(0, 1))
    ]


def _choose(
    name: str, category: str | None, held: Sequence[tuple[str, int]], day: date | None
) -> _List:
    """Return the newest list not after the day; the one without a date only where none has one."""
    dated = {date.fromisoformat(text): number for text, number in held if text}
    dates = tuple(dated)
    if day is None and not dates:
        return _List(held[0][1], name, category, None, ())
    known = [each for each in dates if day is None or each <= day]
    if day is not None and not known:
        raise date_not_held(f"The sector {name}", day, dates[0] if dates else None)
    return _List(dated[known[-1]], name, category, known[-1], dates)


def _filled(connection: sqlite3.Connection, lists: Sequence[_List]) -> Sequence[Sector]:
    query = (
        "SELECT list, symbol FROM members WHERE list IN (SELECT value FROM json_each(?)) "
        "ORDER BY list, place"
    )
    rows = connection.execute(query, (json.dumps([each.id for each in lists]),))
    members = {
        number: tuple(row[1] for row in group) for number, group in groupby(rows, itemgetter(0))
    }
    return [
        Sector(
            each.name,
            each.category,
            members.get(each.id, ()),
            Source.IMPORTED,
            each.day,
            each.dates,
        )
        for each in lists
    ]


class SectorWriter:
    """Writes sectors inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection

    def put(self, sector: SectorRow) -> bool:
        """Replace the members of a sector on a date; return whether anything changed.

        What the file does not state is kept, other dates too. Two codes of one name are two
        sectors: the later one is called `name (category)`, or `name (code)` where that is taken.
        """
        own = self._own(sector)
        category = sector.category or (own.category if own else None)
        code = sector.code or (own.code if own else None)
        name = self._name(sector, own, category)
        day = "" if sector.day is None else sector.day.isoformat()
        stated = (name, category, code, sector.symbols)
        if own is not None and stated == (
            own.name,
            own.category,
            own.code,
            self._members(own.id, day),
        ):
            return False
        number = self._keep(own, _Held(-1, name, category, code))
        self._connection.execute("DELETE FROM lists WHERE (sector, date) = (?, ?)", (number, day))
        cursor = self._connection.execute(
            "INSERT INTO lists (sector, date) VALUES (?, ?)", (number, day)
        )
        members = [(cursor.lastrowid, *pair) for pair in enumerate(sector.symbols)]
        self._connection.executemany("INSERT INTO members VALUES (?, ?, ?)", members)
        return True

    def _keep(self, own: _Held | None, stated: _Held) -> int | None:
        """Return the id of the sector, made or renamed; another one of its name gives way."""
        values = (stated.name, stated.category, stated.code)
        held = -1 if own is None else own.id
        query = "DELETE FROM sectors WHERE name = ? AND id <> ?"
        self._connection.execute(query, (stated.name, held))
        if own is not None:
            query = "UPDATE sectors SET name = ?, category = ?, code = ? WHERE id = ?"
            self._connection.execute(query, (*values, held))
            return held
        query = "INSERT INTO sectors (name, category, code) VALUES (?, ?, ?)"
        return self._connection.execute(query, values).lastrowid

    def _own(self, sector: SectorRow) -> _Held | None:
        """Return the held sector of the same code, else a sector of the same name without one."""
        named = self._find("name", sector.name)
        if sector.code is None:
            return named
        known = self._find("code", sector.code)
        return known or (named if named is not None and named.code is None else None)

    def _name(self, sector: SectorRow, own: _Held | None, category: str | None) -> str:
        if sector.name is None and own is not None:
            return own.name
        plain = sector.name or sector.code or ""
        others = [f"{plain} ({extra})" for extra in (category, sector.code) if extra]
        return next((name for name in (plain, *others) if self._free(name, sector.code)), plain)

    def _free(self, name: str, code: str | None) -> bool:
        held = self._find("name", name)
        return held is None or None in (held.code, code) or held.code == code

    def _find(self, column: str, value: str | None) -> _Held | None:
        query = f"SELECT id, name, category, code FROM sectors WHERE {column} = ?"  # noqa: S608 one of two literals
        row = self._connection.execute(query, (value,)).fetchone()
        return None if row is None else _Held(*row)

    def _members(self, sector: int, day: str) -> Sequence[str] | None:
        """Return the members on a date; None where no list of it is held."""
        query = "SELECT id FROM lists WHERE (sector, date) = (?, ?)"
        found = self._connection.execute(query, (sector, day)).fetchone()
        if found is None:
            return None
        query = "SELECT symbol FROM members WHERE list = ? ORDER BY place"
        return tuple(row[0] for row in self._connection.execute(query, found))

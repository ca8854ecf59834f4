"""Sectors as files state them, stored over those held: by their code first, then by name."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SectorRow:
    """A sector as a file states it; `code` is the file's own id of it.

    A name or category of None is one that the file does not state.
    """

    name: str | None
    category: str | None
    code: str | None
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    id: int
    name: str
    category: str | None
    code: str | None


class SectorWriter:
    """Writes sectors inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection

    def put(self, sector: SectorRow) -> bool:
        """Replace the members of a sector; return whether anything changed.

        What the file does not state is kept. Two codes of one name are two sectors: the later one
        is called `name (category)`, or `name (code)` where that is taken too.
        """
        own = self._own(sector)
        category = sector.category or (own.category if own else None)
        code = sector.code or (own.code if own else None)
        name = self._name(sector, own, category)
        stated = (name, category, code, sector.symbols)
        if own is not None:
            if (own.name, own.category, own.code, self._members(own.id)) == stated:
                return False
            self._connection.execute("DELETE FROM sectors WHERE id = ?", (own.id,))
        self._connection.execute("DELETE FROM sectors WHERE name = ?", (name,))
        cursor = self._connection.execute(
            "INSERT INTO sectors (name, category, code) VALUES (?, ?, ?)", (name, category, code)
        )
        members = [(cursor.lastrowid, *pair) for pair in enumerate(sector.symbols)]
        self._connection.executemany("INSERT INTO members VALUES (?, ?, ?)", members)
        return True

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

    def _members(self, sector: int) -> Sequence[str]:
        query = "SELECT symbol FROM members WHERE sector = ? ORDER BY place"
        return tuple(row[0] for row in self._connection.execute(query, (sector,)))

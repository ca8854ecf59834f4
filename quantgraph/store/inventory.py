"""What is held in all, and whether every byte of it is still what was written."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from quantgraph.domain.errors import GatewayError
from quantgraph.store.blocks import open_block


@dataclass(frozen=True, slots=True)
class Holding:
    """All series of one kind and period: how many symbols and rows, and their columns' bytes."""

    kind: str
    period: str
    symbols: int
    rows: int
    first: int
    last: int
    bytes: int

    @property
    def bytes_per_row(self) -> float:
        """Return the stored bytes of one row, the store's own bookkeeping left out."""
        return self.bytes / self.rows


def list_holdings(connection: sqlite3.Connection) -> Sequence[Holding]:
    """Return what is held by kind and period."""
    rows = connection.execute(
        "SELECT s.kind, s.period, count(DISTINCT s.id), sum(c.rows), min(c.first), max(c.last), "
        "sum((SELECT sum(length(k.data)) FROM columns k WHERE k.chunk = c.id)) "
        "FROM series s JOIN chunks c ON c.series = s.id GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [Holding(*row) for row in rows]


def find_faults(connection: sqlite3.Connection) -> Sequence[str]:
    """Decode and hash every column; return a line per fault."""
    faults: list[str] = []
    rows = connection.execute(
        "SELECT s.kind, s.symbol, s.period, c.span, c.rows, k.chunk, k.name, k.hash, k.data "
        "FROM columns k JOIN chunks c ON c.id = k.chunk JOIN series s ON s.id = c.series"
    )
    for *place, length, chunk, name, digest, data in rows:
        block = open_block(data, digest, (chunk, name))
        if isinstance(block, GatewayError):
            faults.append(f"{' '.join(map(str, place))}: {block.message}")
        elif len(block.values) != length:
            found = f"column {name} has {len(block.values)} rows, not {length}"
            faults.append(f"{' '.join(map(str, place))}: {found}")
    return faults

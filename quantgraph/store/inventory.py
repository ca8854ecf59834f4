"""What is held in all, and whether every byte of it is still what was written."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

import numpy as np

from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import Dates, TradingCalendar, day_of
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ticks import TickKind
from quantgraph.store.blocks import open_block
from quantgraph.store.series import BAR, DayRows, SeriesKey


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


@dataclass(frozen=True, slots=True)
class SeriesHolding:
    """One series: its span in epoch ms, and the sessions of that span without a row.

    `gaps` is None where the calendar does not cover the span; recordings may have any.
    """

    key: SeriesKey
    source: str
    rows: int
    first: int
    last: int
    bytes: int
    gaps: Dates | None


def list_holdings(connection: sqlite3.Connection) -> Sequence[Holding]:
    """Return what is held by kind and period."""
    rows = connection.execute(
        "SELECT s.kind, s.period, count(DISTINCT s.id), sum(c.rows), min(c.first), max(c.last), "
        "sum((SELECT sum(length(k.data)) FROM columns k WHERE k.chunk = c.id)) "
        "FROM series s JOIN chunks c ON c.series = s.id GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [Holding(*row) for row in rows]


def list_shown_days(connection: sqlite3.Connection) -> Mapping[str, Sequence[date]]:
    """Return per symbol the days, ascending, of which displays are recorded."""
    query = (
        "SELECT DISTINCT s.symbol, c.span FROM chunks c JOIN series s ON s.id = c.series "
        "WHERE s.kind IN (?, ?) ORDER BY 1, 2"
    )
    kinds = TickKind.SNAPSHOT.value, TickKind.LEVEL2_QUOTE.value
    found: dict[str, list[date]] = {}
    for symbol, span in connection.execute(query, kinds):
        # recordings are cut by days: the span is the day, counted from 1970
        found.setdefault(symbol, []).append(date(1970, 1, 1) + timedelta(span))
    return found


def list_minute_days(connection: sqlite3.Connection) -> Mapping[str, Sequence[date]]:
    """Return per symbol the days, ascending, of which minute bars are held."""
    rows = connection.execute(
        "SELECT s.symbol, c.first, c.days, c.counts FROM chunks c JOIN series s ON s.id = c.series "
        "WHERE s.kind = ? AND s.period = ? ORDER BY s.symbol, c.first",
        (BAR, Period.MIN_1.value),
    )
    found: dict[str, list[date]] = {}
    for symbol, first, bits, counts in rows:
        days = DayRows.unpack(day_of(first), bits, counts).days
        found.setdefault(symbol, []).extend(days.tolist())
    return found


def list_series(
    connection: sqlite3.Connection, calendar: TradingCalendar, symbols: Sequence[str] | None = None
) -> Iterator[SeriesHolding]:
    """Yield every held series, or those of some symbols, by kind, period and symbol."""
    chosen = "WHERE s.symbol IN (SELECT value FROM json_each(?)) " if symbols is not None else ""
    rows = connection.execute(
        "SELECT s.kind, s.symbol, s.period, s.source, c.rows, c.first, c.last, c.days, c.counts, "  # noqa: S608 constants only
        "(SELECT sum(length(k.data)) FROM columns k WHERE k.chunk = c.id) "
        f"FROM series s JOIN chunks c ON c.series = s.id {chosen}"
        "ORDER BY s.kind, s.period, s.symbol, c.first",
        () if symbols is None else (json.dumps(list(symbols)),),
    )
    for (*place, source), group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        parts = [part[4:] for part in group]
        days = [DayRows.unpack(day_of(each[1]), *each[3:5]).days for each in parts]
        yield SeriesHolding(
            key=SeriesKey(*place),
            source=source,
            rows=sum(each[0] for each in parts),
            first=parts[0][1],
            last=parts[-1][2],
            bytes=sum(each[5] for each in parts),
            gaps=_gaps(calendar, np.concatenate(days)),
        )


def _gaps(calendar: TradingCalendar, days: Dates) -> Dates | None:
    try:
        sessions = calendar.between(days[0].astype(object), days[-1].astype(object))
    except GatewayError:
        return None
    return np.setdiff1d(sessions, days)


def find_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Check the file's structure, then decode and hash every column; yield a line per fault."""
    for (found,) in connection.execute("PRAGMA integrity_check"):
        if found != "ok":
            yield f"The file itself: {found}"
    rows = connection.execute(
        "SELECT s.kind, s.symbol, s.period, c.span, c.rows, c.first, c.last, k.chunk, k.name, "
        "k.hash, k.data FROM chunks c JOIN series s ON s.id = c.series "
        "LEFT JOIN columns k ON k.chunk = c.id ORDER BY c.id"
    )
    for chunk, group in groupby(rows, key=itemgetter(slice(0, 7))):
        columns = [row[7:] for row in group]
        place = " ".join(map(str, chunk[:4]))
        if "time" not in {column[1] for column in columns}:
            yield f"{place}: it has no column time"
            continue
        for column in columns:
            found = _fault(chunk[4:], column)
            if found:
                yield f"{place}: {found}"


def _fault(stated: tuple[int, int, int], column: tuple[int, str, int, bytes]) -> str:
    """Return what is wrong with a column of a chunk of so many rows from a first to a last."""
    chunk, name, digest, data = column
    block = open_block(data, digest, (chunk, name))
    if isinstance(block, GatewayError):
        return block.message
    length, *ends = stated
    if len(block.values) != length:
        return f"column {name} has {len(block.values)} rows, not {length}"
    if name == "time" and block.values[[0, -1]].tolist() != ends:
        return f"its times run from {block.values[0]} to {block.values[-1]}, not {ends}"
    return ""

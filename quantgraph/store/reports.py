"""Financial statements: a row per report, a row per value, so that only picked fields are read.

Statements are sparse (a bank fills other lines than a brewery), mix numbers with text, and arrive
one report at a time: column blocks would be rewritten for every company and quarter.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter

from quantgraph.domain.calendar import SHANGHAI
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialReport, FinancialRequest, ReportBasis
from quantgraph.domain.shelf import Reports
from quantgraph.domain.sources import Source
from quantgraph.store.counter import ReadCounter

Value = float | str
_UNKNOWN_DAY = ""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of one statement; `item` numbers the rows of a day (the rank of a top holder)."""

    statement: Statement
    symbol: str
    report_date: date
    announce_date: date | None
    values: Mapping[str, Value]
    item: int = 0


def load_reports(
    connection: sqlite3.Connection, request: FinancialRequest, counter: ReadCounter
) -> Mapping[str, Reports]:
    """Return the asked statements of every symbol that has any report held, one query each.

    Of a report that was announced more than once, the newest announcement within `as_of` counts.
    """
    chosen = json.dumps(list(request.symbols))
    query = "SELECT DISTINCT symbol FROM reports WHERE symbol IN (SELECT value FROM json_each(?))"
    found: dict[str, dict[Statement, tuple[FinancialReport, ...]]] = {
        row[0]: {} for row in connection.execute(query, (chosen,))
    }
    for statement, fields in request.fields.items():
        rows = _statement(connection, request, (statement, fields), counter)
        by_symbol = {symbol: tuple(group) for symbol, group in groupby(rows, lambda r: r.symbol)}
        for symbol, reports in found.items():
            reports[statement] = by_symbol.get(symbol, ())
    return found


def _statement(
    connection: sqlite3.Connection,
    request: FinancialRequest,
    picked: tuple[Statement, Sequence[str]],
    counter: ReadCounter,
) -> Sequence[FinancialReport]:
    statement, fields = picked
    bounds, values = _bounds(request)
    query = (
        "SELECT r.symbol, r.report_date, r.item, r.announce_date, f.name, v.value "  # noqa: S608 constants only
        "FROM reports r LEFT JOIN report_fields f ON f.statement = r.statement "
        "AND f.name IN (SELECT value FROM json_each(?)) "
        "LEFT JOIN report_values v ON v.report = r.id AND v.field = f.id "
        "WHERE r.statement = ? AND r.symbol IN (SELECT value FROM json_each(?)) "
        f"{bounds} ORDER BY r.symbol, r.report_date, r.item, r.announce_date"
    )
    chosen = (json.dumps(list(fields)), statement.value, json.dumps(list(request.symbols)))
    newest: dict[tuple[str, str, int], FinancialReport] = {}
    rows = connection.execute(query, (*chosen, *values))
    for key, group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        held = {row[4]: row[5] for row in group if row[5] is not None}
        for name, value in held.items():
            counter.add({name: [len(value.encode()) if isinstance(value, str) else 8]})
        newest[key[:3]] = FinancialReport(
            symbol=key[0],
            statement=statement,
            report_date=date.fromisoformat(key[1]),
            announce_date=date.fromisoformat(key[3]) if key[3] else None,
            source=Source.IMPORTED,
            values=held,
        )
    return list(newest.values())


def _bounds(request: FinancialRequest) -> tuple[str, Sequence[str]]:
    by_report = request.basis is ReportBasis.REPORT_DATE
    column = "r.report_date" if by_report else "r.announce_date"
    clauses: list[str] = []
    values: list[str] = []
    for sign, bound in ((">=", request.start), ("<=", request.end)):
        if bound is not None:
            clauses.append(f"AND {column} {sign} ?")
            values.append(bound.isoformat())
    if not by_report and values:
        clauses.append("AND r.announce_date <> ''")
    if request.as_of is not None:
        # Known at the end of its day: on that day itself, one must wait for midnight.
        clauses.append("AND r.announce_date <> '' AND r.announce_date < ?")
        values.append(request.as_of.astimezone(SHANGHAI).date().isoformat())
    return " ".join(clauses), values


class ReportWriter:
    """Writes reports inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection
        self._fields: dict[tuple[Statement, str], int] = {}

    def put(self, report: ReportRow) -> bool:
        """Store a report over the one of the same days; return whether it was different."""
        announced = report.announce_date.isoformat() if report.announce_date else _UNKNOWN_DAY
        key = (
            report.statement.value,
            report.symbol,
            report.report_date.isoformat(),
            announced,
            report.item,
        )
        values = {self._field(report.statement, n): v for n, v in report.values.items()}
        where = (
            "statement = ? AND symbol = ? AND report_date = ? AND announce_date = ? AND item = ?"
        )
        held = self._connection.execute(f"SELECT id FROM reports WHERE {where}", key).fetchone()  # noqa: S608 constants
        if held is not None:
            query = "SELECT field, value FROM report_values WHERE report = ?"
            if dict(self._connection.execute(query, held).fetchall()) == values:
                return False
            self._connection.execute("DELETE FROM reports WHERE id = ?", held)
        cursor = self._connection.execute(
            "INSERT INTO reports (statement, symbol, report_date, announce_date, item) "
            "VALUES (?, ?, ?, ?, ?)",
            key,
        )
        rows = [(cursor.lastrowid, field, value) for field, value in values.items()]
        self._connection.executemany("INSERT INTO report_values VALUES (?, ?, ?)", rows)
        return True

    def _field(self, statement: Statement, name: str) -> int:
        key = (statement, name)
        if key not in self._fields:
            place = (statement.value, name)
            self._connection.execute(
                "INSERT OR IGNORE INTO report_fields (statement, name) VALUES (?, ?)", place
            )
            query = "SELECT id FROM report_fields WHERE statement = ? AND name = ?"
            self._fields[key] = int(self._connection.execute(query, place).fetchone()[0])
        return self._fields[key]

"""The one writer: everything between its begin and its commit happens, or nothing does."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import Dates, TradingCalendar, dates_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ticks import TickKind
from quantgraph.store.chunks import ChunkWriter
from quantgraph.store.events import EventWriter
from quantgraph.store.merge import MergeCount
from quantgraph.store.prune import Pruned, Pruner, Selection, find_prunable
from quantgraph.store.reference import ReferenceWriter
from quantgraph.store.reports import ReportWriter
from quantgraph.store.series import SeriesKey, chunks_of

_TOLD_FROM = ("time", "close", "previous_close")


@dataclass(frozen=True, slots=True)
class ImportLog:
    """One line of the import log: what was read, by its content and not only by its name."""

    kind: str
    layout: str
    file: str
    sha256: str
    rows: int
    time: datetime


class MarketWriter:
    """What an import may do inside one transaction (see `MarketStore.write`)."""

    def __init__(self, connection: sqlite3.Connection, calendar: TradingCalendar) -> None:
        """Write through an open transaction; the calendar says which days have nothing between."""
        self._connection = connection
        self._calendar = calendar
        self._chunks = ChunkWriter(connection)
        self._events = EventWriter(connection)
        self.reference = ReferenceWriter(connection)
        self.reports = ReportWriter(connection)

    def put_bars(self, symbol: str, period: Period, rows: BarColumns) -> MergeCount:
        """Merge imported bars (ascending unique stamps) and tell the ex-right ratios anew."""
        key = SeriesKey.bars(symbol, period)
        days = np.unique(dates_of(rows.values["time"]))
        self._forget_made(key, days)
        count = self._chunks.merge(key, rows)
        grown = self._stretch(key, days[0].astype(object), days[-1].astype(object))
        if period is Period.DAY_1 and (count.changed or grown):
            self._refresh(symbol)
        return count

    def put_made_bars(self, symbol: str, period: Period, rows: BarColumns) -> None:
        """Store bars made from a recording, on days for which no bar was imported."""
        key = SeriesKey.bars(symbol, period)
        series = self._chunks.series_id(key)
        made = self._made_days(series)
        for span, part in chunks_of(key, rows.values["time"]):
            new = rows.take(part)
            held = self._chunks.read_span(key, span)
            taken = np.empty(0, "datetime64[D]") if held is None else dates_of(held.values["time"])
            free = ~np.isin(dates_of(new.values["time"]), np.setdiff1d(taken, made))
            if not free.any():
                continue
            kept = new.take(free)
            days = np.unique(dates_of(kept.values["time"]))
            self._drop_days(key, days)
            self._chunks.merge(key, kept)
            self._connection.executemany(
                "INSERT OR IGNORE INTO made_days VALUES (?, ?)",
                [(series, str(day)) for day in days.tolist()],
            )
        if period is Period.DAY_1:
            self._refresh(symbol)

    def put_recording(self, symbol: str, kind: TickKind, rows: BarColumns) -> MergeCount:
        """Store whole days of a recording in place of what was held of those days."""
        return self._chunks.replace_days(SeriesKey.ticks(symbol, kind), rows)

    def put_dividends(self, events: Sequence[Dividend]) -> bool:
        """Store itemised events and tell the ratios of their symbols anew."""
        changed = self._events.put(events)
        if changed:
            for symbol in dict.fromkeys(event.symbol for event in events):
                self._refresh(symbol)
        return changed

    def prune(self, selection: Selection) -> Sequence[Pruned]:
        """Take rows out, and tell the ratios of the daily series anew that have lost any."""
        found = find_prunable(self._connection, selection)
        pruner = Pruner(self._connection)
        for each in found:
            pruner.take(each, selection.before)
        for each in found:
            if each.key.daily:
                self._refresh(each.key.symbol)
        return found

    def log(self, entry: ImportLog) -> None:
        """Write down what was imported."""
        self._connection.execute(
            "INSERT INTO imports (time, kind, layout, file, sha256, rows) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                entry.time.isoformat(),
                entry.kind,
                entry.layout,
                entry.file,
                entry.sha256,
                entry.rows,
            ),
        )

    def _refresh(self, symbol: str) -> None:
        key = SeriesKey.bars(symbol, Period.DAY_1)
        rows = self._chunks.read_columns(key, _TOLD_FROM)
        series = self._chunks.find_series(key)
        stretches = () if series is None else self._stretches(series)
        self._events.refresh(symbol, rows, stretches)

    def _forget_made(self, key: SeriesKey, days: Dates) -> None:
        series = self._chunks.series_id(key)
        made = np.intersect1d(self._made_days(series), days)
        if len(made):
            self._drop_days(key, made)
            self._connection.executemany(
                "DELETE FROM made_days WHERE series = ? AND day = ?",
                [(series, str(day)) for day in made.tolist()],
            )

    def _drop_days(self, key: SeriesKey, days: Dates) -> None:
        for span in np.unique(key.spans(days)).tolist():
            held = self._chunks.read_span(key, span)
            if held is None:
                continue
            keep = ~np.isin(dates_of(held.values["time"]), days)
            if not keep.all():
                self._chunks.drop_rows(key, {span: keep})

    def _made_days(self, series: int) -> Dates:
        query = "SELECT day FROM made_days WHERE series = ?"
        days = [row[0] for row in self._connection.execute(query, (series,))]
        return np.array(days, "datetime64[D]")

    def _stretches(self, series: int) -> Sequence[tuple[date, date]]:
        query = "SELECT first, last FROM stretches WHERE series = ? ORDER BY first"
        rows = self._connection.execute(query, (series,))
        return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in rows]

    def _stretch(self, key: SeriesKey, first: date, last: date) -> bool:
        """Widen the known stretches of a series by one file's; return whether they changed."""
        series = self._chunks.series_id(key)
        before = self._stretches(series)
        merged: list[tuple[date, date]] = []
        for start, stop in sorted([*before, (first, last)]):
            if merged and self._adjoin(merged[-1][1], start):
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        if merged == list(before):
            return False
        self._connection.execute("DELETE FROM stretches WHERE series = ?", (series,))
        self._connection.executemany(
            "INSERT INTO stretches VALUES (?, ?, ?)",
            [(series, start.isoformat(), stop.isoformat()) for start, stop in merged],
        )
        return True

    def _adjoin(self, last: date, first: date) -> bool:
        """Return whether no trading day lies between the end of one stretch and the next."""
        if first <= last:
            return True
        try:
            return self._calendar.next_session(last) >= first
        except GatewayError:
            return False

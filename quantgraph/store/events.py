"""Ex-right events: itemised ones as imported, ratios as the exchange's own prices tell them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from quantgraph.domain.bars import BarColumns, Mask
from quantgraph.domain.calendar import Dates, dates_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.instruments import InstrumentKind, classify

_ITEMS = "cash, bonus, conversion, rights, rights_price"
# what the subtraction of two doubles may add to half a tick
_NOISE = 1e-6
Stretches = Sequence[tuple[date, date]]


@dataclass(frozen=True, slots=True)
class DailySeries:
    """What the ratios are told from: the daily closes and the reference prices before each bar.

    `sure[i]` says that the reference price of bar i is held and that nothing is missing between
    bar i-1 and bar i, so that reference / close of the bar before is what the exchange did.
    """

    days: Dates
    close: Sequence[float]
    reference: Sequence[float]
    sure: Mask

    @classmethod
    def of(cls, rows: BarColumns, stretches: Stretches) -> "DailySeries":
        """Read time, close and previous_close of a daily series, and where it has no holes."""
        days = dates_of(rows.values["time"])
        starts = np.array([first for first, _ in stretches], "datetime64[D]")
        ends = np.array([last for _, last in stretches], "datetime64[D]")
        place = np.searchsorted(starts, days, side="right") - 1
        inside = place >= 0
        inside[inside] = days[inside] <= ends[place[inside]]
        sure = inside & np.r_[False, (place[1:] == place[:-1]) & inside[:-1]]
        held = rows.valid.get("previous_close")
        sure = sure if held is None else sure & held
        closes, references = rows.values["close"], rows.values["previous_close"]
        return cls(days, closes.tolist(), references.tolist(), sure)

    def at(self, day: date) -> int | None:
        """Return the place of the first bar on or after a day."""
        place = int(np.searchsorted(self.days, np.datetime64(day, "D")))
        return place if place < len(self.days) else None

    def ratio(self, place: int) -> float:
        """Return close before / reference price of a sure bar."""
        return self.close[place - 1] / self.reference[place]


def tell_ratios(
    symbol: str, series: DailySeries, itemised: Sequence[Dividend]
) -> Mapping[date, float | None]:
    """Return the ratio per ex-date; None where something may have happened that nobody told.

    A reference price that differs from the close before it by more than half a tick is an event.
    An itemised event takes the ratio of the first bar on or after its day; where no reference
    price is held, the ratio follows from its terms, rounded as the exchange rounds.
    """
    tick = _tick(symbol)
    jumps = _jumps(series, tick, unknown=not itemised)
    told: dict[date, float | None] = {}
    for event in itemised:
        place = series.at(event.ex_date)
        if place is None or place == 0:
            told[event.ex_date] = None
            continue
        if not series.sure[place]:
            told[event.ex_date] = _from_terms(event, series.close[place - 1], tick)
            continue
        day: date = series.days[place].astype(object)
        # Two events before the same bar share one jump: the first takes it whole.
        told[event.ex_date] = jumps.pop(day, 1.0)
    return {**jumps, **told}


def _jumps(series: DailySeries, tick: float, *, unknown: bool) -> dict[date, float | None]:
    close = np.array(series.close, np.float64)
    reference = np.array(series.reference, np.float64)
    differs = np.zeros(len(close), np.bool_)
    differs[1:] = np.abs(reference[1:] - close[:-1]) > tick / 2 + _NOISE
    days: list[date] = series.days.tolist()
    found: dict[date, float | None] = {
        days[place]: series.ratio(place) for place in np.flatnonzero(differs & series.sure).tolist()
    }
    if unknown:
        holes = np.flatnonzero(~series.sure)
        found |= {days[place]: None for place in holes.tolist() if place}
    return found


def _from_terms(event: Dividend, close: float, tick: float) -> float | None:
    value = (Decimal(repr(close)) - Decimal(repr(event.net_cash))) / (
        1 + Decimal(repr(event.new_shares))
    )
    reference = value.quantize(Decimal(repr(tick)), ROUND_HALF_UP)
    return close / float(reference) if reference > 0 else None


def _tick(symbol: str) -> float:
    return 0.01 if classify(symbol)[1] is InstrumentKind.STOCK else 0.001


def load_events(
    connection: sqlite3.Connection, symbols: Sequence[str]
) -> Mapping[str, Sequence[Dividend] | None]:
    """Return the events, oldest first, of every symbol with bars or dividends held.

    None where what is held does not tell them.
    """
    chosen = json.dumps(list(symbols))
    within = "symbol IN (SELECT value FROM json_each(?))"
    known = connection.execute(f"SELECT symbol FROM adjustable WHERE {within}", (chosen,))  # noqa: S608 a constant
    found: dict[str, list[Dividend]] = {row[0]: [] for row in known}
    query = (
        f"SELECT f.symbol, f.ex_date, f.ratio, {_ITEMS} FROM factors f "  # noqa: S608 - constants only
        "LEFT JOIN dividends d ON d.symbol = f.symbol AND d.ex_date = f.ex_date "
        f"WHERE f.{within} ORDER BY f.symbol, f.ex_date"
    )
    for symbol, ex_date, *values in connection.execute(query, (chosen,)):
        event = Dividend(symbol, date.fromisoformat(ex_date), *values)
        found.setdefault(symbol, []).append(event)
    return {symbol: found.get(symbol) for symbol in _held(connection, chosen)}


def _held(connection: sqlite3.Connection, chosen: str) -> Sequence[str]:
    query = (
        "SELECT symbol FROM series WHERE kind = 'BAR' AND symbol IN (SELECT value FROM "
        "json_each(?)) UNION SELECT symbol FROM dividends WHERE symbol IN "
        "(SELECT value FROM json_each(?))"
    )
    return [row[0] for row in connection.execute(query, (chosen, chosen))]


class EventWriter:
    """Writes events inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through an open transaction."""
        self._connection = connection

    def put(self, events: Sequence[Dividend]) -> bool:
        """Store itemised events over those of the same days; return whether anything changed."""
        rows = [
            (
                e.symbol,
                e.ex_date.isoformat(),
                e.cash,
                e.bonus,
                e.conversion,
                e.rights,
                e.rights_price,
            )
            for e in events
        ]
        before = self._connection.total_changes
        self._connection.executemany(
            "INSERT INTO dividends VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "cash = excluded.cash, bonus = excluded.bonus, conversion = excluded.conversion, "
            "rights = excluded.rights, rights_price = excluded.rights_price WHERE "
            "(cash, bonus, conversion, rights, rights_price) IS NOT (excluded.cash, "
            "excluded.bonus, excluded.conversion, excluded.rights, excluded.rights_price)",
            rows,
        )
        return self._connection.total_changes != before

    def refresh(self, symbol: str, rows: BarColumns, stretches: Stretches) -> None:
        """Tell the ratios of a symbol anew from its daily bars and its itemised events."""
        itemised = self._itemised(symbol)
        held = rows.valid.get("previous_close")
        known = bool(itemised) or (rows.length > 0 and (held is None or bool(held.any())))
        ratios: Mapping[date, float | None] = {}
        if known:
            ratios = tell_ratios(symbol, DailySeries.of(rows, stretches), itemised)
            self._connection.execute("INSERT OR IGNORE INTO adjustable VALUES (?)", (symbol,))
        else:
            self._connection.execute("DELETE FROM adjustable WHERE symbol = ?", (symbol,))
        self._connection.execute("DELETE FROM factors WHERE symbol = ?", (symbol,))
        self._connection.executemany(
            "INSERT INTO factors VALUES (?, ?, ?)",
            [(symbol, day.isoformat(), ratio) for day, ratio in ratios.items()],
        )

    def _itemised(self, symbol: str) -> Sequence[Dividend]:
        query = f"SELECT ex_date, {_ITEMS} FROM dividends WHERE symbol = ? ORDER BY ex_date"  # noqa: S608 constants only
        return [
            Dividend(symbol, date.fromisoformat(ex_date), None, *items)
            for ex_date, *items in self._connection.execute(query, (symbol,))
        ]

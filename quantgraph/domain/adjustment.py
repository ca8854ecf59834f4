"""Prices made comparable across ex-right days; volumes and amounts are never touched.

For an event with ratio r, cash c, new shares n and rights q at price k (all per share held before):

- FRONT_RATIO divides every price before the ex-day by r, BACK_RATIO multiplies every price from
  the ex-day on by r. Returns are kept; prices of the anchor bar are real.
- FRONT maps every price p before the ex-day to (p - c + q·k) / (1 + n), as the exchange computes
  its reference price, event by event, the earliest first. BACK undoes that for every price from
  the ex-day on: p·(1 + n) + c - q·k, the latest first. Differences in yuan are kept.

FRONT kinds are anchored at the newest held bar, BACK kinds at the oldest. See docs/adjustment.md.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from hashlib import blake2b

import numpy as np

from quantgraph.domain.bars import PRICES, Adjustment, BarColumns, Column
from quantgraph.domain.calendar import Dates
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason

FRONTS = frozenset({Adjustment.FRONT, Adjustment.FRONT_RATIO})
ADDITIVES = frozenset({Adjustment.FRONT, Adjustment.BACK})


@dataclass(frozen=True, slots=True)
class Affine:
    """The map p → scale·p + shift."""

    scale: float = 1.0
    shift: float = 0.0

    def after(self, inner: "Affine") -> "Affine":
        """Return the map that applies `inner` first, then this."""
        return Affine(self.scale * inner.scale, self.scale * inner.shift + self.shift)


def adjust_prices(
    columns: BarColumns, days: Dates, events: Sequence[Dividend], adjustment: Adjustment
) -> BarColumns:
    """Return the columns with every price adjusted; `days` is the trading day of each row.

    `events` are those between the oldest and the newest held bar (see `relevant_events`). Raises
    ADJUSTMENT_UNAVAILABLE where an event that matters for these rows is not known well enough.
    """
    ordered = sorted(events, key=lambda event: event.ex_date)
    ex_days = np.array([event.ex_date for event in ordered], "datetime64[D]")
    # An ex-day's own bar already trades ex: it counts as after the event.
    passed = np.searchsorted(ex_days, days, side="right")
    maps = _maps(ordered, passed, adjustment)
    scales = np.array([m.scale for m in maps])[passed]
    shifts = np.array([m.shift for m in maps])[passed]
    values = dict(columns.values)
    for name in PRICES:
        if name in values:
            values[name] = values[name] * scales + shifts
    return BarColumns(columns.length, values, columns.valid)


def relevant_events(events: Sequence[Dividend], first: date, last: date) -> Sequence[Dividend]:
    """Return the events that lie between the oldest and the newest held bar."""
    return [event for event in events if first < event.ex_date <= last]


def fingerprint(events: Sequence[Dividend]) -> str:
    """Return what tells these events from any others, the same in every process."""
    told = repr([astuple(event) for event in events])
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _maps(events: Sequence[Dividend], passed: Column, adjustment: Adjustment) -> Sequence[Affine]:
    """Return the map per number of passed events, 0 to all of them."""
    least = int(passed.min()) if len(passed) else len(events)
    most = int(passed.max()) if len(passed) else 0
    maps = [Affine()] * (len(events) + 1)
    if adjustment in FRONTS:
        for place in range(len(events) - 1, least - 1, -1):
            maps[place] = maps[place + 1].after(_forward(events[place], adjustment))
    else:
        for place in range(most):
            maps[place + 1] = maps[place].after(_backward(events[place], adjustment))
    return maps


def _forward(event: Dividend, adjustment: Adjustment) -> Affine:
    if adjustment is Adjustment.FRONT_RATIO:
        return Affine(1.0 / _ratio(event))
    _check_itemised(event)
    whole = 1.0 + event.new_shares
    return Affine(1.0 / whole, -event.net_cash / whole)


def _backward(event: Dividend, adjustment: Adjustment) -> Affine:
    if adjustment is Adjustment.BACK_RATIO:
        return Affine(_ratio(event))
    _check_itemised(event)
    return Affine(1.0 + event.new_shares, event.net_cash)


def _ratio(event: Dividend) -> float:
    if event.ratio is None:
        raise _unavailable(
            event,
            "what happened to the price there is not known: no reference price is held for "
            "that day, or days before it are missing. Import bars with a previous close, without "
            "the hole, or its dividends.",
        )
    return event.ratio


def _check_itemised(event: Dividend) -> None:
    if not event.itemised:
        raise _unavailable(
            event,
            "only the ratio of that ex-right day is known, and it cannot tell cash from shares. "
            "Import its dividends (`quantgraph import dividends`), or ask for FRONT_RATIO or "
            "BACK_RATIO.",
        )


def _unavailable(event: Dividend, why: str) -> Unsupported:
    day = event.ex_date.isoformat()
    text = f"{event.symbol} cannot be adjusted across {day}: {why}"
    return Unsupported(Reason.ADJUSTMENT_UNAVAILABLE, text, symbol=event.symbol, ex_date=day)

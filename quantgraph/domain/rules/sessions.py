"""What an exchange does at which time of a trading day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

from quantgraph.domain.calendar import at, day_of
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market, Segment
from quantgraph.domain.rules.late_orders import LATE_ORDERS, REFORM, LateRow
from quantgraph.domain.rules.rows import (
    EXCHANGE_TRADED,
    LOOKED_UP,
    PRACTICE,
    RULES_2026,
    TABLES,
    Row,
    no_rule,
)


class Phase(StrEnum):
    """A stretch of a trading day. AFTER_HOURS trades at the closing price only."""

    CLOSED = "CLOSED"
    OPEN_AUCTION = "OPEN_AUCTION"
    OPEN_AUCTION_FIXED = "OPEN_AUCTION_FIXED"
    PRE_OPEN = "PRE_OPEN"
    CONTINUOUS = "CONTINUOUS"
    LUNCH = "LUNCH"
    CLOSE_AUCTION = "CLOSE_AUCTION"
    AFTER_HOURS = "AFTER_HOURS"

    @property
    def acts(self) -> tuple["Act", ...]:
        """What makes it this phase: what the exchange takes meanwhile, of orders for matching."""
        return _ACTS.get(self, ())

    @property
    def takes_orders(self) -> bool:
        """Whether an order at any price within the band is taken for matching."""
        return Act.SUBMIT in self.acts


class Act(StrEnum):
    """What an exchange takes: orders for matching, orders at the closing price, cancels.

    Orders at the closing price are taken and cancelled at the same times.
    """

    SUBMIT = "SUBMIT"
    SUBMIT_AT_CLOSE = "SUBMIT_AT_CLOSE"
    CANCEL = "CANCEL"


# From 09:25 to 09:30 Shenzhen may take orders for later; no text was read, so none is promised.
_ACTS: Mapping[Phase, tuple[Act, ...]] = {
    Phase.OPEN_AUCTION: (Act.SUBMIT, Act.CANCEL),
    Phase.OPEN_AUCTION_FIXED: (Act.SUBMIT,),
    Phase.CONTINUOUS: (Act.SUBMIT, Act.CANCEL),
    Phase.CLOSE_AUCTION: (Act.SUBMIT,),
    Phase.AFTER_HOURS: (Act.SUBMIT_AT_CLOSE, Act.CANCEL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRow(Row):
    """A phase from `start` up to, not including, `end`, Shanghai wall-clock time."""

    topic: ClassVar[str] = "Phases"

    phase: Phase
    start: time
    end: time


def _day(kind: InstrumentKind, source: str, verified: bool) -> tuple[PhaseRow, ...]:
    table = (
        (Phase.OPEN_AUCTION, time(9, 15), time(9, 20)),
        (Phase.OPEN_AUCTION_FIXED, time(9, 20), time(9, 25)),
        (Phase.PRE_OPEN, time(9, 25), time(9, 30)),
        (Phase.CONTINUOUS, time(9, 30), time(11, 30)),
        (Phase.LUNCH, time(11, 30), time(13, 0)),
        (Phase.CONTINUOUS, time(13, 0), time(15, 0)),
    )
    return tuple(
        PhaseRow(
            name=f"phases.{kind.lower()}",
            effective_from=date(2006, 7, 1),
            kind=kind,
            phase=phase,
            start=start,
            end=end,
            source=source,
            verified=verified,
        )
        for phase, start, end in table
    )


_TAILS = {
    Phase.CLOSE_AUCTION: (time(14, 57), time(15, 0)),
    Phase.AFTER_HOURS: (time(15, 5), time(15, 30)),
}
_FUND = InstrumentKind.FUND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whom:
    kind: InstrumentKind = InstrumentKind.STOCK
    market: Market | None = None
    board: Board | None = None
    codes: tuple[str, ...] = ()


def _tail(phase: Phase, first: date, whom: _Whom) -> PhaseRow:
    start, end = _TAILS[phase]
    known = first >= REFORM
    early = phase is Phase.AFTER_HOURS and not known
    part = whom.board or f"{whom.market or ''}{whom.kind}"
    return PhaseRow(
        name=f"phases.{phase.replace('_', '-')}.{part}{'.first' if early else ''}".lower(),
        effective_from=first,
        effective_to=REFORM - timedelta(days=1) if early else None,
        kind=whom.kind,
        market=whom.market,
        board=whom.board,
        codes=whom.codes,
        phase=phase,
        start=start,
        end=end,
        source=RULES_2026 if known else f"{TABLES}; the first day is {PRACTICE}",
        verified=known or phase is Phase.CLOSE_AUCTION,
    )


_CLOSE, _LATE = Phase.CLOSE_AUCTION, Phase.AFTER_HOURS

# The first row that covers a moment counts, so what replaces the end of the day stands first.
PHASES = (
    _tail(_CLOSE, date(2006, 7, 1), _Whom(market=Market.SZ)),
    _tail(_CLOSE, date(2018, 8, 20), _Whom(market=Market.SH)),
    _tail(_CLOSE, date(2021, 11, 15), _Whom(market=Market.BJ)),
    _tail(_CLOSE, date(2006, 7, 1), _Whom(market=Market.SZ, kind=_FUND)),
    _tail(_CLOSE, REFORM, _Whom(market=Market.SH, kind=_FUND)),
    _tail(_LATE, date(2019, 7, 22), _Whom(board=Board.STAR)),
    _tail(_LATE, date(2020, 8, 24), _Whom(board=Board.CHINEXT)),
    *(_tail(_LATE, REFORM, _Whom(board=b)) for b in (Board.STAR, Board.CHINEXT, Board.MAIN)),
    _tail(_LATE, REFORM, _Whom(kind=_FUND, codes=EXCHANGE_TRADED)),
    *_day(InstrumentKind.STOCK, TABLES, verified=True),
    *_day(_FUND, PRACTICE, verified=False),
    *_day(InstrumentKind.BOND, PRACTICE, verified=False),
)


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A phase of one day: epoch ms from `start` up to, not including, `end`, and its rule.

    `acts`: what the exchange takes all the while.
    """

    phase: Phase
    start: int
    end: int
    source: str
    verified: bool
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A row between two instants of a day, epoch ms; `end` is no longer part of it."""

    row: PhaseRow | LateRow
    start: int
    end: int

    def holds(self, instant_ms: int) -> bool:
        return self.start <= instant_ms < self.end

    def spans(self, other: "_Stretch") -> bool:
        return self.start <= other.start and other.end <= self.end


@lru_cache(4096)
def list_phases(segment: Segment, day: date) -> tuple[PhaseSpan, ...]:
    """Return the phases of a trading day in order, none overlapping; what is between is closed.

    Whether the day is one is the calendar's to say. Raises OrderRefused RULE_UNKNOWN.
    """
    late = _late_stretches(segment, day)
    return tuple(
        PhaseSpan(row.phase, each.start, each.end, row.rule, row.verified, _acts(each, late))
        for each in _stretches(segment, day)
        if isinstance(row := each.row, PhaseRow)
    )


@lru_cache(4096)
def _stretches(segment: Segment, day: date) -> tuple[_Stretch, ...]:
    rows = [row for row in PHASES if row.covers(segment) and row.holds(day)]
    if not rows:
        raise no_rule(str(segment), day, "session phases")
    found: list[_Stretch] = []
    for start, end in pairwise(sorted({each for row in rows for each in (row.start, row.end)})):
        row = next((row for row in rows if row.start <= start and end <= row.end), None)
        if row is not None:
            found.append(_Stretch(row, at(day, start), at(day, end)))
    return tuple(found)


@lru_cache(4096)
def _late_stretches(segment: Segment, day: date) -> tuple[_Stretch, ...]:
    """Return when orders for after-hours trading are taken: never on days without it."""
    rows = (each.row for each in _stretches(segment, day) if isinstance(each.row, PhaseRow))
    if all(row.phase is not Phase.AFTER_HOURS for row in rows):
        return ()
    late = (row for row in LATE_ORDERS if row.covers(segment) and row.holds(day))
    return tuple(_Stretch(row, at(day, row.start), at(day, row.end)) for row in late)


def late_rule(instrument: Instrument, day: date) -> Row | None:
    """Return a row that takes orders for after-hours trading, None on days without it."""
    rows = (each.row for each in _late_stretches(instrument.segment, day))
    return next((row for row in rows if row.concerns(instrument)), None)


def _acts(stretch: _Stretch, late: tuple[_Stretch, ...]) -> tuple[Act, ...]:
    acts = set(stretch.row.phase.acts) if isinstance(stretch.row, PhaseRow) else set[Act]()
    if any(each.spans(stretch) for each in late):
        acts.add(Act.SUBMIT_AT_CLOSE)
    return tuple(act for act in Act if act in acts)


def phase_row(instrument: Instrument, instant_ms: int) -> PhaseRow | None:
    """Return the row of the phase at an instant of a trading day (epoch ms), None when closed."""
    for each in _of_day(instrument, day_of(instant_ms)):
        if each.holds(instant_ms):
            return each.row if isinstance(each.row, PhaseRow) else None
    return None


@lru_cache(LOOKED_UP)
def _of_day(instrument: Instrument, day: date) -> tuple[_Stretch, ...]:
    """Return the stretches of a day whose rows are for the instrument."""
    found = _stretches(instrument.segment, day)
    return tuple(each for each in found if each.row.concerns(instrument))


def late_row(instrument: Instrument, instant_ms: int) -> LateRow | None:
    """Return the row that takes orders for after-hours trading at an instant of a trading day."""
    row = _row_at(_late_stretches(instrument.segment, day_of(instant_ms)), instrument, instant_ms)
    return row if isinstance(row, LateRow) else None


def _row_at(
    stretches: tuple[_Stretch, ...], instrument: Instrument, instant_ms: int
) -> PhaseRow | LateRow | None:
    for each in stretches:
        if each.holds(instant_ms):
            return each.row if each.row.concerns(instrument) else None
    return None

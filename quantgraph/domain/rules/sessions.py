"""What an exchange does at which time of a trading day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from quantgraph.domain.calendar import TradingCalendar, at, day_of
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market, Segment
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import PRACTICE, RULES_2026, TABLES, Row, no_rule


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
        """What the exchange takes from its members meanwhile."""
        return _ACTS.get(self, ())

    @property
    def takes_orders(self) -> bool:
        """Whether an order at any price within the band is taken for matching."""
        return Act.SUBMIT in self.acts


class Act(StrEnum):
    """What an exchange takes: orders within the band, orders at the closing price, cancels."""

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


def _tail(phase: Phase, first: date, whom: _Whom) -> PhaseRow:
    start, end = _TAILS[phase]
    known = first >= date(2026, 7, 6)
    return PhaseRow(
        effective_from=first,
        kind=whom.kind,
        market=whom.market,
        board=whom.board,
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
    _tail(_CLOSE, date(2026, 7, 6), _Whom(market=Market.SH, kind=_FUND)),
    _tail(_LATE, date(2019, 7, 22), _Whom(board=Board.STAR)),
    _tail(_LATE, date(2020, 8, 24), _Whom(board=Board.CHINEXT)),
    _tail(_LATE, date(2026, 7, 6), _Whom(board=Board.MAIN)),
    _tail(_LATE, date(2026, 7, 6), _Whom(kind=_FUND)),
    *_day(InstrumentKind.STOCK, TABLES, verified=True),
    *_day(_FUND, PRACTICE, verified=False),
)


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A phase of one day: epoch ms from `start` up to, not including, `end`, and its rule."""

    phase: Phase
    start: int
    end: int
    source: str
    verified: bool


@lru_cache(4096)
def list_phases(segment: Segment, day: date) -> tuple[PhaseSpan, ...]:
    """Return the phases of a trading day in order, none overlapping; what is between is closed.

    Whether the day is one is the calendar's to say. Raises OrderRefused RULE_UNKNOWN.
    """
    rows = [row for row in PHASES if row.covers(segment) and row.holds(day)]
    if not rows:
        raise no_rule(str(segment), day, "session phases")
    spans: list[tuple[PhaseRow, time, time]] = []
    for start, end in pairwise(sorted({each for row in rows for each in (row.start, row.end)})):
        row = next((row for row in rows if row.start <= start and end <= row.end), None)
        if row is not None:
            spans.append((row, start, end))
    return tuple(
        PhaseSpan(row.phase, at(day, start), at(day, end), row.source, row.verified)
        for row, start, end in spans
    )


def phase_at(instant_ms: int, instrument: Instrument, calendar: TradingCalendar) -> Phase:
    """Return what the instrument's exchange does at an instant (epoch ms).

    Raises CALENDAR_NOT_COVERED, and OrderRefused RULE_UNKNOWN where no row tells the day's phases.
    """
    day = day_of(instant_ms)
    if not calendar.is_session(day):
        return Phase.CLOSED
    spans = list_phases(instrument.segment, day)
    inside = (span.phase for span in spans if span.start <= instant_ms < span.end)
    return next(inside, Phase.CLOSED)


def check_session(instant_ms: int, instrument: Instrument, calendar: TradingCalendar) -> Phase:
    """Return the phase, or raise SESSION_CLOSED where no order is taken."""
    phase = phase_at(instant_ms, instrument, calendar)
    if not phase.takes_orders:
        text = (
            f"{instrument.symbol} takes no orders now ({phase}); orders are taken from 09:15 to "
            "09:25, 09:30 to 11:30 and 13:00 to 15:00 Shanghai time on trading days."
        )
        raise OrderRefused(Reason.SESSION_CLOSED, text, symbol=instrument.symbol, phase=phase)
    return phase

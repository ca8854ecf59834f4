"""What every market rule is: a row with dates and a source, found by instrument and day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, TypeVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market, Segment
from quantgraph.domain.reasons import Reason

# Public tables of exchange rules agree on these; the official text was not read.
TABLES = "public tables of exchange rules"
# Known from trading practice of that time; to be checked before anybody relies on it.
PRACTICE = "trading practice of the period, no official text read"
# How many instruments and days every lookup of rows keeps at hand: each order asks a dozen times.
LOOKED_UP = 16_384
# Exchange and first digits of convertible bonds; other bonds trade by rules that no row tells.
CONVERTIBLES = ("SH110", "SH111", "SH113", "SH118", "SZ123", "SZ127", "SZ128")
# The same of exchange-traded funds; the others (LOF, closed-end) have codes apart.
EXCHANGE_TRADED = ("SH51", "SH52", "SH53", "SH56", "SH58", "SZ159")
RULES_2026 = (
    "SSE 上证发〔2026〕41号, "
    "https://www.sse.com.cn/aboutus/mediacenter/hotandd/c/c_20260424_10816474.shtml; "
    "SZSE 深证上〔2026〕551号, "
    "https://docs.static.szse.cn/www/lawrules/rule/trade/current/W020260424690713155663.pdf"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule, whom it is for and when it holds; both dates included, None as the end is open.

    `name` is what a configuration calls it; rows that only follow each other in time share one.
    `verified` False: the figure is not certain, see `source`. Market, board and `st` None mean
    any; `codes` are exchange and first digits of those it is for, as in SH688, none means all.
    """

    topic: ClassVar[str] = "Rule"

    name: str
    effective_from: date
    effective_to: date | None = None
    source: str = TABLES
    verified: bool = True
    kind: InstrumentKind = InstrumentKind.STOCK
    market: Market | None = None
    board: Board | None = None
    st: bool | None = None
    codes: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """Who states it, and under which heading."""
        return f"{self.topic}: {self.source}"

    def holds(self, day: date) -> bool:
        """Return whether the rule is in force on the day."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )

    def covers(self, segment: Segment | Instrument) -> bool:
        """Return whether the rule is for this part of the market, whatever the day."""
        return (
            segment.kind is self.kind
            and self.market in (None, segment.market)
            and self.board in (None, segment.board)
        )

    def concerns(self, instrument: Instrument) -> bool:
        """Return whether the rule is for this instrument, whatever the day."""
        return (
            self.covers(instrument)
            and self.st in (None, instrument.is_st)
            and (not self.codes or (instrument.market + instrument.symbol).startswith(self.codes))
        )


R = TypeVar("R", bound=Row)


def find_rule(rows: Iterable[R], instrument: Instrument, day: date) -> R | None:
    """Return the row in force for the instrument on the day, or None."""
    return next((r for r in rows if r.concerns(instrument) and r.holds(day)), None)


def require_rule(rows: Iterable[R], instrument: Instrument, day: date, what: str) -> R:
    """Return the row in force. Raises OrderRefused RULE_UNKNOWN: nothing is guessed."""
    row = find_rule(rows, instrument, day)
    if row is None:
        raise unknown_rule(instrument, day, what)
    return row


def unknown_rule(instrument: Instrument, day: date, what: str) -> OrderRefused:
    """Say that no row tells `what` for the instrument on the day."""
    refusal = no_rule(f"{instrument.symbol} ({instrument.segment})", day, what)
    refusal.details["symbol"] = instrument.symbol
    return refusal


def no_rule(whom: str, day: date, what: str) -> OrderRefused:
    """Say that no row tells `what` on the day, for an instrument or for a whole segment."""
    text = f"No rule says the {what} of {whom} on {day}; nothing is guessed."
    return OrderRefused(Reason.RULE_UNKNOWN, text, whom=whom, date=day.isoformat(), rule=what)

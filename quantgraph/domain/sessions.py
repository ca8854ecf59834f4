"""Trading days and their phases, as a caller asks for them."""

from dataclasses import dataclass
from datetime import date

from quantgraph.domain.instruments import Market, Segment
from quantgraph.domain.rules.sessions import PhaseSpan


@dataclass(frozen=True, slots=True)
class Closure:
    """A weekday on which an exchange stays closed; the holiday's Chinese name, None if unknown."""

    day: date
    name: str | None


@dataclass(frozen=True, slots=True)
class TradingDays:
    """An exchange's trading days from start to end, both included.

    `covered_from` and `covered_to` bound what is known of the exchange; `basis` says who says so.
    """

    market: Market
    start: date
    end: date
    covered_from: date
    covered_to: date
    days: tuple[date, ...]
    closures: tuple[Closure, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class SessionDay:
    """What a part of the market does on a day, in order; nothing on a day without trading."""

    segment: Segment
    day: date
    phases: tuple[PhaseSpan, ...]

    @property
    def is_trading_day(self) -> bool:
        """Whether the exchange opens at all: a trading day has phases."""
        return bool(self.phases)

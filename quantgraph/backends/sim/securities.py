"""What the exchange must know of one symbol for one day, in ticks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.backends.sim.flow.frames import Frame, Frames
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, InstrumentKind
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.auctions import TieBreak, auction_rule
from quantgraph.domain.rules.bands import Band, price_band
from quantgraph.domain.rules.halts import HaltRow, halt_rules
from quantgraph.domain.rules.sessions import Act, Phase, PhaseSpan, list_phases
from quantgraph.domain.rules.settlement import sells_at_once
from quantgraph.domain.rules.ticks import tick_size

_CLOSED: Final = Phase.CLOSED
_CANCEL: Final = Act.CANCEL


@dataclass(frozen=True, slots=True)
class Security:
    """A symbol on a day: its rules, the other traders' day, and what had traded by an instant.

    `previous_close`, `tick` and `band` in yuan; `band` None: the day has no price limits.
    `halts`: what stops it by itself, smallest move first; empty under a band.
    `locked`: shares bought today are sold from the next day on (T+1). `ties` settle auctions.
    `so_far` takes epoch ms and answers in ticks; it and `frames` are quick: the exchange asks
    them on the event loop.
    """

    instrument: Instrument
    day: date
    previous_close: Decimal
    tick: Decimal
    band: Band | None
    phases: tuple[PhaseSpan, ...]
    ties: tuple[TieBreak, ...]
    locked: bool
    frames: Frames
    so_far: Callable[[int], Tally]
    halts: tuple[HaltRow, ...] = ()

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.instrument.symbol

    @property
    def end(self) -> int:
        """The instant (epoch ms) at which its day is over."""
        return self.phases[-1].end

    def terms(self) -> Terms:
        """Return what a venue is told before the day."""
        band = (
            None if self.band is None else (self.ticks(self.band.low), self.ticks(self.band.high))
        )
        return Terms(self.instrument.market, self.ticks(self.previous_close), band, self.ties)

    def ticks(self, price: Decimal) -> int:
        """Return a price in yuan, a multiple of the tick, as ticks."""
        return int(price / self.tick)

    def yuan(self, ticks: int) -> Decimal:
        """Return a price in ticks as yuan."""
        return ticks * self.tick

    def phase(self, at: int) -> Phase:
        """Return the phase at an instant of the day (epoch ms)."""
        return next((each.phase for each in self.phases if each.start <= at < each.end), _CLOSED)

    def dark(self, frame: Frame) -> bool:
        """Return whether a frame of its day tells a halt: continuous trading shows something."""
        return frame.shown and frame.empty and self.phase(frame.at) is Phase.CONTINUOUS

    def locked_until(self, phase: Phase, at: int) -> int | None:
        """Return until when no cancel is taken once a phase begins; None where one is now."""
        if _CANCEL in phase.acts:
            return None
        later = [
            span.start for span in self.phases if span.start > at and _CANCEL in span.phase.acts
        ]
        return later[0] if later else self.end

    def turns(self, after: int) -> list[tuple[int, Phase]]:
        """Return when phases begin later than an instant, and which, in order."""
        begins = {span.end: Phase.CLOSED for span in self.phases}
        begins |= {span.start: span.phase for span in self.phases}
        return sorted(each for each in begins.items() if each[0] > after)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a symbol's prices of one day come from; see `Security`."""

    previous_close: Decimal
    frames: Frames
    so_far: Callable[[int], Tally]


def list_security(
    instrument: Instrument, day: date, source: Source, calendar: TradingCalendar
) -> Security:
    """Return the security. Raises OrderRefused: RULE_UNKNOWN, NOT_TRADABLE."""
    if instrument.kind is InstrumentKind.INDEX:
        text = f"{instrument.symbol} is an index; only its members are traded."
        raise OrderRefused(Reason.NOT_TRADABLE, text, symbol=instrument.symbol)
    band = price_band(instrument, source.previous_close, day, calendar)
    return Security(
        instrument=instrument,
        day=day,
        previous_close=source.previous_close,
        tick=tick_size(instrument, day),
        band=band,
        phases=list_phases(instrument.segment, day),
        ties=auction_rule(instrument, day).ties,
        locked=not sells_at_once(instrument, day),
        frames=source.frames,
        so_far=source.so_far,
        halts=tuple(halt_rules(instrument, day, calendar)),
    )

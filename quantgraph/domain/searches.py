"""Which instruments a list is of."""

from dataclasses import dataclass, field

from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market


@dataclass(frozen=True, slots=True)
class InstrumentSearch:
    """Filters that all must hold; an empty one holds for every instrument.

    `text` is the start of a code, any part of a name, or of its pinyin initials. `sector` is
    resolved into `symbols` above the sources, which only look at the latter.
    """

    text: str | None = None
    markets: frozenset[Market] = field(default_factory=frozenset[Market])
    kinds: frozenset[InstrumentKind] = field(default_factory=frozenset[InstrumentKind])
    boards: frozenset[Board] = field(default_factory=frozenset[Board])
    sector: str | None = None
    symbols: frozenset[str] | None = None

    def admits(self, instrument: Instrument) -> bool:
        """Return whether the filters hold, text and sector apart."""
        return (
            (not self.markets or instrument.market in self.markets)
            and (not self.kinds or instrument.kind in self.kinds)
            and (not self.boards or instrument.board in self.boards)
            and (self.symbols is None or instrument.symbol in self.symbols)
        )

    @property
    def scope(self) -> str:
        """What tells the list from others: a cursor of one is no good for another."""
        sets = [sorted(each) for each in (self.markets, self.kinds, self.boards)]
        return f"instruments {self.text!r} {sets} {self.sector!r}"

"""What the simulated market may know of imported data: enough to go on from where it ends."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from quantgraph.domain.bars import BarColumns
from quantgraph.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest imported daily bar before the clock's first day: close in yuan, shares.

    By the volume generated days are about as busy; None where it is not known.
    """

    day: date
    close: float
    volume: int | None = None


class Listings(Protocol):
    """Imported data as the market store holds it. All but `version` blocks: call it in a worker."""

    def version(self) -> Hashable:
        """Return a value that differs after every import; never waits."""
        ...

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return the imported instruments among the symbols."""
        ...

    def anchors(self, symbols: Sequence[str], before: date) -> Mapping[str, Anchor]:
        """Return the newest imported daily bar before a day of those that have any.

        They go on from there.
        One that has bars but no instrument is taken for what its code says.
        """
        ...

    def levels(self, symbols: Sequence[str], before: date) -> Mapping[str, float]:
        """Return the newest imported minute's close before a day of those that have any, yuan."""
        ...

    def daily(self, symbol: str, start: date | None, end: date | None) -> BarColumns | None:
        """Return the imported daily bars of the days, both included, or None without any.

        Needs the columns time, open, high, low, close, volume and amount, and uses
        previous_close where there is one; minutes are made inside them.
        """
        ...


class NoListings:
    """Nothing was imported."""

    def version(self) -> Hashable:
        """Never change."""
        return 0

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Know no symbol."""
        del symbols
        return {}

    def anchors(self, symbols: Sequence[str], before: date) -> Mapping[str, Anchor]:
        """Know no bar."""
        del symbols, before
        return {}

    def levels(self, symbols: Sequence[str], before: date) -> Mapping[str, float]:
        """Know no minute."""
        del symbols, before
        return {}

    def daily(self, symbol: str, start: date | None, end: date | None) -> BarColumns | None:
        """Know no bars."""
        del symbol, start, end

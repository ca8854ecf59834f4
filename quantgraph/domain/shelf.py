"""What a store of recorded market data holds, and how a service asks it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from quantgraph.domain.bars import BarColumns, BarRequest, Period
from quantgraph.domain.calendar import Dates
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialReport, FinancialRequest
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TickColumns, TickRequest

Reports = Mapping[Statement, tuple[FinancialReport, ...]]


@dataclass(frozen=True, slots=True)
class HeldBars:
    """The rows of one series in the window.

    `first` and `last` are the stamps (epoch ms) that the whole held series begins and ends with,
    `days` the trading days that the returned rows lie on.
    """

    columns: BarColumns
    source: Source
    first: int
    last: int
    days: Dates


class MarketShelf(Protocol):
    """Recorded data by symbol. Every method but `version` blocks: call it through `Workers`.

    Errors: Unavailable STORE_UNAVAILABLE where the store cannot be read.
    """

    def version(self) -> Hashable:
        """Return a value that differs after everything that is written; never waits."""
        ...

    def read_bars(self, request: BarRequest) -> Sequence[HeldBars | GatewayError | None]:
        """Return the bars per symbol in order, None where the series is not held at all.

        The period must be a base period (MIN_1, DAY_1), the adjustment NONE. One transaction for
        all symbols; only the columns in `fields` are read, and a time column besides only where
        a bound of the window falls inside a day.
        """
        ...

    def read_ticks(self, request: TickRequest) -> TickColumns | None:
        """Return the first `limit` rows of a recording, None where none is held."""
        ...

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return what is listed of the symbols; a name of None says that only data is held."""
        ...

    def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> Sequence[Instrument]:
        """Return up to `first` listed instruments after a symbol, in symbol order."""
        ...

    def sectors(self) -> Sequence[Sector]:
        """Return all sectors by name."""
        ...

    def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector, or None. Errors: DATE_NOT_HELD, see `ports.Reference`."""
        ...

    def sector_names(self) -> frozenset[str]:
        """Return the names of all sectors."""
        ...

    def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sector]:
        """Return the sectors that any of the symbols is in now, by name."""
        ...

    def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the newest held weights of an index not after a day. Errors: DATE_NOT_HELD."""
        ...

    def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Mapping[str, Sequence[Dividend] | None]:
        """Return the events of every symbol with bars of the day or the period held, oldest first.

        None where what is held does not tell them; absent where no such bars are held.
        """
        ...

    def financials(self, request: FinancialRequest) -> Mapping[str, Reports]:
        """Return the asked statements of every symbol that has any report held."""
        ...

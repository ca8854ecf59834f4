"""What the rooms above may ask of a terminal's lists: all that it lists besides instruments."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from quantgraph.domain.bonds import BondRequest, BondValue, ConvertibleBond
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.tables import (
    TablePage,
    TableRequest,
    TableSearch,
    TableSlice,
    TerminalTable,
)
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.domain.treatments import SpecialTreatment


class Catalog(Protocol):
    """What a terminal lists besides instruments."""

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        ...

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return a fund's list for the present trading day, None where there is none."""
        ...

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts listed on a day, or the present one; maybe no expiries.

        Errors: BAD_REQUEST for a day to come, DATE_NOT_HELD for one that no list is held of.
        """
        ...

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol."""
        ...

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract of each asked trading day up to the present one.

        None for an unknown product. Errors: CALENDAR_NOT_COVERED.
        """
        ...

    async def tables(self) -> Sequence[TerminalTable]:
        """Return the tables that the terminal knows of, by name."""
        ...

    async def table_slice(
        self, table: TerminalTable, request: TableRequest, first: int
    ) -> TableSlice:
        """Return up to `request.first` of the rows that match, from row `first` on.

        Errors: TERMINAL_LACKS where its files cannot be read here.
        """
        ...

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share, oldest first; maybe none.

        Errors: NOT_DOWNLOADED.
        """
        ...

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Return which of the asked tags each of the symbols has.

        Errors: BAD_REQUEST for an unknown tag and for too many questions; TERMINAL_LACKS.
        """
        ...

    async def terminal_subscriptions(self) -> Sequence[TerminalSubscription]:
        """Return what the terminal follows, by program and code. Errors: TERMINAL_LACKS."""
        ...


class PricedLists(Protocol):
    """The same lists with what prices tell of them."""

    async def etf_basket(self, symbol: str) -> EtfBasket:
        """Return a fund's list for the present trading day.

        Errors: UNKNOWN_SYMBOL, NO_ETF_LIST.
        """
        ...

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts listed on a day, or the present one; maybe no expiries.

        Errors: UNKNOWN_SYMBOL, BAD_REQUEST for a day to come, DATE_NOT_HELD.
        """
        ...

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol.

        Errors: START_AFTER_END, ROW_LIMIT.
        """
        ...

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract]:
        """Return the main contract of each asked trading day up to the present one.

        Errors: UNKNOWN_PRODUCT, START_AFTER_END, ROW_LIMIT, CALENDAR_NOT_COVERED.
        """
        ...

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share, oldest first; maybe none.

        Errors: NOT_DOWNLOADED, ROW_LIMIT.
        """
        ...

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Return which of the asked tags each symbol has; unknown symbols are absent.

        Errors: BAD_REQUEST for an unknown tag and for too many questions; TERMINAL_LACKS.
        """
        ...

    async def terminal_subscriptions(self, search: str | None) -> Sequence[TerminalSubscription]:
        """Return what the terminal follows, by program and code; None searches for nothing.

        Else what has this text in program or code, in any case. Errors: TERMINAL_LACKS; ROW_LIMIT
        beyond 10,000.
        """
        ...

    async def bonds(self, request: BondRequest) -> Sequence[BondValue]:
        """Return the listed convertible bonds of a request, by symbol; unknown ones are absent."""
        ...

    async def tables(
        self, search: TableSearch, first: int, after: str | None
    ) -> tuple[Sequence[TerminalTable], bool]:
        """Return up to `first` tables by name after a name, and whether more follow."""
        ...

    async def table_rows(self, request: TableRequest) -> TablePage:
        """Return a page of a table's rows, in the table's own order.

        Errors: UNKNOWN_TABLE, START_AFTER_END, BAD_REQUEST for an unknown column, INVALID_CURSOR
        where the table has changed since the page before; TERMINAL_LACKS of a real terminal.
        """
        ...

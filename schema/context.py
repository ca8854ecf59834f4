"""What an operation carries: the gateway's ports, the caller, and its own loaders."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeAlias

import strawberry

from quantgraph.domain.access import Principal
from quantgraph.domain.accounts import Asset, Position
from quantgraph.domain.bars import Adjustment, BarSeries, Period, Window
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Fill, Order
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.sectors import Sector
from quantgraph.domain.streams import LogPlace


@dataclass(frozen=True, slots=True)
class BarKey:
    """What one bar series of a batch is asked for."""

    symbol: str
    period: Period
    window: Window
    adjustment: Adjustment
    fields: tuple[str, ...]


class Loaders(Protocol):
    """Edges ask here, so that a list of members costs one back-end call, not one each."""

    async def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument, or None where there is none."""
        ...

    async def quote(self, symbol: str) -> Quote:
        """Return the newest quote. Errors: UNKNOWN_SYMBOL."""
        ...

    async def bars(self, key: BarKey) -> BarSeries:
        """Return one series. Errors as `Bars.bars`."""
        ...

    async def rules(self, symbol: str, day: date | None) -> InstrumentRules:
        """Return the rules of a day. Errors: CALENDAR_NOT_COVERED, UNKNOWN_SYMBOL."""
        ...

    async def sectors_of(self, symbol: str) -> Sequence[Sector]:
        """Return the sectors that a symbol is in now, by name."""
        ...

    async def order(self, account_id: str, order_id: str) -> Order | None:
        """Return an order of an account."""
        ...

    async def fills(self, account_id: str, order_id: str) -> Sequence[Fill]:
        """Return the fills of an order, oldest first. Errors as `Fills.order_fills`."""
        ...

    async def asset(self, account_id: str) -> Asset:
        """Return the money of an account. Errors: UNKNOWN_ACCOUNT."""
        ...

    async def positions(self, account_id: str) -> Sequence[Position]:
        """Return the holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT."""
        ...


@dataclass(slots=True)
class Context:
    """One per operation, and one per event of a subscription: never one per socket.

    `picks` remembers what the operation picks at its places; runs of one operation made ready
    share it, which has the same conditions each time.
    """

    gateway: Gateway
    principal: Principal
    loaders: Loaders
    request_id: str
    picks: dict[Hashable, tuple[str, ...]] = field(default_factory=dict[Hashable, tuple[str, ...]])
    # Where the reader of a log was cut off, by its transport; beats what its arguments say.
    resume: LogPlace | None = None
    # Where it is after the newest event; None where it cannot go on from there.
    place: LogPlace | None = None
    # The address of the connection, where it tells one.
    peer: str = ""


Info: TypeAlias = strawberry.Info[Context, None]

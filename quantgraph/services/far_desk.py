"""A desk that another gateway keeps, its logs followed once for all who read them here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from quantgraph.domain.ports.desk import FarDesk
from quantgraph.domain.streams import AccountEvent, FillEvent, LogCursor, OrderEvent
from quantgraph.services.fills import fills_of
from quantgraph.services.shared_logs import Events, SharedLog

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Feeds:
    """What tells of an account's logs besides the far desk itself; it may leave out and repeat."""

    orders: Events[OrderEvent]
    accounts: Events[AccountEvent]


class SharedDesk:
    """Has orders, fills and statuses of an account told by one stream each from the far desk."""

    def __init__(self, far: FarDesk, feeds: Feeds | None = None) -> None:
        """Follow nothing yet. Without `feeds` the far desk tells everything."""
        self._far = far
        trading, connections = far.desk.trading, far.desk.connections
        self.orders = SharedLog(trading.events, None if feeds is None else feeds.orders)
        self.accounts = SharedLog(connections.events, None if feeds is None else feeds.accounts)
        desk = replace(
            far.desk,
            trading=_with_events(trading, self.orders.events),
            connections=_with_events(connections, self.accounts.events),
            fills=_with_events(far.desk.fills, self._fills),
        )
        self.far = replace(far, desk=desk, drain=self._drain)

    async def close(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.gather(self.orders.close(), self.accounts.close())

    async def _fills(self, cursor: LogCursor) -> AsyncGenerator[FillEvent, None]:
        # Numbered as in the log of orders: one upstream serves both.
        async with aclosing(fills_of(self.orders.events(cursor))) as events:
            async for event in events:
                yield event

    def _drain(self) -> None:
        self.orders.drain()
        self.accounts.drain()
        self._far.drain()


def _with_events(port: T, events: object) -> T:
    """Return the port with another source of its events."""
    return cast("T", _Told(port, events))


class _Told:
    def __init__(self, port: object, events: object) -> None:
        self._port, self.events = port, events

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        return getattr(self._port, name)

"""What the operator of a simulated world needs of the parts that are operated."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from quantgraph.domain.incidents import IncidentSetting
from quantgraph.domain.simulation import (
    CorporateAction,
    HandOrder,
    Injection,
    NewAccount,
    ScenarioCall,
    Snapshot,
)


class Controls(Protocol):
    """What a simulated exchange lets its operator do, once the request is checked."""

    async def settle(self) -> None:
        """Return when all that is due by now has happened and is recorded.

        Errors: SOURCE_UNAVAILABLE where it is not being recorded.
        """
        ...

    async def open_account(self, account: NewAccount) -> None:
        """Open an account whose id is free."""
        ...

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: INSUFFICIENT_CASH."""
        ...

    async def inject(self, trade: Injection) -> None:
        """Let strangers trade. Errors: OrderRefused."""
        ...

    async def place(self, order: HandOrder, at: datetime) -> str:
        """Place an order past the gateway; return the terminal's id of it.

        Errors: OrderRefused, EXCHANGE_LOST.
        """
        ...

    async def halt(self, symbol: str) -> None:
        """Stop a symbol. Errors: OrderRefused where it does not trade today."""
        ...

    async def resume(self, symbol: str) -> None:
        """Go on with a symbol."""
        ...

    async def announce(self, action: CorporateAction) -> None:
        """Let prices follow an event from its ex-day on, and pay its holders then.

        Errors: UNKNOWN_SYMBOL, BAD_REQUEST, PRICES_RECORDED, ACTION_LIMIT.
        """
        ...

    async def play(self, call: ScenarioCall) -> None:
        """Let a symbol follow a scenario. Errors: OrderRefused, BAD_REQUEST."""
        ...

    async def fingerprint(self, symbol: str | None) -> tuple[str, int]:
        """Return the hash over books, and what it is over."""
        ...


class FaultSwitch(Protocol):
    """A terminal that incidents can be switched on at."""

    @property
    def incidents(self) -> Sequence[IncidentSetting]:
        """What is switched on."""
        ...

    def set_incidents(self, settings: Iterable[IncidentSetting]) -> None:
        """Switch these on and all others off."""
        ...


class Worlds(Protocol):
    """Snapshots of the world; see `ports.Simulation` for the errors."""

    async def snapshots(self) -> Sequence[Snapshot]:
        """Return those that are held, by name."""
        ...

    async def save(self, name: str) -> Snapshot:
        """Keep the world as it is."""
        ...

    async def restore(self, name: str) -> Snapshot:
        """Go on from a snapshot."""
        ...

    async def delete(self, name: str) -> Snapshot:
        """Delete a snapshot."""
        ...

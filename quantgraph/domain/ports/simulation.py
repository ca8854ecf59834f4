"""What the operator of a simulated world may do; there is none in dev and prod."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from quantgraph.domain.accounts import Account
from quantgraph.domain.simulation import (
    ClockChange,
    CorporateAction,
    Fault,
    Fingerprint,
    HandOrder,
    InjectedOrder,
    Injection,
    Jump,
    NewAccount,
    ScenarioCall,
    SimulationState,
    Snapshot,
    SymbolChange,
)
from quantgraph.domain.system import ClockInfo


class Simulation(Protocol):
    """Time, accounts, the market, incidents and snapshots of a simulated world."""

    async def state(self) -> SimulationState:
        """Return the clock, scenarios, faults and snapshots that there are."""
        ...

    async def set_clock(self, change: ClockChange) -> ClockInfo:
        """Change speed or pause. Errors: BAD_REQUEST."""
        ...

    async def jump_clock(self, jump: Jump) -> ClockInfo:
        """Go forward as fast as order books follow; answered on the way after ten seconds.

        Errors: BAD_REQUEST, CLOCK_BACKWARD, CALENDAR_NOT_COVERED.
        """
        ...

    async def create_account(self, account: NewAccount) -> Account:
        """Open an account; it lives until the world starts over.

        Errors: BAD_REQUEST, ACCOUNT_TAKEN, ACCOUNT_LIMIT, UNKNOWN_SYMBOL.
        """
        ...

    async def deposit(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan into an account. Errors: BAD_REQUEST, UNKNOWN_ACCOUNT."""
        ...

    async def withdraw(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan out. Errors: BAD_REQUEST, UNKNOWN_ACCOUNT, INSUFFICIENT_CASH."""
        ...

    async def inject_trade(self, trade: Injection) -> SymbolChange:
        """Let strangers trade at a price: better orders are taken first.

        Errors: UNKNOWN_SYMBOL, and those of an order at that price.
        """
        ...

    async def inject_order(self, order: HandOrder) -> InjectedOrder:
        """Place an order at the terminal, past the gateway: it turns up there as EXTERNAL.

        Errors: UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, BAD_REQUEST, and those of such an order;
        EXCHANGE_LOST.
        """
        ...

    async def halt(self, symbol: str) -> SymbolChange:
        """Stop a symbol's trading until `resume` or the day's end. Errors: UNKNOWN_SYMBOL."""
        ...

    async def resume(self, symbol: str) -> SymbolChange:
        """Go on with a symbol; nothing changes where it trades. Errors: UNKNOWN_SYMBOL."""
        ...

    async def announce(self, action: CorporateAction) -> SymbolChange:
        """Announce what holders get as the ex-day begins; prices follow it from then on.

        Errors: BAD_REQUEST, UNKNOWN_SYMBOL, PRICES_RECORDED, ACTION_LIMIT.
        """
        ...

    async def load_scenario(self, call: ScenarioCall) -> SymbolChange:
        """Let a symbol follow a scenario until the day's end.

        Errors: BAD_REQUEST, UNKNOWN_SYMBOL, UNKNOWN_SCENARIO.
        """
        ...

    async def set_faults(self, settings: Sequence[str]) -> Sequence[Fault]:
        """Switch these incidents on and all others off; a setting begins with a fault's name.

        Errors: BAD_REQUEST, UNKNOWN_FAULT.
        """
        ...

    async def save_snapshot(self, name: str) -> Snapshot:
        """Keep the world as it is, durably.

        Errors: BAD_REQUEST, SNAPSHOT_TAKEN, SNAPSHOT_LIMIT, STORE_UNAVAILABLE.
        """
        ...

    async def restore_snapshot(self, name: str) -> Snapshot:
        """Go on from where a snapshot was taken, in a new epoch.

        Errors: UNKNOWN_SNAPSHOT, SNAPSHOT_UNUSABLE, STORE_UNAVAILABLE.
        """
        ...

    async def delete_snapshot(self, name: str) -> Snapshot:
        """Delete a snapshot. Errors: UNKNOWN_SNAPSHOT, STORE_UNAVAILABLE."""
        ...

    async def fingerprint(self, symbol: str | None) -> Fingerprint:
        """Return the hash over a symbol's books, or over all. Errors: UNKNOWN_SYMBOL."""
        ...

"""What the simulated exchange lets its operator do; the requests are checked already."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NoReturn

from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import (
    CorporateAction,
    Injection,
    NewAccount,
    ScenarioCall,
    Snapshot,
)


class SimControls:
    """Implements `Controls` and `Worlds` of `services.simulation`."""

    def __init__(self, terminal: SimTerminal) -> None:
        """Control the exchange behind a terminal."""
        self._terminal = terminal

    async def open_account(self, account: NewAccount) -> None:
        """Open an account whose id is free."""
        await self._terminal.open_account(account)

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: INSUFFICIENT_CASH."""
        await self._terminal.transfer(account_id, amount)

    async def inject(self, trade: Injection) -> None:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(trade.symbol)

    async def halt(self, symbol: str) -> None:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(symbol)

    async def resume(self, symbol: str) -> None:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(symbol)

    async def announce(self, action: CorporateAction) -> None:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(action.symbol)

    async def play(self, call: ScenarioCall) -> None:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(call.symbol)

    async def fingerprint(self, symbol: str | None) -> tuple[str, int]:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(symbol or "all symbols")

    async def snapshots(self) -> Sequence[Snapshot]:
        """Return that there are none."""
        return ()

    async def save(self, name: str) -> Snapshot:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(name)

    async def restore(self, name: str) -> Snapshot:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(name)

    async def delete(self, name: str) -> Snapshot:
        """Refuse: the exchange cannot do this yet."""
        _not_yet(name)


def _not_yet(what: str) -> NoReturn:
    text = f"The simulated exchange of this version cannot do this yet ({what[:60]})."
    raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)

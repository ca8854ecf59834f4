"""The way of orders to another gateway, which keeps them: nothing is journalled here."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from quantgraph.config import Config
from quantgraph.domain.controls import TradingState, TradingStatus
from quantgraph.domain.orders import OrderState
from quantgraph.domain.ports.desk import Desk, FarDesk
from quantgraph.domain.system import Mode
from quantgraph.services.acts import BATCHES, CONNECTIONS, CONTROLS, TRADING
from quantgraph.services.audit import AuditTrail, audited


class RelayedPath:
    """Implements `OrderWay` by asking: guard, limits, journal, arming and halts are the other's.

    What this gateway's keys asked for is noted in its own audit log: the other one sees one key.
    """

    def __init__(self, far: FarDesk, mode: Mode, audit: AuditTrail) -> None:
        """Ask `far`, from a gateway of `mode`."""
        self._far, self._mode, self._audit = far, mode, audit
        # Orders are recorded elsewhere, and counted there.
        self.states = Counter[OrderState]()

    def desk(self) -> Desk:
        """Return the ports, what is done by them noted in the audit log."""
        desk, audit = self._far.desk, self._audit
        return replace(
            desk,
            connections=audited(desk.connections, audit, CONNECTIONS),
            controls=audited(desk.controls, audit, CONTROLS),
            trading=audited(desk.trading, audit, TRADING),
            batches=audited(desk.batches, audit, BATCHES),
        )

    def mode(self) -> Mode:
        """Return the other gateway's mode; this one's before that is known."""
        return self._far.mode() or self._mode

    def status(self) -> TradingStatus:
        """Return where the other gateway's trading stands."""
        return self._far.status()

    def connected(self) -> bool:
        """Return whether orders can be handed on."""
        return self._far.status().state is not TradingState.DISCONNECTED

    def problems(self) -> Mapping[str, str]:
        """Return what keeps orders from the other gateway."""
        return self._far.problems()

    def on_change(self, heard: Callable[[], None]) -> None:
        """Tell nothing more than the terminal does: its status is asked for at each look."""

    def adopt(self, config: Config) -> None:
        """Take nothing: what accounts may do is for the other gateway to say."""

    def start(self) -> None:
        """Take nothing: reports go to the other gateway."""

    def drain(self) -> None:
        """End every stream, telling its reader to come back later."""
        self._far.drain()

    async def rest(self) -> None:
        """Have nothing that is being turned here."""

    async def close(self) -> None:
        """Have nothing on its way."""

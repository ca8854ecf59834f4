"""A simulated world in memory: the real desk over controls that remember what was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from quantgraph.backends.sim.moments import Moment
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.calendar import TradingCalendar, from_ms, to_ms, today
from quantgraph.domain.errors import (
    ChangeRefused,
    NameTaken,
    NotFound,
    OrderRefused,
    bad_request,
)
from quantgraph.domain.incidents import IncidentSetting
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import (
    CorporateAction,
    HandOrder,
    Injection,
    NewAccount,
    ScenarioCall,
    Snapshot,
)
from quantgraph.services.simulation import SimulationDesk, SimulationParts
from quantgraph.services.timekeeper import Timekeeper


@dataclass
class MemoryClock:
    """A virtual clock that stands still but for its jumps."""

    instant: datetime
    speed: float = 1.0
    paused: bool = False
    lagging: bool = False

    @property
    def effective_speed(self) -> float:
        return self.speed

    def now(self) -> datetime:
        return self.instant

    def moment(self) -> Moment:
        return Moment("w1", today(self), to_ms(self.instant))

    def set_speed(self, speed: float) -> None:
        if not 0 < speed <= 1000:
            raise bad_request("speed", field="speed")
        self.speed = speed

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def jump(self, instant_ms: int) -> None:
        if from_ms(instant_ms) < self.instant:
            raise ChangeRefused(Reason.CLOCK_BACKWARD, "back")
        self.instant = from_ms(instant_ms)


@dataclass
class MemoryControls:
    """Remembers what was done, and refuses what the real exchange would."""

    accounts: list[Account]
    done: list[Any] = field(default_factory=list)

    async def settle(self) -> None:
        """Nothing is ever due here."""

    async def open_account(self, account: NewAccount) -> None:
        self.done.append(account)
        self.accounts.append(
            Account(account.account_id, account.name, "sim", AccountStatus.CONNECTED)
        )

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        if amount < -1_000_000:
            raise OrderRefused(Reason.INSUFFICIENT_CASH, "not so much")
        self.done.append((account_id, amount))

    async def inject(self, trade: Injection) -> None:
        if trade.price != round(trade.price, 2):
            raise OrderRefused(Reason.TICK_SIZE, "tick")
        self.done.append(trade)

    async def place(self, order: HandOrder, at: datetime) -> str:
        if order.limit_price != round(order.limit_price, 2):
            raise OrderRefused(Reason.TICK_SIZE, "tick")
        self.done.append((order, at))
        return f"hand-{len(self.done)}"

    async def halt(self, symbol: str) -> None:
        self.done.append(("halt", symbol))

    async def resume(self, symbol: str) -> None:
        self.done.append(("resume", symbol))

    async def announce(self, action: CorporateAction) -> None:
        self.done.append(action)

    async def play(self, call: ScenarioCall) -> None:
        self.done.append(call)

    async def fingerprint(self, symbol: str | None) -> tuple[str, int]:
        return ("", 0) if symbol == "000001.SZ" else ("c0ffee", 12)


class MemoryFaults:
    """What is switched on."""

    def __init__(self) -> None:
        self.incidents: list[IncidentSetting] = []

    def set_incidents(self, settings: Iterable[IncidentSetting]) -> None:
        self.incidents = list(settings)


class MemoryWorlds:
    """Keeps names alone."""

    def __init__(self, clock: MemoryClock) -> None:
        self.clock = clock
        self.held: dict[str, Snapshot] = {}

    async def snapshots(self) -> Sequence[Snapshot]:
        return [self.held[name] for name in sorted(self.held)]

    async def save(self, name: str) -> Snapshot:
        if name in self.held:
            raise NameTaken(Reason.SNAPSHOT_TAKEN, "taken")
        now = self.clock.now()
        return self.held.setdefault(name, Snapshot(name, now, today(self.clock), now, 4_096))

    async def restore(self, name: str) -> Snapshot:
        if name not in self.held:
            raise NotFound(Reason.UNKNOWN_SNAPSHOT, "none")
        return self.held[name]

    async def delete(self, name: str) -> Snapshot:
        await self.restore(name)
        return self.held.pop(name)


@dataclass(frozen=True)
class Ground:
    """What a world has besides; accounts that are opened are put into `opened`."""

    now: datetime
    calendar: TradingCalendar
    accounts: Accounts
    opened: list[Account]
    reference: Reference


async def _never(symbol: str) -> bool:
    del symbol
    return False


class MemorySimulation(SimulationDesk):
    """The desk, and its parts for tests to look at."""

    def __init__(self, ground: Ground) -> None:
        self.clock = MemoryClock(ground.now)
        self.controls = MemoryControls(ground.opened)
        self.worlds = MemoryWorlds(self.clock)
        super().__init__(
            SimulationParts(
                clock=self.clock,
                calendar=ground.calendar,
                timekeeper=Timekeeper(self.clock, ground.calendar),
                controls=self.controls,
                faults=MemoryFaults(),
                worlds=self.worlds,
                accounts=ground.accounts,
                reference=ground.reference,
                account_limit=4,
                imports_events=_never,
            )
        )

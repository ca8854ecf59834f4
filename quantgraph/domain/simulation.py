"""What a simulated world lets its operator do: time, accounts, the market, incidents, snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal

from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.scenarios import Scenario
from quantgraph.domain.system import ClockInfo


@dataclass(frozen=True, slots=True)
class ClockChange:
    """How virtual time goes on: simulated seconds per real one, and whether it stands still.

    None leaves it as it is.
    """

    speed: float | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class Jump:
    """Where the clock goes, always forward: the next moment that everything given is true of.

    A phase is that of any stocks, at its beginning; a time is Shanghai wall-clock time. `day` and
    `next_day` exclude each other, as do `phase` and `time`; one thing at least is given.
    """

    phase: Phase | None = None
    time: clock_time | None = None
    day: date | None = None
    next_day: bool = False


@dataclass(frozen=True, slots=True)
class NewPosition:
    """Shares that a new account holds; cost in yuan per share.

    `bought` of them cannot be sold before the next day.
    """

    symbol: str
    quantity: int
    cost_price: Decimal
    bought: int = 0


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be opened: its id, its display name, cash in yuan, and what it holds."""

    account_id: str
    name: str
    cash: Decimal
    positions: tuple[NewPosition, ...] = ()


@dataclass(frozen=True, slots=True)
class Injection:
    """A trade of strangers: yuan per share, and shares."""

    symbol: str
    price: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class HandOrder:
    """A limit order that somebody types in at the terminal: shares, yuan per share.

    `remark` is what its maker writes at it; None: nothing.
    """

    account_id: str
    symbol: str
    side: Side
    quantity: int
    limit_price: Decimal
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class InjectedOrder:
    """What the terminal calls an order that was typed in there, what we call it, and since when.

    It is EXTERNAL under `order_id` once the gateway has heard of it.
    """

    order_id: str
    broker_order_id: str
    time: datetime


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """What holders get for ten shares on an ex-day: yuan before tax, bonus and converted shares."""

    symbol: str
    ex_date: date
    cash: Decimal = Decimal(0)
    bonus: Decimal = Decimal(0)
    conversion: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ScenarioCall:
    """Which scenario a symbol takes from now on; parameters that are not named have defaults."""

    symbol: str
    name: str
    parameters: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])


@dataclass(frozen=True, slots=True)
class Fault:
    """An incident that can be switched on; `setting` is what it was switched on by, None: off."""

    name: str
    description: str
    description_zh: str
    setting: str | None


@dataclass(frozen=True, slots=True)
class SymbolChange:
    """What was done to a symbol, and when by the simulated clock."""

    symbol: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A simulated world as it was: `time` by its clock, `created_at` real time, size in bytes."""

    name: str
    time: datetime
    trading_day: date
    created_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A hash over all that a symbol's books (None: all books) were told and told, and how many.

    Equal fingerprints mean equal histories.
    """

    symbol: str | None
    hash: str
    events: int


@dataclass(frozen=True, slots=True)
class SimulationState:
    """What can be switched, and how it stands."""

    clock: ClockInfo
    scenarios: tuple[Scenario, ...]
    faults: tuple[Fault, ...]
    snapshots: tuple[Snapshot, ...]

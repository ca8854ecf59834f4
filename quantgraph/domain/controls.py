"""Whether orders may be sent: what people order, what the gateway orders itself, what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from quantgraph.domain.streams import StreamKind


class TradingState(StrEnum):
    """Whether submits are taken. Cancels are, except while the terminal is DISCONNECTED.

    REDUCING takes sells of what is held. HALTED, DISARMED, RECONCILING and DISCONNECTED take none.
    """

    ACTIVE = "ACTIVE"
    RECONCILING = "RECONCILING"
    DISARMED = "DISARMED"
    HALTED = "HALTED"
    REDUCING = "REDUCING"
    DISCONNECTED = "DISCONNECTED"


class HaltCause(StrEnum):
    """Who or what stopped trading: a caller, or something that the gateway found."""

    OPERATOR = "OPERATOR"
    DUPLICATE_TAG = "DUPLICATE_TAG"
    REOPENED_ORDER = "REOPENED_ORDER"
    DEAD_MAN = "DEAD_MAN"
    JOURNAL_CUT = "JOURNAL_CUT"
    FOREIGN_TAG = "FOREIGN_TAG"
    UNLISTED_STATUS = "UNLISTED_STATUS"


# What an order of a control may say, the stricter later.
_STRICT = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


@dataclass(frozen=True, slots=True)
class Control:
    """What was ordered for one account, or for all (`account_id` None), by which key and why.

    `state` is HALTED, REDUCING, or ACTIVE where trading was resumed.
    """

    account_id: str | None
    state: TradingState
    cause: HaltCause
    reason: str | None
    by: str
    time: datetime

    @property
    def strictness(self) -> int:
        """Rank: what is stricter has the higher one."""
        return _STRICT.index(self.state)


@dataclass(frozen=True, slots=True)
class HaltWish:
    """What a caller orders; `reducing`: sells of what is held go on. None: every account."""

    account_id: str | None = None
    reducing: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ArmWish:
    """The second secret, and for how long; None for as long as may be. Never logged."""

    secret: str = field(repr=False)
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class TradingStatus:
    """Where trading of an account stands, or of the gateway (`account_id` None).

    `cause` is that of the order behind HALTED and REDUCING, `since` and `by` are those of it or of
    what disarmed trading; else None.
    `reason`: why not everything is taken, in words; None where it is. `armed_until`: when arming
    ends; None where nothing is armed or nothing needs to be. `dead_man_at`: when orders are
    canceled and trading is halted unless the timer is set again; None without a timer.
    """

    account_id: str | None
    state: TradingState
    cause: HaltCause | None = None
    reason: str | None = None
    since: datetime | None = None
    by: str | None = None
    armed_until: datetime | None = None
    dead_man_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlChange:
    """The answer to an order. `changed` False: it was so already, or stricter.

    `unanswered`: orders handed to the terminal before, of which it has not said yet what became.
    """

    status: TradingStatus
    changed: bool
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class TradingEvent:
    """One item of a status stream: SNAPSHOT first, UPDATE at once, HEARTBEAT every 5 s.

    Each has the whole status as it is then; a slow reader skips those between.
    """

    kind: StreamKind
    status: TradingStatus


class ControlLog(Protocol):
    """Every control ever ordered, durable when a call returns. Every method blocks.

    It is the gateway's own: a simulated world that starts over leaves it as it is. Errors:
    Unavailable STORE_UNAVAILABLE where it cannot be written.
    """

    def record(self, control: Control) -> None:
        """Record an order."""
        ...

    def present(self) -> Sequence[Control]:
        """Return the newest control of each account that has one, and of the gateway."""
        ...

    def of(self, cause: HaltCause) -> Sequence[Control]:
        """Return every control of a cause, the thousand newest at most."""
        ...

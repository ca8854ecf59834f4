"""What the audit log holds: every act that changes orders or whether they are taken."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from quantgraph.domain.access import Actor
from quantgraph.domain.errors import GatewayError

# Outcomes beside the codes of refusals.
DONE = "OK"
# The gateway stopped, or the caller went, before there was an answer.
UNANSWERED = "UNANSWERED"


@dataclass(frozen=True, slots=True)
class Act:
    """One act and what came of it. `time` is real time, also where the market's is simulated.

    `what` is what was asked for, as JSON; `outcome` OK, the code of the refusal or UNANSWERED;
    `order_id` the order that it made, repeated or canceled.
    """

    time: datetime
    actor: Actor
    operation: str
    account_id: str | None
    what: str
    outcome: str
    order_id: str | None = None


class Audit(Protocol):
    """Where the wires report what they refuse before any port is asked."""

    def refused(self, operation: str, account_id: str | None, error: GatewayError) -> None:
        """Note that the present actor was refused an act. Never waits, never raises."""
        ...

    def done(self, operation: str, what: Mapping[str, object], actor: Actor) -> None:
        """Note an act without a caller, such as a halt of the gateway's own. As above."""
        ...


# What a call has noted so far, its tasks included; None where nobody asks.
_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


def listen() -> list[str]:
    """Return the list that the acts of this call will be in, as they are noted, by operation.

    A wire says so at the begin of a call: what it then refuses and nobody noted, it notes itself.
    """
    heard: list[str] = []
    _heard.set(heard)
    return heard


def noticed(operation: str) -> None:
    """Say that an act of the present call is noted."""
    heard = _heard.get()
    if heard is not None:
        heard.append(operation)


class ActLog(Protocol):
    """The audit log at rest. Every method blocks."""

    def append(self, acts: Sequence[Act]) -> None:
        """Add acts, durable when it returns. Errors: STORE_UNAVAILABLE."""
        ...

    def anchor(self) -> None:
        """Keep the newest entry's hash away from the file. Raises nothing."""
        ...


class NoAudit:
    """Implements `Audit` where nothing is kept."""

    def refused(self, operation: str, account_id: str | None, error: GatewayError) -> None:
        """Forget it."""

    def done(self, operation: str, what: Mapping[str, object], actor: Actor) -> None:
        """Forget it."""

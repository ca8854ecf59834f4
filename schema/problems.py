"""Failures that are data: what a trader can act on."""

from datetime import datetime
from typing import TypeVar

import strawberry

from quantgraph.domain.errors import GatewayError

P = TypeVar("P", bound="Problem")


@strawberry.interface(description="A refusal as data. New members of a result may be added.")
class Problem:
    code: str = strawberry.field(description="Stable code, listed in docs/errors.md.")
    message: str = strawberry.field(
        description="What was found, what was expected, what to do; English."
    )
    message_zh: str = strawberry.field(description="The same in Chinese (中文说明).")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change."
    )

    @classmethod
    def from_domain(cls: type[P], error: GatewayError) -> P:
        """Show a domain error."""
        return cls(
            code=error.reason.value,
            message=error.message,
            message_zh=error.message_zh,
            retryable=error.retryable,
        )


@strawberry.type(
    description="A market or risk rule, or the terminal, refuses the order; nothing trades."
)
class OrderRejected(Problem):
    pass


@strawberry.type(description="The client order id was used before with another body.")
class IdempotencyConflict(Problem):
    pass


@strawberry.type(description="Trading is halted, disarmed or still reconciling.")
class TradingDisabled(Problem):
    pass


@strawberry.type(description="Too many requests; retry later.")
class RateLimited(Problem):
    retry_at: datetime | None = strawberry.field(
        description="The first instant, by the gateway's clock (`serverInfo.clock`), at which it "
        "may succeed; null where nobody knows."
    )

    @classmethod
    def from_domain(cls, error: GatewayError) -> "RateLimited":
        """Show a domain error."""
        return cls(
            code=error.reason.value,
            message=error.message,
            message_zh=error.message_zh,
            retryable=error.retryable,
            retry_at=error.retry_at,
        )


@strawberry.type(
    description="The sector cannot be changed so: its name is taken, it is not a custom one, it or "
    "a symbol is unknown, or a limit is reached. Nothing was changed."
)
class SectorRefused(Problem):
    pass


@strawberry.type(description="The download cannot be queued, or is not known; nothing was changed.")
class DownloadRefused(Problem):
    pass


@strawberry.type(
    description="The simulated world cannot be changed so: what is named is not there or is there "
    "already, a rule forbids it, or a limit is reached. Nothing was changed."
)
class SimulationRefused(Problem):
    pass


@strawberry.type(description="The order is final or cannot be cancelled now.")
class OrderNotCancelable(Problem):
    pass


@strawberry.type(description="The account has no such order.")
class OrderNotFound(Problem):
    pass


@strawberry.type(description="There is no such account, or this key may not know of it.")
class AccountNotFound(Problem):
    pass


@strawberry.type(
    description="The terminal does not serve the account now, or the change cannot be recorded; "
    "nothing changed. Retry later."
)
class AccountUnavailable(Problem):
    pass


@strawberry.type(
    description="The state of trading cannot be changed so, or not be written down; the message "
    "says what holds now."
)
class ControlRefused(Problem):
    pass

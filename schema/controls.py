"""The switches of trading."""

from typing import Annotated

import strawberry

from quantgraph.domain import controls as domain
from quantgraph.domain.streams import StreamKind
from schema.problems import AccountNotFound, ControlRefused, RateLimited
from schema.scalars import Long
from schema.system import TradingStatus


@strawberry.input(description="What to stop.")
class HaltTradingInput:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="An account from `accounts`; all of them if absent."
    )
    reducing: bool = strawberry.field(
        default=False, description="True: sells of what is held go on."
    )
    reason: str | None = strawberry.field(
        default=None,
        description="Why, in your words, at most 200 characters; shown with the status.",
    )

    def to_domain(self) -> domain.HaltWish:
        """Return what is ordered."""
        return domain.HaltWish(self.account_id, self.reducing, self.reason)


@strawberry.input(description="What to let go on.")
class ResumeTradingInput:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="An account from `accounts`; the gateway if absent."
    )
    reducing: bool = strawberry.field(
        default=False, description="True: only sells of what is held."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, in your words, at most 200 characters; written down."
    )

    def to_domain(self) -> domain.HaltWish:
        """Return what is ordered."""
        return domain.HaltWish(self.account_id, self.reducing, self.reason)


@strawberry.type(description="No new order is sent from now on.")
class HaltTradingSuccess:
    status: TradingStatus = strawberry.field(description="Where trading stands now.")
    changed: bool = strawberry.field(
        description="False where it was halted so already, or more strictly."
    )
    unanswered: Long = strawberry.field(
        description="Orders that the terminal was handed before and has not answered yet: they may "
        "still come alive. Everything else of before has been answered."
    )

    @classmethod
    def from_domain(cls, done: domain.ControlChange) -> "HaltTradingSuccess":
        """Show what became of it."""
        status = TradingStatus.from_domain(done.status)
        return cls(status=status, changed=done.changed, unanswered=Long(done.unanswered))


@strawberry.type(description="What halted trading is lifted; `status` says what else holds.")
class ResumeTradingSuccess:
    status: TradingStatus = strawberry.field(description="Where trading stands now.")
    changed: bool = strawberry.field(description="False where nothing was to be resumed.")

    @classmethod
    def from_domain(cls, done: domain.ControlChange) -> "ResumeTradingSuccess":
        """Show what became of it."""
        return cls(status=TradingStatus.from_domain(done.status), changed=done.changed)


@strawberry.type(description="One item of a status stream.")
class TradingEvent:
    kind: StreamKind = strawberry.field(
        description="SNAPSHOT first, UPDATE for a change, HEARTBEAT every 5 s."
    )
    status: TradingStatus = strawberry.field(description="Where trading stands then.")

    @classmethod
    def from_domain(cls, event: domain.TradingEvent) -> "TradingEvent":
        """Show a domain event."""
        return cls(kind=event.kind, status=TradingStatus.from_domain(event.status))


HaltTradingResult = Annotated[
    HaltTradingSuccess | AccountNotFound | ControlRefused | RateLimited,
    strawberry.union("HaltTradingResult", description="What became of a halt."),
]
ResumeTradingResult = Annotated[
    ResumeTradingSuccess | AccountNotFound | ControlRefused | RateLimited,
    strawberry.union("ResumeTradingResult", description="What became of a resume."),
]

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


@strawberry.input(description="With which secret, and for how long.")
class ArmTradingInput:
    secret: str = strawberry.field(
        description="The second secret, which `quantgraph keys arming-secret` made."
    )
    minutes: int | None = strawberry.field(
        default=None,
        description="Minutes, at most `trading.arming_minutes`; as long as may be if absent.",
    )

    def to_domain(self) -> domain.ArmWish:
        """Return what is ordered."""
        return domain.ArmWish(self.secret, self.minutes)


@strawberry.input(description="Why trading is disarmed.")
class DisarmTradingInput:
    reason: str | None = strawberry.field(
        default=None,
        description="Why, in your words, at most 200 characters; shown with the status.",
    )


@strawberry.input(description="Whose timer, and when it runs out.")
class SetDeadManInput:
    account_id: strawberry.ID = strawberry.field(description="An account from `accounts`.")
    seconds: int = strawberry.field(
        description="Real seconds from now, at most 86,400; 0 puts the timer away."
    )


@strawberry.type(description="Trading is armed, or needs no arming.")
class ArmTradingSuccess:
    status: TradingStatus = strawberry.field(
        description="Where trading of the gateway stands now; `armedUntil` says when it ends."
    )
    changed: bool = strawberry.field(
        description="False where it was armed already, or needs no arming."
    )

    @classmethod
    def from_domain(cls, done: domain.ControlChange) -> "ArmTradingSuccess":
        """Show what became of it."""
        return cls(status=TradingStatus.from_domain(done.status), changed=done.changed)


@strawberry.type(description="Trading is not armed any more, or never needed to be.")
class DisarmTradingSuccess:
    status: TradingStatus = strawberry.field(description="Where trading of the gateway stands now.")
    changed: bool = strawberry.field(description="False where it was not armed.")
    unanswered: Long = strawberry.field(
        description="Orders that the terminal was handed before and has not answered yet."
    )

    @classmethod
    def from_domain(cls, done: domain.ControlChange) -> "DisarmTradingSuccess":
        """Show what became of it."""
        status = TradingStatus.from_domain(done.status)
        return cls(status=status, changed=done.changed, unanswered=Long(done.unanswered))


@strawberry.type(description="The timer runs, or was put away.")
class SetDeadManSuccess:
    status: TradingStatus = strawberry.field(
        description="Where trading of the account stands now; `deadManAt` says when it runs out."
    )
    changed: bool = strawberry.field(
        description="False where the timer ran already, or where there was none to put away."
    )

    @classmethod
    def from_domain(cls, done: domain.ControlChange) -> "SetDeadManSuccess":
        """Show what became of it."""
        return cls(status=TradingStatus.from_domain(done.status), changed=done.changed)


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
    HaltTradingSuccess | AccountNotFound | ControlRefused,
    strawberry.union("HaltTradingResult", description="What became of a halt."),
]
ResumeTradingResult = Annotated[
    ResumeTradingSuccess | AccountNotFound | ControlRefused,
    strawberry.union("ResumeTradingResult", description="What became of a resume."),
]
ArmTradingResult = Annotated[
    ArmTradingSuccess | ControlRefused | RateLimited,
    strawberry.union("ArmTradingResult", description="What became of arming."),
]
DisarmTradingResult = Annotated[
    DisarmTradingSuccess,
    strawberry.union(
        "DisarmTradingResult", description="What became of disarming: nothing refuses it."
    ),
]
SetDeadManResult = Annotated[
    SetDeadManSuccess | AccountNotFound,
    strawberry.union("SetDeadManResult", description="What became of a timer."),
]

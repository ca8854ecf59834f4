"""Answers `tradingStatus`, and turns the switches of trading."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from resolvers.access import require_account, require_switch
from resolvers.problems import problem_of
from schema.context import Info
from schema.controls import (
    HaltTradingInput,
    HaltTradingResult,
    HaltTradingSuccess,
    ResumeTradingInput,
    ResumeTradingResult,
    ResumeTradingSuccess,
    TradingEvent,
)
from schema.system import TradingStatus

WhoseArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="An account from `accounts`; the gateway if absent."),
]


@strawberry.type
class ControlQueries:
    @strawberry.field(
        description="Where trading of an account stands, or of the gateway: whether orders are "
        "taken, and who stopped it, when and why. Errors: UNKNOWN_ACCOUNT, FORBIDDEN."
    )
    async def trading_status(
        self,
        info: Info,
        account_id: WhoseArgument = None,
    ) -> TradingStatus | None:
        _require_read(info, account_id)
        return TradingStatus.from_domain(await info.context.gateway.controls.status(account_id))


@strawberry.type
class ControlMutations:
    @strawberry.mutation(
        description="Stop new orders of an account, or of all: no order is sent any more once this "
        "has answered, but for what `unanswered` counts. Cancels stay open, open orders live on, "
        "and a known clientOrderId is answered as before. It needs no terminal and lasts, also "
        "across a restart; a halt that is stricter already stays. Without an account it needs a "
        "key of all accounts. Refusals: UNKNOWN_ACCOUNT, STORE_UNAVAILABLE: it holds, but not "
        "after a restart; repeat it."
    )
    async def halt_trading(
        self,
        info: Info,
        input: Annotated[HaltTradingInput, strawberry.argument(description="What to stop.")],
    ) -> HaltTradingResult:
        try:
            require_switch(info, input.account_id, Scope.TRADE)
            done = await info.context.gateway.controls.halt(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("haltTrading", error)
        return HaltTradingSuccess.from_domain(done)

    @strawberry.mutation(
        description="Let trading of an account go on, or that of the gateway: each lifts its own "
        "halt, and an account whose gateway is halted stays so. With `reducing` sells of what is "
        "held alone; nothing is made stricter. Scope admin. Refusals: UNKNOWN_ACCOUNT, "
        "STORE_UNAVAILABLE: then nothing has changed."
    )
    async def resume_trading(
        self,
        info: Info,
        input: Annotated[ResumeTradingInput, strawberry.argument(description="What to let go on.")],
    ) -> ResumeTradingResult:
        try:
            require_switch(info, input.account_id, Scope.ADMIN)
            done = await info.context.gateway.controls.resume(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("resumeTrading", error)
        return ResumeTradingSuccess.from_domain(done)


@strawberry.type
class ControlSubscriptions:
    @strawberry.subscription(
        description="Where trading of an account stands, or of the gateway: a SNAPSHOT, every "
        "change at once, and a HEARTBEAT every 5 s. A slow reader skips what lies between. Errors: "
        "UNKNOWN_ACCOUNT."
    )
    async def trading_updates(
        self, info: Info, account_id: WhoseArgument = None
    ) -> AsyncIterator[TradingEvent]:
        _require_read(info, account_id)
        async with aclosing(info.context.gateway.controls.events(account_id)) as events:
            async for event in events:
                yield TradingEvent.from_domain(event)


def _require_read(info: Info, account_id: str | None) -> None:
    """Raise UNKNOWN_ACCOUNT for others' accounts; the gateway's own state is everybody's."""
    if account_id is not None:
        require_account(info, account_id)

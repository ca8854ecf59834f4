"""Answers `tradingStatus`, and turns the switches of trading."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from quantgraph.domain.controls import HaltWish
from resolvers.access import require_account, require_switch
from resolvers.problems import problem_of
from schema.context import Info
from schema.controls import (
    ArmTradingInput,
    ArmTradingResult,
    ArmTradingSuccess,
    DisarmTradingInput,
    DisarmTradingResult,
    DisarmTradingSuccess,
    HaltTradingInput,
    HaltTradingResult,
    HaltTradingSuccess,
    ResumeTradingInput,
    ResumeTradingResult,
    ResumeTradingSuccess,
    SetDeadManInput,
    SetDeadManResult,
    SetDeadManSuccess,
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

    @strawberry.mutation(
        description="Arm trading of the gateway with the second secret; in a mode that needs no "
        "arming nothing changes. It ends by itself, at the end of the trading day at the latest, "
        "and with the gateway. Scope admin, a key of all accounts. Refusals: ARMING_SECRET_WRONG, "
        "TRADING_UNREPORTED."
    )
    async def arm_trading(
        self,
        info: Info,
        input: Annotated[ArmTradingInput, strawberry.argument(description="How to arm.")],
    ) -> ArmTradingResult:
        try:
            require_switch(info, None, Scope.ADMIN)
            done = await info.context.gateway.controls.arm(input.to_domain())
        except errors.GatewayError as error:
            return problem_of("armTrading", error)
        return ArmTradingSuccess.from_domain(done)

    @strawberry.mutation(
        description="End the arming at once: no order is sent any more once this has answered, but "
        "for what `unanswered` counts. Scope trade, a key of all accounts."
    )
    async def disarm_trading(
        self,
        info: Info,
        input: Annotated[DisarmTradingInput, strawberry.argument(description="Why.")],
    ) -> DisarmTradingResult:
        require_switch(info, None, Scope.TRADE)
        done = await info.context.gateway.controls.disarm(HaltWish(reason=input.reason))
        return DisarmTradingSuccess.from_domain(done)

    @strawberry.mutation(
        description="Set an account's dead man's timer, anew at each call. Where it runs out, the "
        "account is halted (cause DEAD_MAN) and its open orders are cancelled. The gateway alone "
        "keeps it: it ends with the gateway, and no exchange knows of it. Refusals: "
        "UNKNOWN_ACCOUNT."
    )
    async def set_dead_man(
        self,
        info: Info,
        input: Annotated[SetDeadManInput, strawberry.argument(description="Whose, and when.")],
    ) -> SetDeadManResult:
        try:
            require_switch(info, input.account_id, Scope.TRADE)
            controls = info.context.gateway.controls
            done = await controls.set_dead_man(input.account_id, input.seconds)
        except errors.GatewayError as error:
            return problem_of("setDeadMan", error)
        return SetDeadManSuccess.from_domain(done)


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

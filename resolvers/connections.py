"""Connects and disconnects accounts, and streams their status logs."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from quantgraph.domain import errors
from quantgraph.domain.access import Scope
from quantgraph.domain.streams import LogCursor
from resolvers.access import require_account
from resolvers.accounts import AccountArgument
from resolvers.logs import EpochArgument, SequenceArgument, followed
from resolvers.problems import problem_of
from schema.accounts import (
    Account,
    AccountEvent,
    ConnectAccountInput,
    ConnectAccountResult,
    ConnectAccountSuccess,
    DisconnectAccountInput,
    DisconnectAccountResult,
    DisconnectAccountSuccess,
)
from schema.context import Info


@strawberry.type
class ConnectionMutations:
    @strawberry.mutation(
        description="Let an account take orders again; where it does already, nothing changes. "
        "What is said here lasts, also across a restart. No password is asked: the terminal is "
        "logged in already. Refusals: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE where the terminal does "
        "not serve the account, STORE_UNAVAILABLE."
    )
    async def connect_account(
        self,
        info: Info,
        input: Annotated[ConnectAccountInput, strawberry.argument(description="Which account.")],
    ) -> ConnectAccountResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            done = await info.context.gateway.connections.connect(input.account_id)
        except errors.GatewayError as error:
            return problem_of("connectAccount", error)
        return ConnectAccountSuccess(
            account=Account.from_domain(done.account), changed=done.changed
        )

    @strawberry.mutation(
        description="Let an account take no more orders, until it is connected again; where it "
        "takes none already, nothing changes. No submit that comes after the answer is sent "
        "(ACCOUNT_DISCONNECTED), those before it may be. Open orders live on, are reported and can "
        "be cancelled; reads and streams go on. It lasts, also across a restart. Refusals: "
        "UNKNOWN_ACCOUNT, STORE_UNAVAILABLE."
    )
    async def disconnect_account(
        self,
        info: Info,
        input: Annotated[DisconnectAccountInput, strawberry.argument(description="Which account.")],
    ) -> DisconnectAccountResult:
        try:
            require_account(info, input.account_id, Scope.TRADE)
            done = await info.context.gateway.connections.disconnect(input.account_id)
        except errors.GatewayError as error:
            return problem_of("disconnectAccount", error)
        return DisconnectAccountSuccess(
            account=Account.from_domain(done.account), changed=done.changed
        )


@strawberry.type
class ConnectionSubscriptions:
    @strawberry.subscription(
        description="An account's status log. With `epoch` and `afterSequence`: every event after "
        "it, then CAUGHT_UP, then live; nothing is ever dropped. Without: a SNAPSHOT of the "
        "account, CAUGHT_UP, then live. The log outlives restarts. Errors: UNKNOWN_ACCOUNT, "
        "BAD_REQUEST (the log has no such sequence), EPOCH_CHANGED (query `accounts` again, then "
        "subscribe without a cursor)."
    )
    async def account_updates(
        self,
        info: Info,
        account_id: AccountArgument,
        epoch: EpochArgument = None,
        after_sequence: SequenceArgument = None,
    ) -> AsyncIterator[AccountEvent]:
        require_account(info, account_id)
        cursor = LogCursor(account_id, epoch, after_sequence)
        source = info.context.gateway.connections.events
        async with aclosing(followed(info, cursor, source)) as events:
            async for event in events:
                yield AccountEvent.from_domain(event)

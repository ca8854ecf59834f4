"""Which of the agent's accounts take orders."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.relay import Relay
from quantgraph.domain.accounts import Account, Connection
from quantgraph.domain.streams import AccountEvent, LogCursor, SourceState, StreamKind
from quantgraph.v1 import accounts_pb2
from quantgraph.wire.accounts import account_from_proto, cursor_to_proto, event_from_proto


class AgentConnections:
    """Implements `Connections`: the switches are the agent's, and last there.

    A connect is asked once: somebody else may have disconnected meanwhile.
    """

    def __init__(self, line: DeskLine, relay: Relay) -> None:
        """Ask nothing yet."""
        self._line, self._relay = line, relay

    async def connect(self, account_id: str) -> Connection:
        """Take orders for an account. Errors besides: OUTCOME_UNKNOWN."""
        answer = await self._line.act(
            "AccountService/ConnectAccount",
            accounts_pb2.ConnectAccountRequest(account_id=account_id),
            accounts_pb2.ConnectAccountResponse,
        )
        return Connection(self._named(account_from_proto(answer.account)), answer.changed)

    async def disconnect(self, account_id: str) -> Connection:
        """Refuse orders for an account. Errors besides: OUTCOME_UNKNOWN."""
        answer = await self._line.repeat(
            "AccountService/DisconnectAccount",
            accounts_pb2.DisconnectAccountRequest(account_id=account_id),
            accounts_pb2.DisconnectAccountResponse,
        )
        return Connection(self._named(account_from_proto(answer.account)), answer.changed)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        """Yield the agent's status log by its own numbers; a cut is gone on behind, and told."""

        def read(data: bytes) -> AccountEvent:
            event = event_from_proto(
                accounts_pb2.StreamAccountEventsResponse.FromString(data).event
            )
            held = event.account
            return event if held is None else replace(event, account=self._named(held))

        def away(epoch: str, state: SourceState) -> AccountEvent:
            return AccountEvent(StreamKind.HEARTBEAT, epoch, source=state)

        words = (cursor_to_proto, read, away)
        told = self._relay.log("AccountService/StreamAccountEvents", cursor, words)
        async with aclosing(told) as events:
            async for event in events:
                yield event

    def _named(self, account: Account) -> Account:
        """Return it at the terminal of the name that it has here."""
        return replace(account, terminal=self._line.agent.name)

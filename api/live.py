"""What one socket is told by broadcast."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from api.frames import messages
from api.quote_texts import QuoteCall
from quantgraph.domain.access import Principal
from quantgraph.domain.members import Line, Member, Wish, member
from quantgraph.domain.ports.gateway import Gateway
from resolvers.quotes import quote_watch


class Tellers:
    """Who tells live quotes to connections that take ready frames."""

    def __init__(self, gateway: Gateway, gather_s: float) -> None:
        """Tell the gateway's; under load they may wait `gather_s` for others."""
        self._gateway = gateway
        self.broadcast = gateway.quote_stream.broadcast(gather_s)

    @asynccontextmanager
    async def joined(self, call: QuoteCall, who: Principal, one: Member) -> AsyncGenerator[None]:
        """Tell a member until the context is left; where the quotes end, `ended` says why.

        Errors: as `quote_watch` and `QuoteBroadcast.joined`.
        """
        watch = await quote_watch(self._gateway, call.asked)
        wish = Wish(call.texts, watch, (who.scope, who.accounts))
        with call.texts.used():
            async with self.broadcast.joined(wish, one):
                yield


class Live:
    """The operations of one socket that are told by broadcast."""

    def __init__(self, tellers: Tellers, line: Line) -> None:
        """Run nothing yet."""
        self._tellers = tellers
        self._line = line
        self._members: dict[str, Member] = {}

    async def run(
        self, call: QuoteCall, who: Principal, operation_id: str, opening: bytes = b""
    ) -> None:
        """Tell an operation its quotes until it is cancelled. Raises why they end.

        `opening` is what its first message has before the last brace.
        """
        one = member(self._line, messages(operation_id), opening)
        self._members[operation_id] = one
        try:
            async with self._tellers.joined(call, who, one):
                await one.ended
        finally:
            if self._members.get(operation_id) is one:
                del self._members[operation_id]

    def stop(self, operation_id: str) -> None:
        """Say no more of an operation from this moment on: its task ends only later."""
        one = self._members.pop(operation_id, None)
        if one is not None:
            self._tellers.broadcast.leave(one)

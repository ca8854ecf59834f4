"""What one socket is told by broadcast."""

from api.broadcast import Broadcast
from api.cohorts import Member, member, messages
from api.quote_texts import QuoteCall
from api.sockets import Line
from quantgraph.domain.access import Principal


class Live:
    """The operations of one socket that are told by broadcast."""

    def __init__(self, broadcast: Broadcast, line: Line) -> None:
        """Run nothing yet."""
        self._broadcast = broadcast
        self._line = line
        self._members: dict[str, Member] = {}

    async def run(
        self, call: QuoteCall, who: Principal, operation_id: str, opening: bytes = b""
    ) -> None:
        """Tell an operation its quotes until it is cancelled. Raises why they end.

        `opening` is what its first message has before the last brace.
        """
        one = self._members[operation_id] = member(self._line, messages(operation_id), opening)
        try:
            await self._broadcast.run(call, who, one)
        finally:
            if self._members.get(operation_id) is one:
                del self._members[operation_id]

    def stop(self, operation_id: str) -> None:
        """Say no more of an operation from this moment on: its task ends only later."""
        one = self._members.pop(operation_id, None)
        if one is not None:
            self._broadcast.leave(one)

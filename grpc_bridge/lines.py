"""What one call is told by broadcast."""

from collections.abc import AsyncGenerator, Sequence

from quantgraph.domain.held import HeldLine
from quantgraph.domain.members import Made, QuoteBroadcast, Wish, member


class _Joined:
    """Framing of messages whose elements simply follow each other."""

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return one message of them."""
        return b"".join(texts)


_JOINED = _Joined()


async def told(broadcast: QuoteBroadcast, wish: Wish) -> AsyncGenerator[bytes]:
    """Yield messages as often as they are taken; what comes meanwhile is one of them.

    Errors as `QuoteStream.watch`; SUBSCRIPTION_LIMIT.
    """
    line = HeldLine()
    one = member(line, _JOINED)
    one.ended.add_done_callback(line.end)
    async with broadcast.joined(wish, one):
        while True:
            yield await line.taken()

"""What one call is told by broadcast."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from quantgraph.domain.held import HELD_BYTES
from quantgraph.domain.members import Made, Member, QuoteBroadcast, Wish


class Writing(Protocol):
    """What a line needs of a call's context."""

    def write(self, message: bytes, /) -> Coroutine[Any, Any, None]:
        """Return what sends a message, and is done when another may be sent."""
        ...


class CallLine:
    """Implements `members.Line`: a message goes out once the one before it is out.

    What comes meanwhile is one message. The writes are stepped here, for a task that waits for
    news, and for each write, took a tenth of all that a message costs.
    """

    def __init__(self, context: Writing, gone: Callable[[], object]) -> None:
        """Write to a call; `gone` is called where its client reads no more."""
        self.paused = False
        self._context = context
        self._gone = gone
        self._held: list[bytes] = []
        self._size = 0
        self._resumed: list[Callable[[], None]] = []
        self._writing: Coroutine[Any, Any, None] | None = None
        self._idle: asyncio.Future[None] | None = None
        self._closed = False

    def write(self, frames: bytes) -> None:
        """Send them, or keep them until they can be sent."""
        if self._closed:
            return
        if self._writing is None:
            self._begin(frames)
            return
        self._held.append(frames)
        self._size += len(frames)
        self.paused = self._size > HELD_BYTES

    def on_resume(self, call: Callable[[], None]) -> None:
        """Have `call` called once when nothing waits any more."""
        self._resumed.append(call)

    async def drained(self) -> None:
        """Return when all was sent, or cannot be."""
        while self._writing is not None:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    def close(self) -> None:
        """Send nothing more. What is on its way ends by itself."""
        self._closed = True
        self._held.clear()
        self._resumed.clear()

    def _begin(self, message: bytes) -> None:
        self._writing = self._context.write(message)
        self._step()

    def _step(self, _: object = None) -> None:
        assert self._writing is not None  # noqa: S101 it is what steps
        try:
            waited: asyncio.Future[Any] = self._writing.send(None)
        except StopIteration:
            self._go_on()
        except Exception:  # whatever grpc raises then: nobody is left to be told
            self.close()
            self._go_on()
            self._gone()
        else:
            waited.add_done_callback(self._step)

    def _go_on(self) -> None:
        self._writing = None
        held, self._held, self._size = self._held, [], 0
        if held:
            self._begin(held[0] if len(held) == 1 else b"".join(held))
        elif self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
        if self.paused:
            self.paused = False
            calls, self._resumed = self._resumed, []
            for call in calls:
                call()


class _Joined:
    """Framing of messages whose elements simply follow each other."""

    def frames(self, texts: Sequence[bytes], made: Made) -> bytes:
        """Return one message of them."""
        return b"".join(texts)


_JOINED = _Joined()


async def tell(broadcast: QuoteBroadcast, wish: Wish, context: Writing) -> None:
    """Write messages to a call until it is cancelled, as its client's going does.

    Errors as `QuoteStream.watch`, once all that was told before has been written;
    SUBSCRIPTION_LIMIT.
    """
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    line = CallLine(context, ended.cancel)
    try:
        async with broadcast.joined(wish, Member(line, _JOINED, ended)):
            await ended
    except Exception:
        await line.drained()
        raise
    finally:
        line.close()

"""uvicorn's WebSocket protocol with a way for ready frames, and a limit for readers who stall."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, ClassVar, cast

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close
from websockets.http11 import Request

from api.asgi import Scope

# Where a scope holds the socket below it: not every ASGI server has one.
LINE = "quantgraph.line"
# A reader who takes nothing is closed with this code. He hardly reads it: the log has it as well.
STALLED = 4410
# Looks at a reader who has not taken all, per limit: that is how late the end may be.
_LOOKS = 10
# Bytes that a kernel may hold of a socket's and not have sent. It would hold megabytes of them: a
# reader who is slow would be told of quotes long past, and one who stalls be noticed as late.
_UNSENT = 131_072
# Linux and macOS; Windows holds less anyway.
_UNSENT_OPTION: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
# Frames of one piece, as servers send them: text, and close.
_TEXT, _CLOSE = 0x81, 0x88
_log = structlog.get_logger(__name__)


class LineProtocol(WebSocketsSansIOProtocol):
    """One socket. Ready frames go straight to its transport; all else is uvicorn's."""

    stall_s: ClassVar[float] = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 uvicorn's own
        """Begin with a reader who takes all."""
        super().__init__(*args, **kwargs)
        # An attribute: a broadcast asks every socket in every turn.
        self.paused = False
        self._resumed: list[Callable[[], None]] = []
        self._look_timer: asyncio.TimerHandle | None = None
        self._looks = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have what the reader does not take noticed soon."""
        super().connection_made(transport)
        found = transport.get_extra_info("socket")
        if _UNSENT_OPTION is not None and found is not None:
            found.setsockopt(socket.IPPROTO_TCP, _UNSENT_OPTION, _UNSENT)

    def write(self, frames: bytes) -> None:
        """Send whole frames; never waits. Nothing happens where the socket is closing."""
        if not (self.close_sent or self.disconnected):
            self.transport.write(frames)

    def on_resume(self, call: Callable[[], None]) -> None:
        """Have `call` called once when the reader has taken nearly all."""
        self._resumed.append(call)

    def handle_connect(self, event: Request) -> None:
        """Let the application see the socket."""
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            cast("Scope", self.scope)[LINE] = self

    def pause_writing(self) -> None:
        """Begin to look after a reader."""
        super().pause_writing()
        self.paused = True
        if self._look_timer is None:
            self._looks = 0
            self._look_later()

    def resume_writing(self) -> None:
        """Leave the reader alone, and tell who waits for it."""
        super().resume_writing()
        self.paused = False
        self._look_no_more()
        calls, self._resumed = self._resumed, []
        for call in calls:
            call()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look after nobody any more."""
        self._look_no_more()
        self._resumed.clear()
        super().connection_lost(exc)

    def _look_later(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._look_timer = self.loop.call_later(self.stall_s / _LOOKS, self._look, left)

    def _look(self, before: int) -> None:
        """Close a socket whose reader took no byte at all those looks; others may be slow."""
        taken = self.transport.get_write_buffer_size() < before
        self._looks = 0 if taken else self._looks + 1
        if self._looks < _LOOKS:
            self._look_later()
            return
        self._look_timer = None
        _log.warning("reader_stalled", seconds=self.stall_s, code=STALLED, peer=self.client)
        self._evict()

    def _evict(self) -> None:
        """Close without waiting for somebody who does not read."""
        reason = f"Nothing was read for {self.stall_s:g} s"
        if not self.close_sent:
            self.close_sent = True
            self.transport.write(
                frame_head(0x88, len(body := Close(STALLED, reason).serialize())) + body
            )
        self.transport.abort()

    def _look_no_more(self) -> None:
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None


def line_protocol(stall_s: float) -> type[LineProtocol]:
    """Return the class that uvicorn makes one object of for each socket."""
    return type("LineProtocol", (LineProtocol,), {"stall_s": stall_s})


def frame_head(kind: int, size: int) -> bytes:
    """Return what comes before the payload of an unmasked frame, as servers send it."""
    if size < 126:
        return bytes((kind, size))
    if size < 65_536:
        return bytes((kind, 126)) + size.to_bytes(2)
    return bytes((kind, 127)) + size.to_bytes(8)


def text_head(size: int) -> bytes:
    """Return the head of a text frame."""
    return frame_head(_TEXT, size)

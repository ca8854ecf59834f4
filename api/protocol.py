"""uvicorn's HTTP protocol with the short way before it: no parsing, no scope and no task."""

from asyncio import TimerHandle, Transport, WriteTransport
from typing import Any, ClassVar, cast

import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.asgi import Scope
from api.lobby import Lobby
from api.quick import BEGUN, Asked, QuickAnswers, Work, Written
from api.reply import PIECE_BYTES

_log = structlog.get_logger(__name__)
_END = b"\r\n\r\n"
_AGAIN_S = 0.1
_FULL = b"503 Service Unavailable"
_LATE = b"408 Request Timeout"
_LARGE = b"431 Request Header Fields Too Large"


class QuickProtocol(HttpToolsProtocol):
    """Asks the short way first where a read brought one whole request and nothing else goes on.

    Everything it leaves, uvicorn parses and answers as ever. Both share one connection, its
    timers and its limits: only uvicorn's own callbacks are wrapped here, none is written anew.
    """

    quick: ClassVar[QuickAnswers]
    lobby: ClassVar[Lobby]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 uvicorn's own
        """Begin between two requests."""
        super().__init__(*args, **kwargs)
        self._between = True
        self._peer = ""
        self._work: Work | None = None
        # The head that is being read, and the one whose answer is awaited, with its body's size.
        self._read: tuple[bytes, int] | None = None
        self._learning: tuple[bytes, int] | None = None
        # While no request is here: when one has to be, and how much of its head has come.
        self._due: TimerHandle | None = None
        self._heading, self._headed = False, 0
        # While a mutation runs that was asked here: what came behind it, and whether to close then.
        self._behind: bytearray | None = None
        self._closing = False
        # The next look at a reader who has not taken all of an answer written here.
        self._stalled: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] uvicorn's own
        """Wait for a request, where there is room."""
        super().connection_made(transport)
        self._peer = f"{self.client[0]}:{self.client[1]}" if self.client else ""
        if self.lobby.room(len(self.connections)):
            self._await_request()
        else:
            self._refuse(_FULL)

    def dismiss(self) -> None:
        """End at once: others need the room."""
        self._arrived()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer at once, or let uvicorn parse."""
        if self._behind is not None:
            self._follow(self._behind, data)
            return
        if self._between and self._rests():
            end = data.find(_END) + len(_END)
            head, size = data[:end], len(data) - end
            found = self.quick.answer(head, data[end:], self._peer)
            if isinstance(found, tuple):
                self._arrived()
                self._send(found)
                return
            if isinstance(found, Asked):
                self._run(data, found)
                return
            self._work, self._read = found, (head, size)
        super().data_received(data)
        if self._heading:
            self._headed += len(data)
            if self._headed > self.lobby.head_bytes:
                self._refuse(_LARGE)
                return
        # Also after an answer: whoever goes on about what was answered would stay for ever.
        idle = self._due is None and self.timeout_keep_alive_task is None and self._answered()
        if idle and self in self.connections:  # it has not become a WebSocket
            self._await_request()

    def on_message_begin(self) -> None:
        """Hand over what was begun, and the head that this may be the only request of."""
        super().on_message_begin()
        self._heading, self._headed = True, 0
        self._between = False
        self._learning, self._read = self._read, None
        if self._work is not None:
            self.scope[BEGUN] = self._work  # pyright: ignore[reportGeneralTypeIssues] an extension
            self._work = None

    def on_headers_complete(self) -> None:
        """Wait no longer: a body has a time of its own."""
        self._heading = False
        self._arrived()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Know that the next byte begins a request."""
        super().on_message_complete()
        self._between = True

    def on_response_complete(self) -> None:
        """Keep what the head meant, once its request was answered."""
        if self._learning is not None and self.cycle.keep_alive:
            self.quick.remember(*self._learning, cast("Scope", self.cycle.scope))
        self._learning = None
        super().on_response_complete()

    def shutdown(self) -> None:
        """Close, but no sooner than what was asked here is answered."""
        if self._behind is None:
            super().shutdown()
        self._closing = True

    def resume_writing(self) -> None:
        """Know that the reader has taken nearly all."""
        super().resume_writing()
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look after nobody any more."""
        self._arrived()
        self._settle()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that nothing was asked on, unless its last answer is being read."""
        if self._stalled is None:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _run(self, data: bytes, asked: Asked) -> None:
        """Execute a mutation in a task, as the server's own, which a stop waits for."""
        self._arrived()
        self._unset_keepalive_if_required()
        self._behind = bytearray()
        task = self.loop.create_task(self._answer(data, asked))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, data: bytes, asked: Asked) -> None:
        found = await self.quick.run(asked)
        behind, self._behind = self._behind, None
        if self.transport.is_closing():
            self.quick.tell(asked.caller, gone=True)
            return
        if isinstance(found, tuple):
            self._send(found)
            self.quick.tell(asked.caller)
        else:
            self._work = found
            super().data_received(data)
        if self._closing:
            super().shutdown()
        elif behind:
            self.data_received(bytes(behind))

    def _follow(self, behind: bytearray, data: bytes) -> None:
        behind += data
        if len(behind) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def _settle(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _rests(self) -> bool:
        """Return whether every request was answered, and read by the client as far as it must."""
        quiet = not self.flow.write_paused and not self.transport.is_closing()
        return quiet and self._answered()

    def _answered(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is None or cycle.response_complete

    def _await_request(self) -> None:
        self.lobby.waiting[self] = None
        self._due = self.loop.call_later(self.lobby.seconds, self._look_again)

    def _look_again(self) -> None:
        # Where the loop was kept from it, the request may be here and not be read yet.
        self._due = self.loop.call_later(_AGAIN_S, self._refuse, _LATE)

    def _arrived(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
            self.lobby.waiting.pop(self, None)

    def _refuse(self, status: bytes) -> None:
        """Close on somebody whose request is not here, or too long in coming."""
        self._arrived()
        if not self.transport.is_closing():
            head = b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            self.transport.write(head % status)
            self.transport.close()

    def _send(self, response: Written) -> None:
        head, parts = response
        fields = [b"%b: %b\r\n" % each for each in self.server_state.default_headers]
        head = b"".join((STATUS_LINE[200], *fields, head))
        if len(parts) == 1:
            self.transport.write(head + parts[0])
        else:
            self.transport.writelines((head, *parts))
        if self.flow.write_paused:
            self._look_later()
        super().on_response_complete()

    def _look_later(self) -> None:
        left = self._unread()
        self._stalled = self.loop.call_later(self.quick.stall_s, self._look, left)

    def _look(self, before: int) -> None:
        """Leave a reader who took less than a piece of what was written, as `Reply` does."""
        if before - self._unread() >= PIECE_BYTES:
            self._look_later()
            return
        _log.warning("reader_stalled", seconds=self.quick.stall_s)
        self.transport.abort()

    def _unread(self) -> int:
        return cast("WriteTransport", self.transport).get_write_buffer_size()


def protocol(quick: QuickAnswers, lobby: Lobby) -> type[QuickProtocol]:
    """Return the class that uvicorn makes one object of for each connection."""
    return type("QuickProtocol", (QuickProtocol,), {"quick": quick, "lobby": lobby})

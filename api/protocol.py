"""uvicorn's HTTP protocol with the short way before it: no parsing, no scope and no task."""

from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.asgi import Scope
from api.quick import BEGUN, QuickAnswers, Work, Written

_END = b"\r\n\r\n"


class QuickProtocol(HttpToolsProtocol):
    """Asks the short way first where a read brought one whole request and nothing else goes on.

    Everything it leaves, uvicorn parses and answers as ever. Both share one connection, its
    timers and its limits: only uvicorn's own callbacks are wrapped here, none is written anew.
    """

    quick: ClassVar[QuickAnswers]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 uvicorn's own
        """Begin between two requests."""
        super().__init__(*args, **kwargs)
        self._between = True
        self._work: Work | None = None
        # The head that is being read, and the one whose answer is awaited, with its body's size.
        self._read: tuple[bytes, int] | None = None
        self._learning: tuple[bytes, int] | None = None

    def data_received(self, data: bytes) -> None:
        """Answer at once, or let uvicorn parse."""
        if self._between and self._rests():
            end = data.find(_END) + len(_END)
            head, size = data[:end], len(data) - end
            found = self.quick.answer(head, data[end:])
            if isinstance(found, tuple):
                self._send(found)
                return
            self._work, self._read = found, (head, size)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Hand over what was begun, and the head that this may be the only request of."""
        super().on_message_begin()
        self._between = False
        self._learning, self._read = self._read, None
        if self._work is not None:
            self.scope[BEGUN] = self._work  # pyright: ignore[reportGeneralTypeIssues] an extension
            self._work = None

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

    def _rests(self) -> bool:
        """Return whether every request was answered, and read by the client as far as it must."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        answered = cycle is None or cycle.response_complete
        return answered and not self.flow.write_paused and not self.transport.is_closing()

    def _send(self, response: Written) -> None:
        fields = [b"%b: %b\r\n" % each for each in self.server_state.default_headers]
        self.transport.write(b"".join((STATUS_LINE[200], *fields, *response)))
        super().on_response_complete()


def protocol(quick: QuickAnswers) -> type[QuickProtocol]:
    """Return the class that uvicorn makes one object of for each connection."""
    return type("QuickProtocol", (QuickProtocol,), {"quick": quick})

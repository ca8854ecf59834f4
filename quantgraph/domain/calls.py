"""Requests that have ended, on every transport: what a line of the log and the metrics tell."""

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from quantgraph.domain.redaction import redact

if TYPE_CHECKING:  # which tell of calls
    from quantgraph.domain.traces import Trail

# Outcomes beside the codes of errors; GONE: the client went before the answer was out.
OK = "OK"
GONE = "GONE"
# Characters of an id that a client may give a request, so that its own log and ours meet.
_LONGEST = 64


class Transport:
    """How a request came. SSE: whatever answers with events over HTTP.

    Plain texts: each request is counted by them, and an enum takes its time to be hashed.
    """

    HTTP: Final = "http"
    SSE: Final = "sse"
    WEBSOCKET: Final = "ws"
    GRPC: Final = "grpc"


class Call(NamedTuple):
    """One request that has ended; nothing of its document, its variables or its key's secret.

    `ended_at` is epoch seconds, `seconds` how long it took; `lasting` for a stream, which ends when
    somebody ends it. `fields` are the root fields, an rpc as `Service/Method`, or a page's path;
    `name` the operation's name in its document. `points` is what it cost, `outcome` OK, GONE or
    the code of its first error. `key_id` is empty where nobody was let in. `trail` is there where
    the request is traced.
    """

    ended_at: float
    seconds: float
    transport: str
    fields: tuple[str, ...]
    name: str | None
    key_id: str
    request_id: str
    points: int
    outcome: str
    lasting: bool
    trail: "Trail | None" = None


class Underway:
    """How many requests are being answered: `with` it around each."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        """Count from nought."""
        self.count = 0

    def __enter__(self) -> None:
        """One more."""
        self.count += 1

    def __exit__(self, *_: object) -> None:
        """One less, whatever became of it."""
        self.count -= 1


class Calls(Protocol):
    """Where the wires tell what they have answered."""

    def ended(self, call: Call) -> None:
        """Take a request that has ended. Never waits, never raises."""
        ...

    def trail(self, parent: str | None) -> "Trail | None":
        """Return where the steps of a request are to be noted; None where it is not traced.

        `parent` is the `traceparent` that its client sent.
        """
        ...


class NoCalls:
    """Implements `Calls` where nobody listens."""

    def ended(self, call: Call) -> None:
        """Forget it."""

    def trail(self, parent: str | None) -> "Trail | None":
        """Trace nothing."""


def given_id(text: str | None) -> str | None:
    """Return the id that a client gave its request, None where it is none that a log can hold.

    Letters, digits and `._:-` alone, at most 64, and nothing like an account number: an id stands
    in lines, headers and errors.
    """
    if text is None or not 0 < len(text) <= _LONGEST or not text.isascii():
        return None
    return text if text.translate(_MARKS).isalnum() and redact(text) == text else None


_MARKS = str.maketrans(dict.fromkeys("._:-", "0"))

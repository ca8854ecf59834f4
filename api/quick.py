"""The short way: operations whose head came before, and whose answers can be written whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from graphql import OperationType

from api.asgi import Scope, header
from api.begun import Begun
from api.bills import rate_headers, told
from api.bodies import Bodies
from api.callers import Caller, new_request_id
from api.compression import SMALLEST
from api.documents import Operation
from api.execution import Executor
from api.reply import HELD_BYTES, HELD_ROWS, joined, own_headers
from api.requests import GraphQLRequest
from api.responses import Response
from api.slots import PIECE_ROWS, Text
from api.statuses import HttpRefused
from quantgraph.domain.calls import GONE, Transport
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.gateway import Access

# Where a scope holds what the ordinary way understood of a head, and what it is to finish.
UNDERSTOOD, BEGUN = "quantgraph.understood", "quantgraph.begun"
# Heads that are kept, and how long the longest of them is: 1 MB at most.
_KEPT, _LONGEST = 256, 4_096
# A read may end within a head or begin with empty lines: what was cut off there has no credential.
_WHOLE = b"POST "

# Lists written here at most: the loop is not left in between, and each costs a call.
_LISTS = 8

# A response: its headers, from those that are our own on, and the parts of its body.
Written: TypeAlias = tuple[bytes, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Understood:
    """What the headers of a POST ask for: the answer's type, how it is sent, and for whom."""

    media: str
    encoding: str | None
    credential: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """A query that was begun for a caller, or a mutation that has ended."""

    caller: Caller
    begun: Begun[Response]


@dataclass(frozen=True, slots=True)
class Asked:
    """A mutation that nothing was done of yet: what it does may take a task."""

    understood: Understood
    caller: Caller
    operation: Operation
    request: GraphQLRequest


class QuickAnswers:
    """Answers as `GraphQLOverHttp` would, byte for byte, or leaves the request to it.

    Nothing is decided here: a head means what the ordinary way understood when the same bytes
    came first. Who calls, what the key may do and every limit are asked at each request as ever.
    """

    def __init__(
        self,
        executor: Executor,
        access: Access,
        bodies: Bodies,
        stall_s: float,
    ) -> None:
        """Answer with `executor` what `bodies` ask for.

        A reader who takes next to nothing of an answer for `stall_s` seconds is left.
        """
        self._executor = executor
        self._access = access
        self._bodies = bodies
        self._heads: dict[bytes, tuple[int, Understood]] = {}
        self.stall_s = stall_s

    def remember(self, head: bytes, size: int, scope: Scope) -> None:
        """Keep what a head with a body of `size` bytes meant, where others like it may come."""
        understood = scope.get(UNDERSTOOD)
        if understood is None or len(head) > _LONGEST or not head.startswith(_WHOLE):
            return
        # Whatever else frames a body or wants an answer before it is the ordinary way's.
        framed = header(scope, b"content-length") == str(size)
        if framed and header(scope, b"expect") is None and header(scope, b"upgrade") is None:
            if len(self._heads) >= _KEPT:
                del self._heads[next(iter(self._heads))]
            self._heads[head] = size, understood

    def answer(self, head: bytes, body: bytes, peer: str = "") -> Written | Work | Asked | None:
        """Return what is written, what the ordinary way is to finish, or what `run` is to do.

        None where nothing was begun. `peer` is who asks, `host:port`.
        """
        size, understood = self._heads.get(head, _UNKNOWN)
        request = self._request(body) if size == len(body) else None
        if understood is None or request is None:
            return None
        principal = self._access.known(understood.credential)
        operation = self._executor.known(request)
        lasts = operation is not None and operation.type is OperationType.SUBSCRIPTION
        if principal is None or operation is None or lasts:
            return None
        if operation.type is OperationType.MUTATION:
            caller = Caller(principal, new_request_id(), peer=peer)
            return Asked(understood, caller, operation, request)
        caller = Caller(principal, new_request_id())
        try:
            self._executor.check(operation, request, caller)
        except GatewayError:
            return None
        work = Work(caller, self._executor.begin(operation, request, caller))
        written = self._written(understood, work)
        if written is None:
            return work
        self.tell(caller)
        return written

    async def run(self, asked: Asked) -> Written | Work:
        """Execute a mutation; return what is written, or what the ordinary way is to tell of it.

        What is written is told of by `tell`, once it is.
        """
        with self._executor.underway:
            work = Work(asked.caller, Begun(_gave(await self._outcome(asked))))
        return self._written(asked.understood, work) or work

    async def _outcome(self, asked: Asked) -> Response | Exception:
        operation, request, caller = asked.operation, asked.request, asked.caller
        try:
            self._executor.check(operation, request, caller)
            return await self._executor.run(operation, request, caller)
        except GatewayError as error:
            return self._executor.refused(error, caller)
        except Exception as error:  # whatever it is, the ordinary way answers it
            return error

    def tell(self, caller: Caller, *, gone: bool = False) -> None:
        """Say that a request was answered, or that nobody was left to hear the answer."""
        if gone:
            caller.bill.outcome = GONE
        self._executor.till.tell(Transport.HTTP, caller.request_id, caller.bill)

    def _request(self, body: bytes) -> GraphQLRequest | None:
        try:  # one look: `get` of this cache takes two
            return self._bodies.known[body]
        except KeyError:
            pass
        try:
            return self._bodies.read(body) if len(body) <= self._bodies.longest else None
        except (HttpRefused, GatewayError):  # the ordinary way says so
            return None

    def _written(self, understood: Understood, work: Work) -> Written | None:
        """Return a whole answer, None where there is none yet, or a large or another one."""
        if not work.begun.done or work.begun.failed:
            return None
        response = work.begun.result()
        if "errors" in response:
            return None
        text = Text(response)
        parts = _parts(text, squeezed=understood.encoding is not None)
        if parts is None:
            return None
        size = sum(map(len, parts))
        left = told(work.caller.bill.standing)
        template = _template(understood.media, self._executor.till.policy)
        return template % (work.caller.request_id.encode(), left, size), parts


async def _gave(found: Response | Exception) -> Response:
    if isinstance(found, Exception):
        raise found
    return found


def _parts(text: Text, *, squeezed: bool) -> Sequence[bytes] | None:
    """Return a body that the ordinary way would send with its length, None for any other."""
    if text.rows <= PIECE_ROWS:
        body = text.whole()
        return None if squeezed and len(body) >= SMALLEST else (body,)
    if squeezed or text.rows > HELD_ROWS or text.lists > _LISTS:
        return None
    parts, size = list[bytes](), 0
    for part in text.pieces():
        parts.append(part)
        size += len(part)
        # Pieces are about equal: of those that will be too much no other is made.
        if size >= HELD_BYTES or len(part) * text.rows >= HELD_BYTES * PIECE_ROWS:
            return None
    return tuple(joined(parts))


_UNKNOWN: tuple[int, Understood | None] = (-1, None)


@lru_cache(maxsize=8)
def _template(media: str, policy: bytes) -> bytes:
    lines = [*own_headers(media, b"%b"), *rate_headers(policy, b"%b"), (b"content-length", b"%d")]
    return b"".join(b"%b: %b\r\n" % line for line in lines) + b"\r\n"

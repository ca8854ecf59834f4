"""Who asks, and what a request is known by in the log."""

import random
from dataclasses import dataclass, field

from api.asgi import Scope, header
from api.bills import Bill
from quantgraph.domain.access import Principal
from quantgraph.domain.calls import given_id
from quantgraph.domain.streams import LogPlace

# Ids are told apart, not kept secret: no system call for each.
_random = random.Random()  # noqa: S311 no secret is made of it


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, under which request id; `resume` where a stream was cut.

    `peer`: the address of the connection, where it tells one; queries need none. `bill`: what the
    operation is counted for.
    """

    principal: Principal
    request_id: str
    resume: LogPlace | None = None
    peer: str = ""
    bill: Bill = field(default_factory=Bill, compare=False)


def request_id_of(scope: Scope) -> str:
    """Return the id that a client gave in X-Request-Id, where it may be one; else a new one."""
    return given_id(header(scope, b"x-request-id")) or new_request_id()


def new_request_id() -> str:
    """Return an id that links a response to the gateway's log."""
    return f"{_random.getrandbits(128):032x}"

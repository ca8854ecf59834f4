"""What an operation is counted for, and what its key may still ask for: told with each answer."""

from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter, time
from typing import Any, TypeAlias

import orjson
from graphql import OperationType

from api.asgi import Headers
from api.documents import Operation
from quantgraph.domain.calls import OK, Call, Calls, NoCalls
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.rates import ORDERS, RELIEF, Meter, Standing
from quantgraph.domain.reasons import Reason
from quantgraph.domain.traces import Trail

# Fewer than these may be asked for at once; headers' names are of the IETF's RateLimit draft.
_POLICY = b"ratelimit-policy"
_LEFT = b"ratelimit"
# Characters that are parsed though their key owes: they may be a cancel.
_CHEAP = 1_000
# For a document that was refused after it was parsed.
_WRONG = 10
Shown: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Bill:
    """The points of one operation, 0 until they are known; `standing` once its key was asked.

    The rest is for its line in the log: whose it is, which, and `outcome`, the code of its first
    error. It is told once. `parent` is the span of its client, `trail` there where it is traced.
    """

    points: int = 0
    standing: Standing | None = None
    key_id: str = ""
    operation: Operation | None = None
    outcome: str = OK
    told: bool = False
    parent: str | None = None
    trail: Trail | None = None
    began: float = field(default_factory=perf_counter)

    def note(self, response: Shown) -> None:
        """Take the outcome from a response."""
        errors = response.get("errors")
        if errors:
            self.outcome = errors[0]["extensions"]["code"]


class Till:
    """Takes what operations cost from their keys."""

    def __init__(self, meter: Meter, most: int, calls: Calls | None = None) -> None:
        """Let an operation cost `most` points; `calls` hears of each that has ended."""
        self._meter = meter
        self._calls = calls or NoCalls()
        self.most = most
        self._rates, self._policy = meter.rates, meter.rates.policy.encode()

    @property
    def policy(self) -> bytes:
        """What every key may, as a header says it."""
        rates = self._meter.rates
        if rates is not self._rates:  # told with every answer: not written anew for each
            self._rates, self._policy = rates, rates.policy.encode()
        return self._policy

    def charge(self, key_id: str, fields: tuple[str, ...], bill: Bill, points: int) -> None:
        """Take what an operation costs. Errors: COST_LIMIT, RATE_LIMITED."""
        bill.points = points
        if points > self.most:
            text = (
                f"The operation costs {points} points; {self.most} are allowed "
                "(limits.query_cost). Ask for fewer items or fields, or in several operations."
            )
            raise InvalidRequest(Reason.COST_LIMIT, text, cost=points, limit=self.most)
        if RELIEF.issuperset(fields):
            bill.standing = self._meter.blame(key_id, 0)
            return
        bill.standing = self._meter.read(key_id, points)
        if not ORDERS.isdisjoint(fields):
            sent = sum(each in ORDERS for each in fields)
            bill.standing = self._meter.order(key_id, sent)

    def open(self, key_id: str, bill: Bill, document: str) -> None:
        """Refuse a long document of a key that owes, before it is parsed. Errors: RATE_LIMITED."""
        bill.key_id = key_id
        bill.standing = self._meter.blame(key_id, 0)
        if len(document) > _CHEAP:
            self._meter.read(key_id, 0)

    def blame(self, key_id: str, bill: Bill) -> None:
        """Take what a refused document has cost."""
        bill.standing = self._meter.blame(key_id, _WRONG)

    def trail(self, bill: Bill) -> Trail | None:
        """Return where the steps of a request are noted, None where it is not traced."""
        return self._calls.trail(bill.parent)

    def tell(self, transport: str, request_id: str, bill: Bill) -> None:
        """Say that a request has ended, unless that was said."""
        if bill.told:
            return
        bill.told = True
        operation = bill.operation
        if operation is None:
            fields, name, lasting = (), None, False
            bill.trail = self.trail(bill)
        else:
            fields, name = operation.root_fields, operation.name
            lasting = operation.type is OperationType.SUBSCRIPTION
        ended = Call(
            time(),
            perf_counter() - bill.began,
            transport,
            fields,
            name,
            bill.key_id,
            request_id,
            bill.points,
            bill.outcome,
            lasting,
            bill.trail,
        )
        self._calls.ended(ended)

    def shown(self, bill: Bill) -> Shown:
        """Return `extensions` of an answer."""
        left = bill.standing
        return {
            "cost": {
                "requested": bill.points,
                "max": self.most,
                "remaining": None if left is None else left.reads,
                "restorePerSecond": self._meter.rates.reads_per_second,
            }
        }

    def opening(self, bill: Bill) -> bytes:
        """Return `extensions` as what a written answer has before its last brace."""
        return b',"extensions":' + orjson.dumps(self.shown(bill))

    def headers(self, bill: Bill) -> Headers:
        """Return the headers of an answer whose key is known."""
        left = bill.standing
        return [] if left is None else rate_headers(self.policy, told(left))


def rate_headers(policy: bytes, left: bytes) -> Headers:
    """Return the headers that say what a key may, and what of that is left."""
    return [(_POLICY, policy), (_LEFT, left)]


# Keys that ask little have all that they may have, request after request.
@lru_cache(256)
def told(left: Standing | None) -> bytes:
    """Return what is left as the header says it."""
    return (left or Standing(0, 0)).left.encode()

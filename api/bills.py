"""What an operation is counted for, and what its key may still ask for: told with each answer."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from api.asgi import Headers
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.rates import ORDERS, RELIEF, Meter, Standing
from quantgraph.domain.reasons import Reason

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
    """The points of one operation, 0 until they are known; `standing` once its key was asked."""

    points: int = 0
    standing: Standing | None = None


class Till:
    """Takes what operations cost from their keys."""

    def __init__(self, meter: Meter, most: int) -> None:
        """Let an operation cost `most` points."""
        self._meter = meter
        self._most = most
        rates = meter.rates
        self._restored = rates.reads_per_second
        self.policy = rates.policy.encode()

    def charge(self, key_id: str, fields: tuple[str, ...], bill: Bill, points: int) -> None:
        """Take what an operation costs. Errors: COST_LIMIT, RATE_LIMITED."""
        bill.points = points
        if points > self._most:
            text = (
                f"The operation costs {points} points; {self._most} are allowed "
                "(limits.query_cost). Ask for fewer items or fields, or in several operations."
            )
            raise InvalidRequest(Reason.COST_LIMIT, text, cost=points, limit=self._most)
        if RELIEF.issuperset(fields):
            bill.standing = self._meter.blame(key_id, 0)
            return
        bill.standing = self._meter.read(key_id, points)
        if not ORDERS.isdisjoint(fields):
            sent = sum(each in ORDERS for each in fields)
            bill.standing = self._meter.order(key_id, sent)

    def open(self, key_id: str, bill: Bill, document: str) -> None:
        """Refuse a long document of a key that owes, before it is parsed. Errors: RATE_LIMITED."""
        bill.standing = self._meter.blame(key_id, 0)
        if len(document) > _CHEAP:
            self._meter.read(key_id, 0)

    def blame(self, key_id: str, bill: Bill) -> None:
        """Take what a refused document has cost."""
        bill.standing = self._meter.blame(key_id, _WRONG)

    def shown(self, bill: Bill) -> Shown:
        """Return `extensions` of an answer."""
        left = bill.standing
        return {
            "cost": {
                "requested": bill.points,
                "max": self._most,
                "remaining": None if left is None else left.reads,
                "restorePerSecond": self._restored,
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

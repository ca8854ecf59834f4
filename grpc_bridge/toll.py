"""Takes what a call costs from its key, from the same buckets as the other wire."""

from typing import Any

from google.protobuf.message import Message
from grpc import aio

from grpc_bridge.access import SCOPES, caller
from quantgraph.domain.errors import LimitReached
from quantgraph.domain.rates import ORDERS, RELIEF, Meter, Standing

Context = aio.ServicerContext[Any, Any]


class Toll:
    """Counts calls: a point for each, and one for each item that its request names."""

    def __init__(self, meter: Meter) -> None:
        """Take from the meter's buckets."""
        self._meter = meter

    def take(self, method: str, request: Message | None, context: Context) -> int:
        """Take what a call costs, and tell what is left when it ends. Errors: RATE_LIMITED.

        Returns its points. Probes, which have no key, cost nothing.
        """
        if SCOPES.get(method) is None:
            return 0
        name = method.rpartition("/")[2]
        points = _points(request)
        try:
            standing = self._taken(name[0].lower() + name[1:], points)
        except LimitReached:
            self._tell(self._meter.blame(caller().key_id, 0), context)
            raise
        self._tell(standing, context)
        return points

    def _tell(self, standing: Standing, context: Context) -> None:
        shown = (("ratelimit-policy", self._meter.rates.policy), ("ratelimit", standing.left))
        context.set_trailing_metadata((*(context.trailing_metadata() or ()), *shown))

    def _taken(self, act: str, points: int) -> Standing:
        key_id = caller().key_id
        if act in RELIEF:
            return self._meter.blame(key_id, 0)
        standing = self._meter.read(key_id, points)
        return self._meter.order(key_id, 1) if act in ORDERS else standing


def _points(request: Message | None) -> int:
    if request is None:
        return 1
    named = (value for field, value in request.ListFields() if field.is_repeated)
    return 1 + sum(map(len, named))

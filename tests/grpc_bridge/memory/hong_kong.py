"""Broker queues in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime

from quantgraph.domain.hong_kong import Broker, BrokerLevel, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.sources import Source

_BROKERS = (Broker(5341, "某证券"), Broker(6998, None))


class MemoryHongKong:
    """As many queues as are asked for: the newest tells everything, the others next to nothing."""

    async def broker_queues(self, request: BrokerQueueRequest) -> Sequence[BrokerQueue]:
        levels = (BrokerLevel(1, _BROKERS), BrokerLevel(2, ()))
        whole = BrokerQueue(
            request.code, datetime(2024, 2, 29, 2, tzinfo=UTC), levels, levels[:1], Source.TERMINAL
        )
        bare = BrokerQueue(request.code, None, (), (), Source.TERMINAL)
        return [bare, whole][-(request.window.last or 1) :]

    async def brokers(self) -> Sequence[Broker]:
        return _BROKERS

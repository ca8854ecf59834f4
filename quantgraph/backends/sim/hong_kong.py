"""Hong Kong, which the simulated exchange is not."""

from collections.abc import Sequence
from typing import NoReturn

from quantgraph.domain.errors import Unsupported
from quantgraph.domain.hong_kong import Broker, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.reasons import Reason

NO_HONG_KONG = "Hong Kong is not simulated: only a real terminal has its broker queues."


class NoHongKong:
    """Implements `HongKong` by saying that there is none."""

    async def broker_queues(self, request: BrokerQueueRequest) -> Sequence[BrokerQueue]:
        """Say so. Errors: TERMINAL_LACKS."""
        del request
        _refuse()

    async def brokers(self) -> Sequence[Broker]:
        """Say so. Errors: TERMINAL_LACKS."""
        _refuse()


def _refuse() -> NoReturn:
    raise Unsupported(Reason.TERMINAL_LACKS, NO_HONG_KONG)

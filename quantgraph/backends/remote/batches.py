"""Several orders at the agent at once."""

from collections.abc import Sequence

from quantgraph.backends.remote.line import DeskLine
from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.v1 import orders_pb2
from quantgraph.wire.batches import batch_to_proto, outcome_from_proto, sweep_to_proto


class AgentBatches:
    """Implements `Batches`: each order has its key, and each cancel may be asked for again.

    So both are repeated after a cut. Errors besides those of the port: OUTCOME_UNKNOWN.
    """

    def __init__(self, line: DeskLine) -> None:
        """Ask nothing yet."""
        self._line = line

    async def submit_all(self, batch: Batch) -> Sequence[OrderOutcome]:
        """Submit each once; while the agent is away nothing is sent (TERMINAL_OFFLINE)."""
        self._line.require_link()
        answer = await self._line.repeat(
            "OrderService/SubmitOrders", batch_to_proto(batch), orders_pb2.SubmitOrdersResponse
        )
        return [outcome_from_proto(each) for each in answer.results]

    async def cancel_all(self, sweep: CancelSweep) -> Sequence[OrderOutcome]:
        """Ask for the cancel of every order that is open; see `ports.Batches`."""
        answer = await self._line.repeat(
            "OrderService/CancelAllOrders",
            sweep_to_proto(sweep),
            orders_pb2.CancelAllOrdersResponse,
        )
        return [outcome_from_proto(each) for each in answer.results]

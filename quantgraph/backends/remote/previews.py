"""What the agent would do with an order, and what it allows an account."""

from quantgraph.backends.remote.line import DeskLine
from quantgraph.domain.limits import Allowance
from quantgraph.domain.orders import OrderTicket
from quantgraph.domain.previews import OrderPreview
from quantgraph.v1 import orders_pb2
from quantgraph.wire.batches import allowance_from_proto
from quantgraph.wire.orders import wish_to_proto
from quantgraph.wire.previews import preview_from_proto


class AgentPreviews:
    """Implements `Previews` and `Allowances`: rules and limits are the agent's."""

    def __init__(self, line: DeskLine) -> None:
        """Ask nothing yet."""
        self._line = line

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        """Return what a submit would meet at the agent; see `ports.Previews`."""
        answer = await self._line.call(
            "OrderService/PreviewOrder",
            wish_to_proto(ticket, orders_pb2.PreviewOrderRequest),
            orders_pb2.PreviewOrderResponse,
        )
        return preview_from_proto(answer.preview)

    async def allowance(self, account_id: str) -> Allowance:
        """Return an account's limits and what is used of them; see `ports.Allowances`."""
        answer = await self._line.call(
            "OrderService/GetTradingLimits",
            orders_pb2.GetTradingLimitsRequest(account_id=account_id),
            orders_pb2.GetTradingLimitsResponse,
        )
        return allowance_from_proto(answer.limits)

"""Level 2 through the agent: books, flows and queues, asked and live."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import each_of, portions
from quantgraph.backends.remote.live import QuoteLines
from quantgraph.domain.depth import (
    DepthWatch,
    MoneyFlow,
    OrderBook,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.v1 import depth_pb2
from quantgraph.wire.depth import (
    book_of,
    flow_of,
    queue_request_to_proto,
    queues_from_proto,
    rank_from_proto,
    rank_request_to_proto,
)
from quantgraph.wire.depth_events import (
    book_event_from_proto,
    queues_event_from_proto,
    watch_to_proto,
)


class AgentDepth:
    """Implements `Depth`."""

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._agent = agent
        self._channel = agent.channel

    async def order_books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        """Return the present book per symbol; see the port."""
        parts = await each_of(self._books, portions(symbols, self._agent.most_symbols))
        return [each for part in parts for each in part]

    async def money_flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        """Return today's flows per symbol; see the port."""
        parts = await each_of(self._flows, portions(symbols, self._agent.most_symbols))
        return [each for part in parts for each in part]

    async def order_queues(self, request: QueueRequest) -> OrderQueues:
        """Return the single orders that wait at some prices; see the port."""
        answer = await self._channel.call(
            "DepthService/GetOrderQueues",
            queue_request_to_proto(request),
            depth_pb2.GetOrderQueuesResponse,
        )
        return queues_from_proto(answer.queues)

    async def order_rank(self, request: RankRequest) -> OrderRank:
        """Return where an order stands among those that wait; see the port."""
        answer = await self._channel.call(
            "DepthService/GetOrderRank",
            rank_request_to_proto(request),
            depth_pb2.GetOrderRankResponse,
        )
        return rank_from_proto(answer.rank)

    async def _books(self, symbols: Sequence[str]) -> Sequence[OrderBook | GatewayError]:
        answer = await self._channel.call(
            "DepthService/ListOrderBooks",
            depth_pb2.ListOrderBooksRequest(symbols=symbols),
            depth_pb2.ListOrderBooksResponse,
        )
        return [book_of(each) for each in answer.results]

    async def _flows(self, symbols: Sequence[str]) -> Sequence[MoneyFlow | GatewayError]:
        answer = await self._channel.call(
            "DepthService/ListMoneyFlows",
            depth_pb2.ListMoneyFlowsRequest(symbols=symbols),
            depth_pb2.ListMoneyFlowsResponse,
        )
        return [flow_of(each) for each in answer.results]


class AgentDepthFeed:
    """Implements `DepthFeed`: one stream of the agent's for each symbol and number of levels.

    Errors besides those of the port: TERMINAL_OFFLINE after a cut, who follows anew gets the state
    of then.
    """

    def __init__(self, agent: Agent, lines: QuoteLines) -> None:
        """Follow nothing yet."""
        self._channel = agent.channel
        self._lines = lines

    async def books(self, watch: DepthWatch) -> AsyncGenerator[OrderBook | None, None]:
        """Yield the book at each change until closed or cut."""
        request = watch_to_proto(watch, depth_pb2.WatchOrderBookRequest)
        told = self._channel.stream("DepthService/WatchOrderBook", request)
        async with aclosing(told) as messages:
            async for data in messages:
                answer = depth_pb2.WatchOrderBookResponse.FromString(data)
                event = book_event_from_proto(answer.event)
                if event.kind is not StreamKind.HEARTBEAT:
                    yield event.told

    async def queues(self, watch: DepthWatch) -> AsyncGenerator[OrderQueues | None, None]:
        """Yield the queues at each change until closed or cut."""
        request = watch_to_proto(watch, depth_pb2.WatchOrderQueuesRequest)
        told = self._channel.stream("DepthService/WatchOrderQueues", request)
        async with aclosing(told) as messages:
            async for data in messages:
                answer = depth_pb2.WatchOrderQueuesResponse.FromString(data)
                event = queues_event_from_proto(answer.event)
                if event.kind is not StreamKind.HEARTBEAT:
                    yield event.told

    def state(self) -> SourceState:
        """Return whether the agent and its terminal can be asked, and when a quote came last."""
        return self._lines.state()

"""What one call may take, and the calls that no time ends."""

from dataclasses import dataclass

# These stay open as long as the client likes; they are counted, and ended first at a stop.
ENDLESS = frozenset(
    {
        "/quantgraph.v1.QuoteService/WatchQuotes",
        "/quantgraph.v1.QuoteService/StreamQuotes",
        "/quantgraph.v1.BarService/WatchBars",
        "/quantgraph.v1.DepthService/WatchOrderBook",
        "/quantgraph.v1.DepthService/WatchOrderQueues",
        "/quantgraph.v1.OrderService/StreamOrderEvents",
        "/quantgraph.v1.OrderService/StreamFillEvents",
        "/quantgraph.v1.AccountService/StreamAccountEvents",
        "/quantgraph.v1.ControlService/StreamTradingStatus",
        "/quantgraph.v1.SystemService/StreamTerminalStatus",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    }
)
# A submit that runs out of time may be at the exchange already: it is never abandoned here.
UNTIMED = frozenset(
    {
        "/quantgraph.v1.OrderService/SubmitOrder",
        "/quantgraph.v1.OrderService/SubmitOrders",
        "/quantgraph.v1.OrderService/CancelOrder",
        "/quantgraph.v1.OrderService/CancelAllOrders",
        "/quantgraph.v1.OrderService/ApproveOrder",
        "/quantgraph.v1.ControlService/HaltTrading",
        "/quantgraph.v1.ControlService/DisarmTrading",
    }
)


@dataclass(slots=True)
class CallLimits:
    """What one call, or one connection, may take now."""

    message_bytes: int
    seconds: float
    streams: int

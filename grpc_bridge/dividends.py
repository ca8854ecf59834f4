"""Answers DividendService."""

# ruff: noqa: N802 the methods are named by the contract

from grpc_bridge.batches import checked_batch
from quantgraph.domain.dividends import DividendHistory
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import dividends_pb2
from quantgraph.v1.dividends_pb2_grpc import DividendServiceServicer
from quantgraph.wire.dividends import history_to_proto, request_from_proto
from quantgraph.wire.failures import failure_to_proto


class DividendServicer(DividendServiceServicer):
    """DividendService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListDividends(
        self, request: dividends_pb2.ListDividendsRequest, context: object
    ) -> dividends_pb2.ListDividendsResponse:
        checked_batch(self._gateway.limits, request.symbols)
        asked = request_from_proto(request)
        found = await self._gateway.dividends.histories(asked)
        results = [_result(*pair) for pair in zip(asked.symbols, found, strict=True)]
        return dividends_pb2.ListDividendsResponse(results=results)


def _result(symbol: str, found: DividendHistory | GatewayError) -> dividends_pb2.DividendsResult:
    if isinstance(found, GatewayError):
        return dividends_pb2.DividendsResult(symbol=symbol, failure=failure_to_proto(found))
    return dividends_pb2.DividendsResult(symbol=symbol, history=history_to_proto(found))

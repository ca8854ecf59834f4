"""Answers FinancialService."""

# ruff: noqa: N802 the methods are named by the contract

import asyncio

from grpc_bridge.batches import checked_batch
from quantgraph.domain.errors import InvalidRequest, unknown_symbol
from quantgraph.domain.financials.tables import CompanyFinancials
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import financials_pb2
from quantgraph.v1.financials_pb2_grpc import FinancialServiceServicer
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.financials import company_to_proto, request_from_proto


class FinancialServicer(FinancialServiceServicer):
    """FinancialService over the gateway's ports."""

    def __init__(self, gateway: Gateway, message_bytes: int) -> None:
        """Answer from `gateway`, at most so many bytes at once."""
        self._gateway = gateway
        self._bytes = message_bytes

    async def ListFinancials(
        self, request: financials_pb2.ListFinancialsRequest, context: object
    ) -> financials_pb2.ListFinancialsResponse:
        checked_batch(self._gateway.limits, request.symbols)
        asked = request_from_proto(request)
        response = financials_pb2.ListFinancialsResponse()
        companies = await self._gateway.financials.financials(asked)
        size = 0
        for symbol, company in zip(asked.symbols, companies, strict=True):
            result = _result(symbol, company)
            size += result.ByteSize()
            # Rows are written value by value: stop early, and let others have the loop meanwhile.
            if size > self._bytes:
                text = f"The answer has more than {self._bytes} bytes; ask for fewer symbols."
                raise InvalidRequest(Reason.ROW_LIMIT, text, bytes=self._bytes)
            response.results.append(result)
            await asyncio.sleep(0)
        return response


def _result(symbol: str, company: CompanyFinancials | None) -> financials_pb2.FinancialsResult:
    if company is None:
        failure = failure_to_proto(unknown_symbol(symbol))
        return financials_pb2.FinancialsResult(symbol=symbol, failure=failure)
    return financials_pb2.FinancialsResult(symbol=symbol, financials=company_to_proto(company))

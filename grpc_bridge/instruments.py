"""Answers InstrumentService."""

# ruff: noqa: N802 the methods are named by the contract

from dataclasses import replace

from grpc_bridge.batches import checked_batch
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.rules.ticks import shown_tick
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import instruments_pb2
from quantgraph.v1.instruments_pb2_grpc import InstrumentServiceServicer
from quantgraph.wire.failures import failure_to_proto
from quantgraph.wire.fields import date_from_proto
from quantgraph.wire.instruments import instrument_to_proto, search_from_proto
from quantgraph.wire.pages import after_token, page_size, token_of
from quantgraph.wire.rules import rules_to_proto

_PAGE = 50


class InstrumentServicer(InstrumentServiceServicer):
    """InstrumentService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def GetInstruments(
        self, request: instruments_pb2.GetInstrumentsRequest, context: object
    ) -> instruments_pb2.GetInstrumentsResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        found = await self._gateway.reference.instruments(symbols)
        results = [
            instruments_pb2.InstrumentResult(
                symbol=symbol, failure=failure_to_proto(unknown_symbol(symbol))
            )
            if each is None
            else instruments_pb2.InstrumentResult(symbol=symbol, instrument=_shown(each))
            for symbol, each in zip(symbols, found, strict=True)
        ]
        return instruments_pb2.GetInstrumentsResponse(results=results)

    async def ListInstrumentRules(
        self, request: instruments_pb2.ListInstrumentRulesRequest, context: object
    ) -> instruments_pb2.ListInstrumentRulesResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        day = date_from_proto(request.date, "date") if request.HasField("date") else None
        found = await self._gateway.rules.rules(symbols, day)
        results = [
            instruments_pb2.InstrumentRulesResult(symbol=symbol, failure=failure_to_proto(each))
            if isinstance(each, GatewayError)
            else instruments_pb2.InstrumentRulesResult(symbol=symbol, rules=rules_to_proto(each))
            for symbol, each in zip(symbols, found, strict=True)
        ]
        return instruments_pb2.ListInstrumentRulesResponse(results=results)

    async def ListInstruments(
        self, request: instruments_pb2.ListInstrumentsRequest, context: object
    ) -> instruments_pb2.ListInstrumentsResponse:
        search = search_from_proto(request)
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(search.scope, request.page_token)
        found, more = await self._gateway.reference.search(search, size, after)
        return instruments_pb2.ListInstrumentsResponse(
            instruments=[_shown(each) for each in found],
            next_page_token=token_of(search.scope, found[-1].symbol) if more else "",
        )


def _shown(instrument: Instrument) -> instruments_pb2.Instrument:
    """Write an instrument with the tick of its rule, where its source states none."""
    return instrument_to_proto(replace(instrument, price_tick=shown_tick(instrument)))

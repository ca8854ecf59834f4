"""Answers CatalogService."""

# ruff: noqa: N802 the methods are named by the contract

from grpc_bridge.batches import checked_size
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceServicer
from quantgraph.wire import bonds, etfs, futures, ipos, options
from quantgraph.wire.fields import symbol_from_proto


class CatalogServicer(CatalogServiceServicer):
    """CatalogService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListConvertibleBonds(
        self, request: catalog_pb2.ListConvertibleBondsRequest, context: object
    ) -> catalog_pb2.ListConvertibleBondsResponse:
        checked_size(self._gateway.limits, request.symbols, "symbols")
        checked_size(self._gateway.limits, request.stock_symbols, "stock_symbols")
        found = await self._gateway.lists.bonds(bonds.request_from_proto(request))
        return catalog_pb2.ListConvertibleBondsResponse(
            bonds=[bonds.bond_to_proto(each) for each in found]
        )

    async def GetEtfBasket(
        self, request: catalog_pb2.GetEtfBasketRequest, context: object
    ) -> catalog_pb2.GetEtfBasketResponse:
        symbol = symbol_from_proto(request.symbol, "symbol")
        found = await self._gateway.lists.etf_basket(symbol)
        return catalog_pb2.GetEtfBasketResponse(basket=etfs.basket_to_proto(found))

    async def GetOptionChain(
        self, request: catalog_pb2.GetOptionChainRequest, context: object
    ) -> catalog_pb2.GetOptionChainResponse:
        underlying = symbol_from_proto(request.underlying, "underlying")
        found = await self._gateway.lists.option_chain(underlying)
        return catalog_pb2.GetOptionChainResponse(chain=options.chain_to_proto(found))

    async def ListMainContracts(
        self, request: catalog_pb2.ListMainContractsRequest, context: object
    ) -> catalog_pb2.ListMainContractsResponse:
        found = await self._gateway.lists.main_contracts(futures.request_from_proto(request))
        return catalog_pb2.ListMainContractsResponse(
            contracts=[futures.contract_to_proto(each) for each in found]
        )

    async def ListIpos(
        self, request: catalog_pb2.ListIposRequest, context: object
    ) -> catalog_pb2.ListIposResponse:
        found = await self._gateway.lists.ipos(ipos.request_from_proto(request))
        return catalog_pb2.ListIposResponse(ipos=[ipos.ipo_to_proto(each) for each in found])

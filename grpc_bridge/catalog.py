"""Answers CatalogService."""

# ruff: noqa: N802 the methods are named by the contract

from dataclasses import replace

from grpc_bridge.batches import checked_batch, checked_size
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import catalog_pb2
from quantgraph.v1.catalog_pb2_grpc import CatalogServiceServicer
from quantgraph.wire import (
    bonds,
    etfs,
    futures,
    instrument_tags,
    ipos,
    options,
    tables,
    terminal_subscriptions,
    treatments,
)
from quantgraph.wire.fields import date_from_proto, symbol_from_proto
from quantgraph.wire.pages import after_token, page_size, token_of

_PAGE = 50


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
        day = date_from_proto(request.date, "date") if request.HasField("date") else None
        found = await self._gateway.lists.option_chain(underlying, day)
        return catalog_pb2.GetOptionChainResponse(chain=options.chain_to_proto(found))

    async def ListMainContracts(
        self, request: catalog_pb2.ListMainContractsRequest, context: object
    ) -> catalog_pb2.ListMainContractsResponse:
        found = await self._gateway.lists.main_contracts(futures.request_from_proto(request))
        return catalog_pb2.ListMainContractsResponse(
            contracts=[futures.contract_to_proto(each) for each in found]
        )

    async def ListSpecialTreatments(
        self, request: catalog_pb2.ListSpecialTreatmentsRequest, context: object
    ) -> catalog_pb2.ListSpecialTreatmentsResponse:
        # As over GraphQL, none is asked of none.
        symbols = checked_batch(self._gateway.limits, request.symbols) if request.symbols else ()
        found = await self._gateway.lists.special_treatments(symbols)
        return catalog_pb2.ListSpecialTreatmentsResponse(
            treatments=[treatments.treatment_to_proto(each) for each in found]
        )

    async def ListInstrumentTags(
        self, request: catalog_pb2.ListInstrumentTagsRequest, context: object
    ) -> catalog_pb2.ListInstrumentTagsResponse:
        checked_size(self._gateway.limits, request.symbols, "symbols")
        checked_size(self._gateway.limits, request.tags, "tags")
        asked = instrument_tags.request_from_proto(request)
        found = await self._gateway.lists.instrument_tags(asked)
        return catalog_pb2.ListInstrumentTagsResponse(
            instruments=[instrument_tags.tags_to_proto(each) for each in found]
        )

    async def ListTerminalSubscriptions(
        self, request: catalog_pb2.ListTerminalSubscriptionsRequest, context: object
    ) -> catalog_pb2.ListTerminalSubscriptionsResponse:
        search = request.search if request.HasField("search") else None
        found = await self._gateway.lists.terminal_subscriptions(search)
        return catalog_pb2.ListTerminalSubscriptionsResponse(
            subscriptions=[terminal_subscriptions.subscription_to_proto(each) for each in found]
        )

    async def ListIpos(
        self, request: catalog_pb2.ListIposRequest, context: object
    ) -> catalog_pb2.ListIposResponse:
        found = await self._gateway.lists.ipos(ipos.request_from_proto(request))
        return catalog_pb2.ListIposResponse(ipos=[ipos.ipo_to_proto(each) for each in found])

    async def ListTerminalTables(
        self, request: catalog_pb2.ListTerminalTablesRequest, context: object
    ) -> catalog_pb2.ListTerminalTablesResponse:
        search = tables.search_from_proto(request)
        size = page_size(request.page_size, _PAGE, PAGE_ITEMS)
        after = after_token(search.scope, request.page_token)
        found, more = await self._gateway.lists.tables(search, size, after)
        return catalog_pb2.ListTerminalTablesResponse(
            tables=[tables.table_to_proto(each) for each in found],
            next_page_token=token_of(search.scope, found[-1].name) if more else "",
        )

    async def ListTableRows(
        self, request: catalog_pb2.ListTableRowsRequest, context: object
    ) -> catalog_pb2.ListTableRowsResponse:
        checked_size(self._gateway.limits, request.symbols, "symbols")
        checked_size(self._gateway.limits, request.fields, "fields")
        asked = replace(
            tables.request_from_proto(request),
            first=page_size(request.page_size, _PAGE, PAGE_ITEMS),
        )
        after = after_token(asked.scope, request.page_token)
        page = await self._gateway.lists.table_rows(replace(asked, after=after))
        return catalog_pb2.ListTableRowsResponse(
            page=tables.page_to_proto(page),
            next_page_token=token_of(asked.scope, page.next) if page.more and page.next else "",
        )

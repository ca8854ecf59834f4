"""Answers AccountService; the call's frame has checked the account already."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from grpc_bridge.access import caller
from quantgraph.domain.accounts import account_page, position_page
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import accounts_pb2
from quantgraph.v1.accounts_pb2_grpc import AccountServiceServicer
from quantgraph.wire.accounts import (
    account_query_from_proto,
    account_to_proto,
    asset_to_proto,
    cursor_from_proto,
    event_to_proto,
    position_query_from_proto,
    position_to_proto,
)
from quantgraph.wire.futures_positions import statistics_to_proto
from quantgraph.wire.ipos import quota_to_proto
from quantgraph.wire.pages import after_token, page_size, token_of


class AccountServicer(AccountServiceServicer):
    """AccountService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._accounts = gateway.accounts
        self._connections = gateway.connections
        self._quotas = gateway.ipo_quotas
        self._futures = gateway.futures_position_statistics

    async def ListAccounts(
        self, request: accounts_pb2.ListAccountsRequest, context: object
    ) -> accounts_pb2.ListAccountsResponse:
        query = account_query_from_proto(request)
        size = page_size(request.page_size, 0, PAGE_ITEMS) or None
        after = after_token(query.scope(), request.page_token)
        seen = [each for each in await self._accounts.accounts() if caller().sees(each.id)]
        page = account_page(seen, replace(query, first=size, after=after))
        token = token_of(query.scope(), page.accounts[-1].id) if page.more else ""
        return accounts_pb2.ListAccountsResponse(
            accounts=[account_to_proto(each) for each in page.accounts], next_page_token=token
        )

    async def ListIpoQuotas(
        self, request: accounts_pb2.ListIpoQuotasRequest, context: object
    ) -> accounts_pb2.ListIpoQuotasResponse:
        found = await self._quotas.ipo_quotas(request.account_id)
        quotas = [quota_to_proto(each) for each in found]
        return accounts_pb2.ListIpoQuotasResponse(quotas=quotas)

    async def ListFuturesPositionStatistics(
        self, request: accounts_pb2.ListFuturesPositionStatisticsRequest, context: object
    ) -> accounts_pb2.ListFuturesPositionStatisticsResponse:
        found = await self._futures.futures_position_statistics(request.account_id)
        rows = [statistics_to_proto(each) for each in found]
        return accounts_pb2.ListFuturesPositionStatisticsResponse(statistics=rows)

    async def GetAsset(
        self, request: accounts_pb2.GetAssetRequest, context: object
    ) -> accounts_pb2.GetAssetResponse:
        asset = await self._accounts.asset(request.account_id)
        return accounts_pb2.GetAssetResponse(asset=asset_to_proto(asset))

    async def ListPositions(
        self, request: accounts_pb2.ListPositionsRequest, context: object
    ) -> accounts_pb2.ListPositionsResponse:
        query = position_query_from_proto(request)
        size = page_size(request.page_size, 0, PAGE_ITEMS) or None
        after = after_token(query.scope(), request.page_token)
        held = await self._accounts.positions(request.account_id)
        page = position_page(held, replace(query, first=size, after=after))
        token = token_of(query.scope(), page.positions[-1].symbol) if page.more else ""
        return accounts_pb2.ListPositionsResponse(
            positions=[position_to_proto(each) for each in page.positions], next_page_token=token
        )

    async def ConnectAccount(
        self, request: accounts_pb2.ConnectAccountRequest, context: object
    ) -> accounts_pb2.ConnectAccountResponse:
        done = await self._connections.connect(request.account_id)
        return accounts_pb2.ConnectAccountResponse(
            account=account_to_proto(done.account), changed=done.changed
        )

    async def DisconnectAccount(
        self, request: accounts_pb2.DisconnectAccountRequest, context: object
    ) -> accounts_pb2.DisconnectAccountResponse:
        done = await self._connections.disconnect(request.account_id)
        return accounts_pb2.DisconnectAccountResponse(
            account=account_to_proto(done.account), changed=done.changed
        )

    async def StreamAccountEvents(
        self, request: accounts_pb2.StreamAccountEventsRequest, context: object
    ) -> AsyncGenerator[accounts_pb2.StreamAccountEventsResponse]:
        async with aclosing(self._connections.events(cursor_from_proto(request))) as events:
            async for event in events:
                yield accounts_pb2.StreamAccountEventsResponse(event=event_to_proto(event))

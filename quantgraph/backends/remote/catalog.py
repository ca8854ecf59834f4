"""What the agent's terminal lists besides instruments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import Asked
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.errors import GatewayError, NotFound
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.hong_kong import Broker, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.ipos import Ipo, IpoQuota, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.domain.tables import TableRequest, TableSlice, TerminalTable
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.domain.treatments import SpecialTreatment
from quantgraph.v1 import accounts_pb2, catalog_pb2, hong_kong_pb2
from quantgraph.wire import (
    bonds,
    etfs,
    futures,
    hong_kong,
    instrument_tags,
    ipos,
    options,
    tables,
    terminal_subscriptions,
    treatments,
)
from quantgraph.wire.fields import date_to_proto
from quantgraph.wire.futures_positions import statistics_from_proto
from quantgraph.wire.pages import after_token, token_of

_NO_LIST = frozenset({Reason.NO_ETF_LIST, Reason.UNKNOWN_SYMBOL})


class AgentCatalog:
    """Implements `Catalog`, `HongKong` and `FuturesPositions`.

    Prices of bonds are put in above, as of any terminal's.
    Bonds are asked for by as many symbols as this gateway takes: the agent's limit may be lower.
    """

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._channel = agent.channel

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed convertible bonds of a request, by symbol."""
        message = bonds.request_to_proto(replace(request, valued=False))
        answer = await self._channel.call(
            "CatalogService/ListConvertibleBonds",
            message,
            catalog_pb2.ListConvertibleBondsResponse,
        )
        return [bonds.bond_from_proto(each).bond for each in answer.bonds]

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return a fund's list for the present trading day, None where there is none."""
        try:
            answer = await self._channel.call(
                "CatalogService/GetEtfBasket",
                catalog_pb2.GetEtfBasketRequest(symbol=symbol),
                catalog_pb2.GetEtfBasketResponse,
            )
        except GatewayError as error:
            if error.reason in _NO_LIST:
                return None
            raise
        return etfs.basket_from_proto(answer.basket)

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts on an underlying. Errors: UNKNOWN_SYMBOL, DATE_NOT_HELD."""
        listed = None if day is None else date_to_proto(day)
        answer = await self._channel.call(
            "CatalogService/GetOptionChain",
            catalog_pb2.GetOptionChainRequest(underlying=underlying, date=listed),
            catalog_pb2.GetOptionChainResponse,
        )
        return options.chain_from_proto(answer.chain)

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the announced new issues by subscription day and symbol."""
        answer = await self._channel.call(
            "CatalogService/ListIpos", ipos.request_to_proto(request), catalog_pb2.ListIposResponse
        )
        return [ipos.ipo_from_proto(each) for each in answer.ipos]

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract by day, None for an unknown product."""
        try:
            answer = await self._channel.call(
                "CatalogService/ListMainContracts",
                futures.request_to_proto(request),
                catalog_pb2.ListMainContractsResponse,
            )
        except NotFound:
            return None
        return [futures.contract_from_proto(each) for each in answer.contracts]

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the days of special treatment of each share. Errors: NOT_DOWNLOADED."""
        answer = await self._channel.call(
            "CatalogService/ListSpecialTreatments",
            catalog_pb2.ListSpecialTreatmentsRequest(symbols=symbols),
            catalog_pb2.ListSpecialTreatmentsResponse,
        )
        return [treatments.treatment_from_proto(each) for each in answer.treatments]

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Return which of the asked tags each of the symbols has."""
        answer = await self._channel.call(
            "CatalogService/ListInstrumentTags",
            instrument_tags.request_to_proto(request),
            catalog_pb2.ListInstrumentTagsResponse,
        )
        return [instrument_tags.tags_from_proto(each) for each in answer.instruments]

    async def terminal_subscriptions(self) -> Sequence[TerminalSubscription]:
        """Return what the agent's terminal follows: its gateway wants an admin's key for it."""
        answer = await self._channel.call(
            "CatalogService/ListTerminalSubscriptions",
            catalog_pb2.ListTerminalSubscriptionsRequest(),
            catalog_pb2.ListTerminalSubscriptionsResponse,
        )
        read = terminal_subscriptions.subscription_from_proto
        return [read(each) for each in answer.subscriptions]

    async def tables(self) -> Sequence[TerminalTable]:
        """Return the tables that the agent's terminal knows of, by name."""
        found: list[TerminalTable] = []
        token = ""
        while True:
            request = catalog_pb2.ListTerminalTablesRequest(page_size=PAGE_ITEMS, page_token=token)
            answer = await self._channel.call(
                "CatalogService/ListTerminalTables",
                request,
                catalog_pb2.ListTerminalTablesResponse,
            )
            found += [tables.table_from_proto(each) for each in answer.tables]
            token = answer.next_page_token
            if not token:
                return found

    async def table_slice(
        self, table: TerminalTable, request: TableRequest, first: int
    ) -> TableSlice:
        """Return the rows behind a place, which is one of the agent's. Errors: INVALID_CURSOR."""
        del table, first  # the place says where it begins
        token = "" if request.after is None else token_of(request.scope, request.after)
        answer = await self._channel.call(
            "CatalogService/ListTableRows",
            tables.request_to_proto(request, token),
            catalog_pb2.ListTableRowsResponse,
        )
        # Without a place nothing is asked behind it: no version is missed on the last page.
        place = after_token(request.scope, answer.next_page_token) or request.after or ""
        return tables.slice_from_proto(answer.page, place.rpartition(":")[0])

    async def broker_queues(self, request: BrokerQueueRequest) -> Sequence[BrokerQueue]:
        """Return the newest queues of a share in Hong Kong, oldest first."""
        answer = await self._channel.call(
            "HongKongService/ListBrokerQueues",
            hong_kong.request_to_proto(request),
            hong_kong_pb2.ListBrokerQueuesResponse,
        )
        return [hong_kong.queue_from_proto(each) for each in answer.queues]

    async def brokers(self) -> Sequence[Broker]:
        """Return the brokers of Hong Kong by number."""
        answer = await self._channel.call(
            "HongKongService/ListBrokers",
            hong_kong_pb2.ListBrokersRequest(),
            hong_kong_pb2.ListBrokersResponse,
        )
        return [hong_kong.broker_from_proto(each) for each in answer.brokers]

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return what an account of futures holds. Errors: UNKNOWN_ACCOUNT."""
        answer = await self._channel.call(
            "AccountService/ListFuturesPositionStatistics",
            accounts_pb2.ListFuturesPositionStatisticsRequest(account_id=account_id),
            accounts_pb2.ListFuturesPositionStatisticsResponse,
        )
        return [statistics_from_proto(each) for each in answer.statistics]


class AgentQuotas:
    """Implements `IpoQuotas`."""

    def __init__(self, channel: Asked) -> None:
        """Ask nothing yet."""
        self._channel = channel

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return an account's quotas of the present day. Errors: UNKNOWN_ACCOUNT."""
        answer = await self._channel.call(
            "AccountService/ListIpoQuotas",
            accounts_pb2.ListIpoQuotasRequest(account_id=account_id),
            accounts_pb2.ListIpoQuotasResponse,
        )
        return [ipos.quota_from_proto(each) for each in answer.quotas]

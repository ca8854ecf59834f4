"""What the agent's terminal lists besides instruments."""

from collections.abc import Sequence
from dataclasses import replace

from quantgraph.backends.remote.agent import Agent
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.errors import GatewayError, NotFound
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.ipos import Ipo, IpoQuota, IpoRequest
from quantgraph.domain.options import OptionChain
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import accounts_pb2, catalog_pb2
from quantgraph.wire import bonds, etfs, futures, ipos, options

_NO_LIST = frozenset({Reason.NO_ETF_LIST, Reason.UNKNOWN_SYMBOL})


class AgentCatalog:
    """Implements `Catalog` and `IpoQuotas`; prices of bonds are put in above, as of any terminal's.

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

    async def option_chain(self, underlying: str) -> OptionChain:
        """Return the contracts on an underlying. Errors: UNKNOWN_SYMBOL."""
        answer = await self._channel.call(
            "CatalogService/GetOptionChain",
            catalog_pb2.GetOptionChainRequest(underlying=underlying),
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

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return an account's quotas of the present day. Errors: UNKNOWN_ACCOUNT."""
        answer = await self._channel.call(
            "AccountService/ListIpoQuotas",
            accounts_pb2.ListIpoQuotasRequest(account_id=account_id),
            accounts_pb2.ListIpoQuotasResponse,
        )
        return [ipos.quota_from_proto(each) for each in answer.quotas]

"""Accounts at the agent's terminal: money and holdings, to be read alone."""

from collections.abc import Sequence
from dataclasses import replace

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import Asked, each_of
from quantgraph.domain.accounts import Account, Asset, Means, Position
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.twins import is_twin
from quantgraph.v1 import accounts_pb2
from quantgraph.wire.accounts import account_from_proto, asset_from_proto, position_from_proto


class AgentAccounts(Accounts):
    """Implements `TerminalAccounts`: the accounts that the agent shows to this gateway's key."""

    def __init__(self, agent: Agent, line: Asked | None = None) -> None:
        """Ask by `line`, which may ask less than the agent's channel does; nothing yet."""
        self._agent = agent
        self._channel = line or agent.channel

    async def accounts(self) -> Sequence[Account]:
        """Return every account but the agent's own paper twins, at the terminal as named here."""
        answer = await self._channel.call(
            "AccountService/ListAccounts",
            accounts_pb2.ListAccountsRequest(),
            accounts_pb2.ListAccountsResponse,
        )
        found = [account_from_proto(each) for each in answer.accounts]
        real = [each for each in found if not is_twin(each.id)]
        return [replace(each, terminal=self._agent.name) for each in real]

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT."""
        return await each_of(self._money, account_ids)

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol. Errors per account: UNKNOWN_ACCOUNT."""
        return await each_of(self._held, account_ids)

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order may use; nobody tells here what was bought today, or is offered."""
        asset = await self.asset(account_id)
        held = [each for each in await self.positions(account_id) if each.symbol == symbol]
        return Means(asset.cash, sum(each.sellable for each in held), None)

    async def _money(self, account_id: str) -> Asset | GatewayError:
        request = accounts_pb2.GetAssetRequest(account_id=account_id)
        try:
            answer = await self._channel.call(
                "AccountService/GetAsset", request, accounts_pb2.GetAssetResponse
            )
        except GatewayError as error:
            return _its_own(error)
        return asset_from_proto(answer.asset)

    async def _held(self, account_id: str) -> Sequence[Position] | GatewayError:
        request = accounts_pb2.ListPositionsRequest(account_id=account_id)
        try:
            answer = await self._channel.call(
                "AccountService/ListPositions", request, accounts_pb2.ListPositionsResponse
            )
        except GatewayError as error:
            return _its_own(error)
        return [position_from_proto(each) for each in answer.positions]


def _its_own(error: GatewayError) -> GatewayError:
    """Return what is wrong with one account alone; raise what is wrong with all."""
    if error.reason is Reason.UNKNOWN_ACCOUNT:
        return error
    raise error

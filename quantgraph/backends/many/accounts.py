"""Accounts of several terminals: each is asked at its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

from quantgraph.backends.many.directory import Directory, accounts_of
from quantgraph.domain.accounts import Account, Asset, Means, Position
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Accounts

T = TypeVar("T")
_Answers: TypeAlias = Sequence[T | GatewayError]


class ManyAccounts(Accounts):
    """Implements `TerminalAccounts`, `IpoQuotas` and `FuturesPositions`.

    Errors beside those of the ports: ACCOUNT_AMBIGUOUS; TERMINAL_OFFLINE of an account whose
    terminal is away, while the others' are served.
    """

    def __init__(self, directory: Directory) -> None:
        """Ask whom the directory names."""
        self._directory = directory

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts of all terminals; see `Directory.accounts`."""
        return await self._directory.accounts()

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account, or why not."""
        return await self._each(account_ids, lambda at, ids: accounts_of(at).assets(ids))

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, or why not."""
        return await self._each(account_ids, lambda at, ids: accounts_of(at).holdings(ids))

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order may use; see `ports.Purses`."""
        terminal = await self._directory.serving(account_id)
        return await terminal.accounts.means(account_id, symbol)

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return an account's quotas of the present day."""
        terminal = await self._directory.serving(account_id)
        quotas = terminal.quotas if terminal.desk is None else terminal.desk.desk.quotas
        return await quotas.ipo_quotas(account_id)

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return what an account of futures holds."""
        terminal = await self._directory.serving(account_id)
        return await terminal.futures_positions.futures_position_statistics(account_id)

    async def _each(
        self,
        account_ids: Sequence[str],
        ask: Callable[[Backend, Sequence[str]], Awaitable[_Answers[T]]],
    ) -> _Answers[T]:
        """Ask each terminal once, about all of its accounts; one that fails costs its own alone."""
        found: dict[str, T | GatewayError] = {}
        groups: dict[str, tuple[Backend, list[str]]] = {}
        for account_id in dict.fromkeys(account_ids):
            try:
                terminal = await self._directory.serving(account_id)
            except GatewayError as error:
                found[account_id] = error
            else:
                groups.setdefault(terminal.name, (terminal, []))[1].append(account_id)

        async def fill(terminal: Backend, ids: list[str]) -> None:
            try:
                found.update(zip(ids, await ask(terminal, ids), strict=True))
            except GatewayError as error:
                found.update(dict.fromkeys(ids, error))

        await asyncio.gather(*(fill(*group) for group in groups.values()))
        return [found[account_id] for account_id in account_ids]

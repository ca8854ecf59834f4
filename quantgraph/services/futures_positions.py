"""Positions of futures where no account holds any: of simulated accounts, and of twins."""

from collections.abc import Sequence

from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.ports.reference import FuturesPositions
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.twins import is_twin


class NoFutures:
    """Implements `FuturesPositions` of accounts that are all for shares: they hold none."""

    def __init__(self, accounts: Accounts) -> None:
        """Ask `accounts` whether there is such an account."""
        self._accounts = accounts

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return nothing. Errors: UNKNOWN_ACCOUNT."""
        await self._accounts.positions(account_id)
        return ()


class TwinnedFutures:
    """Implements `FuturesPositions`: of a real account its terminal's, of a twin none."""

    def __init__(self, real: FuturesPositions, paper: FuturesPositions) -> None:
        """Ask `real` about real accounts, and `paper` about twins."""
        self._real, self._paper = real, paper

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return what an account holds. Errors: those of the port."""
        asked = self._paper if is_twin(account_id) else self._real
        return await asked.futures_position_statistics(account_id)

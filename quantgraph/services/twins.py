"""Paper twins: the accounts that dev mode trades with instead of real ones."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Protocol

import structlog

from quantgraph.domain.accounts import Account, AccountStatus, Asset, Means, Position
from quantgraph.domain.errors import GatewayError, OrderRefused, Unavailable, unknown_account
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.orders import Order
from quantgraph.domain.ports.reference import IpoQuotas
from quantgraph.domain.ports.trading import Accounts, Purses, Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import NewAccount, NewPosition
from quantgraph.domain.streams import SourceState
from quantgraph.domain.terminal import ListedOrder, PlacedOrder, TerminalEvent
from quantgraph.domain.twins import is_twin, real_of, twin_of

NAME = "paper"
# What a holding costs at least, in yuan: dividends can bring a real one to nothing or below.
_LEAST_COST = Decimal("0.01")
_logger = structlog.get_logger(__name__)


def _nobody() -> None:
    """Tell nobody."""


class PaperExchange(Terminal, Accounts, Purses, Protocol):
    """A simulated exchange in which accounts are opened."""

    async def open_account(self, account: NewAccount) -> None:
        """Open an account whose id is free."""
        ...


class Twins:
    """Opens the twin of a real account when it is first asked for, and never again."""

    def __init__(
        self, real: Accounts, paper: PaperExchange, changed: Callable[[], object] = _nobody
    ) -> None:
        """Copy accounts of `real` into `paper`; `changed` is called after what changes there."""
        self.real, self.paper, self.changed = real, paper, changed
        # Whether the exchange has gone on from where it stood: before, it knows no order.
        self.opened = False
        self._opening = asyncio.Lock()
        self._open: set[str] = set()

    async def ready(self, twin_id: str) -> None:
        """Return once a twin is open. Errors: UNKNOWN_ACCOUNT, those of the real terminal.

        SOURCE_UNAVAILABLE while the exchange has not gone on from where it stood.
        """
        if not self.opened:
            text = "The paper exchange is not open yet; try again in a moment."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
        if twin_id in self._open:
            return
        async with self._opening:
            self._open = {each.id for each in await self.paper.accounts()}
            if twin_id not in self._open:
                await self.paper.open_account(await self._copy(twin_id))
                self._open.add(twin_id)
                self.changed()

    async def _copy(self, twin_id: str) -> NewAccount:
        real_id = real_of(twin_id)
        names = {each.id: each.name for each in await self.real.accounts()}
        if real_id not in names or not is_twin(twin_id):
            raise unknown_account(twin_id)
        asset, held = await self.real.asset(real_id), await self.real.positions(real_id)
        return NewAccount(
            account_id=twin_id,
            name=_named(names[real_id]),
            cash=asset.cash + asset.frozen_cash,
            positions=tuple(_position(each) for each in held if each.quantity > 0),
        )


class TwinnedAccounts(Accounts):
    """Implements `Accounts` and `Purses`: real accounts to look at, their twins to trade with."""

    def __init__(self, twins: Twins) -> None:
        """Show both."""
        self._twins = twins

    async def accounts(self) -> Sequence[Account]:
        """Return the real accounts, then their twins."""
        real = await self._twins.real.accounts()
        made = [
            Account(twin_of(each.id), _named(each.name), NAME, AccountStatus.CONNECTED)
            for each in real
        ]
        return [*real, *made]

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT."""
        found: dict[str, Asset | GatewayError] = {}
        found |= await self._unready(account_ids)
        for holder, names in self._split(account_ids, found):
            found |= zip(names, await holder.assets(names), strict=True)
        return [found[each] for each in account_ids]

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol. Errors per account: UNKNOWN_ACCOUNT."""
        found: dict[str, Sequence[Position] | GatewayError] = {}
        found |= await self._unready(account_ids)
        for holder, names in self._split(account_ids, found):
            found |= zip(names, await holder.holdings(names), strict=True)
        return [found[each] for each in account_ids]

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order of a twin may use. Errors: UNKNOWN_ACCOUNT."""
        await self._twins.ready(account_id)
        return await self._twins.paper.means(account_id, symbol)

    async def _unready(self, account_ids: Sequence[str]) -> dict[str, GatewayError]:
        """Open the twins among accounts; return why some cannot be."""
        failed: dict[str, GatewayError] = {}
        for each in account_ids:
            if is_twin(each):
                try:
                    await self._twins.ready(each)
                except GatewayError as error:
                    failed[each] = error
        return failed

    def _split(
        self, account_ids: Sequence[str], failed: Container[str]
    ) -> list[tuple[Accounts, list[str]]]:
        """Return whom to ask for which accounts, those left out that failed."""
        left = [each for each in dict.fromkeys(account_ids) if each not in failed]
        paper = [each for each in left if is_twin(each)]
        real = [each for each in left if not is_twin(each)]
        pairs: list[tuple[Accounts, list[str]]] = [
            (self._twins.real, real),
            (self._twins.paper, paper),
        ]
        return [pair for pair in pairs if pair[1]]


class TwinnedQuotas:
    """Implements `IpoQuotas`: of a real account its terminal's, of a twin by what that holds."""

    def __init__(self, real: IpoQuotas, held: IpoQuotas) -> None:
        """Ask `real` about real accounts, and `held` about twins."""
        self._real, self._held = real, held

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return the quotas of an account. Errors: those of the port."""
        asked = self._held if is_twin(account_id) else self._real
        return await asked.ipo_quotas(account_id)


class InterceptingTerminal:
    """Implements `Terminal` over the paper exchange alone: it knows no other way to send.

    No order is taken while the real market tells nothing: its last display would be traded with.
    """

    def __init__(self, twins: Twins, feed: Callable[[], SourceState]) -> None:
        """Ask `feed` whether the real market is there."""
        self._twins, self._feed = twins, feed

    async def place(self, order: Order) -> PlacedOrder:
        """Give an order to the paper exchange. Raises OrderRefused, and then nothing was taken."""
        if not self._feed().connected:
            text = "The real market is away, and paper orders trade with what it shows."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, order_id=order.id)
        try:
            await self._twins.ready(order.account_id)
        except OrderRefused:
            raise
        except GatewayError as error:
            raise OrderRefused(Reason.TERMINAL_REFUSED, error.message) from error
        placed = await self._twins.paper.place(order)
        self._twins.changed()
        _logger.info("order_intercepted", order_id=order.id, broker_order_id=placed.broker_order_id)
        return placed

    async def withdraw(self, order: Order) -> None:
        """Cancel at the paper exchange."""
        await self._twins.ready(order.account_id)
        await self._twins.paper.withdraw(order)
        self._twins.changed()

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Return the paper orders that bear a tag."""
        await self._twins.ready(account_id)
        return await self._twins.paper.find(account_id, tag)

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return a twin's orders of today; of a real account none: they are not ours to follow."""
        if not is_twin(account_id):
            return ()
        await self._twins.ready(account_id)
        return await self._twins.paper.orders_today(account_id)

    async def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield what the paper exchange reports, until closed."""
        async with aclosing(self._twins.paper.reports()) as events:
            async for event in events:
                self._twins.changed()
                yield event


def _named(name: str) -> str:
    return f"{name} (paper)"


def _position(held: Position) -> NewPosition:
    cost = max(held.cost_price, _LEAST_COST)
    return NewPosition(held.symbol, held.quantity, cost, held.quantity - held.sellable)

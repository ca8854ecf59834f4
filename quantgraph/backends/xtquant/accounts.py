"""Accounts as the real terminal states them: money, holdings, and what an order may use."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from quantgraph.backends.xtquant.logins import AccountState
from quantgraph.backends.xtquant.records import Record, money
from quantgraph.backends.xtquant.session import AccountRef
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.accounts import Account, AccountStatus, Asset, Means, Position
from quantgraph.domain.errors import (
    GatewayError,
    TradingDisabled,
    Unavailable,
    unknown_account,
)
from quantgraph.domain.orders import plain_price
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

T = TypeVar("T")
NAME = "xtquant"
_COST = Decimal("0.0001")


class XtAccounts(Accounts):
    """Implements `Accounts` and `Purses`; nothing here can reach an order function.

    An answer that is missing is never taken for an account without money or holdings.
    """

    def __init__(self, link: TraderLink) -> None:
        """Ask over `link`."""
        self._link = link

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts that are served. Errors: SOURCE_UNAVAILABLE before the first login.

        Those of a terminal that has gone are known still: their orders can be read.
        """
        return [
            Account(account_id, each.name, NAME, self._status(each))
            for account_id, each in self._known().items()
        ]

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE."""
        return await asyncio.gather(*(self._told(self._asset, each) for each in account_ids))

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account. Errors per account: as for money."""
        return await asyncio.gather(*(self._told(self._holdings, each) for each in account_ids))

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for the symbol may use; the terminal does not tell what was bought.

        Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE; ACCOUNT_DISCONNECTED where it takes no orders.
        """
        state = self._state(account_id)
        if state.closed is not None:
            raise TradingDisabled(Reason.ACCOUNT_DISCONNECTED, state.closed)
        asset = await self._asset(account_id)
        rows = await self._rows(state.ref)
        held = [each for each in rows if each.stock_code == symbol]
        sellable = sum(each.can_use_volume for each in held)
        return Means(asset.cash, sellable, None, sum(each.frozen_volume for each in held))

    async def _told(self, ask: Callable[[str], Awaitable[T]], account_id: str) -> T | GatewayError:
        try:
            return await ask(account_id)
        except GatewayError as error:
            return error

    async def _asset(self, account_id: str) -> Asset:
        record = await self._link.ask(
            "query_stock_asset_async", lambda told: told, self._state(account_id).ref
        )
        if record is None:
            raise _untold("the money")
        sums = [money(getattr(record, name)) for name in _SUMS]
        cash, frozen, market, total = sums
        if cash is None or frozen is None or market is None or total is None:
            raise _untold("the money")
        return Asset(account_id, cash, frozen, market, total, Source.TERMINAL)

    async def _holdings(self, account_id: str) -> Sequence[Position]:
        ref = self._state(account_id).ref
        rows = await self._rows(ref)
        # An empty list may be a failure: what is worth money is held.
        if not rows and (await self._asset(account_id)).market_value > 0:
            raise _untold("the holdings")
        held = [_position(account_id, each) for each in rows if each.volume > 0]
        return sorted(held, key=lambda each: each.symbol)

    async def _rows(self, ref: AccountRef) -> list[Record]:
        return await self._link.ask(
            "query_stock_positions_async", lambda told: list(told or ()), ref
        )

    def _known(self) -> dict[str, AccountState]:
        if self._link.accounts is None:
            raise away()
        return dict(self._link.accounts)

    def _state(self, account_id: str) -> AccountState:
        found = self._known().get(account_id)
        if found is None:
            raise unknown_account(account_id)
        if not self._link.up:
            raise away()
        return found

    def _status(self, state: AccountState) -> AccountStatus:
        served = self._link.up and state.closed is None
        return AccountStatus.CONNECTED if served else AccountStatus.DISCONNECTED


_SUMS = ("cash", "frozen_cash", "market_value", "total_asset")


def _untold(what: str) -> GatewayError:
    text = f"The terminal does not tell {what} of the account now; ask again."
    return Unavailable(Reason.SOURCE_UNAVAILABLE, text)


def _position(account_id: str, record: Record) -> Position:
    cost = money(record.avg_price, _COST) or money(record.open_price, _COST) or Decimal(0)
    last = money(record.last_price, Decimal("0.001"))
    # Without a price the terminal writes 0 for it, for the value and for the profit.
    priced = last is not None and last > 0
    return Position(
        account_id=account_id,
        symbol=record.stock_code,
        quantity=record.volume,
        sellable=record.can_use_volume,
        cost_price=plain_price(cost),
        last_price=plain_price(last) if priced and last is not None else None,
        market_value=money(record.market_value) if priced else None,
        profit=money(record.float_profit) if priced else None,
        source=Source.TERMINAL,
    )

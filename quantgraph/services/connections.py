"""Which accounts take orders: a switch on top of what the terminal says, in a durable log."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from quantgraph.domain.accounts import (
    Account,
    AccountStatus,
    Asset,
    Connection,
    Means,
    Position,
    StatusChange,
    StatusLog,
)
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, TradingDisabled, Unavailable, unknown_account
from quantgraph.domain.ports.trading import Accounts, Purses
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import AccountEvent, LogCursor, SourceState, StreamKind
from quantgraph.services.log_stream import LogStream, Mark
from quantgraph.services.workers import Workers


class Holder(Accounts, Purses, Protocol):
    """A terminal's accounts, and what their orders may use."""


@dataclass(frozen=True, slots=True)
class SwitchParts:
    """What the switch needs: its log, workers, time, and whether the terminal reports."""

    log: StatusLog
    workers: Workers
    clock: Clock
    connected: Callable[[], bool]


class SwitchedAccounts(Accounts):
    """Implements `Accounts`, `Purses` and `Connections` over a terminal's accounts."""

    def __init__(self, inner: Holder, parts: SwitchParts) -> None:
        """Begin with what the log says; reading it blocks, so do this before the loop is busy."""
        self._inner = inner
        self._parts = parts
        self._last = dict(parts.log.present())
        self._stream = StatusStream(parts.log, parts.workers, self._source)
        self._changing = asyncio.Lock()
        self._running: set[asyncio.Task[Connection]] = set()

    def drain(self) -> None:
        """End every stream: the gateway is stopping."""
        self._stream.close()

    def pulse(self) -> None:
        """Tell every reader at once whether the terminal reports."""
        self._stream.pulse()

    async def close(self) -> None:
        """Finish the changes on their way."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def accounts(self) -> Sequence[Account]:
        """Return every account with the status that orders meet."""
        return [self._switched(each) for each in await self._stated()]

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Pass on: disconnected accounts are read as before."""
        return await self._inner.assets(account_ids)

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Pass on: disconnected accounts are read as before."""
        return await self._inner.holdings(account_ids)

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order may use. Errors: UNKNOWN_ACCOUNT, ACCOUNT_DISCONNECTED."""
        means = await self._inner.means(account_id, symbol)
        if self._off(account_id):
            text = f"Account {account_id} is disconnected; connect it before it can take orders."
            raise TradingDisabled(Reason.ACCOUNT_DISCONNECTED, text, account_id=account_id)
        return means

    async def connect(self, account_id: str) -> Connection:
        """Take orders for an account; see `ports.Connections`."""
        return await self._unstopped(account_id, AccountStatus.CONNECTED)

    async def disconnect(self, account_id: str) -> Connection:
        """Refuse orders for an account; see `ports.Connections`."""
        return await self._unstopped(account_id, AccountStatus.DISCONNECTED)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        """Stream the status log; see `ports.Connections`."""
        account = await self._account(cursor.account_id)
        async with aclosing(self._stream.events(cursor)) as marks:
            async for mark in marks:
                yield _told(account, mark)

    async def _unstopped(self, account_id: str, status: AccountStatus) -> Connection:
        """Change to the end though the caller may give up: memory and log never differ."""
        task = asyncio.create_task(self._change(account_id, status))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _change(self, account_id: str, status: AccountStatus) -> Connection:
        async with self._changing:
            account = await self._account(account_id)
            served = account.status is AccountStatus.CONNECTED
            if status is AccountStatus.CONNECTED and not served:
                text = f"The terminal {account.terminal} does not serve account {account_id} now."
                raise Unavailable(Reason.SOURCE_UNAVAILABLE, text, account_id=account_id)
            if self._off(account_id) is (status is AccountStatus.DISCONNECTED):
                return Connection(self._switched(account), changed=False)
            change = await self._parts.workers.run(
                self._parts.log.record, account_id, status, self._parts.clock.now()
            )
            self._last[account_id] = change
        self._stream.announce(account_id)
        return Connection(self._switched(account), changed=True)

    async def _stated(self) -> Sequence[Account]:
        """Return the accounts as the terminal states them: away, it serves none."""
        told = await self._inner.accounts()
        if self._parts.connected():
            return told
        return [replace(each, status=AccountStatus.DISCONNECTED) for each in told]

    async def _account(self, account_id: str) -> Account:
        """Return the account as the terminal states it. Errors: UNKNOWN_ACCOUNT."""
        for account in await self._stated():
            if account.id == account_id:
                return account
        raise unknown_account(account_id)

    def _off(self, account_id: str) -> bool:
        last = self._last.get(account_id)
        return last is not None and last.status is AccountStatus.DISCONNECTED

    def _switched(self, account: Account) -> Account:
        off = self._off(account.id)
        return replace(account, status=AccountStatus.DISCONNECTED) if off else account

    def _source(self) -> SourceState:
        times = [each.time for each in self._last.values() if each.time is not None]
        return SourceState(self._parts.connected(), to_ms(max(times)) if times else None, None)


class StatusStream(LogStream[StatusChange, Mark[StatusChange]]):
    """Reads the status log by cursor."""

    query = "accounts"

    async def snapshot(self, account_id: str) -> tuple[Sequence[StatusChange], int]:
        """Return the newest change, and its sequence."""
        last = await self._workers.run(self._last, account_id)
        return [last], last.sequence

    def event(self, mark: Mark[StatusChange]) -> Mark[StatusChange]:
        """Return the mark: who knows the account makes an event of it."""
        return mark

    def _last(self, account_id: str) -> StatusChange:
        newest = self._log.newest(account_id)
        found = self._log.events(account_id, newest - 1, 1) if newest else ()
        return found[0] if found else StatusChange(0, account_id, AccountStatus.CONNECTED, None)


def _told(account: Account, mark: Mark[StatusChange]) -> AccountEvent:
    place = (mark.kind, mark.epoch, mark.sequence)
    if mark.entry is None:
        return AccountEvent(*place, source=mark.source)
    away = mark.kind is StreamKind.SNAPSHOT and account.status is AccountStatus.DISCONNECTED
    status = AccountStatus.DISCONNECTED if away else mark.entry.status
    return AccountEvent(*place, replace(account, status=status), mark.entry.time)

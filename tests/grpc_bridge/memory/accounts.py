"""Accounts in memory: what they hold, may do, and whether they are connected."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from quantgraph.domain.accounts import Account, AccountStatus, Asset, Connection, Position
from quantgraph.domain.errors import (
    EpochChanged,
    GatewayError,
    unknown_account,
)
from quantgraph.domain.futures_positions import (
    FuturesPositionStatistics,
    HedgeFlag,
    PositionDirection,
)
from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.ipos import IpoQuota
from quantgraph.domain.limits import Allowance, TradingLimits, Usage
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import (
    AccountEvent,
    LogCursor,
    StreamKind,
)
from tests.grpc_bridge.memory.bars import SYMBOLS
from tests.grpc_bridge.memory.system import NOW


class MemoryAccounts:
    def __init__(self) -> None:
        self.opened: list[Account] = []

    async def accounts(self) -> Sequence[Account]:
        return [
            *(
                Account(each, f"Account {each}", "sim", AccountStatus.CONNECTED)
                for each in ("sim-1", "sim-2")
            ),
            *self.opened,
        ]

    async def asset(self, account_id: str) -> Asset:
        known_account(account_id)
        money = [Decimal(each) for each in ("900000.00", "1000.00", "99000.50", "1000000.50")]
        return Asset(account_id, *money, Source.SIMULATED)

    async def positions(self, account_id: str) -> Sequence[Position]:
        known_account(account_id)
        cost = Decimal("1500.00")
        return [Position(account_id, "600519.SH", 200, 100, cost, None, None, None,
                         Source.SIMULATED)]  # fmt: skip

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        return [await self.asset(each) for each in account_ids]

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        return [await self.positions(each) for each in account_ids]


def known_account(account_id: str) -> None:
    if account_id not in ("sim-1", "sim-2"):
        raise unknown_account(account_id)


@dataclass
class MemoryConnections:
    """Statuses in a log that streams read by cursor."""

    log: list[Connection] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    readers: int = 0

    def _account(self, account_id: str) -> Account:
        known_account(account_id)
        status = AccountStatus.CONNECTED
        for each in self.log:
            status = each.account.status if each.account.id == account_id else status
        return Account(account_id, "One", "sim", status)

    async def _set(self, account_id: str, status: AccountStatus) -> Connection:
        account = replace(self._account(account_id), status=status)
        done = Connection(account, changed=account != self._account(account_id))
        if done.changed:
            async with self.news:
                self.log.append(done)
                self.news.notify_all()
        return done

    async def connect(self, account_id: str) -> Connection:
        return await self._set(account_id, AccountStatus.CONNECTED)

    async def disconnect(self, account_id: str) -> Connection:
        return await self._set(account_id, AccountStatus.DISCONNECTED)

    async def events(self, cursor: LogCursor) -> AsyncGenerator[AccountEvent, None]:
        account, at, epoch = self._account(cursor.account_id), cursor.after, "log-2"
        if cursor.epoch not in (None, epoch):
            raise EpochChanged(Reason.EPOCH_CHANGED, "Another log.", epoch=epoch)
        self.readers += 1
        try:
            if at is None:
                at = len(self.log)
                yield AccountEvent(StreamKind.SNAPSHOT, epoch, at, account)
            for each in self.log[at:]:
                at += 1
                yield AccountEvent(StreamKind.UPDATE, epoch, at, each.account, NOW)
            yield AccountEvent(StreamKind.CAUGHT_UP, epoch, at)
            while True:
                async with self.news:
                    while len(self.log) <= at:
                        await self.news.wait()
                at += 1
                yield AccountEvent(StreamKind.UPDATE, epoch, at, self.log[at - 1].account, NOW)
        finally:
            self.readers -= 1


class MemoryAllowances:
    """The same limits for every account, each of another size."""

    async def allowance(self, account_id: str) -> Allowance:
        known_account(account_id)
        money = [Decimal(f"{number}000.50") for number in range(1, 4)]
        limits = TradingLimits(
            4, 400, money[0], 500, 600, money[1], money[2], Decimal("0.05"), Decimal("5000.00"),
            frozenset(SYMBOLS), frozenset({"000002.SZ"}),
        )  # fmt: skip
        return Allowance(
            account_id, NOW.date(), limits, Usage(2, 20, Decimal("10.10"), Decimal("20.20"))
        )


class MemoryIpoQuotas:
    """Two quotas, one of them of a whole exchange."""

    async def ipo_quotas(self, account_id: str) -> list[IpoQuota]:
        known_account(account_id)
        return [
            IpoQuota(Market.SH, Board.STAR, 5_000, Source.SIMULATED),
            IpoQuota(Market.SZ, None, 0, Source.SIMULATED),
        ]


class MemoryFuturesPositions:
    """A row per symbol, and one that tells next to nothing."""

    def __init__(self, symbols: Sequence[str] = ("IF2303.CFFEX",)) -> None:
        self._symbols = symbols

    async def futures_position_statistics(self, account_id: str) -> list[FuturesPositionStatistics]:
        known_account(account_id)
        names = [each.name for each in fields(FuturesPositionStatistics)]
        told: dict[str, Any] = {name: Decimal("12.50") for name in names[18:35]}
        told |= dict.fromkeys(names[35:41], 0.25) | dict.fromkeys(names[10:18], 3)
        told |= {"direction": PositionDirection.LONG, "hedge_flag": HedgeFlag.HEDGE}
        told |= {"account_id": account_id, "exchange": "IF", "exchange_name": "中金所"}
        told |= {"symbol": "IF2303.CFFEX", "contract": "IF2303", "contract_name": "沪深2303"}
        told |= {"product": "IF", "product_name": "沪深300股指期货", "expiry": date(2023, 3, 17)}
        whole = FuturesPositionStatistics(**told, source=Source.TERMINAL)
        unknown: dict[str, Any] = dict.fromkeys((*names[2:4], *names[5:10], *names[18:42]))
        bare = replace(whole, contract="ag2306")
        rows = [replace(whole, symbol=each) for each in self._symbols]
        return [*rows, replace(bare, **unknown)]

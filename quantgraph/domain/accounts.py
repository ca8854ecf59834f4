"""Who trades, with what money, and what is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from quantgraph.domain.sources import Source


class AccountStatus(StrEnum):
    """Whether new orders of the account are taken now: nobody disconnected it, it is served."""

    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a terminal."""

    id: str
    name: str
    terminal: str
    status: AccountStatus


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """A page of accounts by id; `after` is the last id of the page before.

    Each filter None means all; `first` None means everything that follows.
    """

    ids: frozenset[str] | None = None
    terminal: str | None = None
    status: AccountStatus | None = None
    first: int | None = None
    after: str | None = None

    def scope(self) -> str:
        """Return which list this is a page of: a cursor is good for that list only."""
        chosen = None if self.ids is None else sorted(self.ids)
        return repr(("accounts", chosen, self.terminal, self.status))

    def takes(self, account: Account) -> bool:
        """Return whether the account passes every filter."""
        return (
            (self.ids is None or account.id in self.ids)
            and self.terminal in (None, account.terminal)
            and self.status in (None, account.status)
        )


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Accounts by id, and whether more follow."""

    accounts: tuple[Account, ...]
    more: bool


def account_page(seen: Sequence[Account], query: AccountQuery) -> AccountPage:
    """Return the page out of all accounts that the caller sees; a cursor names an id."""
    rest = [
        each
        for each in sorted(seen, key=lambda each: each.id)
        if (query.after is None or each.id > query.after) and query.takes(each)
    ]
    first = len(rest) if query.first is None else query.first
    return AccountPage(tuple(rest[:first]), len(rest) > first)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One entry of an account's status log; `time` None: before the first of them."""

    sequence: int
    account_id: str
    status: AccountStatus
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Connection:
    """The answer to a connect or disconnect. `changed` False: it was so already."""

    account: Account
    changed: bool


class StatusLog(Protocol):
    """Every change of every account's status, durable when a call returns. Every method blocks.

    It is the gateway's own: a simulated world that starts over leaves it as it is. Errors:
    Unavailable STORE_UNAVAILABLE where it cannot be written.
    """

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here."""
        ...

    def record(self, account_id: str, status: AccountStatus, time: datetime) -> StatusChange:
        """Record a change."""
        ...

    def present(self) -> Mapping[str, StatusChange]:
        """Return the newest change of each account that has one."""
        ...

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        ...

    def events(self, account_id: str, after: int, limit: int) -> Sequence[StatusChange]:
        """Return up to `limit` changes of an account after a sequence, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Asset:
    """Money of an account, in yuan. `cash` is free to spend; `total` = cash + frozen + market."""

    account_id: str
    cash: Decimal
    frozen_cash: Decimal
    market_value: Decimal
    total: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class Means:
    """What one order may use now: free cash in yuan, and shares of its symbol to sell.

    `bought`: shares of it bought today and those of open buys; None where the terminal cannot say.
    `offered`: shares of it in open sells, which `sellable` leaves out.
    """

    cash: Decimal
    sellable: int
    bought: int | None
    offered: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """One holding. `sellable` leaves out shares bought today (T+1) and shares in open sells.

    Prices and money in yuan; `last_price`, `market_value` and `profit` are None without a quote.
    """

    account_id: str
    symbol: str
    quantity: int
    sellable: int
    cost_price: Decimal
    last_price: Decimal | None
    market_value: Decimal | None
    profit: Decimal | None
    source: Source


@dataclass(frozen=True, slots=True)
class PositionQuery:
    """A page of holdings by symbol; `after` is the last symbol of the page before.

    `symbols` None means all; `first` None means everything that follows.
    """

    account_id: str
    symbols: frozenset[str] | None = None
    first: int | None = None
    after: str | None = None

    def scope(self) -> str:
        """Return which list this is a page of: a cursor is good for that list only."""
        chosen = None if self.symbols is None else sorted(self.symbols)
        return repr(("positions", self.account_id, chosen))


@dataclass(frozen=True, slots=True)
class PositionPage:
    """Holdings by symbol, and whether more follow."""

    positions: tuple[Position, ...]
    more: bool


def position_page(held: Sequence[Position], query: PositionQuery) -> PositionPage:
    """Return the page out of all holdings of the account.

    A cursor names a symbol, not a place: what is sold out meanwhile leaves the others where they
    are.
    """
    rest = [
        each
        for each in sorted(held, key=lambda each: each.symbol)
        if (query.after is None or each.symbol > query.after)
        and (query.symbols is None or each.symbol in query.symbols)
    ]
    first = len(rest) if query.first is None else query.first
    return PositionPage(tuple(rest[:first]), len(rest) > first)

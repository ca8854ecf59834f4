"""Who trades, with what money, and what is held."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quantgraph.domain.sources import Source


class AccountStatus(StrEnum):
    """Whether the terminal serves the account now."""

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
    """What one order may use now: free cash in yuan, and shares of its symbol to sell."""

    cash: Decimal
    sellable: int


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

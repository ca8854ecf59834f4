"""Whoever keeps accounts and the journal of their orders: this gateway, or another for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.ports.controls import Controls
from quantgraph.domain.ports.reference import IpoQuotas
from quantgraph.domain.ports.trading import (
    Accounts,
    Allowances,
    Batches,
    Connections,
    Fills,
    Portfolio,
    Previews,
    Trading,
)
from quantgraph.domain.system import Mode


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is asked of accounts and their orders, as ports; an account has one desk.

    Every promise about orders is kept here: what stands above it neither journals nor judges.
    """

    accounts: Accounts
    connections: Connections
    controls: Controls
    trading: Trading
    batches: Batches
    previews: Previews
    allowances: Allowances
    fills: Fills
    portfolio: Portfolio
    quotas: IpoQuotas


@dataclass(frozen=True, slots=True)
class FarDesk:
    """A desk that another gateway keeps, and how it looks from here; nothing here waits.

    `mode`: that of the other gateway, None before it has said so. `status`: where all of its
    trading stands, DISCONNECTED while it is away. `problems`: what keeps orders from it, by part.
    `drain` ends its streams.
    """

    desk: Desk
    mode: Callable[[], Mode | None]
    status: Callable[[], TradingStatus]
    problems: Callable[[], Mapping[str, str]]
    drain: Callable[[], None]

"""Whoever keeps accounts and the journal of their orders: this gateway, or another for it."""

from dataclasses import dataclass

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

"""What an account may do, and what it has used of that."""

from datetime import date
from decimal import Decimal

import strawberry

from quantgraph.domain import limits as domain
from schema.scalars import Long, Symbol


@strawberry.type(description="What an account has used of its limits. Money in yuan.")
class LimitUsage:
    actions_last_second: int = strawberry.field(
        description="Submits, approvals and cancels within the last second of the gateway's clock."
    )
    actions_today: int = strawberry.field(
        description="Submits, approvals and cancels of the trading day."
    )
    traded_value: Decimal = strawberry.field(
        description="Value of today's executions, buys and sells."
    )
    open_value: Decimal = strawberry.field(
        description="What open orders may still trade at worst, those of unknown fate in full."
    )
    daily_value: Decimal = strawberry.field(
        description="Both together: what counts against the daily value."
    )

    @classmethod
    def from_domain(cls, used: domain.Usage) -> "LimitUsage":
        """Show what is used."""
        return cls(
            actions_last_second=used.actions_last_second,
            actions_today=used.actions_today,
            traded_value=used.traded_value,
            open_value=used.open_value,
            daily_value=used.daily_value,
        )


@strawberry.type(
    description="The limits that the operator has set for an account, and what is used of them. A "
    "limit that is null is not set. Money in yuan, quantities in shares."
)
class TradingLimits:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    trading_day: date = strawberry.field(description="The day that `used` is of.")
    actions_per_second: int = strawberry.field(
        description="Submits, approvals and cancels within any second of the gateway's clock."
    )
    actions_per_day: int = strawberry.field(
        description="Submits, approvals and cancels of a day; first cancels of open orders pass it."
    )
    order_value: Decimal | None = strawberry.field(
        description="Value of one order; a market order counts at the top of the day's band."
    )
    order_quantity: Long | None = strawberry.field(description="Shares of one order.")
    position_quantity: Long | None = strawberry.field(
        description="Shares of one symbol, held and in open buys."
    )
    position_value: Decimal | None = strawberry.field(
        description="Value of one symbol, held and in open buys."
    )
    daily_value: Decimal | None = strawberry.field(
        description="Value of today's executions and all open orders."
    )
    price_distance: Decimal | None = strawberry.field(
        description="Of a limit price from the last price, as a share of it: 0.05 is 5 percent."
    )
    approval_above: Decimal | None = strawberry.field(
        description="Value of one order above which it waits until another key approves it."
    )
    symbols_allowed: list[Symbol] = strawberry.field(
        description="The symbols that it may trade, sorted; empty: all."
    )
    symbols_blocked: list[Symbol] = strawberry.field(
        description="The symbols that it may never trade, sorted."
    )
    used: LimitUsage = strawberry.field(description="What is used of them now.")

    @classmethod
    def from_domain(cls, allowance: domain.Allowance) -> "TradingLimits":
        """Show an account's limits."""
        limits = allowance.limits
        return cls(
            account_id=strawberry.ID(allowance.account_id),
            trading_day=allowance.day,
            actions_per_second=limits.actions_per_second,
            actions_per_day=limits.actions_per_day,
            order_value=limits.order_value,
            order_quantity=_long(limits.order_quantity),
            position_quantity=_long(limits.position_quantity),
            position_value=limits.position_value,
            daily_value=limits.daily_value,
            price_distance=limits.price_distance,
            approval_above=limits.approval_above,
            symbols_allowed=[Symbol(each) for each in sorted(limits.symbols_allowed)],
            symbols_blocked=[Symbol(each) for each in sorted(limits.symbols_blocked)],
            used=LimitUsage.from_domain(allowance.used),
        )


def _long(shares: int | None) -> Long | None:
    return None if shares is None else Long(shares)

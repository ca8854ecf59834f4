"""The limits of accounts in config.toml: those of all, and what single accounts have instead."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quantgraph.domain.limits import LimitTable, TradingLimits


def _empty(value: object) -> object:
    return None if value == "" else value


# TOML has no null: an empty text sets no limit.
Shares = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_empty)]
Money = Annotated[Annotated[Decimal, Field(gt=0)] | None, BeforeValidator(_empty)]
Symbols = frozenset[Annotated[str, Field(pattern=r"^[0-9A-Za-z]+\.[A-Z]+$")]]


class AccountLimits(BaseModel):
    """What accounts may do; see `domain.limits.TradingLimits`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actions_per_second: Annotated[int, Field(gt=0)] = 5
    actions_per_day: Annotated[int, Field(gt=0)] = 500
    order_value: Money = None
    order_quantity: Shares = None
    position_quantity: Shares = None
    position_value: Money = None
    daily_value: Money = None
    price_distance: Money = None
    approval_above: Money = None
    symbols_allowed: Symbols = frozenset()
    symbols_blocked: Symbols = frozenset()


class NamedLimits(AccountLimits):
    """What one account has instead; keys that are absent are as for all."""

    id: Annotated[str, Field(min_length=1)]

    def over(self, others: AccountLimits) -> TradingLimits:
        """Return the account's limits where all others have `others`."""
        own = self.model_dump(include=self.model_fields_set - {"id"})
        changed: dict[str, Any] = {**others.model_dump(), **own}
        return TradingLimits(**changed)


def limit_table(others: AccountLimits, named: Iterable[NamedLimits]) -> LimitTable:
    """Return the limits of every account."""
    return LimitTable(
        TradingLimits(**others.model_dump()), {each.id: each.over(others) for each in named}
    )

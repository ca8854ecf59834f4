"""[rules] and [calendar] of config.toml: which rules may be relied on, and what orders cost."""

from datetime import date
from decimal import Decimal

from pydantic import field_validator, model_validator

from quantgraph.domain.rules.fees import Commission, FeeSchedule
from quantgraph.domain.rules.tables import unverified_names
from quantgraph.wires import Section


class RulesConfig(Section):
    """What prod may rely on although nobody has verified it, and the broker's commission."""

    accept_unverified: tuple[str, ...] = ()
    commission_rate: Decimal = Commission().rate
    commission_minimum: Decimal = Commission().minimum
    commission_includes_exchange_fees: bool = True

    @field_validator("accept_unverified")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - unverified_names())
        if unknown:
            known = ", ".join(sorted(unverified_names()))
            raise ValueError(f"no unverified rule is called {unknown[0]!r}; there are {known}")
        return value

    @model_validator(mode="after")
    def _legal(self) -> "RulesConfig":
        Commission(self.commission_rate, self.commission_minimum)  # raises above the legal cap
        return self

    @property
    def fees(self) -> FeeSchedule:
        """What orders cost, for the guard and the simulated exchange alike."""
        commission = Commission(self.commission_rate, self.commission_minimum)
        return FeeSchedule(commission, self.commission_includes_exchange_fees)


class CalendarConfig(Section):
    """Trading days beyond what exchange_calendars knows."""

    covered_until: date | None = None
    closures: tuple[date, ...] = ()

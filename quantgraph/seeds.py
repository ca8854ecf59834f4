"""What a simulated world begins with, in config.toml: accounts, and incidents."""

from collections import Counter
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.incidents import IncidentSetting
from quantgraph.wires import Positive, Section


def _parsed(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            IncidentSetting.parse(value)
        except GatewayError as error:
            raise ValueError(error.message) from None
    return values


Faults = Annotated[tuple[str, ...], AfterValidator(_parsed)]


class SeedPosition(Section):
    """A holding that a mock account starts with; `bought` of it today, sellable tomorrow (T+1)."""

    symbol: str
    quantity: Positive
    cost_price: Annotated[Decimal, Field(ge=0)]
    bought: Annotated[int, Field(ge=0)] = 0


class SeedAccount(Section):
    """A mock account as it is at the start of a simulated world."""

    id: str
    name: str
    cash: Annotated[Decimal, Field(ge=0)]
    positions: tuple[SeedPosition, ...] = ()


class VenueConfig(Section):
    """A simulated terminal of its own: what it has otherwise than [mock] says."""

    seed: int | None = None
    accounts: tuple[SeedAccount, ...] = ()
    faults: Faults = ()


def default_accounts() -> tuple[SeedAccount, ...]:
    """Return what a world begins with that was given nothing."""
    holdings = (
        SeedPosition(symbol="600519.SH", quantity=200, cost_price=Decimal("1500.00")),
        SeedPosition(symbol="000001.SZ", quantity=5_000, cost_price=Decimal("12.50")),
    )
    return (
        SeedAccount(
            id="sim-1", name="Simulated account", cash=Decimal(1_000_000), positions=holdings
        ),
    )


def twice(names: list[str]) -> str | None:
    """Return a name that is there more than once."""
    return next((name for name, count in Counter(names).items() if count > 1), None)

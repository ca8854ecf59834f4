"""Convertible bonds, and what they are worth as shares."""

from datetime import date

import strawberry

from quantgraph.domain import bonds as domain
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Symbol

_TERM = "null where the source does not tell it."


@strawberry.type(description="A convertible bond (可转债).")
class ConvertibleBond:
    symbol: Symbol = strawberry.field(description="Code with market.")
    name: str | None = strawberry.field(description=f"Chinese short name; {_TERM}")
    stock_symbol: Symbol = strawberry.field(description="The share it converts into (正股).")
    par_value: float = strawberry.field(description="Face value of one bond, yuan.")
    conversion_price: float | None = strawberry.field(
        description=f"Present conversion price, yuan per share (转股价); {_TERM}"
    )
    initial_price: float | None = strawberry.field(
        description=f"Conversion price at issue, yuan per share; {_TERM}"
    )
    conversion_start: date | None = strawberry.field(description=f"First day of it; {_TERM}")
    conversion_end: date | None = strawberry.field(description=f"Last day of it; {_TERM}")
    issue_date: date | None = strawberry.field(description=f"Day of issue; {_TERM}")
    list_date: date | None = strawberry.field(description=f"First trading day; {_TERM}")
    maturity_date: date | None = strawberry.field(description=f"Day of maturity; {_TERM}")
    issue_amount: float | None = strawberry.field(description=f"Amount issued, yuan; {_TERM}")
    outstanding: float | None = strawberry.field(
        description=f"Amount not yet converted or redeemed, yuan; {_TERM}"
    )
    source: Source = strawberry.field(description="Where these terms come from.")
    price: float | None = strawberry.field(
        description="Last price of the bond, yuan; null without a quote."
    )
    conversion_value: float | None = strawberry.field(
        description="What the shares of one bond are worth at their last price, yuan (转股价值); "
        "null without a quote."
    )
    premium: float | None = strawberry.field(
        description="Price / conversion value - 1, as a fraction (转股溢价率); null where one is."
    )

    @strawberry.field(description="The bond as an instrument, with quote and bars.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @strawberry.field(description="The share; null where nothing is known of it.")
    async def stock(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.stock_symbol)

    @classmethod
    def from_domain(cls, value: domain.BondValue) -> "ConvertibleBond":
        """Show a domain bond with its value."""
        bond = value.bond
        return cls(
            symbol=Symbol(bond.symbol),
            name=bond.name,
            stock_symbol=Symbol(bond.stock_symbol),
            par_value=bond.par_value,
            conversion_price=bond.conversion_price,
            initial_price=bond.initial_price,
            conversion_start=bond.conversion_start,
            conversion_end=bond.conversion_end,
            issue_date=bond.issue_date,
            list_date=bond.list_date,
            maturity_date=bond.maturity_date,
            issue_amount=bond.issue_amount,
            outstanding=bond.outstanding,
            source=bond.source,
            price=value.price,
            conversion_value=value.conversion_value,
            premium=value.premium,
        )

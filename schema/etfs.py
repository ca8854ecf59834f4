"""What a fund is created from and redeemed into."""

import datetime as dt

import strawberry

from quantgraph.domain import etfs as domain
from quantgraph.domain.etfs import CashSubstitution
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Long, Symbol

_SAID = "null where the list does not say it."


@strawberry.type(description="One component of a creation unit.")
class EtfComponent:
    symbol: Symbol = strawberry.field(description="Code with market.")
    name: str | None = strawberry.field(description=f"Chinese short name; {_SAID}")
    quantity: Long = strawberry.field(description="Shares per creation unit (成份股数量).")
    substitution: CashSubstitution = strawberry.field(
        description="Whether cash may stand for it (现金替代标志)."
    )
    creation_premium: float | None = strawberry.field(
        description=f"Premium on cash at creation, as a fraction (申购现金替代溢价比率); {_SAID}"
    )
    creation_amount: float | None = strawberry.field(
        description=f"Cash at creation without the premium, yuan (申购替代金额); {_SAID}"
    )
    redemption_discount: float | None = strawberry.field(
        description=f"Discount on cash at redemption, as a fraction (赎回现金替代折价比率); {_SAID}"
    )
    redemption_amount: float | None = strawberry.field(
        description=f"Cash at redemption without the discount, yuan (赎回替代金额); {_SAID}"
    )

    @strawberry.field(description="The component itself; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.EtfComponent) -> "EtfComponent":
        """Show a domain component."""
        return cls(
            symbol=Symbol(found.symbol),
            name=found.name,
            quantity=Long(found.quantity),
            substitution=found.substitution,
            creation_premium=found.creation_premium,
            creation_amount=found.creation_amount,
            redemption_discount=found.redemption_discount,
            redemption_amount=found.redemption_amount,
        )


@strawberry.type(
    description="What a fund is created from and redeemed into on one trading day (申购赎回清单)."
)
class EtfBasket:
    symbol: Symbol = strawberry.field(description="The fund.")
    name: str | None = strawberry.field(description=f"Chinese short name; {_SAID}")
    date: dt.date = strawberry.field(description="The trading day.")
    creation_unit: Long = strawberry.field(
        description="Fund units per creation unit (最小申购、赎回单位)."
    )
    cash_difference: float | None = strawberry.field(
        description=f"Cash per creation unit on the session before, yuan (现金差额); {_SAID}"
    )
    estimated_cash: float | None = strawberry.field(
        description=f"Cash per creation unit that this list leaves, yuan (预估现金差额); {_SAID}"
    )
    unit_value: float | None = strawberry.field(
        description="Net value per creation unit on the session before, yuan "
        f"(最小申购、赎回单位净值); {_SAID}"
    )
    net_value: float | None = strawberry.field(
        description=f"Net value per fund unit on the session before, yuan (基金份额净值); {_SAID}"
    )
    max_cash_ratio: float | None = strawberry.field(
        description=f"Largest part that may be cash, as a fraction (现金替代比例上限); {_SAID}"
    )
    iopv_published: bool | None = strawberry.field(
        description=f"Whether an indicative value (IOPV) is published; {_SAID}"
    )
    creation_allowed: bool | None = strawberry.field(
        description=f"Whether creation is allowed that day (申购的允许情况); {_SAID}"
    )
    redemption_allowed: bool | None = strawberry.field(
        description=f"Whether redemption is allowed that day (赎回的允许情况); {_SAID}"
    )
    creation_limit: Long | None = strawberry.field(
        description=f"Fund units that may be created that day (申购上限); {_SAID}"
    )
    redemption_limit: Long | None = strawberry.field(
        description=f"Fund units that may be redeemed that day (赎回上限); {_SAID}"
    )
    components: list[EtfComponent] = strawberry.field(description="The components, by symbol.")
    source: Source = strawberry.field(description="Where the list comes from.")

    @strawberry.field(description="The fund as an instrument, with quote and bars.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.EtfBasket) -> "EtfBasket":
        """Show a domain list."""
        return cls(
            symbol=Symbol(found.symbol),
            name=found.name,
            date=found.date,
            creation_unit=Long(found.creation_unit),
            cash_difference=found.cash_difference,
            estimated_cash=found.estimated_cash,
            unit_value=found.unit_value,
            net_value=found.net_value,
            max_cash_ratio=found.max_cash_ratio,
            iopv_published=found.iopv_published,
            creation_allowed=found.creation_allowed,
            redemption_allowed=found.redemption_allowed,
            creation_limit=None if found.creation_limit is None else Long(found.creation_limit),
            redemption_limit=(
                None if found.redemption_limit is None else Long(found.redemption_limit)
            ),
            components=[EtfComponent.from_domain(each) for each in found.components],
            source=found.source,
        )

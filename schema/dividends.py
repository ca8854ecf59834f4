"""Ex-right events: what a share paid, and what it became."""

from datetime import date

import strawberry

from quantgraph.domain import dividends as domain
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Symbol

_ITEM = "null where only the ratio is known."


@strawberry.type(description="One ex-right day (除权除息), per share held before it.")
class Dividend:
    ex_date: date = strawberry.field(
        description="First day on which the price no longer has the right (除权除息日)."
    )
    ratio: float | None = strawberry.field(
        description="Previous close / ex-right reference price (除权因子), 1 or more for a payout; "
        "null where it cannot be told, for example because days before it are missing."
    )
    cumulative_ratio: float | None = strawberry.field(
        description="Product of the ratios of all known events up to this one; null from the first "
        "one on whose ratio is not known."
    )
    cash: float | None = strawberry.field(description=f"Cash before tax, yuan (每股股利); {_ITEM}")
    bonus: float | None = strawberry.field(description=f"Bonus shares (送股); {_ITEM}")
    conversion: float | None = strawberry.field(
        description=f"Shares converted from reserves (转增); {_ITEM}"
    )
    rights: float | None = strawberry.field(description=f"Shares offered (配股); {_ITEM}")
    rights_price: float | None = strawberry.field(
        description=f"Price of an offered share, yuan (配股价); {_ITEM}"
    )
    source: Source = strawberry.field(description="Where the event comes from.")

    @classmethod
    def from_domain(cls, event: domain.DividendEvent) -> "Dividend":
        """Show a domain event."""
        found = event.dividend
        return cls(
            ex_date=found.ex_date,
            ratio=found.ratio,
            cumulative_ratio=event.cumulative,
            cash=found.cash,
            bonus=found.bonus,
            conversion=found.conversion,
            rights=found.rights,
            rights_price=found.rights_price,
            source=found.source,
        )


@strawberry.type(description="The ex-right events of one symbol.")
class DividendHistory:
    symbol: Symbol = strawberry.field(description="Whose events these are.")
    events: list[Dividend] | None = strawberry.field(
        description="Oldest first; null where nobody knows them (adjusted prices are then "
        "ADJUSTMENT_UNAVAILABLE)."
    )

    @strawberry.field(description="The share itself; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, history: domain.DividendHistory) -> "DividendHistory":
        """Show a domain history."""
        events = history.events
        return cls(
            symbol=Symbol(history.symbol),
            events=None if events is None else [Dividend.from_domain(each) for each in events],
        )

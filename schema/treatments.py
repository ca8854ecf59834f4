"""Days of special treatment."""

import datetime as dt

import strawberry

from quantgraph.domain import treatments as domain
from quantgraph.domain.sources import Source
from quantgraph.domain.treatments import TreatmentKind
from schema.scalars import Symbol


@strawberry.type(description="A span of days on which a share was marked ST, *ST or PT (特别处理).")
class SpecialTreatment:
    symbol: Symbol = strawberry.field(description="The share.")
    kind: TreatmentKind = strawberry.field(description="How it was marked.")
    start: dt.date | None = strawberry.field(
        description="First day under this mark; null where the source does not tell it."
    )
    end: dt.date | None = strawberry.field(
        description="First day without this mark, be it another one or none; null while it lasts."
    )
    source: Source = strawberry.field(description="Where this comes from.")

    @classmethod
    def from_domain(cls, found: domain.SpecialTreatment) -> "SpecialTreatment":
        """Show a domain span."""
        return cls(
            symbol=Symbol(found.symbol),
            kind=found.kind,
            start=found.start,
            end=found.end,
            source=found.source,
        )

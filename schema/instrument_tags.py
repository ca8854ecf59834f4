"""Tags of instruments."""

import strawberry

from quantgraph.domain import instrument_tags as domain
from quantgraph.domain.sources import Source
from schema.scalars import Symbol


@strawberry.type(description="Tags that an instrument has.")
class InstrumentTags:
    symbol: Symbol = strawberry.field(description="The instrument.")
    tags: list[str] = strawberry.field(
        description="Those of the asked tags that it has, by name: the vendor's constants in "
        "xtstocktype without XT_, for example GE_EXTRA_ETF."
    )
    source: Source = strawberry.field(description="Where this comes from.")

    @classmethod
    def from_domain(cls, found: domain.InstrumentTags) -> "InstrumentTags":
        """Show an instrument's tags."""
        return cls(symbol=Symbol(found.symbol), tags=list(found.tags), source=found.source)

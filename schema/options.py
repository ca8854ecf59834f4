"""Option chains: underlying → expiries → strikes → call and put."""

from datetime import date

import strawberry

from quantgraph.domain import options as domain
from quantgraph.domain.options import OptionType
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Long, Symbol


@strawberry.type(description="One option contract (期权合约).")
class OptionContract:
    symbol: Symbol = strawberry.field(description="Code with market, eight digits.")
    name: str | None = strawberry.field(description="Chinese short name; null if unknown.")
    type: OptionType = strawberry.field(description="Call or put.")
    strike: float = strawberry.field(description="Strike, yuan per unit of the underlying.")
    expiry: date = strawberry.field(description="Last trading day (到期日).")
    unit: Long | None = strawberry.field(
        description="Units of the underlying per contract (合约单位); null if unknown."
    )
    list_date: date | None = strawberry.field(description="First trading day; null if unknown.")
    source: Source = strawberry.field(description="Where these facts come from.")

    @strawberry.field(description="The contract as an instrument.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.OptionContract | None) -> "OptionContract | None":
        """Show a domain contract."""
        if found is None:
            return None
        return cls(
            symbol=Symbol(found.symbol),
            name=found.name,
            type=found.type,
            strike=found.strike,
            expiry=found.expiry,
            unit=None if found.unit is None else Long(found.unit),
            list_date=found.list_date,
            source=found.source,
        )


@strawberry.type(description="The contracts of one strike.")
class OptionStrike:
    strike: float = strawberry.field(
        description="Strike, yuan per unit of the underlying (行权价)."
    )
    call: OptionContract | None = strawberry.field(
        description="The call (认购); null where none is listed."
    )
    put: OptionContract | None = strawberry.field(
        description="The put (认沽); null where none is listed."
    )


@strawberry.type(description="The strikes of one expiry.")
class OptionExpiry:
    expiry: date = strawberry.field(description="Last trading day of the contracts (到期日).")
    strikes: list[OptionStrike] = strawberry.field(description="Lowest first.")


@strawberry.type(description="The listed contracts on one underlying (期权链).")
class OptionChain:
    underlying: Symbol = strawberry.field(description="The underlying.")
    expiries: list[OptionExpiry] = strawberry.field(
        description="Nearest first; empty where no contract is listed."
    )

    @strawberry.field(description="The underlying as an instrument, with quote and bars.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.underlying)

    @classmethod
    def from_domain(cls, chain: domain.OptionChain) -> "OptionChain":
        """Show a domain chain."""
        expiries = [
            OptionExpiry(expiry=each.expiry, strikes=[_strike(one) for one in each.strikes])
            for each in chain.expiries
        ]
        return cls(underlying=Symbol(chain.underlying), expiries=expiries)


def _strike(found: domain.OptionStrike) -> OptionStrike:
    return OptionStrike(
        strike=found.strike,
        call=OptionContract.from_domain(found.call),
        put=OptionContract.from_domain(found.put),
    )

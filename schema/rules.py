"""What the market rules say of an instrument on a day."""

import datetime as dt
from decimal import Decimal

import strawberry

from quantgraph.domain.rules import daily as domain
from quantgraph.domain.rules.lots import OddLot
from schema.scalars import Symbol

_RULE = "Who states the rule."
_VERIFIED = "False: the rule is known from practice alone; check it before you rely on it."


@strawberry.type(description="How many shares an order may be for.")
class LotRule:
    minimum: int = strawberry.field(description="The smallest order, shares.")
    step: int = strawberry.field(description="Steps above it, shares.")
    limit_most: int = strawberry.field(description="The largest order with a limit price, shares.")
    market_most: int = strawberry.field(
        description="The largest order without a limit price, shares."
    )
    odd_lot: OddLot = strawberry.field(description="How a quantity is sold that does not fit.")
    rule: str = strawberry.field(description=_RULE)
    verified: bool = strawberry.field(description=_VERIFIED)

    @classmethod
    def from_domain(cls, lot: domain.LotTerms) -> "LotRule":
        """Show a domain rule."""
        return cls(
            minimum=lot.minimum,
            step=lot.step,
            limit_most=lot.limit_most,
            market_most=lot.market_most,
            odd_lot=lot.odd_lot,
            rule=lot.rule,
            verified=lot.verified,
        )


@strawberry.type(description="How far a price may go on a day. Prices in yuan.")
class PriceBand:
    up_ratio: Decimal | None = strawberry.field(
        description="How far up, as a share of the previous close; null: the day has no band (a "
        "new listing)."
    )
    down_ratio: Decimal | None = strawberry.field(
        description="How far down, as a share of the previous close; null without a band."
    )
    previous_close: Decimal | None = strawberry.field(
        description="The day's reference price; null where it is not known (yet)."
    )
    lower_limit: Decimal | None = strawberry.field(
        description="Lowest allowed price (跌停价); null without a band or a previous close."
    )
    upper_limit: Decimal | None = strawberry.field(
        description="Highest allowed price (涨停价); null without a band or a previous close."
    )
    rule: str = strawberry.field(description=_RULE)
    verified: bool = strawberry.field(description=_VERIFIED)

    @classmethod
    def from_domain(cls, band: domain.BandTerms) -> "PriceBand":
        """Show a domain rule."""
        return cls(
            up_ratio=band.up,
            down_ratio=band.down,
            previous_close=band.previous_close,
            lower_limit=band.lower,
            upper_limit=band.upper,
            rule=band.rule,
            verified=band.verified,
        )


@strawberry.type(
    description="What an order must keep to on a day. Whether the instrument is suspended is the "
    "quote's to say."
)
class InstrumentRules:
    symbol: Symbol = strawberry.field(description="The instrument.")
    date: dt.date = strawberry.field(description="The day.")
    is_tradable: bool = strawberry.field(
        description="False for an index, before the listing and from the delisting on; all below "
        "is null then."
    )
    price_tick: Decimal | None = strawberry.field(
        description="Smallest price step, yuan; null where no rule is known."
    )
    lot: LotRule | None = strawberry.field(description="Quantities; null where no rule is known.")
    band: PriceBand | None = strawberry.field(description="Prices; null where no rule is known.")

    @classmethod
    def from_domain(cls, rules: domain.InstrumentRules) -> "InstrumentRules":
        """Show domain rules."""
        return cls(
            symbol=Symbol(rules.symbol),
            date=rules.day,
            is_tradable=rules.is_tradable,
            price_tick=rules.price_tick,
            lot=None if rules.lot is None else LotRule.from_domain(rules.lot),
            band=None if rules.band is None else PriceBand.from_domain(rules.band),
        )

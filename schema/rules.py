"""What the market rules say of an instrument on a day."""

import datetime as dt
from decimal import Decimal

import strawberry

from quantgraph.domain.orders import PriceType
from quantgraph.domain.rules import daily as domain
from quantgraph.domain.rules.lots import OddLot
from schema.scalars import Symbol

_RULE = "Who states the rule."
_NAME = "What `rules.accept_unverified` of the configuration calls the rule."
_VERIFIED = "False: the rule is known from practice alone; check it before you rely on it."


@strawberry.type(description="Where a rule comes from.")
class RuleBasis:
    rule: str = strawberry.field(description=_RULE)
    name: str = strawberry.field(description=_NAME)
    verified: bool = strawberry.field(description=_VERIFIED)

    @classmethod
    def from_domain(cls, basis: domain.Basis) -> "RuleBasis":
        """Show where a rule comes from."""
        return cls(rule=basis.rule, name=basis.name, verified=basis.verified)


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
    name: str = strawberry.field(description=_NAME)
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
            rule=lot.basis.rule,
            name=lot.basis.name,
            verified=lot.basis.verified,
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
    name: str = strawberry.field(description=_NAME)
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
            rule=band.basis.rule,
            name=band.basis.name,
            verified=band.basis.verified,
        )


@strawberry.type(
    description="How far beyond the best price an order may be in continuous trading (价格笼子): "
    "the further of both. The best price is the other side's, else the own side's, else the last, "
    "else the previous close."
)
class PriceCage:
    ratio: Decimal | None = strawberry.field(
        description="How far, as a share of the best price; null: there is no cage."
    )
    ticks: int = strawberry.field(description="How far, in steps of the price.")
    basis: RuleBasis = strawberry.field(description="Where the rule comes from.")

    @classmethod
    def from_domain(cls, cage: domain.CageTerms) -> "PriceCage":
        """Show a domain rule."""
        return cls(ratio=cage.rate, ticks=cage.ticks, basis=RuleBasis.from_domain(cage.basis))


@strawberry.type(description="A price type that the exchange takes on a day.")
class PriceTypeRule:
    price_type: PriceType = strawberry.field(description="The price type.")
    in_auctions: bool = strawberry.field(
        description="Whether call auctions take it as well. AFTER_HOURS trades after the close "
        "alone, whenever it is ordered."
    )
    basis: RuleBasis = strawberry.field(description="Where the rule comes from.")

    @classmethod
    def from_domain(cls, terms: domain.PriceTypeTerms) -> "PriceTypeRule":
        """Show a domain rule."""
        return cls(
            price_type=terms.price_type,
            in_auctions=terms.in_auctions,
            basis=RuleBasis.from_domain(terms.basis),
        )


@strawberry.type(
    description="When what was bought can be sold. Proceeds buy again at once, whatever they are."
)
class SettlementRule:
    sellable_after: int = strawberry.field(
        description="Trading days until shares bought can be sold; 0: the same day (T+0)."
    )
    withdrawable_after: int = strawberry.field(
        description="Trading days until the proceeds of a sale can be withdrawn."
    )
    basis: RuleBasis = strawberry.field(description="Where the rule comes from.")

    @classmethod
    def from_domain(cls, terms: domain.SettlementTerms) -> "SettlementRule":
        """Show a domain rule."""
        return cls(
            sellable_after=terms.sellable_after,
            withdrawable_after=terms.withdrawable_after,
            basis=RuleBasis.from_domain(terms.basis),
        )


@strawberry.type(description="How much of a risk-warning share an account may buy in a day.")
class PurchaseLimit:
    most: int = strawberry.field(description="Shares, those of open buys counted.")
    basis: RuleBasis = strawberry.field(description="Where the rule comes from.")

    @classmethod
    def from_domain(cls, quota: domain.QuotaTerms) -> "PurchaseLimit":
        """Show a domain rule."""
        return cls(most=quota.most, basis=RuleBasis.from_domain(quota.basis))


@strawberry.type(description="What stops an instrument without a price band for a while.")
class HaltRule:
    move_ratio: Decimal = strawberry.field(
        description="The first trade so far from the day's open, as a share of it, stops trading."
    )
    minutes: int = strawberry.field(description="For how long.")
    basis: RuleBasis = strawberry.field(description="Where the rule comes from.")

    @classmethod
    def from_domain(cls, halt: domain.HaltTerms) -> "HaltRule":
        """Show a domain rule."""
        return cls(
            move_ratio=halt.move, minutes=halt.minutes, basis=RuleBasis.from_domain(halt.basis)
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
        "is null or empty then."
    )
    price_tick: Decimal | None = strawberry.field(
        description="Smallest price step, yuan; null where no rule is known."
    )
    lot: LotRule | None = strawberry.field(description="Quantities; null where no rule is known.")
    band: PriceBand | None = strawberry.field(description="Prices; null where no rule is known.")
    cage: PriceCage | None = strawberry.field(
        description="Prices in continuous trading; null where no rule is known."
    )
    price_types: list[PriceTypeRule] = strawberry.field(
        description="What the exchange takes; what this gateway's back-end takes of it is in its "
        "capabilities. Empty where no rule is known."
    )
    settlement: SettlementRule | None = strawberry.field(
        description="When shares can be sold again; null where no rule is known."
    )
    purchase_limit: PurchaseLimit | None = strawberry.field(
        description="What an account may buy in a day; null: there is no such limit."
    )
    halts: list[HaltRule] = strawberry.field(
        description="Smallest move first; empty where the day has a band, or no rule is known."
    )

    @classmethod
    def from_domain(cls, rules: domain.InstrumentRules) -> "InstrumentRules":
        """Show domain rules."""
        settled, quota = rules.settlement, rules.quota
        return cls(
            symbol=Symbol(rules.symbol),
            date=rules.day,
            is_tradable=rules.is_tradable,
            price_tick=rules.price_tick,
            lot=None if rules.lot is None else LotRule.from_domain(rules.lot),
            band=None if rules.band is None else PriceBand.from_domain(rules.band),
            cage=None if rules.cage is None else PriceCage.from_domain(rules.cage),
            price_types=[PriceTypeRule.from_domain(each) for each in rules.price_types],
            settlement=None if settled is None else SettlementRule.from_domain(settled),
            purchase_limit=None if quota is None else PurchaseLimit.from_domain(quota),
            halts=[HaltRule.from_domain(each) for each in rules.halts],
        )

"""What would become of an order that is not sent."""

from datetime import datetime
from decimal import Decimal

import strawberry

from quantgraph.domain import previews as domain
from schema.batches import OrderProblem
from schema.orders import Order
from schema.rules import RuleBasis
from schema.scalars import Long


@strawberry.type(
    description="What an order would cost if all of it traded at its worst price. Money in yuan."
)
class CostEstimate:
    price: Decimal = strawberry.field(
        description="The worst price: a limit, else the top of the day's band for a buy, its "
        "bottom for a sell."
    )
    amount: Decimal = strawberry.field(description="That price times the quantity.")
    commission: Decimal = strawberry.field(description="The broker's commission.")
    stamp_duty: Decimal = strawberry.field(description="Stamp duty (印花税), of sells.")
    transfer_fee: Decimal = strawberry.field(
        description="The clearing house's transfer fee (过户费)."
    )
    handling_fee: Decimal = strawberry.field(
        description="The exchange's handling fee (经手费); 0 where the commission includes it."
    )
    regulatory_fee: Decimal = strawberry.field(
        description="The supervisor's fee (证管费); 0 where the commission includes it."
    )
    fees: Decimal = strawberry.field(description="All fees together.")

    @classmethod
    def from_domain(cls, estimate: domain.Estimate) -> "CostEstimate":
        """Show an estimate."""
        fees = estimate.fees
        return cls(
            price=estimate.price,
            amount=estimate.amount,
            commission=fees.commission,
            stamp_duty=fees.stamp,
            transfer_fee=fees.transfer,
            handling_fee=fees.handling,
            regulatory_fee=fees.regulatory,
            fees=fees.total,
        )


@strawberry.type(
    description="What a submit would meet at an instant. Money in yuan, quantities in shares."
)
class OrderPreview:
    time: datetime = strawberry.field(description="The instant, by the gateway's clock.")
    passes: bool = strawberry.field(
        description="Whether a submit would be taken: nothing refuses it, or its key is known."
    )
    refusals: list[OrderProblem] = strawberry.field(
        description="Every refusal; first the one that a submit would be answered with. What "
        "depends on something that is not known is not judged."
    )
    earlier: Order | None = strawberry.field(
        description="The order that this key was used for, with the same body; nothing else was "
        "judged then. Null where the key is free."
    )
    estimate: CostEstimate | None = strawberry.field(
        description="What it would cost; null where its price or quantity is bounded by nothing "
        "or impossible."
    )
    cash_needed: Decimal | None = strawberry.field(
        description="Cash that a buy needs, fees included; null for a sell, and without an "
        "estimate."
    )
    cash: Decimal | None = strawberry.field(
        description="Cash that is free now; null where it was not asked for."
    )
    shares_needed: Long | None = strawberry.field(
        description="Shares that a sell needs; null for a buy."
    )
    sellable: Long | None = strawberry.field(
        description="Shares of the symbol that can be sold now; null where they were not asked for."
    )
    lower_limit: Decimal | None = strawberry.field(
        description="Lowest price of the day (跌停价); null without a band, or where the previous "
        "close is not known."
    )
    upper_limit: Decimal | None = strawberry.field(
        description="Highest price of the day (涨停价); null as above."
    )
    rules: list[RuleBasis] = strawberry.field(
        description="The rules that judged it; a rule that could not be applied is not among them."
    )
    needs_approval: bool = strawberry.field(
        description="Whether it would wait for the approval of another key (`approvalAbove` of "
        "`tradingLimits`)."
    )

    @classmethod
    def from_domain(cls, preview: domain.OrderPreview) -> "OrderPreview":
        """Show a preview."""
        earlier, estimate, band = preview.earlier, preview.estimate, preview.band
        return cls(
            time=preview.time,
            passes=preview.passes,
            refusals=[OrderProblem.from_domain(each) for each in preview.refusals],
            earlier=None if earlier is None else Order.from_domain(earlier),
            estimate=None if estimate is None else CostEstimate.from_domain(estimate),
            cash_needed=preview.cash_needed,
            cash=preview.cash,
            shares_needed=_long(preview.shares_needed),
            sellable=_long(preview.sellable),
            lower_limit=None if band is None else band.low,
            upper_limit=None if band is None else band.high,
            rules=[RuleBasis.from_domain(each) for each in preview.rules],
            needs_approval=preview.needs_approval,
        )


def _long(shares: int | None) -> Long | None:
    return None if shares is None else Long(shares)

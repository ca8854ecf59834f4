"""What would become of an order that is not sent."""

from decimal import Decimal

from quantgraph.domain.previews import Estimate, OrderPreview
from quantgraph.domain.rules.bands import Band
from quantgraph.domain.rules.daily import Basis
from quantgraph.domain.rules.fees import Fees
from quantgraph.v1 import orders_pb2, types_pb2
from quantgraph.wire.failures import failure_from_proto, failure_to_proto
from quantgraph.wire.fields import (
    decimal_from_proto,
    decimal_to_proto,
    instant_from_proto,
    instant_to_proto,
    maybe_decimal,
)
from quantgraph.wire.orders import order_from_proto, order_to_proto


def preview_to_proto(preview: OrderPreview) -> orders_pb2.OrderPreview:
    """Write what a submit would meet."""
    earlier, estimate, band = preview.earlier, preview.estimate, preview.band
    return orders_pb2.OrderPreview(
        time=instant_to_proto(preview.time),
        passes=preview.passes,
        refusals=[failure_to_proto(each) for each in preview.refusals],
        earlier=None if earlier is None else order_to_proto(earlier),
        estimate=None if estimate is None else _estimate_to_proto(estimate),
        cash_needed=_known(preview.cash_needed),
        cash=_known(preview.cash),
        shares_needed=preview.shares_needed,
        sellable=preview.sellable,
        lower_limit=None if band is None else decimal_to_proto(band.low),
        upper_limit=None if band is None else decimal_to_proto(band.high),
        rules=[_rule_to_proto(each) for each in preview.rules],
        needs_approval=preview.needs_approval,
    )


def preview_from_proto(message: orders_pb2.OrderPreview) -> OrderPreview:
    """Read what a submit would meet."""
    has = message.HasField
    low, high = maybe_decimal(message, "lower_limit"), maybe_decimal(message, "upper_limit")
    return OrderPreview(
        time=instant_from_proto(message.time, "time"),
        refusals=tuple(failure_from_proto(each) for each in message.refusals),
        earlier=order_from_proto(message.earlier) if has("earlier") else None,
        estimate=_estimate_from_proto(message.estimate) if has("estimate") else None,
        cash_needed=maybe_decimal(message, "cash_needed"),
        cash=maybe_decimal(message, "cash"),
        shares_needed=message.shares_needed if has("shares_needed") else None,
        sellable=message.sellable if has("sellable") else None,
        band=None if low is None or high is None else Band(low, high),
        rules=tuple(Basis(each.rule, each.name, each.verified) for each in message.rules),
        needs_approval=message.needs_approval,
    )


def _estimate_from_proto(message: orders_pb2.CostEstimate) -> Estimate:
    return Estimate(
        decimal_from_proto(message.price, "price"),
        decimal_from_proto(message.amount, "amount"),
        Fees(
            decimal_from_proto(message.commission, "commission"),
            decimal_from_proto(message.stamp_duty, "stamp_duty"),
            decimal_from_proto(message.transfer_fee, "transfer_fee"),
            decimal_from_proto(message.handling_fee, "handling_fee"),
            decimal_from_proto(message.regulatory_fee, "regulatory_fee"),
        ),
    )


def _estimate_to_proto(estimate: Estimate) -> orders_pb2.CostEstimate:
    fees = estimate.fees
    return orders_pb2.CostEstimate(
        price=decimal_to_proto(estimate.price),
        amount=decimal_to_proto(estimate.amount),
        commission=decimal_to_proto(fees.commission),
        stamp_duty=decimal_to_proto(fees.stamp),
        transfer_fee=decimal_to_proto(fees.transfer),
        handling_fee=decimal_to_proto(fees.handling),
        regulatory_fee=decimal_to_proto(fees.regulatory),
        fees=decimal_to_proto(fees.total),
    )


def _rule_to_proto(basis: Basis) -> orders_pb2.JudgingRule:
    return orders_pb2.JudgingRule(rule=basis.rule, name=basis.name, verified=basis.verified)


def _known(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)

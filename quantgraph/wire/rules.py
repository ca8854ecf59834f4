"""What the market rules say of an instrument on a day."""

from decimal import Decimal

from quantgraph.domain.rules.daily import (
    BandTerms,
    Basis,
    CageTerms,
    HaltTerms,
    InstrumentRules,
    LotTerms,
    PriceTypeTerms,
    QuotaTerms,
    SettlementTerms,
)
from quantgraph.v1 import instruments_pb2, types_pb2
from quantgraph.wire.enums import ODD_LOT, PRICE_TYPE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
)


def rules_to_proto(rules: InstrumentRules) -> instruments_pb2.InstrumentRules:
    """Write the rules of a day."""
    return instruments_pb2.InstrumentRules(
        symbol=rules.symbol,
        date=date_to_proto(rules.day),
        is_tradable=rules.is_tradable,
        price_tick=_written(rules.price_tick),
        lot=None if rules.lot is None else _lot_to_proto(rules.lot),
        band=None if rules.band is None else _band_to_proto(rules.band),
        cage=None if rules.cage is None else _cage_to_proto(rules.cage),
        price_types=[_price_type_to_proto(each) for each in rules.price_types],
        settlement=None if rules.settlement is None else _settlement_to_proto(rules.settlement),
        purchase_limit=None if rules.quota is None else _quota_to_proto(rules.quota),
        halts=[_halt_to_proto(each) for each in rules.halts],
    )


def rules_from_proto(message: instruments_pb2.InstrumentRules) -> InstrumentRules:
    """Read the rules of a day."""
    ticked, limited = message.HasField("price_tick"), message.HasField("purchase_limit")
    return InstrumentRules(
        symbol=message.symbol,
        day=date_from_proto(message.date, "date"),
        is_tradable=message.is_tradable,
        price_tick=decimal_from_proto(message.price_tick, "price_tick") if ticked else None,
        lot=_lot_from_proto(message.lot) if message.HasField("lot") else None,
        band=_band_from_proto(message.band) if message.HasField("band") else None,
        cage=_cage_from_proto(message.cage) if message.HasField("cage") else None,
        price_types=tuple(_price_type_from_proto(each) for each in message.price_types),
        settlement=_settlement_from_proto(message.settlement)
        if message.HasField("settlement")
        else None,
        quota=_quota_from_proto(message.purchase_limit) if limited else None,
        halts=tuple(_halt_from_proto(each) for each in message.halts),
    )


def _lot_to_proto(lot: LotTerms) -> instruments_pb2.LotRule:
    return instruments_pb2.LotRule(
        minimum=lot.minimum,
        step=lot.step,
        limit_most=lot.limit_most,
        market_most=lot.market_most,
        odd_lot=ODD_LOT.to_proto(lot.odd_lot),
        rule=lot.basis.rule,
        verified=lot.basis.verified,
        name=lot.basis.name,
    )


def _lot_from_proto(message: instruments_pb2.LotRule) -> LotTerms:
    sizes = (message.minimum, message.step, message.limit_most, message.market_most)
    odd = ODD_LOT.from_proto(message.odd_lot, "lot.odd_lot")
    return LotTerms(*sizes, odd, Basis(message.rule, message.name, message.verified))


def _band_to_proto(band: BandTerms) -> instruments_pb2.PriceBand:
    return instruments_pb2.PriceBand(
        up_ratio=_written(band.up),
        down_ratio=_written(band.down),
        previous_close=_written(band.previous_close),
        lower_limit=_written(band.lower),
        upper_limit=_written(band.upper),
        rule=band.basis.rule,
        verified=band.basis.verified,
        name=band.basis.name,
    )


def _band_from_proto(message: instruments_pb2.PriceBand) -> BandTerms:
    up, down = message.HasField("up_ratio"), message.HasField("down_ratio")
    close = message.HasField("previous_close")
    lower, upper = message.HasField("lower_limit"), message.HasField("upper_limit")
    return BandTerms(
        up=decimal_from_proto(message.up_ratio, "band.up_ratio") if up else None,
        down=decimal_from_proto(message.down_ratio, "band.down_ratio") if down else None,
        previous_close=decimal_from_proto(message.previous_close, "band.previous_close")
        if close
        else None,
        lower=decimal_from_proto(message.lower_limit, "band.lower_limit") if lower else None,
        upper=decimal_from_proto(message.upper_limit, "band.upper_limit") if upper else None,
        basis=Basis(message.rule, message.name, message.verified),
    )


def _cage_to_proto(cage: CageTerms) -> instruments_pb2.PriceCage:
    return instruments_pb2.PriceCage(
        ratio=_written(cage.rate), ticks=cage.ticks, basis=_basis_to_proto(cage.basis)
    )


def _cage_from_proto(message: instruments_pb2.PriceCage) -> CageTerms:
    caged = message.HasField("ratio")
    rate = decimal_from_proto(message.ratio, "cage.ratio") if caged else None
    return CageTerms(rate, message.ticks, _basis_from_proto(message.basis))


def _price_type_to_proto(terms: PriceTypeTerms) -> instruments_pb2.PriceTypeRule:
    return instruments_pb2.PriceTypeRule(
        price_type=PRICE_TYPE.to_proto(terms.price_type),
        in_auctions=terms.in_auctions,
        basis=_basis_to_proto(terms.basis),
    )


def _price_type_from_proto(message: instruments_pb2.PriceTypeRule) -> PriceTypeTerms:
    kind = PRICE_TYPE.from_proto(message.price_type, "price_types.price_type")
    return PriceTypeTerms(kind, message.in_auctions, _basis_from_proto(message.basis))


def _settlement_to_proto(terms: SettlementTerms) -> instruments_pb2.SettlementRule:
    return instruments_pb2.SettlementRule(
        sellable_after=terms.sellable_after,
        withdrawable_after=terms.withdrawable_after,
        basis=_basis_to_proto(terms.basis),
    )


def _settlement_from_proto(message: instruments_pb2.SettlementRule) -> SettlementTerms:
    days = (message.sellable_after, message.withdrawable_after)
    return SettlementTerms(*days, _basis_from_proto(message.basis))


def _quota_to_proto(quota: QuotaTerms) -> instruments_pb2.PurchaseLimit:
    return instruments_pb2.PurchaseLimit(most=quota.most, basis=_basis_to_proto(quota.basis))


def _quota_from_proto(message: instruments_pb2.PurchaseLimit) -> QuotaTerms:
    return QuotaTerms(message.most, _basis_from_proto(message.basis))


def _halt_to_proto(halt: HaltTerms) -> instruments_pb2.HaltRule:
    return instruments_pb2.HaltRule(
        move_ratio=decimal_to_proto(halt.move),
        minutes=halt.minutes,
        basis=_basis_to_proto(halt.basis),
    )


def _halt_from_proto(message: instruments_pb2.HaltRule) -> HaltTerms:
    move = decimal_from_proto(message.move_ratio, "halts.move_ratio")
    return HaltTerms(move, message.minutes, _basis_from_proto(message.basis))


def _basis_to_proto(basis: Basis) -> instruments_pb2.RuleBasis:
    return instruments_pb2.RuleBasis(rule=basis.rule, name=basis.name, verified=basis.verified)


def _basis_from_proto(message: instruments_pb2.RuleBasis) -> Basis:
    return Basis(message.rule, message.name, message.verified)


def _written(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)

"""What the market rules say of an instrument on a day."""

from decimal import Decimal

from quantgraph.domain.rules.daily import BandTerms, InstrumentRules, LotTerms
from quantgraph.v1 import instruments_pb2, types_pb2
from quantgraph.wire.enums import ODD_LOT
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
    )


def rules_from_proto(message: instruments_pb2.InstrumentRules) -> InstrumentRules:
    """Read the rules of a day."""
    ticked = message.HasField("price_tick")
    return InstrumentRules(
        symbol=message.symbol,
        day=date_from_proto(message.date, "date"),
        is_tradable=message.is_tradable,
        price_tick=decimal_from_proto(message.price_tick, "price_tick") if ticked else None,
        lot=_lot_from_proto(message.lot) if message.HasField("lot") else None,
        band=_band_from_proto(message.band) if message.HasField("band") else None,
    )


def _lot_to_proto(lot: LotTerms) -> instruments_pb2.LotRule:
    return instruments_pb2.LotRule(
        minimum=lot.minimum,
        step=lot.step,
        limit_most=lot.limit_most,
        market_most=lot.market_most,
        odd_lot=ODD_LOT.to_proto(lot.odd_lot),
        rule=lot.rule,
        verified=lot.verified,
    )


def _lot_from_proto(message: instruments_pb2.LotRule) -> LotTerms:
    sizes = (message.minimum, message.step, message.limit_most, message.market_most)
    odd = ODD_LOT.from_proto(message.odd_lot, "lot.odd_lot")
    return LotTerms(*sizes, odd, message.rule, message.verified)


def _band_to_proto(band: BandTerms) -> instruments_pb2.PriceBand:
    return instruments_pb2.PriceBand(
        up_ratio=_written(band.up),
        down_ratio=_written(band.down),
        previous_close=_written(band.previous_close),
        lower_limit=_written(band.lower),
        upper_limit=_written(band.upper),
        rule=band.rule,
        verified=band.verified,
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
        rule=message.rule,
        verified=message.verified,
    )


def _written(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)

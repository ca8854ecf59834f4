"""What an account risks and what its strategies earn."""

from decimal import Decimal

from quantgraph.domain.portfolio import (
    Concentration,
    DayProfit,
    Exposure,
    Risk,
    SectorExposure,
    Strategy,
    Unvalued,
)
from quantgraph.v1 import portfolio_pb2, types_pb2
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
    instant_from_proto,
    instant_to_proto,
    maybe_decimal,
)


def risk_to_proto(risk: Risk) -> portfolio_pb2.Risk:
    """Write the risk of an account."""
    day, few = risk.day_profit, risk.concentration
    return portfolio_pb2.Risk(
        account_id=risk.account_id,
        time=instant_to_proto(risk.time),
        buying_power=decimal_to_proto(risk.buying_power),
        gross_exposure=_known(risk.gross_exposure),
        exposures=[_exposure(each) for each in risk.exposures],
        sectors=[_sector(each) for each in risk.sectors],
        concentration=portfolio_pb2.Concentration(
            largest_symbol=few.largest_symbol,
            largest_weight=_known(few.largest_weight),
            hhi=_known(few.hhi),
        ),
        day_profit=portfolio_pb2.DayProfit(
            trading_day=date_to_proto(day.trading_day),
            realized=_known(day.realized),
            unrealized=_known(day.unrealized),
            total=_known(day.total),
        ),
        unvalued=[_unvalued(each) for each in risk.unvalued],
    )


def risk_from_proto(message: portfolio_pb2.Risk) -> Risk:
    """Read the risk of an account."""
    day, few = message.day_profit, message.concentration
    return Risk(
        account_id=message.account_id,
        time=instant_from_proto(message.time, "time"),
        buying_power=decimal_from_proto(message.buying_power, "buying_power"),
        gross_exposure=maybe_decimal(message, "gross_exposure"),
        exposures=tuple(_exposure_of(each) for each in message.exposures),
        sectors=tuple(_sector_of(each) for each in message.sectors),
        concentration=Concentration(
            few.largest_symbol if few.HasField("largest_symbol") else None,
            maybe_decimal(few, "largest_weight"),
            maybe_decimal(few, "hhi"),
        ),
        day_profit=DayProfit(
            date_from_proto(day.trading_day, "day_profit.trading_day"),
            maybe_decimal(day, "realized"),
            maybe_decimal(day, "unrealized"),
            maybe_decimal(day, "total"),
        ),
        unvalued=tuple(_unvalued_of(each) for each in message.unvalued),
    )


def strategy_to_proto(strategy: Strategy) -> portfolio_pb2.Strategy:
    """Write what a strategy did."""
    return portfolio_pb2.Strategy(
        name=strategy.name,
        orders=strategy.orders,
        open_orders=strategy.open_orders,
        filled_quantity=strategy.filled_quantity,
        turnover=decimal_to_proto(strategy.turnover),
        fees=decimal_to_proto(strategy.fees),
        realized_profit=decimal_to_proto(strategy.realized_profit),
        unrealized_profit=_known(strategy.unrealized_profit),
        unmatched_quantity=strategy.unmatched_quantity,
        unvalued=[_unvalued(each) for each in strategy.unvalued],
    )


def strategy_from_proto(message: portfolio_pb2.Strategy) -> Strategy:
    """Read what a strategy did."""
    return Strategy(
        name=message.name if message.HasField("name") else None,
        orders=message.orders,
        open_orders=message.open_orders,
        filled_quantity=message.filled_quantity,
        turnover=decimal_from_proto(message.turnover, "turnover"),
        fees=decimal_from_proto(message.fees, "fees"),
        realized_profit=decimal_from_proto(message.realized_profit, "realized_profit"),
        unrealized_profit=maybe_decimal(message, "unrealized_profit"),
        unmatched_quantity=message.unmatched_quantity,
        unvalued=tuple(_unvalued_of(each) for each in message.unvalued),
    )


def _exposure(each: Exposure) -> portfolio_pb2.Exposure:
    return portfolio_pb2.Exposure(
        symbol=each.symbol,
        quantity=each.quantity,
        price=_known(each.price),
        market_value=_known(each.market_value),
        weight=_known(each.weight),
    )


def _exposure_of(message: portfolio_pb2.Exposure) -> Exposure:
    figures = (maybe_decimal(message, name) for name in ("price", "market_value", "weight"))
    return Exposure(message.symbol, message.quantity, *figures)


def _sector(each: SectorExposure) -> portfolio_pb2.SectorExposure:
    return portfolio_pb2.SectorExposure(
        sector=each.sector,
        category=each.category,
        symbols=each.symbols,
        market_value=_known(each.market_value),
        weight=_known(each.weight),
    )


def _sector_of(message: portfolio_pb2.SectorExposure) -> SectorExposure:
    return SectorExposure(
        message.sector if message.HasField("sector") else None,
        message.category if message.HasField("category") else None,
        tuple(message.symbols),
        maybe_decimal(message, "market_value"),
        maybe_decimal(message, "weight"),
    )


def _unvalued(each: Unvalued) -> portfolio_pb2.Unvalued:
    return portfolio_pb2.Unvalued(
        symbol=each.symbol, code=each.code, message=each.message, message_zh=each.message_zh
    )


def _unvalued_of(message: portfolio_pb2.Unvalued) -> Unvalued:
    return Unvalued(message.symbol, message.code, message.message, message.message_zh)


def _known(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)

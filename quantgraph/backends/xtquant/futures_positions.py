"""Statistics of futures positions: what the terminal adds up of an account of futures."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from quantgraph.backends.xtquant.codes import from_vendor
from quantgraph.backends.xtquant.logins import FUTURES_ACCOUNT
from quantgraph.backends.xtquant.records import Record, money
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.errors import unknown_account
from quantgraph.domain.futures_positions import (
    FuturesPositionStatistics,
    HedgeFlag,
    PositionDirection,
)
from quantgraph.domain.orders import plain_price
from quantgraph.domain.sources import Source

_PRICE = Decimal("0.0001")
_DIRECTIONS: Mapping[int, PositionDirection] = {
    48: PositionDirection.LONG,
    49: PositionDirection.SHORT,
}
# The characters of the counters of futures, as numbers: the SDK has no names for them.
_FLAGS: Mapping[int, HedgeFlag] = {
    49: HedgeFlag.SPECULATION,
    50: HedgeFlag.ARBITRAGE,
    51: HedgeFlag.HEDGE,
}


class XtFuturesPositions:
    """Implements `FuturesPositions`; nothing here can reach an order function."""

    def __init__(self, link: TraderLink) -> None:
        """Ask over `link`."""
        self._link = link

    async def futures_position_statistics(
        self, account_id: str
    ) -> Sequence[FuturesPositionStatistics]:
        """Return what an account of futures holds; of one for shares nothing, without asking.

        Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE, TIMED_OUT, TERMINAL_LACKS.
        """
        known = self._link.accounts
        if known is None or not self._link.up:
            raise away()
        for ref in self._link.unserved:
            if (ref.account_id, ref.account_type) == (account_id, FUTURES_ACCOUNT):
                return await self._link.ask("query_position_statistics_async", _statistics, ref)
        if account_id not in known:
            raise unknown_account(account_id)
        return ()


def _statistics(told: Record) -> list[FuturesPositionStatistics]:
    found = [_row(each) for each in told or ()]
    return sorted(found, key=lambda each: (each.contract, each.direction or ""))


def _row(record: Record) -> FuturesPositionStatistics:
    return FuturesPositionStatistics(
        account_id=record.account_id,
        exchange=record.exchange_id,
        exchange_name=record.exchange_name or None,
        symbol=from_vendor(f"{record.instrument_id}.{record.exchange_id}"),
        contract=record.instrument_id,
        contract_name=record.instrument_name or None,
        product=record.product_id or None,
        # What is called the product's name there is the name of the fund that trades.
        product_name=record.ft_product_name or None,
        direction=_DIRECTIONS.get(record.direction),
        hedge_flag=_FLAGS.get(record.hedge_flag),
        quantity=record.position,
        today_quantity=record.today_position,
        yesterday_quantity=record.yesterday_position,
        initial_quantity=record.yesterday_init_position,
        closable_quantity=record.can_close_vol,
        opened_quantity=record.open_volume,
        open_times=record.open_times,
        cancel_times=record.cancel_times,
        open_price=_price(record.open_price),
        average_price=_price(record.avg_price),
        last_price=_price(record.last_price),
        open_cost=money(record.open_cost),
        position_cost=money(record.position_cost),
        market_value=money(record.instrument_value),
        position_profit=money(record.position_profit),
        float_profit=money(record.float_profit),
        close_profit=money(record.close_profit),
        today_profit=money(record.today_profit_loss),
        today_close_profit=money(record.today_close_profit_loss),
        used_margin=money(record.used_margin),
        frozen_margin=money(record.frozen_margin),
        used_commission=money(record.used_commission),
        frozen_commission=money(record.frozen_commission),
        premium=money(record.royalty),
        frozen_premium=money(record.frozen_royalty),
        rise_ratio=_ratio(record.rise_ratio),
        settlement_rise_ratio=_ratio(record.increase_by_settlement),
        margin_ratio=_ratio(record.margin_ratio),
        # Spelt so by the vendor.
        asset_ratio=_ratio(record.assest_weight),
        margin_profit_ratio=_ratio(record.float_profit_divide_by_used_margin),
        balance_profit_ratio=_ratio(record.float_profit_divide_by_balance),
        expiry=_day(record.expire_date),
        source=Source.TERMINAL,
    )


def _price(value: float) -> Decimal | None:
    """Return a price; None where there is none: the terminal writes 0 then."""
    found = money(value, _PRICE)
    return plain_price(found) if found is not None and found > 0 else None


def _ratio(value: float) -> float | None:
    return value if math.isfinite(value) and abs(value) < 1e15 else None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 a date alone
    except ValueError:
        return None

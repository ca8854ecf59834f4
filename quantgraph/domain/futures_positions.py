"""Statistics of futures positions (期货持仓统计), as a terminal adds them up."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from quantgraph.domain.sources import Source


class PositionDirection(StrEnum):
    """Which way a position of futures goes."""

    LONG = "LONG"
    SHORT = "SHORT"


class HedgeFlag(StrEnum):
    """What a position of futures is for (投保标志)."""

    SPECULATION = "SPECULATION"
    ARBITRAGE = "ARBITRAGE"
    HEDGE = "HEDGE"


@dataclass(frozen=True, slots=True)
class FuturesPositionStatistics:
    """What an account of futures holds of one contract in one direction, added up.

    Quantities are contracts (手), money is yuan, ratios are as the terminal writes them; None is
    what it does not tell. `exchange` is its own word; `symbol` None where the gateway has no
    symbols of that exchange. By settlement and by close: what the change of the day is measured by.
    """

    account_id: str
    exchange: str
    exchange_name: str | None
    symbol: str | None
    contract: str
    contract_name: str | None
    product: str | None
    product_name: str | None
    direction: PositionDirection | None
    hedge_flag: HedgeFlag | None
    quantity: int
    today_quantity: int
    yesterday_quantity: int
    initial_quantity: int
    closable_quantity: int
    opened_quantity: int
    open_times: int
    cancel_times: int
    open_price: Decimal | None
    average_price: Decimal | None
    last_price: Decimal | None
    open_cost: Decimal | None
    position_cost: Decimal | None
    market_value: Decimal | None
    position_profit: Decimal | None
    float_profit: Decimal | None
    close_profit: Decimal | None
    today_profit: Decimal | None
    today_close_profit: Decimal | None
    used_margin: Decimal | None
    frozen_margin: Decimal | None
    used_commission: Decimal | None
    frozen_commission: Decimal | None
    premium: Decimal | None
    frozen_premium: Decimal | None
    rise_ratio: float | None
    settlement_rise_ratio: float | None
    margin_ratio: float | None
    asset_ratio: float | None
    margin_profit_ratio: float | None
    balance_profit_ratio: float | None
    expiry: date | None
    source: Source

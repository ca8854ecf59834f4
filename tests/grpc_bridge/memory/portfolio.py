"""Risk and strategies of an account, as a test finds them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from quantgraph.domain.portfolio import (
    Concentration,
    DayProfit,
    Exposure,
    Risk,
    SectorExposure,
    Strategy,
    StrategyPage,
    StrategyQuery,
    Unvalued,
    strategy_key,
)
from tests.grpc_bridge.memory.accounts import known_account
from tests.grpc_bridge.memory.system import NOW


@dataclass
class MemoryPortfolio:
    """One holding with a price and one without, and strategies that a test may change."""

    names: list[str | None] = field(default_factory=lambda: [None, "mean", "trend"])

    async def risk(self, account_id: str) -> Risk:
        known_account(account_id)
        hidden = Unvalued("600519.SH", "PRICE_UNKNOWN", "No price.", "没有价格")
        price, value = Decimal("10.05"), Decimal("1005.00")
        return Risk(
            account_id,
            NOW,
            Decimal("900000.00"),
            None,
            (
                Exposure("000001.SZ", 100, price, value, None),
                Exposure("600519.SH", 200, None, None, None),
            ),
            (
                SectorExposure("银行", "行业", ("000001.SZ",), value, Decimal("0.250000")),
                SectorExposure(None, None, ("600519.SH",), None, None),
            ),
            Concentration("000001.SZ", Decimal("0.250000"), Decimal("0.062500")),
            DayProfit(date(2024, 3, 1), Decimal("-1.25"), None, None),
            (hidden,),
        )

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        known_account(query.account_id)
        rest = [each for each in self.names if strategy_key(each) > (query.after or "")]
        money = (Decimal("1000.10"), Decimal("5.00"), Decimal("-7.31"), None)
        hidden = (Unvalued("600519.SH", "PRICE_UNKNOWN", "No price.", "没有价格"),)
        found = [Strategy(each, 3, 1, 200, *money, 50, hidden) for each in rest[: query.first]]
        return StrategyPage(tuple(found), len(rest) > query.first)

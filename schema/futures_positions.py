"""Statistics of futures positions."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quantgraph.domain import futures_positions as domain
from quantgraph.domain.futures_positions import HedgeFlag, PositionDirection
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Long, Symbol


def _told(text: str) -> Any:  # noqa: ANN401 as strawberry's own
    return strawberry.field(description=f"{text}; null if the terminal does not tell it.")


@strawberry.type(
    description="What an account of futures holds of one contract in one direction, added up by "
    "the terminal (期货持仓统计). Quantities are contracts (手), money is yuan, ratios are as the "
    "terminal writes them."
)
class FuturesPositionStatistics:
    account_id: strawberry.ID = strawberry.field(description="Whose position it is.")
    exchange: str = strawberry.field(description="The exchange, by the terminal's own code.")
    exchange_name: str | None = _told("The exchange's Chinese name")
    symbol: Symbol | None = strawberry.field(
        description="The contract, for example IF2303.CFFEX; null where the gateway has no symbols "
        "of that exchange."
    )
    contract: str = strawberry.field(description="The exchange's code of it, for example IF2303.")
    contract_name: str | None = _told("The contract's name")
    product: str | None = _told("Code of the product, for example IF")
    product_name: str | None = _told("The product's Chinese name (品种名称)")
    direction: PositionDirection | None = strawberry.field(
        description="Long or short (多空); null where the terminal says what nobody has listed."
    )
    hedge_flag: HedgeFlag | None = strawberry.field(
        description="What it is for (投保标志); null where the terminal says what nobody has "
        "listed."
    )
    quantity: Long = strawberry.field(description="Contracts held (持仓).")
    today_quantity: Long = strawberry.field(description="Of these, opened today (今仓).")
    yesterday_quantity: Long = strawberry.field(description="Of these, opened before today (昨仓).")
    initial_quantity: Long = strawberry.field(
        description="Contracts held when the day began, whatever was closed since (昨日持仓)."
    )
    closable_quantity: Long = strawberry.field(description="Contracts that can be closed (可平量).")
    opened_quantity: Long = strawberry.field(
        description="Contracts opened today, whatever was closed since (总开仓量)."
    )
    open_times: Long = strawberry.field(description="How often it was opened today (开仓次数).")
    cancel_times: Long = strawberry.field(description="Orders canceled today (撤单次数).")
    open_price: Decimal | None = _told("Average price at which it was opened (开仓均价), yuan")
    average_price: Decimal | None = _told("Average price of what is held (持仓均价), yuan")
    last_price: Decimal | None = _told("Last price (最新价), yuan")
    open_cost: Decimal | None = _told("What opening it cost (开仓成本), yuan")
    position_cost: Decimal | None = _told("What is held at its cost (持仓成本), yuan")
    market_value: Decimal | None = _told("What is held at the last price (市值), yuan")
    position_profit: Decimal | None = _told(
        "Profit since the last settlement, or since it was opened today (持仓盈亏), yuan"
    )
    float_profit: Decimal | None = _told("Profit since it was opened (浮动盈亏), yuan")
    close_profit: Decimal | None = _told("Profit of what was closed (平仓盈亏), yuan")
    today_profit: Decimal | None = _told("Profit of today by settlement prices (当日盈亏), yuan")
    today_close_profit: Decimal | None = _told("Profit of today by closing prices, yuan")
    used_margin: Decimal | None = _told("Margin that it takes (已使用保证金), yuan")
    frozen_margin: Decimal | None = _told("Margin held back for open orders (冻结保证金), yuan")
    used_commission: Decimal | None = _told("Commission paid (手续费), yuan")
    frozen_commission: Decimal | None = _told("Commission held back for open orders, yuan")
    premium: Decimal | None = _told("Value of the premium of options (权利金市值), yuan")
    frozen_premium: Decimal | None = _told("Premium held back for open orders (冻结权利金), yuan")
    rise_ratio: float | None = _told("Change of the price today by the last close (当日涨幅)")
    settlement_rise_ratio: float | None = _told(
        "Change of the price today by the last settlement (当日涨幅, 结)"
    )
    margin_ratio: float | None = _told("Part that its margin has in all (保证金占比)")
    asset_ratio: float | None = _told("Part that it has in the account's assets (资产占比)")
    margin_profit_ratio: float | None = _told("Floating profit by its margin (浮盈比例)")
    balance_profit_ratio: float | None = _told("Floating profit by the account's dynamic equity")
    expiry: date | None = _told("Day on which the contract expires (到期日)")
    source: Source = strawberry.field(description="Who states these figures.")

    @strawberry.field(
        description="The contract as an instrument; null where the gateway does not know it."
    )
    async def instrument(self, info: Info) -> Instrument | None:
        return None if self.symbol is None else await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.FuturesPositionStatistics) -> "FuturesPositionStatistics":
        """Show what a terminal added up."""
        return cls(**{each.name: getattr(found, each.name) for each in fields(found)})

"""New issues."""

from datetime import date

import strawberry

from quantgraph.domain import ipos as domain
from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Long, Symbol


@strawberry.type(
    description="Shares of one new issue that an account may subscribe (申购额度) in a part of the "
    "market."
)
class IpoQuota:
    market: Market = strawberry.field(description="The exchange.")
    board: Board | None = strawberry.field(
        description="The board; null: all boards of the exchange that no other quota names, "
        "together."
    )
    quantity: Long = strawberry.field(description="Shares; 0 where it may subscribe none.")
    source: Source = strawberry.field(
        description="Who says so; SIMULATED where it is worked out from what a simulated account "
        "holds."
    )

    @classmethod
    def from_domain(cls, quota: domain.IpoQuota) -> "IpoQuota":
        """Show a quota."""
        return cls(
            market=quota.market,
            board=quota.board,
            quantity=Long(quota.quantity),
            source=quota.source,
        )


@strawberry.type(description="One new issue (新股).")
class Ipo:
    symbol: Symbol = strawberry.field(description="Code with market.")
    name: str | None = strawberry.field(description="Chinese short name; null if unknown.")
    subscription_code: str | None = strawberry.field(
        description="Code that subscriptions carry (申购代码); null if unknown."
    )
    subscription_date: date = strawberry.field(description="Day of subscription (申购日期).")
    issue_price: float | None = strawberry.field(
        description="Price, yuan (发行价); null if unknown."
    )
    issue_quantity: Long | None = strawberry.field(
        description="Shares issued (发行总量); null if unknown."
    )
    online_quantity: Long | None = strawberry.field(
        description="Shares for online subscription (网上发行量); null if unknown."
    )
    max_subscription: Long | None = strawberry.field(
        description="Most shares of one account (申购上限); null if unknown."
    )
    min_subscription: Long | None = strawberry.field(
        description="Fewest shares of one subscription (申购下限); null if unknown."
    )
    announce_date: date | None = strawberry.field(
        description="Day on which the draw is announced (中签公布日); null if unknown."
    )
    payment_date: date | None = strawberry.field(
        description="Day of payment (缴款日); null if unknown."
    )
    list_date: date | None = strawberry.field(
        description="First trading day (上市日期); null until it is told."
    )
    industry_pe: float | None = strawberry.field(
        description="Price/earnings ratio of the industry (行业市盈率); null if unknown."
    )
    pe_before: float | None = strawberry.field(
        description="Price/earnings ratio before the issue (发行前市盈率); null if unknown."
    )
    pe_after: float | None = strawberry.field(
        description="Price/earnings ratio after the issue (发行后市盈率); null if unknown."
    )
    profitable: bool | None = strawberry.field(
        description="Whether the company earns money (是否盈利); null if unknown."
    )
    win_rate: float | None = strawberry.field(
        description="Part of the subscriptions that is drawn, as a fraction (中签率); null before "
        "the draw."
    )
    source: Source = strawberry.field(description="Where these facts come from.")

    @strawberry.field(description="The share as an instrument; quoted from its first day on.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, found: domain.Ipo) -> "Ipo":
        """Show a domain issue."""
        return cls(
            symbol=Symbol(found.symbol),
            name=found.name,
            subscription_code=found.subscription_code,
            subscription_date=found.subscription_date,
            issue_price=found.issue_price,
            issue_quantity=_long(found.issue_quantity),
            online_quantity=_long(found.online_quantity),
            max_subscription=_long(found.max_subscription),
            min_subscription=_long(found.min_subscription),
            announce_date=found.announce_date,
            payment_date=found.payment_date,
            list_date=found.list_date,
            industry_pe=found.industry_pe,
            pe_before=found.pe_before,
            pe_after=found.pe_after,
            profitable=found.profitable,
            win_rate=found.win_rate,
            source=found.source,
        )


def _long(value: int | None) -> Long | None:
    return None if value is None else Long(value)

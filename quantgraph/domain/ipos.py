"""New issues (新股申购): what may be subscribed when, at which price."""

from dataclasses import dataclass
from datetime import date

from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.sources import Source


@dataclass(frozen=True, slots=True)
class IpoRequest:
    """Subscription days, both ends included; None leaves an end open."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class IpoQuota:
    """Shares of one new issue that an account may subscribe (申购额度) in a part of the market.

    `board` None: all boards of the market that no other quota names, together.
    """

    market: Market
    board: Board | None
    quantity: int
    source: Source


@dataclass(frozen=True, slots=True)
class Ipo:
    """One new issue; None where the source does not tell it, or it is not decided yet.

    Price in yuan, quantities in shares, `win_rate` as a fraction of what was asked for.
    """

    symbol: str
    name: str | None
    subscription_code: str | None
    subscription_date: date
    issue_price: float | None
    issue_quantity: int | None
    online_quantity: int | None
    max_subscription: int | None
    min_subscription: int | None
    announce_date: date | None
    payment_date: date | None
    list_date: date | None
    industry_pe: float | None
    pe_before: float | None
    pe_after: float | None
    profitable: bool | None
    win_rate: float | None
    source: Source

"""What an account risks and what its strategies earn. Money in yuan, exact.

A figure that needs a price nobody has is None, never 0, and `unvalued` says whose price it is.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from quantgraph.domain.orders import Fill


@dataclass(frozen=True, slots=True)
class Unvalued:
    """A symbol that could not be valued, and why: a stable code, and words in both languages."""

    symbol: str
    code: str
    message: str
    message_zh: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """One holding at the newest price; `weight` is its share of the gross exposure, 0 to 1."""

    symbol: str
    quantity: int
    price: Decimal | None
    market_value: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class SectorExposure:
    """Holdings of one sector together; `sector` None gathers those that are in no sector.

    A symbol counts in each of its sectors, so these may add up to more than the gross exposure.
    """

    sector: str | None
    category: str | None
    symbols: tuple[str, ...]
    market_value: Decimal | None
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much hangs on little: the largest weight, and the sum of all squared (HHI, 0 to 1)."""

    largest_symbol: str | None = None
    largest_weight: Decimal | None = None
    hhi: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DayProfit:
    """Profit of one trading day, after fees, against the previous close and the day's purchases.

    `realized` is that of the shares sold, `unrealized` that of the shares still held.
    """

    trading_day: date
    realized: Decimal | None
    unrealized: Decimal | None
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Risk:
    """An account's risk at one moment."""

    account_id: str
    time: datetime
    buying_power: Decimal
    gross_exposure: Decimal | None
    exposures: tuple[Exposure, ...]
    sectors: tuple[SectorExposure, ...]
    concentration: Concentration
    day_profit: DayProfit
    unvalued: tuple[Unvalued, ...]


@dataclass(frozen=True, slots=True)
class Strategy:
    """What the orders of one label did; `name` None gathers the orders without a label.

    Profit is after fees, by the moving average cost of what the strategy itself bought.
    `unmatched_quantity` shares were sold that it had not bought: what they cost is not known, so
    they are in no profit.
    """

    name: str | None
    orders: int
    open_orders: int
    filled_quantity: int
    turnover: Decimal
    fees: Decimal
    realized_profit: Decimal
    unrealized_profit: Decimal | None
    unmatched_quantity: int
    unvalued: tuple[Unvalued, ...]

    @property
    def key(self) -> str:
        """Its place among the strategies of an account."""
        return strategy_key(self.name)


def strategy_key(name: str | None) -> str:
    """Return a text that sorts strategies by name; no name comes first, and differs from ""."""
    return "-" if name is None else f"={name}"


@dataclass(frozen=True, slots=True)
class StrategyQuery:
    """A page of strategies by name, the one without a name first.

    `after` is the `Strategy.key` of the last one of the page before.
    """

    account_id: str
    first: int = 50
    after: str | None = None

    def scope(self) -> str:
        """Return which list this is a page of: a cursor is good for that list only."""
        return repr(("strategies", self.account_id))


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """Strategies by name, and whether more follow."""

    strategies: tuple[Strategy, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill at its place in the account's log, and the label of its order."""

    sequence: int
    strategy: str | None
    fill: Fill


@dataclass(frozen=True, slots=True)
class OrderTally:
    """How many orders carry a label, and how many of them are open."""

    strategy: str | None
    orders: int
    open_orders: int

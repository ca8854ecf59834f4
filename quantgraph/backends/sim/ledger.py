"""Money and shares of one account. Yuan to the cent; nothing is ever made or lost."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.config import SeedAccount
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason

_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


@dataclass(slots=True)
class Holding:
    """Shares of one symbol: all, bought today, set aside for open sells; `cost` in yuan."""

    quantity: int = 0
    bought: int = 0
    frozen: int = 0
    cost: Decimal = _ZERO

    @property
    def sellable(self) -> int:
        """Shares that can be sold now: not those bought today (T+1) or offered already."""
        return self.quantity - self.bought - self.frozen


@dataclass(slots=True)
class Ledger:
    """Cash free and set aside, fees paid so far, and holdings by symbol."""

    account_id: str
    name: str
    cash: Decimal
    frozen: Decimal = _ZERO
    fees: Decimal = _ZERO
    holdings: dict[str, Holding] = field(default_factory=dict[str, Holding])

    @classmethod
    def open(cls, seed: SeedAccount) -> "Ledger":
        """Open an account with what its seed says; its shares are sellable at once."""
        holdings = {
            each.symbol: Holding(each.quantity, cost=cents(each.cost_price * each.quantity))
            for each in seed.positions
        }
        return cls(seed.id, seed.name, cents(seed.cash), holdings=holdings)

    def holding(self, symbol: str) -> Holding:
        """Return the holding, an empty one where there is none."""
        return self.holdings.get(symbol) or Holding()

    def freeze_cash(self, amount: Decimal) -> None:
        """Set cash aside for a buy. Raises INSUFFICIENT_CASH."""
        if amount > self.cash:
            text = f"The order needs {amount:f} yuan with fees; {self.cash:f} are free."
            raise OrderRefused(
                Reason.INSUFFICIENT_CASH, text, needed=f"{amount:f}", cash=f"{self.cash:f}"
            )
        self.cash -= amount
        self.frozen += amount

    def thaw_cash(self, amount: Decimal) -> None:
        """Free cash that was set aside."""
        self.frozen -= amount
        self.cash += amount

    def freeze_shares(self, symbol: str, quantity: int) -> None:
        """Set shares aside for a sell. Raises INSUFFICIENT_SHARES."""
        holding = self.holding(symbol)
        if quantity > holding.sellable:
            text = f"{quantity} shares of {symbol} to sell, {holding.sellable} are sellable now."
            raise OrderRefused(
                Reason.INSUFFICIENT_SHARES, text, quantity=quantity, sellable=holding.sellable
            )
        holding.frozen += quantity

    def thaw_shares(self, symbol: str, quantity: int) -> None:
        """Make offered shares sellable again."""
        self.holdings[symbol].frozen -= quantity

    def buy(self, symbol: str, quantity: int, money: Decimal, fee: Decimal) -> None:
        """Receive shares and pay for them out of free cash."""
        holding = self.holdings.setdefault(symbol, Holding())
        holding.quantity += quantity
        holding.bought += quantity
        holding.cost += money + fee
        self.cash -= money + fee
        self.fees += fee

    def sell(self, symbol: str, quantity: int, money: Decimal, due: Decimal) -> Decimal:
        """Hand over offered shares, and return the fee paid.

        A fee above all there is (the minimum commission on a handful of shares) waits for the
        order's next fill: cash never falls below zero.
        """
        holding = self.holdings[symbol]
        fee = min(due, self.cash + money)
        holding.cost -= cents(holding.cost * quantity / holding.quantity)
        holding.quantity -= quantity
        holding.frozen -= quantity
        self.cash += money - fee
        self.fees += fee
        return fee

    def roll(self) -> None:
        """Begin a day: what was bought before can be sold; what was sold out is forgotten."""
        for holding in self.holdings.values():
            holding.bought = 0
        self.holdings = {s: held for s, held in self.holdings.items() if held.quantity}

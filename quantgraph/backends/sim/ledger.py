"""Money and shares of one account. Yuan to the cent; nothing is ever made or lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason
from quantgraph.seeds import SeedAccount

_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Shares against money: what a fill moves. `fee` is what is due, all in yuan."""

    symbol: str
    quantity: int
    money: Decimal
    fee: Decimal


@dataclass(slots=True)
class Holding:
    """Shares of one symbol: all, bought today (T+1), set aside for open sells.

    `cost` in yuan is what they cost with fees, less the dividends they paid.
    """

    quantity: int = 0
    bought: int = 0
    frozen: int = 0
    cost: Decimal = _ZERO

    @property
    def sellable(self) -> int:
        """Shares that can be sold now: not those bought today (T+1) or offered already."""
        return self.quantity - self.bought - self.frozen


@dataclass(slots=True)
class Flows:
    """All money that ever moved, in yuan: what balances cash against nothing."""

    deposited: Decimal = _ZERO
    withdrawn: Decimal = _ZERO
    paid: Decimal = _ZERO
    received: Decimal = _ZERO
    dividends: Decimal = _ZERO
    fees: Decimal = _ZERO

    @property
    def net(self) -> Decimal:
        """What must be there, free or set aside."""
        came = self.deposited + self.received + self.dividends
        return came - self.withdrawn - self.paid - self.fees


@dataclass(slots=True)
class Ledger:
    """Cash free and set aside, holdings by symbol, and all money that moved.

    `settled` is what may leave the account: what was sold for today may be spent, not withdrawn.
    `realised` is what all sales made beyond the cost of what was sold, fees paid. All in yuan.
    """

    account_id: str
    name: str
    cash: Decimal
    frozen: Decimal = _ZERO
    settled: Decimal = _ZERO
    realised: Decimal = _ZERO
    flows: Flows = field(default_factory=Flows)
    holdings: dict[str, Holding] = field(default_factory=dict[str, Holding])

    @classmethod
    def open(cls, seed: SeedAccount) -> "Ledger":
        """Open an account with what its seed says."""
        holdings = {
            each.symbol: Holding(
                each.quantity,
                bought=min(each.bought, each.quantity),
                cost=cents(each.cost_price * each.quantity),
            )
            for each in seed.positions
        }
        cash = cents(seed.cash)
        return cls(seed.id, seed.name, cash, settled=cash, flows=Flows(cash), holdings=holdings)

    @property
    def fees(self) -> Decimal:
        """All fees paid so far, in yuan."""
        return self.flows.fees

    @property
    def imbalance(self) -> Decimal:
        """Yuan that are there though nobody paid them in; anything but zero is a defect."""
        return self.cash + self.frozen - self.flows.net

    def holding(self, symbol: str) -> Holding:
        """Return the holding, an empty one where there is none."""
        return self.holdings.get(symbol) or Holding()

    def deposit(self, amount: Decimal) -> None:
        """Add money from outside."""
        self.cash += amount
        self.settled += amount
        self.flows.deposited += amount

    @property
    def withdrawable(self) -> Decimal:
        """What may leave the account today."""
        return max(min(self.cash, self.settled), _ZERO)

    def withdraw(self, amount: Decimal) -> None:
        """Take money out. Raises INSUFFICIENT_CASH beyond what is settled and free."""
        if amount > self.withdrawable:
            raise _short(amount, self.withdrawable, "leave the account")
        self.cash -= amount
        self.settled -= amount
        self.flows.withdrawn += amount

    def freeze_cash(self, amount: Decimal) -> None:
        """Set cash aside for a buy. Raises INSUFFICIENT_CASH."""
        if amount > self.cash:
            raise _short(amount, self.cash, "pay for the order with its fees")
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

    def buy(self, bought: Delivery, *, locked: bool = True) -> None:
        """Receive shares and pay for them out of free cash; `locked` until the next day (T+1)."""
        holding = self.holdings.setdefault(bought.symbol, Holding())
        holding.quantity += bought.quantity
        holding.bought += bought.quantity if locked else 0
        holding.cost += bought.money + bought.fee
        self.cash -= bought.money + bought.fee
        self.flows.paid += bought.money
        self.flows.fees += bought.fee

    def sell(self, sold: Delivery) -> Decimal:
        """Hand over offered shares, and return the fee paid.

        A fee above all there is (the minimum commission on a handful of shares) waits for the
        order's next fill: cash never falls below zero.
        """
        holding = self.holdings[sold.symbol]
        fee = min(sold.fee, self.cash + sold.money)
        cost = cents(holding.cost * sold.quantity / holding.quantity)
        holding.cost -= cost
        self.realised += sold.money - fee - cost
        holding.quantity -= sold.quantity
        holding.frozen -= sold.quantity
        self.cash += sold.money - fee
        self.flows.received += sold.money
        self.flows.fees += fee
        return fee

    def pay_out(self, symbol: str, amount: Decimal) -> None:
        """Receive a dividend: the shares have cost so much less, because their price fell."""
        self.holdings[symbol].cost -= amount
        self.cash += amount
        self.flows.dividends += amount

    def grow(self, symbol: str, shares: int) -> None:
        """Receive shares for nothing (or hand some back, below zero); the cost stays as it is."""
        self.holdings[symbol].quantity += shares

    def roll(self) -> None:
        """Begin a day: what was bought before can be sold; what was sold out is forgotten."""
        self.settled = self.cash
        for holding in self.holdings.values():
            holding.bought = 0
        self.holdings = {s: held for s, held in self.holdings.items() if held.quantity}

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON has."""
        flows = {name: f"{getattr(self.flows, name):f}" for name in Flows.__slots__}
        holdings = {
            symbol: [held.quantity, held.bought, held.frozen, f"{held.cost:f}"]
            for symbol, held in sorted(self.holdings.items())
        }
        money = [f"{each:f}" for each in (self.cash, self.frozen, self.settled, self.realised)]
        return {
            "id": self.account_id,
            "name": self.name,
            "money": money,
            "flows": flows,
            "holdings": holdings,
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Ledger":
        """Return the ledger that was dumped."""
        cash, frozen, settled, realised = (Decimal(each) for each in state["money"])
        flows = Flows(**{name: Decimal(each) for name, each in state["flows"].items()})
        holdings = {
            symbol: Holding(quantity, bought, held, Decimal(cost))
            for symbol, (quantity, bought, held, cost) in state["holdings"].items()
        }
        return cls(state["id"], state["name"], cash, frozen, settled, realised, flows, holdings)


def _short(needed: Decimal, free: Decimal, purpose: str) -> OrderRefused:
    text = f"{needed:f} yuan are needed to {purpose}; {free:f} are free."
    return OrderRefused(Reason.INSUFFICIENT_CASH, text, needed=f"{needed:f}", cash=f"{free:f}")

"""Shares against money: what orders set aside, pay and give back."""

from collections.abc import Iterable
from decimal import Decimal

from quantgraph.backends.sim.ledger import Delivery, Ledger, cents
from quantgraph.backends.sim.securities import Security
from quantgraph.backends.sim.standing import Standing
from quantgraph.domain.orders import Fill, Side
from quantgraph.domain.rules.fees import FeeSchedule

_ZERO = Decimal("0.00")


class Settlement:
    """Keeps the accounts in step with what happens to orders."""

    def __init__(self, ledgers: Iterable[Ledger], fees: FeeSchedule) -> None:
        """Settle for these accounts by these fees."""
        self.ledgers = {ledger.account_id: ledger for ledger in ledgers}
        self._fees = fees

    def reserve(self, standing: Standing, security: Security) -> None:
        """Set aside what an order can take at most. Raises INSUFFICIENT_CASH or _SHARES."""
        ledger = self.ledgers[standing.account_id]
        if standing.side is Side.SELL:
            # An unknown fee refuses now: a fill could not be undone.
            self._due(standing, security, standing.worst * standing.quantity)
            ledger.freeze_shares(standing.symbol, standing.quantity)
        else:
            need = self._need(standing, security)
            ledger.freeze_cash(need)
            standing.frozen = need

    def release(self, standing: Standing) -> None:
        """Give back what is set aside for the rest of an order that ended."""
        ledger = self.ledgers[standing.account_id]
        if standing.side is Side.SELL:
            ledger.thaw_shares(standing.symbol, standing.open)
        else:
            ledger.thaw_cash(standing.frozen)
            standing.frozen = _ZERO

    def fill(self, standing: Standing, security: Security, trade: tuple[int, int, int]) -> Fill:
        """Settle a trade of a price in ticks and a quantity at an instant; return what it cost."""
        ticks, quantity, at = trade
        price = security.yuan(ticks)
        money = cents(price * quantity)
        standing.filled += quantity
        standing.fills += 1
        standing.amount += money
        fee = self._pay(standing, security, Delivery(standing.symbol, quantity, money, _ZERO))
        standing.fees += fee
        return standing.fill((price, quantity, money), fee, at)

    def _pay(self, standing: Standing, security: Security, moved: Delivery) -> Decimal:
        """Exchange shares for money, with the fees the order owes beyond what it has paid."""
        ledger = self.ledgers[standing.account_id]
        due = self._due(standing, security, standing.amount) - standing.fees
        moved = Delivery(moved.symbol, moved.quantity, moved.money, due)
        if standing.side is Side.SELL:
            return ledger.sell(moved)
        ledger.thaw_cash(standing.frozen)
        ledger.buy(moved, locked=security.locked)
        standing.frozen = _ZERO
        if standing.open:
            # Never above what is there: a cent lost to rounding must not break a settlement.
            standing.frozen = min(self._need(standing, security) - due, ledger.cash)
            ledger.freeze_cash(standing.frozen)
        return due

    def _need(self, standing: Standing, security: Security) -> Decimal:
        """Return what the rest of a buy may cost, with the fees that are not paid yet."""
        rest = cents(standing.worst * standing.open)
        return rest + self._due(standing, security, standing.amount + rest) - standing.fees

    def _due(self, standing: Standing, security: Security, amount: Decimal) -> Decimal:
        instrument, side = security.instrument, standing.side
        return self._fees.order_fees(instrument, side, amount, security.day).total

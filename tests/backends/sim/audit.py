"""A second set of books, kept from what was told alone, to hold the exchange's against."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from quantgraph.backends.sim.actions import Entitlement
from quantgraph.backends.sim.ledger import Ledger, cents
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.orders import Side
from quantgraph.domain.terminal import ExecutionReport


class Audit:
    """Follows reports, deposits and dividends; `check` compares to the cent and the share."""

    def __init__(self, ledgers: Iterable[Ledger] = ()) -> None:
        """Begin with the accounts as they are now."""
        self.money: dict[str, Decimal] = {}
        self.fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.shares: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.filled: dict[str, int] = {}
        self._seen: set[str] = set()
        for ledger in ledgers:
            self.open(ledger)

    def open(self, ledger: Ledger) -> None:
        self.money[ledger.account_id] = ledger.cash + ledger.frozen
        for symbol, held in ledger.holdings.items():
            self.shares[ledger.account_id, symbol] = held.quantity

    def move(self, account_id: str, amount: Decimal) -> None:
        """Note money that came from outside, or left (below zero)."""
        self.money[account_id] += amount

    def take(self, reports: Iterable[ExecutionReport]) -> None:
        for report in reports:
            before = self.filled.get(report.tag, 0)
            fill = report.fill
            moved = 0 if fill is None else fill.quantity
            assert report.filled_quantity == before + moved
            self.filled[report.tag] = report.filled_quantity
            if fill is None:
                continue
            assert fill.id not in self._seen
            assert fill.quantity > 0
            assert fill.fee >= 0
            assert fill.amount == cents(fill.price * fill.quantity)
            self._seen.add(fill.id)
            sign = 1 if fill.side is Side.BUY else -1
            self.money[fill.account_id] -= sign * fill.amount + fill.fee
            self.fees[fill.account_id] += fill.fee
            self.shares[fill.account_id, fill.symbol] += sign * fill.quantity

    def owed(self, events: Iterable[Dividend]) -> list[tuple[str, str, Decimal, int]]:
        """Return what events of one ex-day, as they come, owe: account, symbol, yuan and shares.

        In whole numbers: mills of cash and hundredths of a share per share, both half up.
        """
        held, found = dict(self.shares), list[tuple[str, str, Decimal, int]]()
        for each in sorted(events, key=lambda event: event.symbol):
            mills = round((each.cash or 0) * 1_000)
            ratio = round(((each.bonus or 0) + (each.conversion or 0)) * 100)
            for account, symbol in sorted(held):
                quantity = held[account, symbol]
                if symbol == each.symbol and quantity:
                    cash, shares = (quantity * mills + 5) // 10, (quantity * ratio + 50) // 100
                    held[account, symbol] += shares
                    found.append((account, symbol, Decimal(cash) / 100, shares))
        return sorted(found)

    def pay(self, granted: Iterable[Entitlement]) -> None:
        for each in granted:
            self.money[each.account_id] += each.cash
            self.shares[each.account_id, each.symbol] += each.shares

    def check(self, ledgers: Mapping[str, Ledger]) -> None:
        """Raise AssertionError where a cent or a share was made or lost, or is below zero."""
        assert ledgers.keys() == self.money.keys()
        for account_id, ledger in ledgers.items():
            self.check_account(account_id, ledger)
        for (account_id, symbol), quantity in self.shares.items():
            assert ledgers[account_id].holding(symbol).quantity == quantity

    def check_account(self, account_id: str, ledger: Ledger) -> None:
        """As `check`, of one account."""
        assert ledger.imbalance == 0
        assert ledger.cash + ledger.frozen == self.money[account_id]
        assert ledger.cash >= 0
        assert ledger.frozen >= 0
        for symbol, held in ledger.holdings.items():
            assert held.quantity == self.shares[account_id, symbol]
            assert held.sellable >= 0
            assert held.frozen >= 0
            assert held.bought >= 0

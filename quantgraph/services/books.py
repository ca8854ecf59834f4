"""What an account's fills add up to, trade by trade: by label and symbol, and of the newest day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.orders import Fill, Side
from quantgraph.domain.portfolio import Trade
from quantgraph.domain.reasons import Reason
from quantgraph.services.prices import cents

# (label, symbol) pairs of one account, about 1 kB each; a label per order would fill the memory.
MOST_LOTS = 50_000
_ZERO = Decimal("0.00")


@dataclass(slots=True)
class Lot:
    """Shares of one symbol that one strategy bought and still holds, by moving average cost."""

    quantity: int = 0
    cost: Decimal = _ZERO
    realized: Decimal = _ZERO
    unmatched: int = 0
    filled: int = 0
    turnover: Decimal = _ZERO
    fees: Decimal = _ZERO

    def take(self, fill: Fill) -> None:
        """Add a fill: a buy raises the cost by its fee as well, a sell's fee lowers its profit."""
        self.filled += fill.quantity
        self.turnover += fill.amount
        self.fees += fill.fee
        if fill.side is Side.BUY:
            self.quantity += fill.quantity
            self.cost += fill.amount + fill.fee
        else:
            self._sell(fill.quantity, fill.amount - fill.fee)

    def _sell(self, quantity: int, money: Decimal) -> None:
        matched = min(quantity, self.quantity)
        self.unmatched += quantity - matched
        if matched:
            cost = cents(self.cost * matched / self.quantity)
            self.realized += cents(money * matched / quantity) - cost
            self.cost -= cost
            self.quantity -= matched


@dataclass(slots=True)
class DayTrades:
    """Shares of one symbol bought and sold on one day: paid with fees, received without."""

    bought: int = 0
    paid: Decimal = _ZERO
    sold: int = 0
    received: Decimal = _ZERO

    def take(self, fill: Fill) -> None:
        """Add a fill."""
        if fill.side is Side.BUY:
            self.bought += fill.quantity
            self.paid += fill.amount + fill.fee
        else:
            self.sold += fill.quantity
            self.received += fill.amount - fill.fee


@dataclass(slots=True)
class Book:
    """All trades of one account up to a place in one log."""

    epoch: str
    sequence: int = 0
    _lots: dict[tuple[str | None, str], Lot] = field(
        default_factory=dict[tuple[str | None, str], Lot]
    )
    _full: bool = False
    _day: date = date.min
    _today: dict[str, DayTrades] = field(default_factory=dict[str, DayTrades])

    def take(self, trades: Iterable[Trade]) -> None:
        """Add trades in the order of the log."""
        for trade in trades:
            self._take_lot(trade)
            self._take_day(trade.fill)
            self.sequence = trade.sequence

    def of_day(self, day: date) -> dict[str, DayTrades]:
        """Return the trades of a day by symbol; none but of the newest day are kept."""
        return dict(self._today) if day == self._day else {}

    def of_strategies(self, names: Iterable[str | None]) -> dict[str | None, dict[str, Lot]]:
        """Return the lots of each strategy by symbol. Errors: ROW_LIMIT."""
        if self._full:
            text = (
                f"The account has traded under more than {MOST_LOTS} pairs of strategy and symbol. "
                "Give orders fewer strategy names."
            )
            raise InvalidRequest(Reason.ROW_LIMIT, text, limit=MOST_LOTS)
        found: dict[str | None, dict[str, Lot]] = {name: {} for name in names}
        for (name, symbol), lot in self._lots.items():
            if name in found:
                found[name][symbol] = lot
        return found

    def _take_lot(self, trade: Trade) -> None:
        key = (trade.strategy, trade.fill.symbol)
        if len(self._lots) >= MOST_LOTS and key not in self._lots:
            self._full = True
            self._lots.clear()
        if not self._full:
            self._lots.setdefault(key, Lot()).take(trade.fill)

    def _take_day(self, fill: Fill) -> None:
        day = day_of(to_ms(fill.time))
        if day > self._day:
            self._day, self._today = day, {}
        if day == self._day:
            self._today.setdefault(fill.symbol, DayTrades()).take(fill)

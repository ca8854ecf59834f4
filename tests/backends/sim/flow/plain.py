"""A book in the fewest lines: slow, sorted anew each time, sharing nothing with the real one."""

from dataclasses import dataclass, field

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Lower, Trade
from quantgraph.domain.orders import Side


@dataclass
class PlainBook:
    """Limit orders by price and time, continuous trading only."""

    waiting: list[Enter] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    canceled: list[int] = field(default_factory=list)

    def apply(self, command: Command) -> list[Trade]:
        if isinstance(command, Cancel):
            if self.open.pop(command.key, 0):
                self.canceled.append(command.key)
            return []
        if isinstance(command, Lower):
            self.open[command.key] = max(self.open.get(command.key, 0) - command.quantity, 0)
            self.open = {key: left for key, left in self.open.items() if left}
            return []
        assert isinstance(command, Enter)
        assert command.limit is not None
        assert command.quantity > 0
        trades: list[Trade] = []
        self.open[command.key] = command.quantity
        for maker in self._makers(command):
            quantity = min(self.open[maker.key], self.open[command.key])
            if not quantity:
                break
            pair = (command, maker) if command.side is Side.BUY else (maker, command)
            trades.append(Trade(pair[0].key, pair[1].key, maker.limit or 0, quantity, command.side))
            self.open[maker.key] -= quantity
            self.open[command.key] -= quantity
        self.waiting.append(command)
        self.open = {key: left for key, left in self.open.items() if left}
        return trades

    def depth(self, side: Side) -> list[tuple[int, int]]:
        """Price and shares of every level, best first."""
        levels: dict[int, int] = {}
        for order in self.waiting:
            if order.side is side and order.limit is not None:
                levels[order.limit] = levels.get(order.limit, 0) + self.open.get(order.key, 0)
        held = [(price, shares) for price, shares in levels.items() if shares]
        return sorted(held, reverse=side is Side.BUY)

    def _makers(self, taker: Enter) -> list[Enter]:
        rivals = [o for o in self.waiting if o.side is not taker.side and self.open.get(o.key)]
        sign = 1 if taker.side is Side.BUY else -1
        reached = [o for o in rivals if sign * (o.limit or 0) <= sign * (taker.limit or 0)]
        return sorted(reached, key=lambda o: sign * (o.limit or 0))  # stable: older first

"""What one account has on its way, open and traded, kept as it is journalled."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from quantgraph.domain.calendar import day_number, to_ms
from quantgraph.domain.journal import CancelIntent, DayLog
from quantgraph.domain.limits import Ask, Usage
from quantgraph.domain.orders import Order, Origin, Side
from quantgraph.domain.reasons import Reason
from quantgraph.services.actions import ActionCount
from quantgraph.services.holds import ActHold, Hold, Line

_ZERO = Decimal("0.00")


class AccountBook:
    """Sums of one account. Every method is one step of the loop, so that no two acts interleave.

    What is journalled is told again and again, in order or twice: each order's last word counts.
    """

    def __init__(self, now: int) -> None:
        """Begin empty at an instant, epoch ms."""
        self.actions = ActionCount()
        self.open_value = _ZERO
        self.loaded = False
        self.unpriced: Counter[str] = Counter()
        self._day = day_number(now)
        self._holds: dict[str, Hold] = {}
        self._cancels: list[ActHold] = []
        self._approvals: list[ActHold] = []
        self._lines: dict[str, Line] = {}
        self._heard: set[str] = set()
        self._keys: set[str] = set()
        self._asked: set[str] = set()
        self._traded: dict[str, Decimal] = {}
        self._traded_value = _ZERO
        self._buys: Counter[str] = Counter()
        self._sells: Counter[str] = Counter()
        self._buys_value: dict[str, Decimal] = {}
        self._filled: dict[str, int] = {}
        self._bought: Counter[str] = Counter()
        self._sold: Counter[str] = Counter()

    def load(self, log: DayLog, now: int) -> None:
        """Take what was journalled before; what was heard since is newer than that."""
        heard = frozenset(self._heard)
        for order in log.orders:
            if order.id not in heard:
                self.take(order, now)
        for cancel in log.cancels:
            self.take_cancel(cancel, now)
        self.loaded = True
        self._heard.clear()

    def knows(self, key: str) -> bool:
        """Return whether a client order id is journalled, as far as this book goes back."""
        return key in self._keys

    def hold_of(self, key: str) -> Hold | None:
        """Return the submit of this key that is on its way to the journal."""
        return self._holds.get(key)

    def hold(self, key: str, ask: Ask) -> Hold:
        """Let a submit through: its value, its shares and its act count at once."""
        hold = Hold(key, Line(ask.symbol, ask.side, ask.quantity, ask.price))
        self._holds[key] = hold
        self._change(_held(key), hold.line)
        self.actions.begin()
        return hold

    def release(self, hold: Hold) -> None:
        """Give up what was let through and not journalled; nothing where it was."""
        if self._holds.get(hold.key) is hold:
            self._end(hold)
            self.actions.undo()

    def hold_cancel(self, order_id: str) -> ActHold:
        """Let a cancel through."""
        hold = ActHold(order_id)
        self._cancels.append(hold)
        self.actions.begin()
        return hold

    def release_cancel(self, hold: ActHold) -> None:
        """Give up a cancel that was not journalled; nothing where it was."""
        if not hold.journalled:
            self._cancels.remove(hold)
            self.actions.undo()

    def hold_approval(self, order_id: str) -> ActHold:
        """Let an approval through: it counts as an act of its own, for it is sent only now."""
        hold = ActHold(order_id)
        self._approvals.append(hold)
        self.actions.begin()
        return hold

    def release_approval(self, hold: ActHold) -> None:
        """Give up an approval that was not journalled; nothing where it was."""
        if not hold.journalled:
            self._approvals.remove(hold)
            self.actions.undo()

    def line(self, order_id: str) -> Line | None:
        """Return what an open order may still trade, None where it is not open."""
        return self._lines.get(order_id)

    def asked(self, order_id: str) -> bool:
        """Return whether a cancel of the order is on its way, or was asked for today."""
        return order_id in self._asked or any(each.order_id == order_id for each in self._cancels)

    def take(self, order: Order, now: int) -> None:
        """Take an order as it is journalled."""
        self._roll(now)
        if not self.loaded:
            self._heard.add(order.id)
        line = self._journalled(order, now)
        if order.approved_by is not None:
            self._approved(order, now)
        price = order.limit_price if line is None else line.price
        self._trade(order, now)
        left = None
        if not order.state.final:
            untold = order.reject_code == Reason.OUTCOME_UNTOLD.value
            left = Line(order.symbol, order.side, order.open_quantity, price, untold)
        self._change(order.id, left)

    def take_cancel(self, cancel: CancelIntent, now: int) -> None:
        """Take a cancel that is journalled."""
        self._roll(now)
        self._asked.add(cancel.order_id)
        hold = next((each for each in self._cancels if each.order_id == cancel.order_id), None)
        if hold is not None:
            hold.journalled = True
            self._cancels.remove(hold)
            self.actions.undo()
        self.actions.stamp(cancel.id, to_ms(cancel.time) if hold is None else now, now)

    def price(self, symbol: str, price: Decimal) -> None:
        """Say what the orders of a symbol that name no price may reach at worst."""
        for key, line in tuple(self._lines.items()):
            if line.symbol == symbol and line.price is None:
                self._change(key, replace(line, price=price))

    def unvalued(self) -> list[str]:
        """Return the symbols of open orders whose worst price nobody has asked for yet."""
        return [symbol for symbol, count in self.unpriced.items() if count]

    def open_buys(self, symbol: str) -> int:
        """Return the shares of a symbol that open buys may still bring."""
        return self._buys[symbol]

    def buys_value(self, symbol: str) -> Decimal:
        """Return what those may cost at worst."""
        return self._buys_value.get(symbol, _ZERO)

    def bought(self, symbol: str) -> int:
        """Return the shares of a symbol that orders known here have bought; it only grows."""
        return self._bought[symbol]

    def open_sells(self, symbol: str) -> int:
        """Return the shares of a symbol that open sells may still take."""
        return self._sells[symbol]

    def sold(self, symbol: str) -> int:
        """Return the shares of a symbol that orders known here have sold; it only grows."""
        return self._sold[symbol]

    def daily_value(self, now: int) -> Decimal:
        """Return what counts against the daily value at an instant."""
        self._roll(now)
        return self._traded_value + self.open_value

    def usage(self, now: int) -> Usage:
        """Return what is used at an instant."""
        self._roll(now)
        acts = self.actions
        return Usage(acts.last_second(now), acts.today(now), self._traded_value, self.open_value)

    def _journalled(self, order: Order, now: int) -> Line | None:
        """Return the order's line so far; that of its hold where it has just been journalled."""
        if order.client_order_id is not None:
            self._keys.add(order.client_order_id)
            hold = self._holds.get(order.client_order_id)
            if hold is not None:
                self._pass_on(hold, order.id)
                self.actions.undo()
                # Of now, not of when it came: it is sent now, however long the disk took.
                self.actions.stamp(order.id, now, now)
                return hold.line
        if order.origin is Origin.OURS:
            self.actions.stamp(order.id, to_ms(order.created_at), now)
        return self._lines.get(order.id)

    def _approved(self, order: Order, now: int) -> None:
        hold = next((each for each in self._approvals if each.order_id == order.id), None)
        if hold is not None:
            hold.journalled = True
            self._approvals.remove(hold)
            self.actions.undo()
        time = to_ms(order.updated_at) if hold is None else now
        self.actions.stamp(f"{order.id} approved", time, now)

    def _end(self, hold: Hold) -> None:
        del self._holds[hold.key]
        self._change(_held(hold.key), None)
        hold.over.set()

    def _pass_on(self, hold: Hold, order_id: str) -> None:
        """Let what was held be the order's from now on: no sum changes by that."""
        self._change(order_id, None)
        self._lines[order_id] = self._lines.pop(_held(hold.key))
        self._end(hold)

    def _trade(self, order: Order, now: int) -> None:
        if not order.filled_quantity:
            return
        more = order.filled_quantity - self._filled.get(order.id, 0)
        if more > 0:
            self._filled[order.id] = order.filled_quantity
            moved = self._bought if order.side is Side.BUY else self._sold
            moved[order.symbol] += more
        value = order.filled_quantity * (order.average_price or _ZERO)
        known = self._traded.get(order.id, _ZERO)
        if value > known:
            self._traded[order.id] = value
            if day_number(to_ms(order.updated_at)) == day_number(now):
                self._traded_value += value - known

    def _change(self, key: str, line: Line | None) -> None:
        before = self._lines.get(key)
        if before == line:
            return
        self._lines.pop(key, None)
        for each, sign in ((before, -1), (line, 1)):
            if each is not None:
                self._add(each, sign)
        if line is not None:
            self._lines[key] = line

    def _add(self, line: Line, sign: int) -> None:
        self.open_value += sign * line.value
        if line.price is None:
            self.unpriced[line.symbol] += sign
        if line.side is Side.BUY:
            self._buys[line.symbol] += sign * line.quantity
            value = self._buys_value.get(line.symbol, _ZERO) + sign * line.value
            self._buys_value[line.symbol] = value
        elif not line.untold:
            self._sells[line.symbol] += sign * line.quantity

    def _roll(self, now: int) -> None:
        """Begin a day: what was traded before does not count any more."""
        day = day_number(now)
        if day != self._day:
            self._day = day
            self._traded_value = _ZERO
            self._keep(self._lines)

    def _keep(self, open_: Iterable[str]) -> None:
        """Forget orders of earlier days that are not open: a late word changes no sum of today."""
        kept = set(open_)
        self._traded = {key: value for key, value in self._traded.items() if key in kept}
        self._filled = {key: value for key, value in self._filled.items() if key in kept}
        self._keys.clear()
        self._asked.clear()


def _held(key: str) -> str:
    """Return the name of a hold's line, which no order id can be."""
    return f"\0{key}"

"""The simulated exchange: orders in, reports out; no clock, no chance, no disk."""

from quantgraph.backends.sim.hall import Hall
from quantgraph.backends.sim.judging import Stock, displayed, judge
from quantgraph.backends.sim.securities import Security
from quantgraph.backends.sim.standing import Standing
from quantgraph.domain.calendar import shown_instant, to_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Order, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.admission import check_cancel
from quantgraph.domain.terminal import ExecutionReport


class Exchange(Hall):
    """Takes orders for listed symbols; with its first order a symbol gets a book of its own.

    Two orders of one account trade with each other where they meet: neither exchange prevents it.
    """

    def place(self, order: Order, at: int) -> tuple[str, list[ExecutionReport]]:
        """Take an order and match it; return its broker order id and the reports.

        Raises OrderRefused for a broken rule, too little cash or too few shares; then nothing has
        changed.
        """
        self.dealing.advance(at)
        security = self.security(order.symbol)
        standing = self._admit(order, security)
        self.settlement.reserve(standing, security)
        refusal = self.dealing.enter(standing, security)
        if refusal is not None:
            self.settlement.release(standing)
            text = f"The exchange takes no such order for {order.symbol} now."
            raise OrderRefused(refusal.reason, text, order_id=order.id)
        self.count += 1
        return standing.broker_id, self.dealing.tell()

    def withdraw(self, name: str, at: int) -> list[ExecutionReport]:
        """Cancel what is open of an order. Raises ORDER_NOT_CANCELABLE, CANCEL_CLOSED.

        `name` is its broker order id, or its tag where nobody was told that. Before the opening and
        at lunch it is kept, as brokers do, until the exchange takes it.
        """
        self.dealing.advance(at)
        standing = self.dealing.roll.named(name)
        if standing is None:
            text = f"Order {name} is not open at the simulated exchange."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, order=name)
        if self._too_early(standing):
            self.dealing.leaving.add(standing.key)
        elif not self.dealing.remove(standing, OrderState.CANCELED):
            text = f"Order {name} takes no part in trading any more; it expires today."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, order=name)
        return self.dealing.tell()

    def _admit(self, order: Order, security: Security) -> Standing:
        """Judge an order by every rule; return it with what it may cost."""
        ledger, roll = self.ledgers.get(order.account_id), self.dealing.roll
        if ledger is None:
            text = f"The simulated exchange refuses order {order.id}: no such account."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, order_id=order.id)
        count = roll.count(order.account_id)
        pit = self.dealing.floor.pits.get(order.symbol)
        sellable = ledger.holding(order.symbol).sellable
        stock = Stock(sellable, self.bought(order.account_id, order.symbol))
        prices = displayed(security, pit, self.at)
        worst = judge(order, prices, stock, (security, self.at, self.rules.calendar))
        if count >= self.rules.open_orders:
            text = f"Account {order.account_id} has {count} open orders, the most it may have."
            raise OrderRefused(Reason.ORDER_LIMIT, text, limit=self.rules.open_orders)
        self._check_expiry(order, security)
        self.make_room(order.symbol)
        standing = Standing.of(order, worst, self.count + 1)
        standing.broker_id = f"{self.rules.prefix}-{standing.key:06d}"
        return standing

    def _too_early(self, standing: Standing) -> bool:
        """Return whether a cancel has to wait. Raises CANCEL_CLOSED where it would be in vain."""
        security = self.security(standing.symbol)
        try:
            check_cancel(standing.price_type, security.instrument, self.at, self.rules.calendar)
        except OrderRefused:
            if security.phase(self.at).takes_orders:
                raise
            return True
        return False

    def _check_expiry(self, order: Order, security: Security) -> None:
        """Refuse what has ended, or would have to where no cancel is taken: it might trade then."""
        if order.expires_at is None:
            return
        expiry = to_ms(order.expires_at)
        if expiry <= self.at:
            text = f"The expiry of order {order.id} has passed: {order.expires_at.isoformat()}."
            raise OrderRefused(Reason.ORDER_EXPIRED, text, order_id=order.id)
        until = security.locked_until(security.phase(self.at), self.at)
        if until is not None and expiry <= until:
            text = (
                f"Order {order.id} cannot be taken back at its expiry: no cancel is taken before "
                f"{shown_instant(until).isoformat()}."
            )
            raise OrderRefused(Reason.ORDER_EXPIRED, text, order_id=order.id)

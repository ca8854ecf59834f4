"""The simulated exchange: orders and quotes in, reports out; no clock, no chance, no disk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from heapq import heappop, heappush

from quantgraph.backends.sim.actions import pay_holders
from quantgraph.backends.sim.book import OrderBook, Trade, Waiting
from quantgraph.backends.sim.depth import Display, Rung
from quantgraph.backends.sim.ledger import Delivery, Ledger, cents
from quantgraph.domain.calendar import TradingCalendar, from_ms, to_ms
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Fill, Order, OrderState, PriceType, Side
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.checks import Situation, Wish, check_order, prices_of
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.ticks import tick_size
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.terminal import ExecutionReport

_ZERO = Decimal("0.00")
_AVERAGE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the exchange judges and charges by; `prefix` begins its own order ids."""

    calendar: TradingCalendar
    fees: FeeSchedule
    prefix: str


@dataclass(slots=True)
class _Live:
    """An open order: what became of it so far, and the cash set aside for the rest."""

    order: Order
    instrument: Instrument
    broker_id: str
    limit: Decimal
    tick: Decimal
    filled: int = 0
    fills: int = 0
    amount: Decimal = _ZERO
    fees: Decimal = _ZERO
    frozen: Decimal = _ZERO

    @property
    def open(self) -> int:
        return self.order.quantity - self.filled


class Exchange:
    """Books, accounts and open orders of one trading day after the other.

    Every method takes the instant in epoch ms and returns the reports it caused, in order.
    """

    def __init__(self, ledgers: Iterable[Ledger], day: date, rules: Rules) -> None:
        """Open on a day with these accounts."""
        self.ledgers = {ledger.account_id: ledger for ledger in ledgers}
        self.day = day
        self._rules = rules
        self._books: dict[str, OrderBook] = {}
        self._orders: dict[str, _Live] = {}
        # Shares of open buys by account and symbol: every order asks, and thousands may be open.
        self._bids: Counter[tuple[str, str]] = Counter()
        # Expiry in epoch ms, place in time, order. One that ended earlier stays until its expiry.
        self._expiries: list[tuple[int, int, _Live]] = []
        self._count = 0

    def open_orders(self, symbol: str) -> int:
        """Return how many orders wait for this symbol."""
        book = self._books.get(symbol)
        return 0 if book is None else len(book)

    def bought(self, account_id: str, symbol: str) -> int:
        """Return the shares that an account has bought today, and those of its open buys."""
        waiting = self._bids[account_id, symbol]
        return self.ledgers[account_id].holding(symbol).bought + waiting

    def place(
        self, order: Order, instrument: Instrument, quote: Quote, at: int
    ) -> tuple[str, list[ExecutionReport]]:
        """Take a limit order and match it; return its broker order id and the reports.

        `quote` is the one shown last. Raises OrderRefused for a broken rule, too little cash or
        too few shares; then nothing has changed.
        """
        live = self._judge(order, instrument, quote, at)
        self._reserve(live)
        self._count += 1
        live.broker_id = f"{self._rules.prefix}-{self._count:06d}"
        self._orders[order.id] = live
        self._bid(live, live.open)
        if order.expires_at is not None:
            heappush(self._expiries, (to_ms(order.expires_at), self._count, live))
        waiting = Waiting(order.id, order.side, int(live.limit / live.tick), order.quantity)
        trades = self._book(order.symbol).enter(waiting)
        taken = _report(live, OrderState.WORKING, at)
        return live.broker_id, [taken, *self._settle(trades, at)]

    def show(self, instrument: Instrument, quote: Quote, at: int) -> list[ExecutionReport]:
        """Display a quote; orders past their time expire first, others fill as it allows."""
        reports = self._expire(at)
        if not self._book(quote.symbol).expects(quote.time):
            return reports  # every order shows the quote that stands, ten levels on each side
        tick = tick_size(instrument, self.day)
        display = Display(_rungs(quote.bids, tick), _rungs(quote.asks, tick))
        trades = self._book(quote.symbol).show(display, quote.time)
        return reports + self._settle(trades, at)

    def withdraw(self, order_id: str, at: int) -> list[ExecutionReport]:
        """Cancel what is open of an order. Raises ORDER_NOT_CANCELABLE."""
        if order_id not in self._orders:
            text = f"Order {order_id} is not open at the simulated exchange."
            raise OrderRefused(Reason.ORDER_NOT_CANCELABLE, text, order_id=order_id)
        return [self._end(self._orders[order_id], OrderState.CANCELED, at)]

    def roll(self, day: date, at: int, dividends: Iterable[Dividend] = ()) -> list[ExecutionReport]:
        """End the day: open orders expire, books empty, shares bought become sellable.

        `dividends` are the events since the day that ends: who holds shares overnight is paid.
        """
        reports = [self._end(live, OrderState.EXPIRED, at) for live in list(self._orders.values())]
        self._books.clear()
        self._expiries.clear()
        for ledger in self.ledgers.values():
            ledger.roll()
        pay_holders(self.ledgers.values(), dividends)
        self.day = day
        return reports

    def _judge(self, order: Order, instrument: Instrument, quote: Quote, at: int) -> _Live:
        ledger = self.ledgers.get(order.account_id)
        if ledger is None or order.id in self._orders:
            what = "no such account" if ledger is None else "this order is here already"
            text = f"The simulated exchange refuses order {order.id}: {what}."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, order_id=order.id)
        if order.price_type is not PriceType.LIMIT:
            text = f"The simulated exchange matches LIMIT orders, not {order.price_type}."
            raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, price_type=order.price_type)
        if quote.suspended:
            text = f"{order.symbol} is suspended today."
            raise OrderRefused(Reason.SUSPENDED, text, symbol=order.symbol)
        wish = Wish(order.side, order.quantity, order.price_type, order.limit_price)
        situation = Situation(
            instrument=instrument,
            instant_ms=at,
            calendar=self._rules.calendar,
            prices=prices_of(quote),
            held=ledger.holding(order.symbol).sellable,
            bought=self.bought(order.account_id, order.symbol),
            trust=ANY_ROW,
        )
        check_order(wish, situation)
        tick = tick_size(instrument, self.day)
        return _Live(order, instrument, "", order.limit_price or _ZERO, tick)

    def _reserve(self, live: _Live) -> None:
        ledger = self.ledgers[live.order.account_id]
        if live.order.side is Side.SELL:
            self._fees_of(live, live.limit * live.open)  # an unknown charge refuses now
            ledger.freeze_shares(live.order.symbol, live.open)
            return
        need = self._need(live)
        ledger.freeze_cash(need)
        live.frozen = need

    def _need(self, live: _Live) -> Decimal:
        """Return the cash that the open rest of a buy can cost at most, with its fees."""
        rest = cents(live.limit * live.open)
        return rest + self._fees_of(live, live.amount + rest) - live.fees

    def _fees_of(self, live: _Live, amount: Decimal) -> Decimal:
        schedule = self._rules.fees
        return schedule.order_fees(live.instrument, live.order.side, amount, self.day).total

    def _settle(self, trades: Sequence[Trade], at: int) -> list[ExecutionReport]:
        return [self._fill(self._orders[trade.order_id], trade, at) for trade in trades]

    def _fill(self, live: _Live, trade: Trade, at: int) -> ExecutionReport:
        """Exchange shares for money and charge what the order owes beyond what it has paid."""
        price = trade.price * live.tick
        money = cents(price * trade.quantity)
        live.filled += trade.quantity
        self._bid(live, -trade.quantity)
        live.fills += 1
        live.amount += money
        fee = self._pay(live, trade.quantity, money)
        live.fees += fee
        fill = Fill(
            id=f"{live.broker_id}-{live.fills}",
            order_id=live.order.id,
            account_id=live.order.account_id,
            symbol=live.order.symbol,
            side=live.order.side,
            quantity=trade.quantity,
            price=price,
            amount=money,
            fee=fee,
            time=from_ms(at),
        )
        if live.open:
            return _report(live, OrderState.PARTIALLY_FILLED, at, fill)
        del self._orders[live.order.id]
        return _report(live, OrderState.FILLED, at, fill)

    def _pay(self, live: _Live, quantity: int, money: Decimal) -> Decimal:
        ledger = self.ledgers[live.order.account_id]
        due = self._fees_of(live, live.amount) - live.fees
        if live.order.side is Side.SELL:
            return ledger.sell(Delivery(live.order.symbol, quantity, money, due))
        ledger.thaw_cash(live.frozen)
        ledger.buy(Delivery(live.order.symbol, quantity, money, due))
        live.frozen = _ZERO
        if live.open:
            # Never above what is there: a cent lost to rounding must not break a settlement.
            live.frozen = min(self._need(live) - due, ledger.cash)
            ledger.freeze_cash(live.frozen)
        return due

    def _expire(self, at: int) -> list[ExecutionReport]:
        late: list[tuple[int, _Live]] = []
        while self._expiries and self._expiries[0][0] <= at:
            _, number, live = heappop(self._expiries)
            if self._orders.get(live.order.id) is live:
                late.append((number, live))
        # All are told at the same instant: in the order they came, whatever their expiries.
        late.sort(key=lambda each: each[0])
        return [self._end(live, OrderState.EXPIRED, at) for _, live in late]

    def _end(self, live: _Live, state: OrderState, at: int) -> ExecutionReport:
        """Take an order out and give back what was set aside for it."""
        ledger = self.ledgers[live.order.account_id]
        self._book(live.order.symbol).remove(live.order.id)
        if live.order.side is Side.SELL:
            ledger.thaw_shares(live.order.symbol, live.open)
        else:
            ledger.thaw_cash(live.frozen)
        del self._orders[live.order.id]
        self._bid(live, -live.open)
        return _report(live, state, at)

    def _bid(self, live: _Live, shares: int) -> None:
        if live.order.side is Side.BUY:
            self._bids[live.order.account_id, live.order.symbol] += shares

    def _book(self, symbol: str) -> OrderBook:
        return self._books.setdefault(symbol, OrderBook())


def _report(live: _Live, state: OrderState, at: int, fill: Fill | None = None) -> ExecutionReport:
    average = None
    if live.filled:
        average = (live.amount / live.filled).quantize(_AVERAGE, ROUND_HALF_UP)
    return ExecutionReport(
        order_id=live.order.id,
        account_id=live.order.account_id,
        state=state,
        filled_quantity=live.filled,
        average_price=average,
        time=from_ms(at),
        fill=fill,
        broker_order_id=live.broker_id,
    )


def _rungs(levels: Sequence[Level], tick: Decimal) -> tuple[Rung, ...]:
    return tuple(Rung(_ticks(level.price, tick), level.quantity) for level in levels)


def _ticks(price: float, tick: Decimal) -> int:
    return int((Decimal(repr(price)) / tick).to_integral_value(ROUND_HALF_UP))

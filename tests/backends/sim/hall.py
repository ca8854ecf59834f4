"""An exchange with one listed share, whose screen the test fills second by second."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from quantgraph.backends.sim.core.tally import Tally
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.series import FrameSeries
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.securities import Security, Source, list_security
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import Destination, Order, OrderState, Origin, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.sources import Source as Origins
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount, SeedPosition

from .audit import Audit
from .conftest import START, make_calendar

CALENDAR = make_calendar()
SYMBOL = "600000.SH"
NOW = at(START, time(10, 0))
BUY, SELL = Side.BUY, Side.SELL
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal("100000.00"),
    positions=(SeedPosition(symbol=SYMBOL, quantity=1_050, cost_price=Decimal("9.00")),),
)
Levels = dict[str, int]


def instrument(symbol: str = SYMBOL, **more) -> Instrument:
    market, kind, board = classify(symbol)
    made = Instrument(symbol, None, market, kind, board, None, None, None, False, Origins.SIMULATED)
    return replace(made, **more)


def order(name: str, side: Side, quantity: int, price: str | None, **more) -> Order:
    now = from_ms(NOW)
    return replace(
        Order(
            id=name,
            tag=name,
            account_id="sim-1",
            client_order_id=None,
            broker_order_id=None,
            symbol=SYMBOL,
            side=side,
            price_type=PriceType.LIMIT,
            limit_price=None if price is None else Decimal(price),
            quantity=quantity,
            filled_quantity=0,
            average_price=None,
            state=OrderState.SENT,
            destination=Destination.SIMULATED,
            origin=Origin.OURS,
            created_at=now,
            updated_at=now,
        ),
        **more,
    )


def rungs(levels: Levels, *, best_high: bool) -> tuple[Rung, ...]:
    pairs = sorted(((ticks(price), size) for price, size in levels.items()), reverse=best_high)
    return tuple(Rung(price, size) for price, size in pairs)


def ticks(price: str) -> int:
    return int(Decimal(price) * 100)


def frame(when: int, bids: Levels, asks: Levels, *deals: tuple[str, int, Side | None]) -> Frame:
    made = tuple(Deal(ticks(price), size, taker) for price, size, taker in deals)
    return Frame(when, made, rungs(bids, best_high=True), rungs(asks, best_high=False))


class Board:
    """Implements `Frames` over what the test has shown so far."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def standing(self, at: int) -> Frame:
        return FrameSeries(self.frames).standing(at)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        return FrameSeries(list(self.frames)).between(after, until)


def securities(
    day: date, board: Board, listed: Instrument, close: str = "10.00", last: int | None = 1_000
) -> Security:
    tally = Tally() if last is None else Tally(last, last, last, last, 100, 100 * last)
    source = Source(Decimal(close), board, lambda _: replace(tally))
    return list_security(listed, day, source, CALENDAR)


class Floor:
    """An exchange with an account, a screen, and a second set of books over all it does."""

    def __init__(
        self, seed: SeedAccount = SEED, *others: SeedAccount, now: int = NOW, **more
    ) -> None:
        rules = replace(Rules(CALENDAR, FeeSchedule(), "T"), **more)
        self.exchange = Exchange([Ledger.open(each) for each in (seed, *others)], START, rules)
        self.board = Board()
        self.audit = Audit(self.exchange.ledgers.values())
        self.instrument = instrument()
        self.now = now
        self.last: int | None = 1_000
        self.reports: list[ExecutionReport] = []
        self.enlist(START)
        self.board.frames.append(frame(now, {"9.99": 500}, {"10.00": 500, "10.01": 500}))

    @property
    def ledger(self) -> Ledger:
        return self.exchange.ledgers["sim-1"]

    def enlist(self, day: date) -> None:
        listed = securities(day, self.board, self.instrument, last=self.last)
        self.exchange.list_security(listed)

    def take(self, reports: list[ExecutionReport]) -> list[ExecutionReport]:
        self.reports += reports
        self.audit.take(reports)
        self.audit.check(self.exchange.ledgers)
        return reports

    def place(self, *args, **more) -> list[ExecutionReport]:
        return self.take(self.exchange.place(order(*args, **more), self.now)[1])

    def withdraw(self, name: str) -> list[ExecutionReport]:
        return self.take(self.exchange.withdraw(name, self.now))

    def show(self, bids: Levels, asks: Levels, *deals) -> list[ExecutionReport]:
        """Let a second pass, with its deals and then this display."""
        told = self.add(self.now + 1_000, bids, asks, *deals)
        return told + self.move(self.now + 1_000)

    def add(self, when: int, bids: Levels, asks: Levels, *deals) -> list[ExecutionReport]:
        """Announce a frame; the venue looks at the board again."""
        self.board.frames.append(frame(when, bids, asks, *deals))
        if self.exchange.is_live(SYMBOL):
            return self.take(self.exchange.script(SYMBOL, self.board, self.now))
        return []

    def move(self, when: int) -> list[ExecutionReport]:
        self.now = when
        return self.take(self.exchange.advance(when))

    def clock(self, hour: int, minute: int, second: int = 0) -> list[ExecutionReport]:
        return self.move(at(self.exchange.day, time(hour, minute, second)))

    def roll(self, day: date, *dividends) -> list[ExecutionReport]:
        self.now = at(day, time(9, 15))
        reports, granted = self.exchange.roll(day, self.now, dividends)
        self.audit.pay(granted)
        self.enlist(day)
        return self.take(reports)

    def refuse(self, *args, **more) -> Reason:
        before = repr(self.ledger)
        with pytest.raises(OrderRefused) as caught:
            self.place(*args, **more)
        assert repr(self.ledger) == before
        return caught.value.reason


def states(reports: list[ExecutionReport]) -> list[OrderState]:
    return [report.state for report in reports]


def fills(reports: list[ExecutionReport]) -> list[tuple[str, int]]:
    """Return price and shares traded, all in a row at one price and of one order together."""
    found: list[tuple[str, str, int]] = []
    for each in reports:
        if each.fill is None:
            continue
        place = (each.tag, f"{each.fill.price:.2f}")
        before = found.pop()[2] if found and found[-1][:2] == place else 0
        found.append((*place, before + each.fill.quantity))
    return [(price, quantity) for _, price, quantity in found]

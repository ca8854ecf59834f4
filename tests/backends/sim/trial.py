"""An exchange on trial: acts of all kinds, and after each what must hold whatever happened."""

import json
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from hashlib import blake2b

import numpy as np

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.flow.scripted import Stage, play
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import dump_exchange, live_in, load_exchange
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.calendar import TradingCalendar, at, from_ms
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import ChangeRefused, GatewayError, OrderRefused
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import Destination, Order, OrderState, Origin, PriceType, Side
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.sources import Source
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount, SeedPosition

from .audit import Audit
from .screens import Screens, open_screens
from .witness import Witness

START = date(2023, 2, 1)
# Every board, a fund, and a bond that is sold the day it is bought; yuan at which they begin.
CLOSES = {
    "600000.SH": Decimal("9.50"),
    "000001.SZ": Decimal("13.50"),
    "300750.SZ": Decimal("240.00"),
    "688981.SH": Decimal("52.00"),
    "835185.BJ": Decimal("46.00"),
    "510300.SH": Decimal("3.900"),
    "110059.SH": Decimal("106.000"),
}
_HALT_MS = 600_000  # of the scenario, where nobody says otherwise
_CASH = ("2000000.00", "60000.00", "900.00")


def calendar() -> TradingCalendar:
    days = np.arange(np.datetime64("1990-12-19"), np.datetime64("2025-01-01"))
    days = days[np.is_busday(days)]
    return TradingCalendar(days, first=date(1990, 12, 19), last=date(2024, 12, 31), source="test")


CALENDAR = calendar()


@dataclass(frozen=True)
class Wish:
    """An order somebody would like to enter; `price` in ticks, `lives` in ms."""

    account: str
    symbol: str
    side: Side
    quantity: int
    kind: PriceType = PriceType.LIMIT
    price: int | None = None
    lives: int | None = None


def make_instrument(symbol: str) -> Instrument:
    market, kind, board = classify(symbol)
    return Instrument(symbol, None, market, kind, board, None, None, None, False, Source.SIMULATED)


class Trial:
    """An exchange, two sets of books over it, and the instant; every act ends in `check`."""

    def __init__(self, seed: int, *, each: bool = True) -> None:
        """Open; `each`: all accounts are checked after every act, else those it moved."""
        self.seed, self._each = seed, each
        self.fees = FeeSchedule()
        rules = Rules(CALENDAR, self.fees, "T", open_orders=40, live_symbols=6)
        ledgers = [Ledger.open(self._seed(n, cash)) for n, cash in enumerate(_CASH)]
        self.exchange = Exchange(ledgers, START, rules)
        self.audit, self.witness = Audit(ledgers), Witness(self.fees)
        self.witness.begin(ledgers)
        self.now, self.number = at(START, time(9, 15)), 0
        self.closes = dict(CLOSES)
        self.screens: dict[str, Screens] = {}
        self.scripts: set[str] = set()
        self.announced: list[Dividend] = []
        self.log = blake2b(digest_size=16)
        self.touched: set[str] = set()
        self._list()

    def _seed(self, number: int, cash: str) -> SeedAccount:
        held = tuple(
            SeedPosition(symbol=symbol, quantity=1_050 * (number + 1), cost_price=close)
            for symbol, close in list(CLOSES.items())[number::2]
        )
        return SeedAccount(id=f"a{number}", name="", cash=Decimal(cash), positions=held)

    @property
    def accounts(self) -> list[str]:
        return list(self.exchange.ledgers)

    @property
    def live_orders(self) -> list[str]:
        return list(self.witness.open)

    @property
    def over(self) -> bool:
        """Whether nothing more is traded today."""
        return self.now >= at(self.exchange.day, time(15, 30))

    def security(self, symbol: str) -> Security:
        return self.exchange.security(symbol)

    def best(self, symbol: str, side: Side) -> int | None:
        """The best price of a side, in ticks, as anybody sees it."""
        screen = self.exchange.screen(symbol)
        shown = self.screens[symbol].standing(self.now) if screen is None else screen
        rungs = shown.bids if side is Side.BUY else shown.asks
        return rungs[0].price if rungs else None

    def place(self, wish: Wish) -> str | None:
        """Enter an order; return its id, None where it was refused."""
        self.number += 1
        order, security = self._order(wish), self.security(wish.symbol)
        self.touched.add(wish.account)
        self.wait(0)
        before = self._money(wish.account)
        try:
            broker, reports = self.exchange.place(order, self.now)
        except OrderRefused as error:
            assert self._money(wish.account) == before, "a refusal moved money or shares"
            self.witness.counts[f"refused {error.reason}"] += 1
            self.take(self.exchange.advance(self.now))
            return None
        assert broker
        self.witness.accept(order, security, self.number)
        self.take(reports)
        assert order.id in self.witness.ended or self.witness.open[order.id].states
        return order.id

    def withdraw(self, name: str) -> None:
        """Cancel an order, whatever became of it."""
        was_open = name in self.witness.open
        try:
            self.take(self.exchange.withdraw(name, self.now))
        except OrderRefused:
            self.take(self.exchange.advance(self.now))
            return
        assert was_open, "what has ended is canceled once more"
        if name in self.witness.open:  # kept until the exchange takes cancels
            phase = self.witness.open[name].security.phase(self.now)
            assert phase in (Phase.PRE_OPEN, Phase.LUNCH)
            self.witness.leaving.add(name)
            self.witness.counts["cancels kept"] += 1
            return
        assert self.witness.ended[name] is OrderState.CANCELED

    def wait(self, ms: int) -> None:
        """Let time pass within the day."""
        self.now = min(self.now + ms, at(self.exchange.day, time(15, 31)))
        self.take(self.exchange.advance(self.now))
        self.witness.check_ends(self.now)

    def leap(self, ahead: int = 1) -> None:
        """Go to the beginning of a phase that is still to come today, if one is."""
        later = [when for when, _ in self.security("688981.SH").turns(self.now)]
        if later:
            self.wait(later[min(ahead, len(later)) - 1] - self.now)

    def roll(self, dividends: tuple[Dividend, ...] = ()) -> None:
        """End the day and begin the next."""
        for symbol, screens in self.screens.items():
            self.closes[symbol] = self.security(symbol).yuan(screens.last)
        day = CALENDAR.next_session(self.exchange.day)
        self.now = at(day, time(9, 15))
        due, self.announced = [*dividends, *self.announced], []
        reports, granted = self.exchange.roll(day, self.now, due)
        self.witness.take(reports)
        self.witness.stopped.clear()
        self.witness.dark.clear()
        self.scripts.clear()
        self.audit.take(reports)
        told = [(each.account_id, each.symbol, each.cash, each.shares) for each in granted]
        assert sorted(told) == self.audit.owed(due), "holders are not paid what they are owed"
        self.audit.pay(granted)
        self.witness.granted(granted)
        self.touched.update(self.accounts)
        self.witness.begin(self.exchange.ledgers.values())
        self._list()
        self.check()

    def halt(self, symbol: str) -> None:
        self.wait(0)
        was = symbol in self.witness.stopped
        self.witness.stopped.add(symbol)
        if not self._tried(lambda: self.exchange.halt(symbol, self.now)) and not was:
            self.witness.stopped.discard(symbol)

    def resume(self, symbol: str) -> None:
        self.wait(0)
        self.witness.stopped.discard(symbol)
        self._tried(lambda: self.exchange.resume(symbol, self.now))

    def deposit(self, account: str, amount: Decimal) -> None:
        self.touched.add(account)
        try:
            reports = self.exchange.deposit(account, amount, self.now)
        except OrderRefused:
            reports = self.exchange.advance(self.now)
        else:
            self.audit.move(account, amount)
            self.witness.counts["paid in" if amount > 0 else "paid out"] += 1
        self.take(reports)

    def open_account(self, cash: Decimal, symbol: str, quantity: int) -> None:
        held = (SeedPosition(symbol=symbol, quantity=quantity, cost_price=self.closes[symbol]),)
        seed = SeedAccount(id=f"a{len(self.accounts)}", name="", cash=cash, positions=held)
        self.exchange.open_account(seed)
        reports = self.exchange.advance(self.now)
        ledger = self.exchange.ledgers[seed.id]
        self.audit.open(ledger)
        self.witness.welcome(ledger)
        self.take(reports)

    def announce(self, symbol: str, cash: float, shares: tuple[float, float]) -> None:
        """Let an event of the next session come with it; `shares` are of bonus and of a split."""
        day, (bonus, split) = CALENDAR.next_session(self.exchange.day), shares
        event = Dividend(symbol, day, 1.0, cash=cash, bonus=bonus, conversion=split)
        self.announced.append(event)

    def script(self, symbol: str, name: str) -> None:
        """Let a symbol follow a scenario from now on."""
        security, screens = self.security(symbol), self.screens[symbol]
        self.wait(0)
        band = security.band
        assert band is not None
        limits = Limits(security.ticks(band.low), security.ticks(band.high))
        stage = Stage(self.now, security.ticks(security.previous_close), limits)
        frames = play(name, {}, screens, stage)
        self.witness.dark.pop(symbol, None)
        if self._tried(lambda: self.exchange.script(symbol, frames, self.now)):
            self.scripts.add(symbol)
            if name == "HALT":
                self.witness.dark[symbol] = self.now + _HALT_MS
            self.witness.counts[f"played {name}"] += 1

    def strangers(self, symbol: str, price: int, quantity: int) -> None:
        """Let others trade at a price in ticks."""
        yuan = self.security(symbol).yuan(price)
        if self._tried(lambda: self.exchange.inject_trade(symbol, (yuan, quantity), self.now)):
            self.witness.counts["trades of strangers"] += 1

    def restore(self) -> None:
        """Keep the exchange as text, and go on with the one that is made of it."""
        self.wait(0)
        exchange = self.exchange
        try:
            state = json.loads(json.dumps(dump_exchange(exchange)))
        except ChangeRefused:
            assert self.scripts
            return
        securities = {symbol: exchange.security(symbol) for symbol in live_in(state)[1]}
        made = load_exchange(state, exchange.rules, securities)
        for security in exchange.listed.values():
            made.list_security(security)
        assert made.fingerprint() == exchange.fingerprint()
        assert dump_exchange(made) == dump_exchange(exchange)
        self.exchange = made
        self.witness.counts["restored"] += 1
        self.touched.update(self.accounts)
        self.check()

    def take(self, reports: list[ExecutionReport]) -> None:
        """Hold reports against both sets of books."""
        for report in reports:
            self.touched.add(report.account_id)
            self.log.update(repr(report).encode())
        self.witness.take(reports)
        self.audit.take(reports)
        self.check()

    def check(self) -> None:
        """Raise AssertionError where anything is not as it must be."""
        ledgers = self.exchange.ledgers
        names = self.accounts if self._each else self.touched
        if self._each:
            self.audit.check(ledgers)
        else:
            for name in names:
                self.audit.check_account(name, ledgers[name])
        self.witness.check(ledgers, names)
        for pit in self.exchange.dealing.floor:
            bid, ask = pit.venue.best(Side.BUY), pit.venue.best(Side.SELL)
            if pit.phase is Phase.CONTINUOUS and not pit.stopped and bid and ask:
                assert bid < ask, f"{pit.symbol} stands crossed"
            assert (pit.symbol in self.witness.stopped) is pit.halted
        self.touched.clear()

    def check_all(self) -> None:
        """As `check`, of all accounts, and that the books hold just what is open."""
        self.touched.update(self.accounts)
        self.audit.check(self.exchange.ledgers)
        self.check()
        floor, waits = self.exchange.dealing.floor, self.exchange.dealing.late
        for told in self.witness.open.values():
            symbol = told.order.symbol
            if any(each.tag == told.order.id for each in waits.get(symbol, ())):
                continue
            standing = self.exchange.dealing.roll.named(told.order.id)
            assert standing is not None
            assert floor.pits[symbol].venue.open_quantity(standing.place) == told.open

    @property
    def fingerprint(self) -> str:
        """All that was told, and all that the venues took."""
        return f"{self.log.hexdigest()} {self.exchange.fingerprint()[0]}"

    def _tried(self, act) -> bool:
        try:
            reports = act()
        except GatewayError:
            self.take(self.exchange.advance(self.now))
            return False
        self.take(reports)
        return True

    def _money(self, account: str) -> str:
        ledger = self.exchange.ledgers[account]
        held = {s: (h.quantity, h.bought, h.frozen) for s, h in ledger.holdings.items()}
        return f"{ledger.cash} {ledger.frozen} {ledger.settled} {held} {len(self.live_orders)}"

    def _order(self, wish: Wish) -> Order:
        now = from_ms(self.now)
        price = None if wish.price is None else self.security(wish.symbol).yuan(wish.price)
        return Order(
            id=f"o{self.number}",
            tag=f"o{self.number}",
            account_id=wish.account,
            client_order_id=None,
            broker_order_id=None,
            symbol=wish.symbol,
            side=wish.side,
            price_type=wish.kind,
            limit_price=price,
            quantity=wish.quantity,
            filled_quantity=0,
            average_price=None,
            state=OrderState.SENT,
            destination=Destination.SIMULATED,
            origin=Origin.OURS,
            created_at=now,
            updated_at=now,
            expires_at=None if wish.lives is None else from_ms(self.now + wish.lives),
        )

    def _list(self) -> None:
        for symbol, close in self.closes.items():
            day = self.exchange.day, close
            security, screens = open_screens(self.seed, make_instrument(symbol), day, CALENDAR)
            self.screens[symbol] = screens
            self.exchange.list_security(security)

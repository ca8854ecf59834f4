"""The exchange without its members' orders: days, symbols, accounts, and who interferes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quantgraph.backends.sim.actions import Entitlement, pay_holders
from quantgraph.backends.sim.dealing import Dealing
from quantgraph.backends.sim.floor import Floor
from quantgraph.backends.sim.flow.frames import Frames
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.pit import Pit
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.scripts import Script
from quantgraph.backends.sim.securities import Security
from quantgraph.backends.sim.settlement import Settlement
from quantgraph.backends.sim.standing import Roll
from quantgraph.domain.accounts import Means
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import OrderRefused, bad_request, unknown_account
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import check_band
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.rules.ticks import check_tick
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount


@dataclass(frozen=True, slots=True)
class Rules:
    """What the exchange judges and charges by; `prefix` begins its own order ids.

    `open_orders`: of one account at most; `live_symbols`: with an order book at most.
    """

    calendar: TradingCalendar
    fees: FeeSchedule
    prefix: str
    open_orders: int = 1_000
    live_symbols: int = 500


class Hall:
    """Accounts, open orders and the books of the symbols that somebody here trades.

    Every method that takes an instant (epoch ms) lets everything happen that is due by then and
    returns all reports since the call before, in order; what came before a refusal is told by the
    next call.
    """

    def __init__(self, ledgers: Iterable[Ledger], day: date, rules: Rules) -> None:
        """Open on a day with these accounts."""
        self.day = day
        self.listed: dict[str, Security] = {}
        self.rules = rules
        self.settlement = Settlement(ledgers, rules.fees)
        self.dealing = Dealing(self.settlement, Floor(), Roll())
        self.count: int = 0

    @property
    def ledgers(self) -> dict[str, Ledger]:
        """The accounts by id."""
        return self.settlement.ledgers

    @property
    def at(self) -> int:
        """The instant reached, epoch ms."""
        return self.dealing.at

    @property
    def live(self) -> Sequence[str]:
        """The symbols that have an order book now, sorted."""
        return sorted(self.dealing.floor.pits)

    def is_live(self, symbol: str) -> bool:
        """Return whether a symbol has an order book now."""
        return symbol in self.dealing.floor.pits

    def list_security(self, security: Security) -> None:
        """Take orders for a symbol on the security's day, if that is the present one."""
        if security.day == self.day:
            self.listed.setdefault(security.symbol, security)

    def open_orders(self, symbol: str) -> int:
        """Return how many orders wait for this symbol."""
        return len(self.dealing.roll.on(symbol))

    def bought(self, account_id: str, symbol: str) -> int:
        """Return the shares that an account has bought today, and those of its open buys."""
        waiting = self.dealing.roll.wanted(account_id, symbol)
        return self.ledgers[account_id].holding(symbol).bought + waiting

    def screen(self, symbol: str) -> Screen | None:
        """Return what a live symbol displays, None for one that nobody here trades."""
        pit = self.dealing.floor.pits.get(symbol)
        return None if pit is None else pit.screen()

    def screens(self, symbols: Iterable[str]) -> dict[str, Screen]:
        """Return what those display that are live."""
        pits = self.dealing.floor.pits
        return {symbol: pits[symbol].screen() for symbol in symbols if symbol in pits}

    def names(self) -> list[tuple[str, str]]:
        """Return the accounts' ids and names, in the order of opening."""
        return [(each.account_id, each.name) for each in self.ledgers.values()]

    def accounts(self, account_ids: Iterable[str]) -> list[Ledger | None]:
        """Return accounts, None for an unknown id."""
        return [self.ledgers.get(each) for each in account_ids]

    def held(self) -> list[str]:
        """Return the symbols that any account holds, sorted."""
        return sorted({symbol for each in self.ledgers.values() for symbol in each.holdings})

    def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for a symbol may use. Raises UNKNOWN_ACCOUNT."""
        ledger = self.ledgers.get(account_id)
        if ledger is None:
            raise unknown_account(account_id)
        bought, held = self.bought(account_id, symbol), ledger.holding(symbol)
        return Means(ledger.cash, held.sellable, bought, held.frozen)

    def fingerprint(self, symbol: str | None = None) -> tuple[str, int]:
        """Return a hash in hex over all that happened, to a symbol or to all, and how much did."""
        floor = self.dealing.floor
        return floor.fingerprints() if symbol is None else floor.fingerprint(symbol)

    def behind(self, at: int) -> bool:
        """Return whether anything is still to happen until an instant."""
        return self.dealing.floor.waits(at)

    @property
    def due(self) -> int | None:
        """The instant (epoch ms) before which nothing happens any more, None: nothing will."""
        return self.dealing.floor.due

    @property
    def next(self) -> int:
        """The instant (epoch ms) before which an advance changes nothing."""
        return self.dealing.next

    def advance(self, at: int, most: int | None = None) -> list[ExecutionReport]:
        """Let happen what is due, `most` steps of it at once; a step is a screen of a symbol."""
        self.dealing.advance(at, most)
        return self.dealing.tell()

    def roll(
        self, day: date, at: int, dividends: Iterable[Dividend] = ()
    ) -> tuple[list[ExecutionReport], list[Entitlement]]:
        """End the day: open orders expire, books empty, shares bought become sellable.

        `dividends` are the events since the day that ends: who holds shares overnight is paid.
        Nothing is listed afterwards.
        """
        self.dealing.advance(at)
        self.dealing.close()
        self.listed.clear()
        for ledger in self.ledgers.values():
            ledger.roll()
        granted = pay_holders(self.ledgers.values(), dividends)
        self.day = day
        return self.dealing.tell(), granted

    def open_account(self, seed: SeedAccount) -> None:
        """Open one more account, at whatever instant. Raises BAD_REQUEST where its id is taken."""
        if seed.id in self.ledgers:
            raise bad_request(f"There is an account {seed.id} already.", field="id")
        self.ledgers[seed.id] = Ledger.open(seed)

    def deposit(self, account_id: str, amount: Decimal, at: int) -> list[ExecutionReport]:
        """Pay yuan in, or out where below zero. Raises UNKNOWN_ACCOUNT, INSUFFICIENT_CASH."""
        self.dealing.advance(at)
        ledger = self.ledgers.get(account_id)
        if ledger is None:
            raise unknown_account(account_id)
        if amount < 0:
            ledger.withdraw(-amount)
        else:
            ledger.deposit(amount)
        return self.dealing.tell()

    def inject_trade(
        self, symbol: str, trade: tuple[Decimal, int], at: int
    ) -> list[ExecutionReport]:
        """Let strangers trade shares at a price in yuan: what is better is taken first.

        Raises OrderRefused: TICK_SIZE, PRICE_BAND, QUANTITY_INVALID, SESSION_CLOSED, SUSPENDED.
        """
        pit, (price, quantity) = self._pit(symbol, at), trade
        security = pit.security
        check_tick(security.instrument, price, self.day)
        check_band(security.instrument, price, security.band)
        if quantity < 1:
            text = f"Quantity {quantity} is not a positive number of shares."
            raise OrderRefused(Reason.QUANTITY_INVALID, text, quantity=quantity)
        if pit.phase is not Phase.CONTINUOUS or pit.stopped:
            reason = Reason.SUSPENDED if pit.stopped else Reason.SESSION_CLOSED
            text = f"{symbol} is not traded continuously now ({pit.phase})."
            raise OrderRefused(reason, text, symbol=symbol, phase=pit.phase)
        self.dealing.settle(pit, pit.trade(security.ticks(price), quantity))
        return self.dealing.tell()

    def halt(self, symbol: str, at: int) -> list[ExecutionReport]:
        """Stop a symbol's trading until `resume`, or until the day ends."""
        pit = self._pit(symbol, at)
        self.dealing.settle(pit, pit.halt())
        return self.dealing.tell()

    def resume(self, symbol: str, at: int) -> list[ExecutionReport]:
        """Go on with a symbol that was stopped; nothing changes where it trades."""
        pit = self._pit(symbol, at)
        self.dealing.settle(pit, pit.resume())
        return self.dealing.tell()

    def script(self, symbol: str, frames: Frames, at: int) -> list[ExecutionReport]:
        """Let a symbol follow other frames from now on, until the day ends."""
        pit = self._pit(symbol, at)
        self.dealing.settle(pit, pit.script(frames))
        self.dealing.floor.expect(pit)
        return self.dealing.tell()

    def play(self, symbol: str, script: Script, at: int) -> list[ExecutionReport]:
        """Let a symbol follow a scenario from now on, until the day ends. Errors: BAD_REQUEST."""
        pit = self._pit(symbol, at)
        self.dealing.settle(pit, pit.follow(script))
        self.dealing.floor.expect(pit)
        return self.dealing.tell()

    def security(self, symbol: str) -> Security:
        """Return what was listed. Raises OrderRefused TERMINAL_REFUSED where nothing was."""
        security = self.listed.get(symbol)
        if security is None:
            text = f"{symbol} is not listed at the simulated exchange today."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, symbol=symbol)
        return security

    def _pit(self, symbol: str, at: int) -> Pit:
        self.dealing.advance(at)
        security = self.security(symbol)
        self.make_room(symbol)
        return self.dealing.floor.open(security, self.at)

    def make_room(self, symbol: str) -> None:
        """Close the book of a symbol that nobody has an order for, where there are too many.

        Raises OrderRefused ORDER_LIMIT where all are in use.
        """
        floor = self.dealing.floor
        if symbol in floor.pits or len(floor.pits) < self.rules.live_symbols:
            return
        busy = self.dealing.roll.symbols()
        idle = next((p.symbol for p in floor if p.symbol not in busy and not p.steered), None)
        if idle is None:
            text = (
                f"Orders are open for {len(floor.pits)} symbols, the most that are traded at once."
            )
            raise OrderRefused(Reason.ORDER_LIMIT, text, limit=self.rules.live_symbols)
        floor.close([idle])

"""The simulated terminal: the exchange behind the ports, fed by quotes, driven by a clock."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

import structlog

from quantgraph.backends.sim.alarm import Alarm
from quantgraph.backends.sim.clock import MarketClock, Moment
from quantgraph.backends.sim.day_list import DayList
from quantgraph.backends.sim.exchange import Exchange, Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.valuation import value_asset, value_positions
from quantgraph.config import SeedAccount, SeedPosition
from quantgraph.domain.accounts import Account, AccountStatus, Asset, Means, Position
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import DAY_MS, TradingCalendar, day_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError, OrderRefused, unknown_account
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Order
from quantgraph.domain.ports.market import Dividends, QuoteFeed, Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.simulation import NewAccount
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder

T = TypeVar("T")
NAME = "sim"
_TRIES = 3
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TerminalParts:
    """What a terminal matches against, and how its accounts begin.

    Any quotes will do: generated ones in mock, a real terminal's in dev.
    """

    clock: MarketClock
    calendar: TradingCalendar
    reference: Reference
    quotes: Quotes
    feed: QuoteFeed
    dividends: Dividends
    accounts: Sequence[SeedAccount]
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def _ignore(epoch: str) -> None:
    del epoch


class SimTerminal:
    """Implements `Terminal`, `Accounts` and `Purses`.

    Orders live until filled, withdrawn or the day ends. When the clock begins a new epoch the
    world starts anew: accounts as seeded, no orders. Then `on_epoch` is awaited with the epoch's
    id before anything else is answered.
    """

    def __init__(
        self, parts: TerminalParts, on_epoch: Callable[[str], Awaitable[None]] = _ignore
    ) -> None:
        """Open the accounts; `start` makes days end also while nobody asks."""
        self._parts = parts
        self._on_epoch = on_epoch
        self._reports: asyncio.Queue[ExecutionReport | None] = asyncio.Queue()
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        now = parts.clock.moment()
        self._epoch = now.epoch
        self._exchange = self._open(now)
        self._listed = DayList()

    def start(self) -> None:
        """Begin to end days on time."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop all tasks and end the report stream."""
        tasks = [*self._watches.values(), *([self._keeper] if self._keeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._reports.put_nowait(None)

    async def place(self, order: Order) -> PlacedOrder:
        """Take an order. Raises OrderRefused, and then nothing was taken."""
        epoch = self._epoch
        instrument, quote, now = await self._market(order.symbol)
        if now.epoch != epoch:
            text = "The simulated world has just started over; submit the order again."
            raise OrderRefused(Reason.TERMINAL_REFUSED, text, order_id=order.id)
        self._publish(self._exchange.show(instrument, quote, now.ms))
        broker_id, reports = self._exchange.place(order, instrument, quote, now.ms)
        self._listed.add(order, broker_id)
        self._publish(reports)
        self._watch(instrument)
        return PlacedOrder(broker_id)

    async def withdraw(self, order: Order) -> None:
        """Cancel the open rest of an order. Errors: ORDER_NOT_CANCELABLE."""
        now = await self._present()
        self._publish(self._exchange.withdraw(order.id, now.ms))

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the account's orders of today, and those that ended when today began."""
        await self._present()
        _given(self._found(account_id))
        return self._listed.of(account_id)

    async def reports(self) -> AsyncGenerator[ExecutionReport, None]:
        """Yield every change of every order once, in order, to one reader, until closed."""
        while (report := await self._reports.get()) is not None:
            yield report

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts as they were seeded."""
        ledgers = self._exchange.ledgers.values()
        return [
            Account(each.account_id, each.name, NAME, AccountStatus.CONNECTED) for each in ledgers
        ]

    async def open_account(self, account: NewAccount) -> None:
        """Open one more account, for this world alone."""
        await self._present()
        held = tuple(
            SeedPosition(symbol=each.symbol, quantity=each.quantity, cost_price=each.cost_price)
            for each in account.positions
        )
        seed = SeedAccount(
            id=account.account_id, name=account.name, cash=account.cash, positions=held
        )
        self._exchange.ledgers[seed.id] = Ledger.open(seed)

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: UNKNOWN_ACCOUNT, INSUFFICIENT_CASH."""
        await self._present()
        ledger = _given(self._found(account_id))
        if amount < 0:
            ledger.withdraw(-amount)
        else:
            ledger.deposit(amount)

    async def asset(self, account_id: str) -> Asset:
        """Return the money of an account, holdings at the live quote. Errors: UNKNOWN_ACCOUNT."""
        return _given((await self.assets([account_id]))[0])

    async def positions(self, account_id: str) -> Sequence[Position]:
        """Return the holdings by symbol, at the live quote. Errors: UNKNOWN_ACCOUNT."""
        return _given((await self.holdings([account_id]))[0])

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account. Errors per account: UNKNOWN_ACCOUNT."""
        quotes = await self._quotes(account_ids)
        found = [self._found(each) for each in account_ids]
        return [
            each if isinstance(each, GatewayError) else value_asset(each, quotes) for each in found
        ]

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol. Errors per account: UNKNOWN_ACCOUNT."""
        quotes = await self._quotes(account_ids)
        found = [self._found(each) for each in account_ids]
        return [
            each if isinstance(each, GatewayError) else value_positions(each, quotes)
            for each in found
        ]

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for the symbol may use. Errors: UNKNOWN_ACCOUNT."""
        await self._present()
        ledger = _given(self._found(account_id))
        bought = self._exchange.bought(account_id, symbol)
        return Means(ledger.cash, ledger.holding(symbol).sellable, bought)

    async def _quotes(self, account_ids: Sequence[str]) -> Mapping[str, Quote]:
        """Return the quotes of all that these accounts hold, in one call."""
        await self._present()
        ledgers = [self._exchange.ledgers.get(each) for each in account_ids]
        held = {symbol for each in ledgers if each is not None for symbol in each.holdings}
        found = await self._parts.quotes.quotes(sorted(held)) if held else ()
        return {each.symbol: each for each in found if not isinstance(each, GatewayError)}

    def _found(self, account_id: str) -> Ledger | GatewayError:
        return self._exchange.ledgers.get(account_id) or unknown_account(account_id)

    async def _market(self, symbol: str) -> tuple[Instrument, Quote, Moment]:
        """Return the instrument, a quote of the present day, and the present."""
        instrument = (await self._parts.reference.instruments([symbol]))[0]
        if instrument is None:
            raise _refused(f"The simulated exchange does not trade {symbol}.", symbol)
        # A fast clock may leave the quote's day while it is fetched; the next one is of the new.
        for _ in range(_TRIES):
            quote = (await self._parts.quotes.quotes([symbol]))[0]
            if isinstance(quote, GatewayError):
                raise _refused(quote.message, symbol)
            now = await self._present()
            if day_of(quote.time) == now.day:
                return instrument, quote, now
        raise _refused(f"There is no quote of {symbol} of today yet.", symbol)

    async def _present(self) -> Moment:
        """Bring the world up to the clock: end the day, or begin the new epoch."""
        async with self._turning:
            now = self._parts.clock.moment()
            if now.epoch != self._epoch:
                await self._start_over(now)
            elif now.day != self._exchange.day:
                events = await self._events(self._exchange.day, now.day)
                self._listed.roll()
                self._publish(self._exchange.roll(now.day, now.ms, events))
        return now

    async def _events(self, after: date, until: date) -> Sequence[Dividend]:
        """Return what the held shares grant on the days after one day, up to another."""
        ledgers = self._exchange.ledgers.values()
        held = sorted({symbol for each in ledgers for symbol in each.holdings})
        found = await self._parts.dividends.dividends(held, Period.DAY_1) if held else ()
        return [each for one in found for each in one or () if after < each.ex_date <= until]

    async def _start_over(self, now: Moment) -> None:
        self._epoch = now.epoch
        self._exchange = self._open(now)
        self._listed = DayList()
        while not self._reports.empty():
            self._reports.get_nowait()
        await self._on_epoch(now.epoch)

    def _open(self, now: Moment) -> Exchange:
        ledgers = [Ledger.open(seed) for seed in self._parts.accounts]
        # The end of an epoch's id is random: no two worlds give the same broker order id.
        rules = Rules(self._parts.calendar, self._parts.fees, f"SIM{now.epoch[-8:]}")
        return Exchange(ledgers, now.day, rules)

    def _publish(self, reports: Iterable[ExecutionReport]) -> None:
        for report in reports:
            self._listed.note(report)
            self._reports.put_nowait(report)

    def _watch(self, instrument: Instrument) -> None:
        symbol = instrument.symbol
        if self._exchange.open_orders(symbol) and symbol not in self._watches:
            task = asyncio.create_task(self._follow(instrument))
            self._watches[symbol] = task
            task.add_done_callback(lambda _: self._watches.pop(symbol, None))

    async def _follow(self, instrument: Instrument) -> None:
        """Show the exchange every quote of a symbol as long as an order waits for it."""
        try:
            async with aclosing(self._parts.feed.follow(instrument.symbol)) as quotes:
                async for quote in quotes:
                    now = await self._present()
                    if day_of(quote.time) == now.day:
                        self._publish(self._exchange.show(instrument, quote, now.ms))
                    if not self._exchange.open_orders(instrument.symbol):
                        return
        except GatewayError:
            _logger.exception("feed_ended_under_orders", symbol=instrument.symbol)

    async def _keep(self) -> None:
        """End every day on time, though nobody may ask: open orders must be told EXPIRED."""
        alarm = Alarm(self._parts.clock, self._parts.sleep)
        while True:
            await alarm.step(DAY_MS)
            await self._present()


def _given(answer: T | GatewayError) -> T:
    if isinstance(answer, GatewayError):
        raise answer
    return answer


def _refused(text: str, symbol: str) -> OrderRefused:
    return OrderRefused(Reason.TERMINAL_REFUSED, text, symbol=symbol)

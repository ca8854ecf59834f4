"""The simulated terminal: the exchange behind the ports, driven by a clock."""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from decimal import Decimal

from quantgraph.backends.sim.driver import Driver
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.parts import WorldParts
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.valuation import value_asset, value_positions
from quantgraph.domain.accounts import Account, AccountStatus, Asset, Means, Position
from quantgraph.domain.errors import GatewayError, OrderRefused, Unavailable, unknown_account
from quantgraph.domain.orders import Order
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.trading import Accounts, given
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import NewAccount
from quantgraph.domain.terminal import (
    ExecutionReport,
    FateUnknownError,
    ListedOrder,
    PlacedOrder,
    TerminalEvent,
)
from quantgraph.seeds import SeedAccount, SeedPosition

NAME = "sim"


async def _ignore(epoch: str) -> None:
    del epoch


class SimTerminal(Accounts):
    """Implements `Terminal`, `Accounts` and `Purses`.

    Orders live until filled, withdrawn or the day ends. When the clock begins a new epoch the
    world starts anew: accounts as seeded, no orders. Then `on_epoch` is awaited with the epoch's
    id before anything else is answered.
    """

    def __init__(
        self,
        parts: WorldParts,
        quotes: Quotes,
        on_epoch: Callable[[str], Awaitable[None]] = _ignore,
    ) -> None:
        """Open the accounts, valued by `quotes`; `start` makes time act while nobody asks."""
        self.driver = Driver(parts, on_epoch)
        self._quoted = quotes
        self._names = [(seed.id, seed.name) for seed in parts.accounts]
        self._roster: int | None = None

    @property
    def lost(self) -> bool:
        """Whether the exchange is gone: a new world brings another one."""
        return self.driver.engine.lost

    @property
    def account_ids(self) -> Sequence[str]:
        """The accounts as they were looked up last; whoever trades or asks for them looks."""
        return [each for each, _ in self._names]

    def start(self) -> None:
        """Begin to move with the clock."""
        self.driver.start()

    async def close(self) -> None:
        """Stop all tasks and end the report stream."""
        await self.driver.close()

    async def screens(self, symbols: Iterable[str]) -> Mapping[str, Screen]:
        """Return what those display that have an order book, of these symbols."""
        return await self.driver.screens(symbols)

    async def place(self, order: Order) -> PlacedOrder:
        """Take an order. Raises OrderRefused, and then nothing was taken."""
        try:
            broker_id = await self.driver.act(lambda at: self._place(order, at), order.symbol)
        except OrderRefused:
            raise
        except GatewayError as error:  # raised before the exchange was asked: nothing was taken
            raise OrderRefused(Reason.TERMINAL_REFUSED, error.message) from error
        return PlacedOrder(broker_id)

    async def withdraw(self, order: Order) -> None:
        """Cancel the open rest of an order. Errors: ORDER_NOT_CANCELABLE, CANCEL_CLOSED."""
        name = order.broker_order_id or order.tag or ""
        await self.driver.act(lambda at: self._do(Exchange.withdraw, (name, at)))

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Return the orders of the list that bear a tag."""
        return [each for each in await self.orders_today(account_id) if each.tag == tag]

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Return the account's orders of today, and those that ended when today began."""
        await self.driver.present()
        given((await self._found([account_id]))[0])
        return self.driver.reporting.listed.of(account_id)

    async def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield every change of every order and of the link once, in order, until closed."""
        while (report := await self.driver.reporting.queue.get()) is not None:
            yield report

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts, in the order in which they were opened.

        Those of an exchange that is lost are known still: their orders can be read.
        """
        if not self.lost and self._roster != self.driver.roster:  # every order asks for them
            roster = self.driver.roster
            self._names = await self.driver.look(Exchange.names)
            self._roster = roster
        return [Account(each, name, NAME, AccountStatus.CONNECTED) for each, name in self._names]

    async def open_account(self, account: NewAccount) -> None:
        """Open one more account, for this world alone."""
        held = tuple(
            SeedPosition(
                symbol=each.symbol,
                quantity=each.quantity,
                cost_price=each.cost_price,
                bought=each.bought,
            )
            for each in account.positions
        )
        seed = SeedAccount(
            id=account.account_id, name=account.name, cash=account.cash, positions=held
        )
        with _fate_told():
            await self.driver.attach(Exchange.open_account, seed)

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: UNKNOWN_ACCOUNT, INSUFFICIENT_CASH."""
        await self.operate(Exchange.deposit, account_id, amount)

    async def assets(self, account_ids: Sequence[str]) -> Sequence[Asset | GatewayError]:
        """Return the money per account, holdings at the live quote.

        Errors per account: UNKNOWN_ACCOUNT.
        """
        await self.driver.present()
        found = await self._found(account_ids)
        quotes = await self._quotes(found)
        return [
            each if isinstance(each, GatewayError) else value_asset(each, quotes) for each in found
        ]

    async def holdings(
        self, account_ids: Sequence[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        """Return the holdings per account, by symbol, at the live quote.

        Errors per account: UNKNOWN_ACCOUNT.
        """
        await self.driver.present()
        found = await self._found(account_ids)
        quotes = await self._quotes(found)
        return [
            each if isinstance(each, GatewayError) else value_positions(each, quotes)
            for each in found
        ]

    async def means(self, account_id: str, symbol: str) -> Means:
        """Return what an order for the symbol may use. Errors: UNKNOWN_ACCOUNT."""
        await self.driver.present()
        return await self.driver.look(Exchange.means, account_id, symbol)

    async def _place(self, order: Order, at: int) -> str:
        broker_id, reports = await self.driver.engine.act(Exchange.place, order, at)
        self.driver.reporting.listed.add(order, broker_id)
        self.driver.reporting.publish(reports)
        return broker_id

    async def operate(
        self, work: Callable[..., list[ExecutionReport]], *told: object, symbol: str | None = None
    ) -> None:
        """Let the exchange do what an operator wants, at this instant, and tell the reports.

        `work` is a function of a module or a class that takes the exchange, `told` and epoch ms;
        `symbol` is listed before. Errors: EXCHANGE_LOST, also where nobody knows what was done.
        """
        with _fate_told():
            await self.driver.act(lambda at: self._do(work, (*told, at)), symbol)

    async def _do(
        self, work: Callable[..., list[ExecutionReport]], told: tuple[object, ...]
    ) -> None:
        self.driver.reporting.publish(await self.driver.engine.act(work, *told))

    async def _quotes(self, ledgers: Sequence[Ledger | GatewayError]) -> Mapping[str, Quote]:
        """Return the quotes of all that these accounts hold, in one call."""
        known = [each for each in ledgers if isinstance(each, Ledger)]
        held = {symbol for each in known for symbol in each.holdings}
        found = await self._quoted.quotes(sorted(held)) if held else ()
        return {each.symbol: each for each in found if not isinstance(each, GatewayError)}

    async def _found(self, account_ids: Sequence[str]) -> Sequence[Ledger | GatewayError]:
        found = await self.driver.look(Exchange.accounts, list(account_ids))
        return [
            unknown_account(name) if each is None else each
            for name, each in zip(account_ids, found, strict=True)
        ]


@contextmanager
def _fate_told() -> Generator[None]:
    """Say in the gateway's words that nobody knows what became of an act."""
    try:
        yield
    except FateUnknownError as error:
        text = "The simulated exchange ended before it answered; nobody knows what it did."
        raise Unavailable(Reason.EXCHANGE_LOST, text) from error

"""What the simulated exchange lets its operator do; the requests are checked already."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.market import SimMarket
from quantgraph.backends.sim.scripts import Script
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderState,
    Origin,
    PriceType,
    plain_price,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import (
    CorporateAction,
    HandOrder,
    Injection,
    NewAccount,
    ScenarioCall,
)
from quantgraph.domain.terminal import ExecutionReport, FateUnknownError


class SimControls:
    """Implements `services.simulation.Controls` and `services.worlds.Stage`."""

    def __init__(self, terminal: SimTerminal, market: SimMarket) -> None:
        """Control the exchange behind a terminal, and the market that it trades by."""
        self._terminal = terminal
        self._market = market
        self._driver = terminal.driver

    async def open_account(self, account: NewAccount) -> None:
        """Open an account whose id is free."""
        await self._terminal.open_account(account)

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: INSUFFICIENT_CASH."""
        await self._terminal.transfer(account_id, amount)

    async def inject(self, trade: Injection) -> None:
        """Let strangers trade. Errors: OrderRefused."""
        deal, symbol = (trade.price, trade.quantity), trade.symbol
        await self._terminal.operate(Exchange.inject_trade, symbol, deal, symbol=symbol)

    async def place(self, order: HandOrder, at: datetime) -> str:
        """Place an order that the gateway knows nothing of; return its broker order id."""
        try:
            # At the exchange itself: incidents befall what the gateway asks, not who sits there.
            return (await self._terminal.place(_typed(order, at))).broker_order_id
        except FateUnknownError as error:
            text = "The simulated exchange ended before it answered; the order may be there."
            raise Unavailable(Reason.EXCHANGE_LOST, text) from error

    async def settle(self) -> None:
        """Return when all that is due by now has happened and is recorded."""
        await self._driver.settle()

    async def halt(self, symbol: str) -> None:
        """Stop a symbol. Errors: OrderRefused where it does not trade today."""
        await self._terminal.operate(Exchange.halt, symbol, symbol=symbol)

    async def resume(self, symbol: str) -> None:
        """Go on with a symbol."""
        await self._terminal.operate(Exchange.resume, symbol, symbol=symbol)

    async def announce(self, action: CorporateAction) -> None:
        """Let prices follow an event; its holders are paid as its ex-day begins."""
        # In turn with the exchange: no day ends between the check and the event.
        await self._driver.act(lambda at: self._announce(action))

    async def _announce(self, action: CorporateAction) -> None:
        await self._market.announce(action)

    async def play(self, call: ScenarioCall) -> None:
        """Let a symbol follow a scenario. Errors: OrderRefused, BAD_REQUEST."""
        await self._terminal.operate(_play, call, symbol=call.symbol)

    async def fingerprint(self, symbol: str | None) -> tuple[str, int]:
        """Return the hash over books, and what it is over."""
        await self._driver.present()
        return await self._driver.look(Exchange.fingerprint, symbol)

    async def dump(self) -> Mapping[str, Any]:
        """Return the exchange's state; see `services.worlds.Stage`."""
        return await self._driver.dump()

    async def load(self, state: Mapping[str, Any], begin: Callable[[], Awaitable[str]]) -> None:
        """Go on from a state; see `services.worlds.Stage`."""
        await self._driver.load(state, begin)


def _typed(order: HandOrder, at: datetime) -> Order:
    """Return an order as a terminal has it that nobody made through a gateway."""
    return Order(
        id="by hand",
        account_id=order.account_id,
        client_order_id=None,
        broker_order_id=None,
        symbol=order.symbol,
        side=order.side,
        price_type=PriceType.LIMIT,
        limit_price=plain_price(order.limit_price),
        quantity=order.quantity,
        filled_quantity=0,
        average_price=None,
        state=OrderState.SENT,
        destination=Destination.SIMULATED,
        origin=Origin.EXTERNAL,
        created_at=at,
        updated_at=at,
        tag=order.remark,
    )


def _play(exchange: Exchange, call: ScenarioCall, at: int) -> list[ExecutionReport]:
    return exchange.play(call.symbol, Script(call.name, call.parameters, at), at)

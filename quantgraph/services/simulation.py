"""The operator of a simulated world: checks what is asked, and has it done."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, TypeVar

from quantgraph.domain.accounts import Account
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import (
    ChangeRefused,
    NameTaken,
    Unavailable,
    bad_request,
    unknown_account,
    unknown_symbol,
)
from quantgraph.domain.incidents import Incident, IncidentSetting
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.scenarios import SCENARIOS, fill_parameters
from quantgraph.domain.simulation import (
    ClockChange,
    CorporateAction,
    Fault,
    Fingerprint,
    HandOrder,
    InjectedOrder,
    Injection,
    Jump,
    NewAccount,
    ScenarioCall,
    SimulationState,
    Snapshot,
    SymbolChange,
)
from quantgraph.domain.system import ClockInfo
from quantgraph.services.operated import Controls, FaultSwitch, Worlds
from quantgraph.services.order_rows import external_id
from quantgraph.services.timekeeper import Timekeeper
from quantgraph.services.turns import Turns
from quantgraph.services.vetting import (
    check_action,
    check_hand,
    check_trade,
    checked_account,
    checked_amount,
    checked_name,
)

# Real seconds that a jump waits for the order books; many of them take longer for a whole day.
_PATIENCE_S = 10.0
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SimulationParts:
    """What an operator works with; `account_limit` counts all accounts of the world.

    `imports_events` tells whether the ex-right events of a symbol are imported ones.
    """

    clock: Clock
    calendar: TradingCalendar
    timekeeper: Timekeeper
    controls: Controls
    faults: FaultSwitch
    worlds: Worlds
    accounts: Accounts
    reference: Reference
    account_limit: int
    imports_events: Callable[[str], Awaitable[bool]]


def _in_turn(
    act: Callable[Concatenate["SimulationDesk", P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["SimulationDesk", P], "CoroutineType[Any, Any, T]"]:
    """Let nothing else be changed meanwhile: a snapshot is of one instant, and is whole."""

    @wraps(act)
    async def alone(self: "SimulationDesk", *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.turns.run(act(self, *args, **kwargs))

    return alone


class SimulationDesk:
    """Implements `Simulation`: one change at a time, each to its end."""

    def __init__(self, parts: SimulationParts) -> None:
        """Work with these parts."""
        self._parts = parts
        self.turns = Turns()

    async def state(self) -> SimulationState:
        """Return the clock, scenarios, faults and snapshots."""
        parts = self._parts
        return SimulationState(
            clock=parts.timekeeper.info(),
            scenarios=tuple(sorted(SCENARIOS, key=lambda each: each.name)),
            faults=self._faults(),
            snapshots=tuple(await parts.worlds.snapshots()),
        )

    @_in_turn
    async def set_clock(self, change: ClockChange) -> ClockInfo:
        """Change speed or pause; see `ports.Simulation`."""
        self._parts.timekeeper.change(change)
        return self._parts.timekeeper.info()

    @_in_turn
    async def jump_clock(self, jump: Jump) -> ClockInfo:
        """Go forward at once; see `ports.Simulation`."""
        self._parts.timekeeper.jump(jump)
        await self._settle()
        return self._parts.timekeeper.info()

    @_in_turn
    async def create_account(self, account: NewAccount) -> Account:
        """Open an account; see `ports.Simulation`."""
        account = checked_account(account)
        present = await self._parts.accounts.accounts()
        if any(each.id == account.account_id for each in present):
            text = f"There is an account {account.account_id!r} already; choose another id."
            raise NameTaken(Reason.ACCOUNT_TAKEN, text, account_id=account.account_id)
        if len(present) >= self._parts.account_limit:
            text = f"There are {len(present)} accounts, the most that mock.account_limit allows."
            raise ChangeRefused(Reason.ACCOUNT_LIMIT, text, limit=self._parts.account_limit)
        await self._check_symbols(each.symbol for each in account.positions)
        await self._parts.controls.open_account(account)
        return await self._account(account.account_id)

    @_in_turn
    async def deposit(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan in; see `ports.Simulation`."""
        return await self._transfer(account_id, amount, 1)

    @_in_turn
    async def withdraw(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan out; see `ports.Simulation`."""
        return await self._transfer(account_id, amount, -1)

    @_in_turn
    async def inject_trade(self, trade: Injection) -> SymbolChange:
        """Let strangers trade; see `ports.Simulation`."""
        check_trade(trade)
        await self._check_symbols([trade.symbol])
        await self._parts.controls.inject(trade)
        return await self._done(trade.symbol)

    @_in_turn
    async def inject_order(self, order: HandOrder) -> InjectedOrder:
        """Place an order past the gateway; see `ports.Simulation`."""
        check_hand(order)
        await self._account(order.account_id)
        await self._check_symbols([order.symbol])
        time = self._parts.clock.now()
        broker_id = await self._parts.controls.place(order, time)
        await self._settle()
        return InjectedOrder(external_id(broker_id), broker_id, time)

    @_in_turn
    async def halt(self, symbol: str) -> SymbolChange:
        """Stop a symbol; see `ports.Simulation`."""
        await self._check_symbols([symbol])
        await self._parts.controls.halt(symbol)
        return await self._done(symbol)

    @_in_turn
    async def resume(self, symbol: str) -> SymbolChange:
        """Go on with a symbol; see `ports.Simulation`."""
        await self._check_symbols([symbol])
        await self._parts.controls.resume(symbol)
        return await self._done(symbol)

    @_in_turn
    async def announce(self, action: CorporateAction) -> SymbolChange:
        """Announce what holders get; see `ports.Simulation`."""
        parts = self._parts
        check_action(action, parts.timekeeper.info().trading_day, parts.calendar)
        await self._check_symbols([action.symbol])
        if await parts.imports_events(action.symbol):
            text = f"The ex-right events of {action.symbol} are imported: none can be announced."
            raise ChangeRefused(Reason.PRICES_RECORDED, text, symbol=action.symbol)
        await parts.controls.announce(action)
        return await self._done(action.symbol)

    @_in_turn
    async def load_scenario(self, call: ScenarioCall) -> SymbolChange:
        """Let a symbol follow a scenario; see `ports.Simulation`."""
        fill_parameters(call.name, call.parameters)
        await self._check_symbols([call.symbol])
        await self._parts.controls.play(call)
        return await self._done(call.symbol)

    @_in_turn
    async def set_faults(self, settings: Sequence[str]) -> Sequence[Fault]:
        """Switch incidents; see `ports.Simulation`."""
        parsed = [IncidentSetting.parse(each) for each in settings]
        if len({each.incident for each in parsed}) < len(parsed):
            raise bad_request("An incident is named twice.", field="settings")
        self._parts.faults.set_incidents(parsed)
        return self._faults()

    @_in_turn
    async def save_snapshot(self, name: str) -> Snapshot:
        """Keep the world as it is; see `ports.Simulation`."""
        return await self._parts.worlds.save(checked_name(name))

    @_in_turn
    async def restore_snapshot(self, name: str) -> Snapshot:
        """Go on from a snapshot; see `ports.Simulation`."""
        return await self._parts.worlds.restore(checked_name(name))

    @_in_turn
    async def delete_snapshot(self, name: str) -> Snapshot:
        """Delete a snapshot; see `ports.Simulation`."""
        return await self._parts.worlds.delete(checked_name(name))

    async def fingerprint(self, symbol: str | None) -> Fingerprint:
        """Return the hash over books; see `ports.Simulation`."""
        if symbol is not None:
            await self._check_symbols([symbol])
        found, events = await self._parts.controls.fingerprint(symbol)
        return Fingerprint(symbol, found, events)

    async def _settle(self) -> None:
        """Let orders tell what they met by now before the answer does; it is done in any case."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._parts.controls.settle()

    def _faults(self) -> tuple[Fault, ...]:
        on = {each.incident: each for each in self._parts.faults.incidents}
        return tuple(
            Fault(each.value, each.text, each.zh, _written(on[each]) if each in on else None)
            for each in sorted(Incident)
        )

    async def _transfer(self, account_id: str, amount: Decimal, sign: int) -> Account:
        amount = checked_amount(amount)
        await self._account(account_id)
        await self._parts.controls.transfer(account_id, amount * sign)
        return await self._account(account_id)

    async def _account(self, account_id: str) -> Account:
        for account in await self._parts.accounts.accounts():
            if account.id == account_id:
                return account
        raise unknown_account(account_id)

    async def _check_symbols(self, symbols: Iterable[str]) -> None:
        wanted = list(symbols)
        found = await self._parts.reference.instruments(wanted) if wanted else ()
        for symbol, instrument in zip(wanted, found, strict=True):
            if instrument is None:
                raise unknown_symbol(symbol)

    async def _done(self, symbol: str) -> SymbolChange:
        await self._settle()
        return SymbolChange(symbol, self._parts.clock.now())


def _written(setting: IncidentSetting) -> str:
    """Return a setting as `IncidentSetting.parse` reads it."""
    words = [
        setting.incident.value,
        f"probability={setting.probability:.9f}".rstrip("0").rstrip("."),
    ]
    if setting.times is not None:
        words.append(f"times={setting.times}")
    return " ".join([*words, f"delay_ms={setting.delay_ms}"])

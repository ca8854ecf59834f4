"""The operator of a simulated world: checks what is asked, and has it done."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from quantgraph.domain.accounts import Account
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import (
    ChangeRefused,
    NameTaken,
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
    Injection,
    Jump,
    NewAccount,
    ScenarioCall,
    SimulationState,
    Snapshot,
    SymbolChange,
)
from quantgraph.domain.system import ClockInfo
from quantgraph.services.timekeeper import Timekeeper

_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_NAME_LENGTH = 64
_POSITIONS = 200
_MOST_SHARES = 10**10
_MOST_YUAN = Decimal(10**12)
# Per ten shares: more than anybody ever granted.
_MOST_GRANTED = Decimal(1_000)


class Controls(Protocol):
    """What a simulated exchange lets its operator do, once the request is checked."""

    async def open_account(self, account: NewAccount) -> None:
        """Open an account whose id is free."""
        ...

    async def transfer(self, account_id: str, amount: Decimal) -> None:
        """Pay yuan in, or out where below zero. Errors: INSUFFICIENT_CASH."""
        ...

    async def inject(self, trade: Injection) -> None:
        """Let strangers trade. Errors: OrderRefused."""
        ...

    async def halt(self, symbol: str) -> None:
        """Stop a symbol. Errors: OrderRefused where it does not trade today."""
        ...

    async def resume(self, symbol: str) -> None:
        """Go on with a symbol."""
        ...

    async def announce(self, action: CorporateAction) -> None:
        """Keep an event until its ex-day."""
        ...

    async def play(self, call: ScenarioCall) -> None:
        """Let a symbol follow a scenario. Errors: OrderRefused, BAD_REQUEST."""
        ...

    async def fingerprint(self, symbol: str | None) -> tuple[str, int]:
        """Return the hash over books, and what it is over."""
        ...


class FaultSwitch(Protocol):
    """A terminal that incidents can be switched on at."""

    @property
    def incidents(self) -> Sequence[IncidentSetting]:
        """What is switched on."""
        ...

    def set_incidents(self, settings: Iterable[IncidentSetting]) -> None:
        """Switch these on and all others off."""
        ...


class Worlds(Protocol):
    """Snapshots of the world; see `ports.Simulation` for the errors."""

    async def snapshots(self) -> Sequence[Snapshot]:
        """Return those that are held, by name."""
        ...

    async def save(self, name: str) -> Snapshot:
        """Keep the world as it is."""
        ...

    async def restore(self, name: str) -> Snapshot:
        """Go on from a snapshot."""
        ...

    async def delete(self, name: str) -> Snapshot:
        """Delete a snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class SimulationParts:
    """What an operator works with; `account_limit` counts all accounts of the world."""

    clock: Clock
    calendar: TradingCalendar
    timekeeper: Timekeeper
    controls: Controls
    faults: FaultSwitch
    worlds: Worlds
    accounts: Accounts
    reference: Reference
    account_limit: int


class SimulationDesk:
    """Implements `Simulation`."""

    def __init__(self, parts: SimulationParts) -> None:
        """Work with these parts."""
        self._parts = parts

    async def state(self) -> SimulationState:
        """Return the clock, scenarios, faults and snapshots."""
        parts = self._parts
        return SimulationState(
            clock=parts.timekeeper.info(),
            scenarios=tuple(sorted(SCENARIOS, key=lambda each: each.name)),
            faults=self._faults(),
            snapshots=tuple(await parts.worlds.snapshots()),
        )

    async def set_clock(self, change: ClockChange) -> ClockInfo:
        """Change speed or pause; see `ports.Simulation`."""
        self._parts.timekeeper.change(change)
        return self._parts.timekeeper.info()

    async def jump_clock(self, jump: Jump) -> ClockInfo:
        """Go forward at once; see `ports.Simulation`."""
        self._parts.timekeeper.jump(jump)
        return self._parts.timekeeper.info()

    async def create_account(self, account: NewAccount) -> Account:
        """Open an account; see `ports.Simulation`."""
        _check_account(account)
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

    async def deposit(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan in; see `ports.Simulation`."""
        return await self._transfer(account_id, amount, 1)

    async def withdraw(self, account_id: str, amount: Decimal) -> Account:
        """Pay yuan out; see `ports.Simulation`."""
        return await self._transfer(account_id, amount, -1)

    async def inject_trade(self, trade: Injection) -> SymbolChange:
        """Let strangers trade; see `ports.Simulation`."""
        if not 0 < trade.quantity <= _MOST_SHARES:
            raise bad_request(f"quantity is {trade.quantity}; from 1 on.", field="quantity")
        if not 0 < trade.price < _MOST_YUAN:
            raise bad_request(f"price is {trade.price}; it must be above 0.", field="price")
        await self._check_symbols([trade.symbol])
        await self._parts.controls.inject(trade)
        return self._done(trade.symbol)

    async def halt(self, symbol: str) -> SymbolChange:
        """Stop a symbol; see `ports.Simulation`."""
        await self._check_symbols([symbol])
        await self._parts.controls.halt(symbol)
        return self._done(symbol)

    async def resume(self, symbol: str) -> SymbolChange:
        """Go on with a symbol; see `ports.Simulation`."""
        await self._check_symbols([symbol])
        await self._parts.controls.resume(symbol)
        return self._done(symbol)

    async def announce(self, action: CorporateAction) -> SymbolChange:
        """Announce what holders get; see `ports.Simulation`."""
        self._check_action(action)
        await self._check_symbols([action.symbol])
        await self._parts.controls.announce(action)
        return self._done(action.symbol)

    async def load_scenario(self, call: ScenarioCall) -> SymbolChange:
        """Let a symbol follow a scenario; see `ports.Simulation`."""
        fill_parameters(call.name, call.parameters)
        await self._check_symbols([call.symbol])
        await self._parts.controls.play(call)
        return self._done(call.symbol)

    async def set_faults(self, settings: Sequence[str]) -> Sequence[Fault]:
        """Switch incidents; see `ports.Simulation`."""
        parsed = [IncidentSetting.parse(each) for each in settings]
        if len({each.incident for each in parsed}) < len(parsed):
            raise bad_request("An incident is named twice.", field="settings")
        self._parts.faults.set_incidents(parsed)
        return self._faults()

    async def save_snapshot(self, name: str) -> Snapshot:
        """Keep the world as it is; see `ports.Simulation`."""
        return await self._parts.worlds.save(_checked_name(name))

    async def restore_snapshot(self, name: str) -> Snapshot:
        """Go on from a snapshot; see `ports.Simulation`."""
        return await self._parts.worlds.restore(_checked_name(name))

    async def delete_snapshot(self, name: str) -> Snapshot:
        """Delete a snapshot; see `ports.Simulation`."""
        return await self._parts.worlds.delete(_checked_name(name))

    async def fingerprint(self, symbol: str | None) -> Fingerprint:
        """Return the hash over books; see `ports.Simulation`."""
        if symbol is not None:
            await self._check_symbols([symbol])
        found, events = await self._parts.controls.fingerprint(symbol)
        return Fingerprint(symbol, found, events)

    def _faults(self) -> tuple[Fault, ...]:
        on = {each.incident: each for each in self._parts.faults.incidents}
        return tuple(
            Fault(each.value, each.text, each.zh, _written(on[each]) if each in on else None)
            for each in sorted(Incident)
        )

    async def _transfer(self, account_id: str, amount: Decimal, sign: int) -> Account:
        _check_money("amount", amount)
        if amount == 0:
            raise bad_request("amount is 0; it must be above 0.", field="amount")
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

    def _check_action(self, action: CorporateAction) -> None:
        granted = {"cash": action.cash, "bonus": action.bonus, "conversion": action.conversion}
        for field, amount in granted.items():
            if not 0 <= amount <= _MOST_GRANTED:
                text = f"{field} is {amount}; from 0 to {_MOST_GRANTED} for ten shares."
                raise bad_request(text, field=field)
        if not any(granted.values()):
            raise bad_request("Nothing is granted; give cash, bonus or conversion.", field="cash")
        today = self._parts.timekeeper.info().trading_day
        if action.ex_date <= today or not self._parts.calendar.is_session(action.ex_date):
            text = f"The ex-day {action.ex_date} is no trading day after today, {today}."
            raise bad_request(text, field="ex_date")

    def _done(self, symbol: str) -> SymbolChange:
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


def _check_account(account: NewAccount) -> None:
    if _ID.fullmatch(account.account_id) is None:
        text = f"{account.account_id[:60]!r} is no account id: 1 to 40 of letters, digits and -_."
        raise bad_request(text, field="account_id")
    if not 0 < len(account.name) <= _NAME_LENGTH or not account.name.isprintable():
        text = f"The name must be 1 to {_NAME_LENGTH} printable characters."
        raise bad_request(text, field="name")
    _check_money("cash", account.cash)
    symbols = [each.symbol for each in account.positions]
    if len(symbols) > _POSITIONS or len(set(symbols)) < len(symbols):
        text = f"Each symbol is held once, and {_POSITIONS} are held at most."
        raise bad_request(text, field="positions")
    for held in account.positions:
        if not 0 < held.quantity <= _MOST_SHARES or not 0 <= held.cost_price < _MOST_YUAN:
            text = f"{held.symbol}: a holding has shares from 1 on, and a cost from 0 on."
            raise bad_request(text, field="positions")


def _check_money(field: str, amount: Decimal) -> None:
    if not 0 <= amount <= _MOST_YUAN or amount != round(amount, 2):
        text = f"{field} is {amount}; expected yuan from 0 to {_MOST_YUAN}, in whole cents."
        raise bad_request(text, field=field)


def _checked_name(name: str) -> str:
    # It names a file: nothing in it may lead out of the folder, or hide it.
    if _ID.fullmatch(name) is None or name.startswith("."):
        text = f"{name[:60]!r} is no name: 1 to 40 of letters, digits and -_., no . in front."
        raise bad_request(text, field="name")
    return name

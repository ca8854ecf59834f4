"""The simulated world and what its operator may do."""

import re
from datetime import time
from decimal import Decimal

from quantgraph.domain.scenarios import Scenario, ScenarioParameter
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
    NewPosition,
    ScenarioCall,
    SimulationState,
    Snapshot,
    SymbolChange,
)
from quantgraph.v1 import simulation_pb2, types_pb2
from quantgraph.wire.enums import PHASE, SIDE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
    instant_from_proto,
    instant_to_proto,
    invalid_field,
    symbol_from_proto,
    text_from_proto,
)
from quantgraph.wire.system import clock_from_proto, clock_to_proto

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


def state_to_proto(state: SimulationState) -> simulation_pb2.Simulation:
    """Write what can be switched, and how it stands."""
    return simulation_pb2.Simulation(
        clock=clock_to_proto(state.clock),
        scenarios=[_scenario(each) for each in state.scenarios],
        faults=[fault_to_proto(each) for each in state.faults],
        snapshots=[snapshot_to_proto(each) for each in state.snapshots],
    )


def state_from_proto(message: simulation_pb2.Simulation) -> SimulationState:
    """Read what can be switched, and how it stands."""
    return SimulationState(
        clock_from_proto(message.clock),
        tuple(_scenario_of(each) for each in message.scenarios),
        tuple(fault_from_proto(each) for each in message.faults),
        tuple(snapshot_from_proto(each) for each in message.snapshots),
    )


def fault_to_proto(fault: Fault) -> simulation_pb2.Fault:
    """Write an incident."""
    return simulation_pb2.Fault(
        name=fault.name,
        description=fault.description,
        description_zh=fault.description_zh,
        setting=fault.setting,
    )


def fault_from_proto(message: simulation_pb2.Fault) -> Fault:
    """Read an incident."""
    setting = message.setting if message.HasField("setting") else None
    return Fault(message.name, message.description, message.description_zh, setting)


def snapshot_to_proto(snapshot: Snapshot) -> simulation_pb2.Snapshot:
    """Write a snapshot."""
    return simulation_pb2.Snapshot(
        name=snapshot.name,
        time=instant_to_proto(snapshot.time),
        trading_day=date_to_proto(snapshot.trading_day),
        created_at=instant_to_proto(snapshot.created_at),
        size=snapshot.size,
    )


def snapshot_from_proto(message: simulation_pb2.Snapshot) -> Snapshot:
    """Read a snapshot."""
    return Snapshot(
        message.name,
        instant_from_proto(message.time, "time"),
        date_from_proto(message.trading_day, "trading_day"),
        instant_from_proto(message.created_at, "created_at"),
        message.size,
    )


def fingerprint_to_proto(found: Fingerprint) -> simulation_pb2.Fingerprint:
    """Write a hash over books."""
    return simulation_pb2.Fingerprint(symbol=found.symbol, hash=found.hash, events=found.events)


def fingerprint_from_proto(message: simulation_pb2.Fingerprint) -> Fingerprint:
    """Read a hash over books."""
    symbol = message.symbol if message.HasField("symbol") else None
    return Fingerprint(symbol, message.hash, message.events)


def change_to_proto(change: SymbolChange) -> simulation_pb2.SymbolChange:
    """Write what was done to a symbol."""
    return simulation_pb2.SymbolChange(symbol=change.symbol, time=instant_to_proto(change.time))


def change_from_proto(message: simulation_pb2.SymbolChange) -> SymbolChange:
    """Read what was done to a symbol."""
    return SymbolChange(message.symbol, instant_from_proto(message.time, "time"))


def clock_change_from_proto(message: simulation_pb2.SetClockRequest) -> ClockChange:
    """Read how time shall go on."""
    return ClockChange(
        message.speed if message.HasField("speed") else None,
        message.paused if message.HasField("paused") else None,
    )


def jump_from_proto(message: simulation_pb2.JumpClockRequest) -> Jump:
    """Read where the clock shall go."""
    phased = message.HasField("phase")
    return Jump(
        phase=PHASE.from_proto(message.phase, "phase") if phased else None,
        time=_time(message.time) if message.HasField("time") else None,
        day=date_from_proto(message.day, "day") if message.HasField("day") else None,
        next_day=message.next_day,
    )


def account_from_proto(message: simulation_pb2.CreateAccountRequest) -> NewAccount:
    """Read an account to be opened."""
    name = message.name if message.HasField("name") else message.account_id
    cash = decimal_from_proto(message.cash, "cash")
    held = tuple(_position(each, f"positions[{i}]") for i, each in enumerate(message.positions))
    return NewAccount(message.account_id, name, cash, held)


def injection_from_proto(message: simulation_pb2.InjectTradeRequest) -> Injection:
    """Read a trade of strangers."""
    return Injection(
        symbol_from_proto(message.symbol, "symbol"),
        decimal_from_proto(message.price, "price"),
        message.quantity,
    )


def hand_from_proto(message: simulation_pb2.InjectOrderRequest) -> HandOrder:
    """Read an order that somebody types in at the terminal."""
    return HandOrder(
        message.account_id,
        symbol_from_proto(message.symbol, "symbol"),
        SIDE.from_proto(message.side, "side"),
        message.quantity,
        decimal_from_proto(message.limit_price, "limit_price"),
        text_from_proto(message.remark, "remark") if message.HasField("remark") else None,
    )


def injected_to_proto(order: InjectedOrder) -> simulation_pb2.InjectedOrder:
    """Write what an order by hand is called."""
    return simulation_pb2.InjectedOrder(
        order_id=order.order_id,
        broker_order_id=order.broker_order_id,
        time=instant_to_proto(order.time),
    )


def injected_from_proto(message: simulation_pb2.InjectedOrder) -> InjectedOrder:
    """Read what an order by hand is called."""
    time = instant_from_proto(message.time, "time")
    return InjectedOrder(message.order_id, message.broker_order_id, time)


def action_from_proto(message: simulation_pb2.AnnounceCorporateActionRequest) -> CorporateAction:
    """Read what holders get."""
    return CorporateAction(
        symbol_from_proto(message.symbol, "symbol"),
        date_from_proto(message.ex_date, "ex_date"),
        cash=_amount(message, "cash"),
        bonus=_amount(message, "bonus"),
        conversion=_amount(message, "conversion"),
    )


def call_from_proto(message: simulation_pb2.LoadScenarioRequest) -> ScenarioCall:
    """Read which scenario a symbol takes."""
    given: dict[str, Decimal] = {}
    for place, each in enumerate(message.parameters):
        field = f"parameters[{place}]"
        if each.name in given:
            raise invalid_field(field, f"{each.name[:40]!r} is given twice.")
        given[each.name] = decimal_from_proto(each.value, f"{field}.value")
    symbol = symbol_from_proto(message.symbol, "symbol")
    return ScenarioCall(symbol, text_from_proto(message.name, "name"), given)


def _scenario(scenario: Scenario) -> simulation_pb2.Scenario:
    parameters = [
        simulation_pb2.ScenarioParameter(
            name=each.name,
            default_value=decimal_to_proto(each.default),
            low=decimal_to_proto(each.low),
            high=decimal_to_proto(each.high),
            whole=each.whole,
            description=each.description,
            description_zh=each.description_zh,
        )
        for each in scenario.parameters
    ]
    return simulation_pb2.Scenario(
        name=scenario.name,
        description=scenario.description,
        description_zh=scenario.description_zh,
        parameters=parameters,
    )


def _scenario_of(message: simulation_pb2.Scenario) -> Scenario:
    parameters = tuple(
        ScenarioParameter(
            each.name,
            decimal_from_proto(each.default_value, "default_value"),
            decimal_from_proto(each.low, "low"),
            decimal_from_proto(each.high, "high"),
            each.description,
            each.description_zh,
            each.whole,
        )
        for each in message.parameters
    )
    return Scenario(message.name, message.description, message.description_zh, parameters)


def _position(message: simulation_pb2.NewPosition, field: str) -> NewPosition:
    return NewPosition(
        symbol_from_proto(message.symbol, f"{field}.symbol"),
        message.quantity,
        decimal_from_proto(message.cost_price, f"{field}.cost_price"),
    )


def _amount(message: simulation_pb2.AnnounceCorporateActionRequest, field: str) -> Decimal:
    value: types_pb2.Decimal = getattr(message, field)
    return decimal_from_proto(value, field) if message.HasField(field) else Decimal(0)  # pyright: ignore[reportArgumentType] one of three names


def _time(text: str) -> time:
    if _TIME.fullmatch(text) is None:
        raise invalid_field("time", f"{text[:40]!r} is not a time like 14:57 or 14:57:30.")
    return time.fromisoformat(text)

"""The simulated world on the wire: what is written is read again."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.scenarios import Scenario, ScenarioParameter
from quantgraph.domain.simulation import (
    Fault,
    Fingerprint,
    InjectedOrder,
    Jump,
    SimulationState,
    Snapshot,
    SymbolChange,
)
from quantgraph.domain.system import ClockInfo
from quantgraph.v1 import simulation_pb2
from quantgraph.wire import simulation as wire

TEXT = st.text(max_size=20)
NUMBER = st.decimals(-(10**9), 10**9, places=3)
INSTANT = st.integers(0, 4 * 10**12).map(from_ms)
DAY = st.dates(date(1990, 1, 1), date(2100, 1, 1))
CLOCK = st.builds(
    ClockInfo,
    now=INSTANT,
    simulated=st.booleans(),
    speed=st.floats(0.001, 1000),
    paused=st.booleans(),
    phase=st.sampled_from(Phase),
    trading_day=DAY,
    epoch=TEXT,
    lagging=st.booleans(),
    effective_speed=st.floats(0, 100_000),
)
PARAMETER = st.builds(ScenarioParameter, TEXT, NUMBER, NUMBER, NUMBER, TEXT, TEXT, st.booleans())
SCENARIO = st.builds(Scenario, TEXT, TEXT, TEXT, st.lists(PARAMETER, max_size=2).map(tuple))
FAULT = st.builds(Fault, TEXT, TEXT, TEXT, st.none() | TEXT)
SNAPSHOT = st.builds(Snapshot, TEXT, INSTANT, DAY, INSTANT, st.integers(0, 2**53))
STATE = st.builds(
    SimulationState,
    CLOCK,
    st.lists(SCENARIO, max_size=2).map(tuple),
    st.lists(FAULT, max_size=2).map(tuple),
    st.lists(SNAPSHOT, max_size=2).map(tuple),
)


@given(STATE)
def test_a_state_is_read_as_it_was_written(state: SimulationState) -> None:
    assert wire.state_from_proto(wire.state_to_proto(state)) == state


@given(st.builds(Fingerprint, st.none() | TEXT, TEXT, st.integers(0, 2**53)))
def test_a_fingerprint_is_read_as_it_was_written(found: Fingerprint) -> None:
    assert wire.fingerprint_from_proto(wire.fingerprint_to_proto(found)) == found


@given(st.builds(SymbolChange, TEXT, INSTANT))
def test_a_change_is_read_as_it_was_written(change: SymbolChange) -> None:
    assert wire.change_from_proto(wire.change_to_proto(change)) == change


@given(st.builds(InjectedOrder, TEXT, TEXT, INSTANT))
def test_an_injected_order_is_read_as_it_was_written(order: InjectedOrder) -> None:
    assert wire.injected_from_proto(wire.injected_to_proto(order)) == order


def test_a_jump_is_read_with_what_is_given_alone() -> None:
    message = simulation_pb2.JumpClockRequest(time="14:57:30", next_day=True)
    assert wire.jump_from_proto(message) == Jump(time=time(14, 57, 30), next_day=True)
    assert wire.jump_from_proto(simulation_pb2.JumpClockRequest()) == Jump()


@pytest.mark.parametrize("text", ["", "9:30", "24:00", "09:60", "09:30:", "09:30:00.5", "０9:30"])
def test_a_time_of_day_has_one_form(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        wire.jump_from_proto(simulation_pb2.JumpClockRequest(time=text))
    assert caught.value.details["field"] == "time"


def test_what_is_not_granted_is_nought() -> None:
    message = simulation_pb2.AnnounceCorporateActionRequest(symbol="600519.SH")
    message.ex_date.year, message.ex_date.month, message.ex_date.day = 2024, 3, 4
    message.cash.value = "25.5"
    action = wire.action_from_proto(message)
    assert (action.cash, action.bonus, action.conversion) == (Decimal("25.5"), 0, 0)

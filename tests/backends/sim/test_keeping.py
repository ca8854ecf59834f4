"""An exchange that was kept goes on as if nothing had happened."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.keeping import dump_exchange, live_in, load_exchange
from quantgraph.backends.sim.scripts import Script
from quantgraph.domain.errors import ChangeRefused
from quantgraph.domain.reasons import Reason
from quantgraph.domain.scenarios import SCENARIOS, Scenario, ScenarioParameter

from .conftest import START
from .hall import BUY, NOW, SELL, SYMBOL, Board, Floor, frame, order

QUIET = ({"9.99": 500}, {"10.00": 500, "10.01": 500})


def again(exchange: Exchange) -> Exchange:
    """Return another exchange out of the state, which went through its text."""
    state = json.loads(json.dumps(dump_exchange(exchange)))
    day, live = live_in(state)
    assert (day, live) == (exchange.day, exchange.live)
    securities = {symbol: exchange.security(symbol) for symbol in live}
    loaded = load_exchange(state, exchange.rules, securities)
    # as the terminal does before the next order of a symbol that nobody trades
    loaded.list_security(exchange.security(SYMBOL))
    return loaded


def same(one: Exchange, other: Exchange) -> None:
    assert one.fingerprint() == other.fingerprint()
    assert repr(one.ledgers) == repr(other.ledgers)
    assert dump_exchange(one) == dump_exchange(other)


ORDERS = st.tuples(
    st.sampled_from([BUY, SELL]),
    st.sampled_from([100, 300, 700]),
    st.sampled_from(["9.90", "9.99", "10.00", "10.05"]),
)
DEALS = st.tuples(
    st.sampled_from(["9.95", "9.99", "10.00", "10.01"]),
    st.integers(1, 9).map(lambda lots: lots * 100),
    st.sampled_from([BUY, SELL]),
)


@given(st.lists(ORDERS, max_size=4), st.lists(DEALS, min_size=1, max_size=4), ORDERS)
def test_the_rest_of_the_day_is_the_same(
    orders: list[tuple], deals: list[tuple], late: tuple
) -> None:
    floor = Floor()
    for second, deal in enumerate(deals, 1):
        floor.board.frames.append(frame(NOW + second * 1_000, *QUIET, deal))
    for number, each in enumerate(orders):
        side, quantity, price = each
        if side is BUY or quantity * (number + 1) <= 200:
            floor.place(f"o{number}", side, quantity, price)
    half = NOW + len(deals) * 500
    floor.move(half)
    kept, other = floor.exchange, again(floor.exchange)
    same(kept, other)
    until = NOW + 60_000
    assert kept.advance(until) == other.advance(until)
    side, quantity, price = BUY, late[1], late[2]
    new = order("new", side, quantity, price)
    assert kept.place(new, until) == other.place(new, until)
    same(kept, other)
    assert kept.roll(date(2023, 2, 2), until) == other.roll(date(2023, 2, 2), until)
    same(kept, other)


def test_a_halted_symbol_is_still_halted() -> None:
    floor = Floor()
    floor.exchange.halt(SYMBOL, NOW)
    other = again(floor.exchange)
    same(floor.exchange, other)
    screen = other.screen(SYMBOL)
    assert screen is not None
    assert screen.halted


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
@pytest.mark.parametrize("changed", [False, True])
def test_a_scenario_is_followed_on(scenario: Scenario, changed: bool) -> None:
    floor = Floor()
    for second in range(1, 900):
        deal = (("9.99", "10.00")[second % 2], 100 * (1 + second % 5), (SELL, BUY)[second % 2])
        floor.board.frames.append(frame(NOW + second * 1_000, *QUIET, deal))
    floor.place("a", BUY, 300, "9.90")
    numbers = {each.name: _another(each) for each in scenario.parameters} if changed else {}
    floor.exchange.play(SYMBOL, Script(scenario.name, numbers, NOW + 1_500), NOW + 1_500)
    floor.exchange.place(order("b", BUY, 200, "10.10"), NOW + 2_000)
    half = NOW + 20_000
    floor.exchange.advance(half)
    kept, other = floor.exchange, again(floor.exchange)
    same(kept, other)
    for until in (half + 40_300, half + 700_000):
        assert kept.advance(until) == other.advance(until)
        assert kept.screen(SYMBOL) == other.screen(SYMBOL)
        same(kept, other)
    assert kept.roll(date(2023, 2, 2), until) == other.roll(date(2023, 2, 2), until)
    same(kept, other)


def _another(parameter: ScenarioParameter) -> Decimal:
    return max(min(parameter.default - 1, parameter.high), parameter.low)


@pytest.mark.parametrize("key", ["day", "floor", "ledgers", "orders", "late", "at"])
@pytest.mark.parametrize("value", [None, "nothing", [{}], {"pits": {SYMBOL: {}}, "past": {}}])
def test_a_state_that_is_none_is_refused_and_nothing_else(key: str, value: object) -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.90")
    state = {**dump_exchange(floor.exchange), key: value}
    with pytest.raises(ChangeRefused) as caught:
        _, live = live_in(state)
        securities = {symbol: floor.exchange.security(SYMBOL) for symbol in live}
        load_exchange(state, floor.exchange.rules, securities)
    assert caught.value.reason is Reason.SNAPSHOT_UNUSABLE


def test_no_state_is_kept_of_frames_without_a_name() -> None:
    floor = Floor()
    floor.place("a", BUY, 100, "9.90")
    floor.exchange.script(SYMBOL, Board(), NOW)
    with pytest.raises(ChangeRefused) as caught:
        dump_exchange(floor.exchange)
    assert caught.value.reason is Reason.SNAPSHOT_UNUSABLE
    assert floor.exchange.day == START

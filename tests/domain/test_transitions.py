"""What a report changes in an order, and that told again it changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.domain.transitions import after_report

NOON = datetime(2024, 3, 1, 4, tzinfo=UTC)
SENT = Order(
    "o1", "sim-1", "c1", None, "600519.SH", Side.BUY, PriceType.LIMIT, Decimal("10.40"), 300, 0,
    None, OrderState.SENT, Destination.SIMULATED, Origin.OURS, NOON, NOON, tag="q1",
)  # fmt: skip
REFUSALS = (
    None,
    *(Reason.TERMINAL_REFUSED, Reason.NOT_AT_TERMINAL, Reason.OUTCOME_UNTOLD, Reason.WRITTEN_OFF),
)


# What is concluded from silence comes with one state alone.
CONCLUDED = {
    Reason.NOT_AT_TERMINAL: OrderState.REJECTED,
    Reason.OUTCOME_UNTOLD: OrderState.UNKNOWN,
    Reason.WRITTEN_OFF: OrderState.EXPIRED,
}


def report(state, filled=0, **more) -> ExecutionReport:
    return ExecutionReport("q1", "sim-1", state, filled, None, NOON + timedelta(seconds=1), **more)


def refusal(reason):
    return None if reason is None else OrderRefused(reason, "no")


REPORTS = st.builds(
    lambda state, filled, reason, name: report(
        CONCLUDED.get(reason, state), filled, refusal=refusal(reason), broker_order_id=name
    ),
    st.sampled_from(OrderState),
    st.sampled_from((0, 100, 200, 300)),
    st.sampled_from(REFUSALS),
    st.sampled_from((None, "b1")),
)


@given(st.lists(REPORTS, min_size=1, max_size=6))
def test_a_report_told_twice_in_a_row_changes_nothing_more(told):
    """Else every comparison would write the same order into the journal again."""
    order = SENT
    for each in told:
        after = after_report(order, each)
        if after is not None:
            assert replace(after, updated_at=order.updated_at) != order
            assert after_report(after, each) is None, each
        order = after or order


@pytest.mark.parametrize(
    ("said", "values"),
    [
        (report(OrderState.PARTIALLY_FILLED, 200), {"filled_quantity": 200}),
        (report(OrderState.WORKING, 200), {"filled_quantity": 200}),
        (report(OrderState.PARTIALLY_FILLED, 100, broker_order_id="b1"), {"broker_order_id": "b1"}),
        (report(OrderState.PENDING_CANCEL, 100), {"state": OrderState.PENDING_CANCEL}),
        (report(OrderState.CANCELED, 0), {"state": OrderState.CANCELED}),
        (
            report(OrderState.PARTIALLY_FILLED, 100, refusal=refusal(Reason.TERMINAL_REFUSED)),
            {"reject_code": "TERMINAL_REFUSED", "reject_message": "no"},
        ),
    ],
)
def test_whatever_a_report_alone_knows_is_taken(said, values):
    order = replace(SENT, state=OrderState.PARTIALLY_FILLED, filled_quantity=100)
    after = after_report(order, said)
    assert after is not None
    assert {name: getattr(after, name) for name in values} == values


@pytest.mark.parametrize("state", [state for state in OrderState if not state.final])
def test_an_untold_outcome_is_told_once_of_an_open_order(state):
    untold = report(OrderState.UNKNOWN, refusal=refusal(Reason.OUTCOME_UNTOLD))
    after = after_report(replace(SENT, state=state), untold)
    assert after is not None
    assert (after.state, after.reject_code) == (OrderState.UNKNOWN, "OUTCOME_UNTOLD")
    assert after_report(after, untold) is None

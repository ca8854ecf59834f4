"""Two people: an order that waits is sent by another key alone, once, and in time."""

import asyncio
from datetime import timedelta

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from tests.services.test_controls import floor  # noqa: F401 a fixture
from tests.services.test_orders import ticket

# ruff: noqa: F811 the fixture is an argument


async def wait(floor, key="k1"):
    act_as(Actor("one", Wire.GRPC))
    order = (await floor.trading.submit(ticket(key, held=True))).order
    act_as(Actor("two", Wire.GRPC))
    return OrderKey("sim-1", order.id)


async def refused(work):
    with pytest.raises(OrderRefused) as caught:
        await work
    return caught.value.reason


async def test_an_order_that_waits_is_journalled_and_not_sent(floor):
    key = await wait(floor)
    order = await floor.trading.order(key)
    assert (order.state, order.submitted_by) == (OrderState.PENDING_APPROVAL, "one")
    assert order.approval_until == floor.clock.now() + timedelta(minutes=5)
    assert floor.terminal.placed == []
    assert (await floor.trading.submit(ticket())).replayed


async def test_another_key_sends_it_once(floor):
    key = await wait(floor)
    act_as(Actor("one", Wire.GRAPHQL))
    assert await refused(floor.trading.approve(key)) is Reason.APPROVER_IS_SUBMITTER
    act_as(Actor("two", Wire.GRPC))
    done = await asyncio.gather(
        *(floor.trading.approve(key) for _ in range(20)), return_exceptions=True
    )
    sent = [each for each in done if not isinstance(each, Exception)]
    assert (len(sent), len(floor.terminal.placed)) == (1, 1)
    assert (sent[0].state, sent[0].approved_by) == (OrderState.WORKING, "two")
    assert floor.terminal.journal_at_place.state is OrderState.SENT


async def test_a_cancel_or_a_refusal_ends_it_unsent(floor):
    withdrawn, declined = await wait(floor), await wait(floor, "k2")
    assert (await floor.trading.cancel(withdrawn)).state is OrderState.CANCELED
    assert (await floor.trading.reject(declined)).state is OrderState.REJECTED
    for key in (withdrawn, declined):
        assert await refused(floor.trading.approve(key)) is Reason.APPROVAL_NOT_POSSIBLE
    assert floor.terminal.placed == floor.terminal.withdrawn == []


async def test_one_that_nobody_approves_in_time_expires(floor):
    key = await wait(floor)
    floor.clock.time += timedelta(minutes=5)
    assert await refused(floor.trading.approve(key)) is Reason.ORDER_EXPIRED
    assert (await floor.trading.order(key)).state is OrderState.EXPIRED
    assert floor.terminal.placed == []

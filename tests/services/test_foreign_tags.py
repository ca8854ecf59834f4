"""Somebody else's remark may be equal to a tag of ours: that alone makes no order ours."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from quantgraph.domain.controls import HaltCause
from quantgraph.domain.orders import OrderKey, OrderState, Origin, PriceType, Side
from quantgraph.domain.tags import tag_of
from quantgraph.domain.terminal import Form
from tests.services.test_comparing import foreign, lost
from tests.services.test_following import Desk, fill, listed, report, ticket
from tests.waiting import until

S = OrderState
ALARM = ("sim-1", HaltCause.FOREIGN_TAG)
OTHERS = [
    {"symbol": "000001.SZ"},
    {"side": Side.SELL},
    {"quantity": 400},
    {"limit_price": Decimal("10.41")},
    {"limit_price": None, "price_type": PriceType.BEST_FIVE_CANCEL},
]


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        yield desk


async def theirs(desk, name="byhand"):
    return await desk.trading.order(OrderKey("sim-1", f"ext_{name}"))


@pytest.mark.parametrize("changes", OTHERS, ids=str)
async def test_an_order_that_is_not_as_ours_is_external_whatever_its_remark(desk, changes):
    order = await lost(desk)
    row = foreign(order, fill(order, 7, 300), tag=order.tag, state=S.FILLED, **changes)
    desk.terminal.listed = [row]
    for _ in range(2):
        await desk.compare()
    found = await theirs(desk)
    assert (found.origin, found.state, found.filled_quantity) == (Origin.EXTERNAL, S.FILLED, 300)
    ours = await desk.find(order)
    assert (ours.state, ours.filled_quantity, ours.broker_order_id) == (S.UNKNOWN, 0, None)
    assert desk.alarms == [ALARM]
    desk.seconds = 120.0  # and ours, which never got there, is told so
    await desk.compare()
    assert (await desk.find(order)).reject_code == "NOT_AT_TERMINAL"
    assert (await theirs(desk)).state is S.FILLED


async def test_ours_is_found_beside_one_that_bears_its_tag(desk):
    order = await lost(desk)
    desk.terminal.listed = [foreign(order, tag=order.tag, quantity=400), listed(order, S.WORKING)]
    await desk.compare()
    assert (await desk.find(order)).state is S.WORKING
    assert (await theirs(desk)).quantity == 400
    assert desk.alarms == [ALARM]


@pytest.mark.parametrize("changes", OTHERS, ids=str)
async def test_a_report_of_it_changes_nothing_of_ours(desk, changes):
    order = await lost(desk)
    row = foreign(order, fill(order, 7, 300), tag=order.tag, state=S.FILLED, **changes)
    desk.terminal.listed = [row]
    told = report(order, S.FILLED, 300, fill(order, 7, 300), form=row.form)
    desk.say(replace(told, broker_order_id="byhand"))
    await until(lambda: any(each.order.id == "ext_byhand" for each in desk.events()))
    await until(lambda: desk.alarms == [ALARM])
    ours = await desk.find(order)
    assert (ours.state, ours.filled_quantity) == (S.UNKNOWN, 0)


async def test_a_report_under_another_id_than_ours_is_not_of_ours(desk):
    order = (await desk.trading.submit(ticket())).order
    form = Form(order.symbol, order.side, order.quantity, order.limit_price)
    twin = foreign(order, tag=order.tag, name="twin")
    desk.terminal.listed = [replace(listed(order, S.WORKING), broker_order_id="broker-1"), twin]
    desk.say(replace(report(order, S.CANCELED, form=form), broker_order_id="twin"))
    await until(lambda: desk.alarms)  # equal in all: nobody may guess
    assert desk.alarms == [("sim-1", HaltCause.DUPLICATE_TAG)]
    assert (await desk.find(order)).state is S.WORKING


async def test_a_market_order_is_ours_at_whatever_price_the_terminal_shows(desk):
    unpriced = {"price_type": PriceType.BEST_FIVE_CANCEL, "limit_price": None}
    order = (await desk.trading.submit(ticket(**unpriced))).order
    row = replace(listed(order, S.CANCELED), limit_price=Decimal("11.55"))
    desk.terminal.listed = [row]
    await desk.compare()
    assert ((await desk.find(order)).state, desk.alarms) == (S.CANCELED, [])


async def test_under_the_id_that_the_terminal_gave_it_ours_is_ours_however_it_is_shown(desk):
    order = (await desk.trading.submit(ticket())).order
    shown = foreign(order, tag=order.tag, name="broker-1", limit_price=Decimal("10.41"))
    desk.terminal.listed = [replace(shown, state=S.CANCELED)]
    await desk.compare()
    assert ((await desk.find(order)).state, desk.alarms) == (S.CANCELED, [])


async def test_a_tag_of_another_install_is_a_remark_like_any_other(desk):
    order = await lost(desk)
    tag = tag_of("another", "sim-1", order.client_order_id)
    assert (len(tag), tag[:2]) == (len(order.tag), order.tag[:2])
    desk.terminal.listed = [foreign(order, tag=tag)]
    desk.say(replace(report(order, S.WORKING), tag=tag, broker_order_id="byhand"))
    await until(lambda: any(each.order.id == "ext_byhand" for each in desk.events()))
    assert ((await desk.find(order)).state, desk.alarms) == (S.UNKNOWN, [])


async def test_an_alarm_that_was_raised_is_not_raised_again_after_a_restart(tmp_path):
    """The row was recorded once its halt was: whoever has resumed trading knows of it."""
    async with Desk(tmp_path) as desk:
        order = await lost(desk)
        desk.terminal.listed = [foreign(order, tag=order.tag, quantity=400, state=S.CANCELED)]
        await desk.compare()
        assert desk.alarms == [ALARM]
    async with Desk(tmp_path, terminal=desk.terminal) as again:
        await until(again.naps.sleeping)
        await again.compare()
        assert (await again.find(order)).state is S.UNKNOWN
        assert again.alarms == []
        row = foreign(order, tag=order.tag, quantity=500, name="another")
        again.terminal.listed.append(row)
        await again.compare()
        assert again.alarms == [ALARM]


async def test_a_row_is_not_recorded_before_its_alarm_is_written_down(tmp_path):
    """Killed in between, the next start would take it for one that somebody has seen to."""
    async with Desk(tmp_path) as desk:
        disk, called = asyncio.Event(), []

        def alarm(*told):
            called.append(told)
            return asyncio.create_task(disk.wait())

        desk.trading._follower._parts.comparer._suspicions._alarm = alarm
        order = await lost(desk)
        desk.terminal.listed = [foreign(order, tag=order.tag, quantity=400)]
        desk.naps.end()
        await until(lambda: called)
        await desk.trading.submit(ticket("k2"))  # what is recorded is recorded in this order
        assert await theirs(desk) is None
        disk.set()
        await until(desk.naps.sleeping)
        assert (await theirs(desk)).quantity == 400

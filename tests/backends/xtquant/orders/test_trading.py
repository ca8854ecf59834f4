"""Orders through the real xttrader.py: what is sent, what is told, what nobody knows."""

import asyncio
import threading
from dataclasses import replace

import pytest

from quantgraph.domain.errors import NotFound, OrderRefused, TradingDisabled, Unavailable
from quantgraph.domain.orders import OrderState, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError, LinkChange, StrangeStatus
from tests.doubles.script import lose, twice
from tests.doubles.world import ACCOUNT
from tests.waiting import settled, until

S = OrderState


async def refused(call, reason):
    with pytest.raises(OrderRefused) as caught:
        await call
    assert caught.value.reason is reason
    return caught.value


async def test_an_order_is_sent_with_its_tag_and_its_fate_is_told(desk):
    order = desk.order("q1first", desk.price(), strategy="s1")
    placed = await desk.trading.place(order)
    assert placed.broker_order_id == "20230201-1082130432"
    live, fill, done = await desk.heard(3)
    assert [each.state for each in (live, fill, done)] == [S.WORKING, S.FILLED, S.FILLED]
    assert {each.tag for each in (live, fill, done)} == {"q1first"}
    assert {each.broker_order_id for each in (live, fill, done)} == {placed.broker_order_id}
    assert (done.filled_quantity, done.average_price) == (100, fill.fill.price)
    assert fill.fill.id.startswith(f"{placed.broker_order_id}-")
    assert (fill.fill.amount, fill.fill.time) == (fill.fill.price * 100, desk.counter.world.now())
    (row,) = await desk.trading.orders_today(ACCOUNT)
    assert (row.tag, row.state, row.fills, row.strategy) == (
        "q1first",
        S.FILLED,
        (fill.fill,),
        "s1",
    )
    assert (row.quantity, row.side, row.price_type) == (100, Side.BUY, PriceType.LIMIT)
    assert row.limit_price == order.limit_price
    assert row.form == live.form


async def test_the_request_says_what_the_vendor_wants(desk):
    asked = []
    sessions = desk.counter.sessions[-1]
    take = sessions.orderStockWithSeq
    sessions.orderStockWithSeq = lambda seq, req: asked.append(req) or take(seq, req)
    await desk.trading.place(
        desk.order("q1best", None, price_type=PriceType.OPPOSITE_BEST, strategy="策略")
    )
    (request,) = asked
    assert (request.order_type, request.price_type, request.price) == (23, 44, 0.0)
    assert (request.order_volume, request.order_amount) == (100, 100.0)
    # A name that a broker might cut or garble stays at home.
    assert (request.order_remark, request.strategy_name) == ("q1best", "")
    assert (request.account_type, request.account_id) == (2, ACCOUNT)


async def test_what_the_market_has_no_word_for_is_not_sent(desk):
    order = desk.order("q1kill", None, price_type=PriceType.FILL_OR_KILL)
    await refused(desk.trading.place(order), Reason.PRICE_TYPE_UNSUPPORTED)
    for tag in (None, "x" * 25, "标签"):
        order = replace(desk.resting(), tag=tag)
        await refused(desk.trading.place(order), Reason.NOT_SENT)
    foreign = desk.order("q1", desk.price(), account_id="1")
    await refused(desk.trading.place(foreign), Reason.NOT_SENT)
    assert desk.counter.rows == []


async def test_a_push_may_come_before_the_answer(desk):
    held = desk.counter.script.hold("OrderStock")
    placed = await desk.trading.place(desk.resting())
    assert held.came == 1
    held.release()
    (live,) = await desk.heard(1)
    assert live.broker_order_id == placed.broker_order_id


async def test_minus_one_is_no_refusal(desk):
    def minus(told):
        told[1].order_id, told[1].error_msg = -1, "柜台繁忙"
        return (told,)

    desk.counter.script.when("OrderStock", minus)
    desk.counter.script.when("StockOrder", lose)
    with pytest.raises(FateUnknownError):
        await desk.trading.place(desk.resting("q1minus"))
    (row,) = await desk.trading.find(ACCOUNT, "q1minus")
    assert row.state is S.WORKING


async def test_no_answer_at_all_ends_as_unknown(desk):
    desk.hurry(seconds=20.0)
    for name in ("OrderStock", "StockOrder"):
        desk.counter.script.when(name, lose)
    with pytest.raises(FateUnknownError):
        await desk.trading.place(desk.resting("q1silent"))
    assert [each.state for each in await desk.trading.find(ACCOUNT, "q1silent")] == [S.WORKING]
    desk.counter.script.when("orderStockWithSeq", lose)
    with pytest.raises(FateUnknownError):
        await desk.trading.place(desk.resting("q1lost"))
    assert await desk.trading.find(ACCOUNT, "q1lost") == []


async def test_a_refusal_comes_as_57_with_the_counters_words(desk):
    desk.counter.script.when("StockOrder", twice)
    placed = await desk.trading.place(desk.order("q1odd", desk.price(), 101))
    first, again, hint = await desk.heard(3)
    assert (first.state, first.broker_order_id) == (S.REJECTED, placed.broker_order_id)
    assert first.refusal.message_zh == desk.counter.rows[0].message
    assert again.state is S.REJECTED
    # The error callback only lets the list be asked.
    assert (hint.tag, hint.broker_order_id, hint.state) == (None, None, S.UNKNOWN)


async def test_57_without_ids_refuses_what_is_on_its_way(desk):
    def nameless(told):
        told[0].order_id, told[0].order_sysid = 0, ""
        return (told,)

    desk.counter.script.when("OrderStock", lose)
    desk.counter.script.when("StockOrder", nameless)
    error = await refused(
        desk.trading.place(desk.order("q1odd", desk.price(), 101)), Reason.TERMINAL_REFUSED
    )
    assert error.message_zh == desk.counter.rows[0].message
    # The SDK keeps an error back for ever whose answer never comes.
    (told,) = await desk.heard(1)
    assert (told.tag, told.broker_order_id, told.state) == ("q1odd", None, S.REJECTED)


async def test_a_refusal_that_names_nothing_lets_the_list_tell(desk):
    def nothing(told):
        told[0].order_id, told[0].order_remark = 0, ""
        return (told,)

    desk.counter.script.when("StockOrder", nothing)
    await desk.trading.place(desk.order("q1odd", desk.price(), 101))
    told = (await desk.heard(2))[0]
    assert (told.tag, told.broker_order_id, told.account_id) == (None, None, ACCOUNT)
    (row,) = await desk.trading.find(ACCOUNT, "q1odd")
    assert (row.state, row.refusal.message_zh) == (S.REJECTED, desk.counter.rows[0].message)


@pytest.mark.parametrize("status", [58, 0, 300])
async def test_a_status_that_nobody_listed_is_unknown_and_an_alarm(desk, status):
    def strange(told):
        told[0].order_status = status
        return (told,)

    desk.counter.script.when("StockOrder", strange)
    await desk.trading.place(desk.resting())
    alarm, told = await desk.heard(2)
    assert told.state is S.UNKNOWN
    assert isinstance(alarm, StrangeStatus)
    assert (alarm.account_id, f"status {status} " in alarm.text) == (ACCOUNT, True)


async def test_a_strange_status_of_the_list_is_told_once(desk):
    await desk.trading.place(desk.resting())
    await desk.heard(1)
    desk.counter.script.when("QueryStockOrders", _strange_rows, -1)
    for _ in range(2):
        (row,) = await desk.trading.orders_today(ACCOUNT)
        assert row.state is S.UNKNOWN
    await settled()
    (alarm,) = await desk.heard(1)
    assert "status 58 " in alarm.text


def _strange_rows(told):
    for row in told[1]:
        row.order_status = 58
    return (told,)


async def test_a_trade_that_is_told_twice_counts_once(desk):
    desk.counter.script.when("StockTrade", twice, -1)
    await desk.trading.place(desk.order("q1once", desk.price()))
    told = await desk.heard(3)
    assert [each.fill is not None for each in told] == [False, True, False]


async def test_a_cancel_is_asked_for_and_told(desk):
    order = desk.resting()
    placed = await desk.trading.place(order)
    await desk.heard(1)
    order = desk.order(order.tag, str(order.limit_price), broker_order_id=placed.broker_order_id)
    await desk.trading.withdraw(order)
    assert [each.state for each in await desk.heard(2)] == [S.PENDING_CANCEL, S.CANCELED]
    error = await refused(desk.trading.withdraw(order), Reason.ORDER_NOT_CANCELABLE)
    assert error.message_zh


async def test_a_cancel_finds_by_its_tag_what_was_never_named(desk):
    await desk.trading.place(desk.resting("q1named"))
    await desk.heard(1)
    await desk.trading.withdraw(desk.resting("q1named"))
    assert [each.state for each in await desk.heard(2)] == [S.PENDING_CANCEL, S.CANCELED]
    await refused(desk.trading.withdraw(desk.resting("q1else")), Reason.ORDER_NOT_CANCELABLE)


async def test_an_order_of_another_day_is_not_mistaken_for_one_of_today(desk):
    placed = await desk.trading.place(desk.resting())
    await desk.heard(1)
    old = placed.broker_order_id.replace("20230201", "20230131")
    order = desk.order("q1old", "1700.00", broker_order_id=old)
    await refused(desk.trading.withdraw(order), Reason.ORDER_NOT_CANCELABLE)
    assert desk.counter.rows[0].state is S.WORKING


async def test_a_cancel_without_an_answer_is_nobodys_knowledge(desk):
    placed = await desk.trading.place(desk.resting())
    order = desk.order("q1resting", "1700.00", broker_order_id=placed.broker_order_id)

    def mute(told):
        told[1].error_msg, told[1].cancel_result = "", -1
        return (told,)

    desk.counter.script.when("CancelOrderStock", mute)
    with pytest.raises(FateUnknownError):
        await desk.trading.withdraw(order)
    desk.hurry(seconds=20.0)
    desk.counter.script.when("cancelOrderStockWithSeq", lose)
    with pytest.raises(FateUnknownError):
        await desk.trading.withdraw(order)


async def test_an_empty_list_is_believed_only_where_the_terminal_answers(desk):
    def nothing(told):
        return ((told[0], []),)

    assert await desk.trading.orders_today(ACCOUNT) == []
    desk.counter.script.when("QueryStockAsset", nothing)
    with pytest.raises(Unavailable):
        await desk.trading.orders_today(ACCOUNT)
    await desk.trading.place(desk.resting())
    await desk.heard(1)
    # It was told of as live: a list without it is a failure, whatever else is answered.
    desk.counter.script.when("QueryStockOrders", nothing)
    with pytest.raises(Unavailable):
        await desk.trading.find(ACCOUNT, "q1resting")
    assert len(await desk.trading.find(ACCOUNT, "q1resting")) == 1
    with pytest.raises(NotFound):
        await desk.trading.orders_today("nobody")
    # One that has ended may be missing: a terminal clears its list in the evening.
    await desk.trading.withdraw(desk.order("q1resting", desk.price()))
    await desk.heard(2)
    desk.counter.script.when("QueryStockOrders", nothing)
    assert await desk.trading.orders_today(ACCOUNT) == []


async def test_a_call_that_hangs_is_unknown_and_the_next_one_is_not_sent(desk):
    desk.hurry(seconds=0.2, answer_seconds=20.0)
    come_back = threading.Event()
    session = desk.counter.sessions[-1]
    take = session.orderStockWithSeq
    session.orderStockWithSeq = lambda seq, req: come_back.wait(20) and take(seq, req)
    hung = asyncio.create_task(desk.trading.place(desk.resting("q1hung")))
    await asyncio.sleep(0)
    behind = asyncio.create_task(desk.trading.place(desk.resting("q1behind")))
    with pytest.raises(FateUnknownError):
        await hung
    await refused(behind, Reason.NOT_SENT)
    await refused(desk.trading.place(desk.resting("q1after")), Reason.NOT_SENT)
    come_back.set()
    # What was on its way arrives all the same, and the reader hears of it.
    await until(lambda: [each.tag for each in desk.told] == ["q1hung"])
    assert [row.request.order_remark for row in desk.counter.rows] == ["q1hung"]


async def test_a_callback_that_fails_lets_every_list_be_asked(desk):
    def broken(told):
        return ((desk.counter.native.new("XtAsset"),),)

    desk.counter.script.when("StockOrder", broken)
    await desk.trading.place(desk.resting())
    (hint,) = await desk.heard(1)
    assert (hint.tag, hint.account_id, hint.state) == (None, ACCOUNT, S.UNKNOWN)


async def test_more_events_than_are_kept_count_as_a_broken_link(open_desk):
    desk = await open_desk(kept=2)
    desk.counter.script.when("StockOrder", lambda told: (told,) * 5, -1)
    # The loop is kept from reading while they come, which a quick counter may be done before.
    for number in range(20):
        known = len(desk.counter.rows)
        placed = asyncio.create_task(desk.trading.place(desk.resting(f"q1resting{number}")))
        while len(desk.counter.rows) == known:
            await asyncio.sleep(0)
        desk.counter.quiet()
        await placed
        await desk.quiet()
        if any(isinstance(each, LinkChange) for each in desk.told):
            break
    await until(lambda: sum(isinstance(each, LinkChange) for each in desk.told) >= 2)
    links = [each.connected for each in desk.told if isinstance(each, LinkChange)]
    assert links[:2] == [False, True]


async def test_without_a_link_nothing_is_sent(open_desk):
    desk = await open_desk()
    desk.counter.answer = -1
    desk.counter.disconnect()
    await until(lambda: not desk.link.up)
    await refused(desk.trading.place(desk.resting()), Reason.NOT_SENT)
    with pytest.raises(TradingDisabled):
        await desk.trading.withdraw(desk.resting())
    with pytest.raises(Unavailable):
        await desk.trading.orders_today(ACCOUNT)
    desk.counter.answer = 0
    await until(lambda: desk.link.up)

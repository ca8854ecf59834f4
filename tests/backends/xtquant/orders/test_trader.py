"""The link: made off the main thread, lost, silent, and opened anew under another number."""

import asyncio
from types import SimpleNamespace

import pytest

from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.errors import TradingDisabled, Unavailable
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError, LinkChange
from tests.doubles.script import lose
from tests.doubles.world import ACCOUNT
from tests.waiting import until

S = OrderState


async def test_the_session_is_made_away_from_the_event_loop(desk):
    (session,) = desk.counter.sessions
    assert session.thread != "MainThread"
    assert session.subscribed == {ACCOUNT}
    assert asyncio.get_running_loop() is asyncio.get_event_loop()
    kept = desk.link._session._trader
    assert kept.loop.is_closed()
    with pytest.raises(RuntimeError, match="no current event loop"):
        await desk.link.call(lambda _: asyncio.get_event_loop())


async def test_a_lost_session_is_told_and_another_one_opened(desk):
    waiting = desk.counter.script.hold("OrderStock")
    desk.counter.script.when("StockOrder", lose)
    sent = asyncio.create_task(desk.trading.place(desk.resting("q1cut")))
    await until(lambda: desk.listener.replies._numbered)
    await desk.quiet()
    assert waiting.came == 1
    desk.counter.disconnect()
    with pytest.raises(FateUnknownError):
        await sent
    told = await desk.heard(2)
    assert [(type(each), each.connected) for each in told] == [
        (LinkChange, False),
        (LinkChange, True),
    ]
    first, second = desk.counter.sessions
    assert (first.stopped, second.up, second.subscribed) == (True, True, {ACCOUNT})
    assert first.number != second.number
    # What happened meanwhile is on the list, and pushes come again.
    assert [each.state for each in await desk.trading.find(ACCOUNT, "q1cut")] == [S.WORKING]
    await desk.trading.place(desk.resting("q1again"))
    assert [each.tag for each in await desk.heard(1)] == ["q1again"]
    # An answer that comes from the session that ended harms nobody.
    waiting.release()
    await desk.quiet()
    assert desk.told == []


async def test_an_answer_of_a_session_that_ended_is_not_taken_for_one_of_the_next(desk):
    # Requests are counted anew in each session: the same number is another order's.
    for seq in range(1, 20):
        late = SimpleNamespace(seq=seq, order_id=77, order_remark="", error_msg="")
        desk.listener.heard("placed", late, number=4_711)
    desk.counter.script.when("StockOrder", lose)
    held = desk.counter.script.hold("OrderStock")
    sent = asyncio.create_task(desk.trading.place(desk.resting()))
    await until(lambda: sent.done() or desk.listener.replies._numbered)
    await desk.quiet()
    held.release()
    placed = await sent
    assert placed.broker_order_id.endswith(f"-{desk.counter.rows[0].order_id}")


async def test_a_question_ends_with_its_session(desk):
    desk.counter.script.when("queryStockAssetWithSeq", lose)
    asked = asyncio.create_task(desk.accounts.asset(ACCOUNT))
    await until(lambda: desk.link._waiting)
    await desk.quiet()
    desk.counter.disconnect()
    with pytest.raises(Unavailable) as caught:
        await asked
    # At once, and not when its own time is over.
    assert caught.value.reason is Reason.SOURCE_UNAVAILABLE


async def test_it_is_tried_again_with_longer_pauses(open_desk, counter):
    counter.answer = -1
    desk = await open_desk(linked=False, pauses=(0.5, 1.0, 2.0))
    await until(lambda: len(desk.naps) >= 4)
    assert desk.naps[:4] == [0.5, 1.0, 2.0, 2.0]
    desk.read()
    await until(lambda: desk.told)
    assert (desk.told[0].connected, desk.link.up) == (False, False)
    with pytest.raises(Unavailable):
        await desk.accounts.accounts()
    counter.answer = 0
    await until(lambda: desk.link.up)
    assert len({each.number for each in counter.sessions}) == len(counter.sessions) >= 5
    # Every one that did not connect was ended.
    assert [each.stopped for each in counter.sessions[:-1]] == [True] * (len(counter.sessions) - 1)


async def test_a_terminal_that_says_nothing_any_more_is_lost(open_desk):
    desk = await open_desk(beat_seconds=0.01)
    desk.counter.script.when("queryAccountStatusWithSeq", lose, -1)
    desk.hurry()
    await until(lambda: desk.told)
    assert desk.told[0].connected is False
    desk.hurry(seconds=20.0)
    desk.counter.script.clear()
    await until(lambda: desk.link.up)
    assert len(desk.counter.sessions) >= 2


async def test_an_older_terminal_that_lacks_the_question_is_alive(open_desk, counter):
    asked = []

    def lacks(told):
        asked.append(told)
        raise RuntimeError("[xtquant]function not realize.")

    desk = await open_desk()
    session = counter.sessions[-1]
    session.queryAccountStatusWithSeq = lambda *told: lacks(told)
    assert await desk.link._alive()
    assert len(asked) == 1
    session.queryAccountStatusWithSeq = lambda seq, request: 0
    desk.hurry()
    assert not await desk.link._alive()


async def test_a_question_without_an_answer_times_out_and_is_forgotten(desk):
    desk.hurry()
    desk.counter.script.when("queryStockAssetWithSeq", lose)
    with pytest.raises(Unavailable):
        await desk.accounts.asset(ACCOUNT)
    assert desk.link._session._trader.cbs == {}
    desk.hurry(seconds=20.0)
    assert (await desk.accounts.asset(ACCOUNT)).cash > 0


async def test_a_question_that_is_late_forgets_nothing_of_the_next_session(desk):
    forgotten = []
    own, other = desk.link._session, SimpleNamespace(number=0, forget=forgotten.append)
    desk.counter.script.when("queryStockAssetWithSeq", lose)
    desk.hurry(seconds=0.3)
    asked = asyncio.create_task(desk.accounts.asset(ACCOUNT))
    await until(lambda: own._trader.cbs)
    desk.link._session = other
    with pytest.raises(Unavailable):
        await asked
    desk.link._session = own
    assert (forgotten, own._trader.cbs) == ([], {})


async def test_accounts_of_other_kinds_are_counted_and_not_served(open_desk, counter):
    counter.accounts = {**counter.accounts, "7770001": [3, 0], "7770002": [3, 0]}
    desk = await open_desk()
    assert [each.id for each in await desk.accounts.accounts()] == [ACCOUNT]
    kinds = [(each.account_id, each.account_type) for each in desk.link.unserved]
    assert kinds == [("7770001", 3), ("7770002", 3)]
    assert counter.sessions[-1].subscribed == {ACCOUNT}


async def test_an_account_that_logs_out_takes_no_orders(desk):
    def status(number):
        record = desk.counter.native.new(
            "XtAccountStatus", account_id=ACCOUNT, account_type=2, status=number
        )
        desk.counter.push("UpdateAccountStatus", ACCOUNT, record)

    async def stands():
        return (await desk.accounts.accounts())[0].status

    status(3)
    await until(lambda: desk.link.accounts[ACCOUNT].closed)
    assert await stands() is AccountStatus.DISCONNECTED
    with pytest.raises(TradingDisabled):
        await desk.accounts.means(ACCOUNT, "600519.SH")
    status(0)
    await until(lambda: not desk.link.accounts[ACCOUNT].closed)
    assert await stands() is AccountStatus.CONNECTED


async def test_what_the_sdk_never_forgets_is_kept_small(desk):
    trader = desk.link._session._trader
    trader.handled_async_order_stock_order_id.update(range(1_001))
    trader.queuing_order_errors_byid.update(dict.fromkeys(range(1_001)))
    await desk.trading.orders_today(ACCOUNT)
    assert len(trader.handled_async_order_stock_order_id) == 0
    assert len(trader.queuing_order_errors_byid) == 0

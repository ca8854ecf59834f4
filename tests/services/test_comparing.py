"""The terminal's list against ours: what is not there, what comes back, what is not ours."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.controls import HaltCause, TradingState
from quantgraph.domain.errors import OrderRefused, TradingDisabled, Unavailable
from quantgraph.domain.orders import (
    FillQuery,
    OrderKey,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tags import tag_of
from quantgraph.domain.terminal import ExecutionReport, FateUnknownError
from quantgraph.domain.transitions import after_report, is_news, unconfirmed
from quantgraph.services import comparing
from tests.services.test_following import NOW, PRICE, Desk, fill, listed, report, ticket
from tests.services.test_orders import _accepted
from tests.waiting import until

S = OrderState


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path) as desk:
        yield desk


async def lost(desk, key="k1"):
    """Submit an order that gets no answer."""
    desk.terminal.failure = FateUnknownError("timeout")
    order = (await desk.trading.submit(ticket(key))).order
    desk.terminal.failure = None
    assert order.state is S.UNKNOWN
    return order


def foreign(order, *fills, tag=None, name="byhand", state=S.WORKING, **changes):
    """Return the row of somebody else's order that is like ours in all that can be compared."""
    return replace(listed(order, state, *fills), tag=tag, broker_order_id=name, **changes)


async def test_an_order_that_never_gets_there_is_rejected_once_it_has_settled(desk):
    order = await lost(desk)
    desk.seconds = 119.9
    await desk.compare()
    assert (await desk.find(order)).state is S.UNKNOWN
    desk.seconds = 120.0
    await desk.compare()
    found = await desk.find(order)
    assert (found.state, found.reject_code) == (S.REJECTED, "NOT_AT_TERMINAL")
    assert desk.terminal.sought[-1] == order.tag  # asked for by itself, and then in the list
    for _ in range(2):
        with pytest.raises(OrderRefused) as caught:
            await desk.trading.submit(ticket())
        assert caught.value.reason is Reason.NOT_AT_TERMINAL
        assert not caught.value.message_zh.isascii()
    assert len(desk.terminal.placed) == 1
    assert desk.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN, S.REJECTED]
    assert desk.alarms == []


async def test_a_list_that_does_not_come_proves_nothing(desk):
    order = await lost(desk)
    desk.seconds = 1_000.0
    desk.terminal.list_failure = Unavailable(Reason.SOURCE_UNAVAILABLE, "slow")
    await until(desk.naps.sleeping)
    desk.naps.end()
    await until(lambda: desk.terminal.sought and desk.naps.sleeping())
    assert (await desk.find(order)).state is S.UNKNOWN


async def test_one_of_the_two_answers_is_enough_to_live_on(desk):
    order = await lost(desk)
    desk.seconds = 1_000.0
    desk.terminal.listed = [listed(order, S.WORKING)]
    hidden = desk.terminal.orders_today

    async def stale(account_id):
        await hidden(account_id)
        return []

    desk.terminal.orders_today = stale
    await desk.compare()
    assert (await desk.find(order)).state is S.WORKING


async def test_who_was_not_asked_for_by_itself_is_not_judged_by_the_list_alone(desk):
    for number in range(33):
        await lost(desk, f"k{number}")
    desk.seconds = 120.0
    await desk.compare()
    assert len(desk.terminal.sought) == 32
    assert desk.states().count(S.REJECTED) == 32
    await desk.compare()
    assert desk.states().count(S.REJECTED) == 33


async def test_settling_begins_anew_when_the_link_is_back(desk):
    order = await lost(desk)
    desk.seconds = 110.0
    await desk.link(connected=False)
    await desk.link(connected=True)
    await until(lambda: desk.trading.state is TradingState.ACTIVE)
    desk.seconds = 229.0
    await desk.compare()
    assert (await desk.find(order)).state is S.UNKNOWN
    desk.seconds = 230.0
    await desk.compare()
    assert (await desk.find(order)).state is S.REJECTED


async def test_a_call_that_still_waits_may_yet_get_it_there(tmp_path):
    async with Desk(tmp_path, answer_seconds=0.01) as desk:
        desk.terminal.gate.clear()
        order = (await desk.trading.submit(ticket())).order
        desk.seconds = 1_000.0
        await desk.compare()
        assert (await desk.find(order)).state is S.UNKNOWN
        desk.terminal.failure = FateUnknownError("at last")
        desk.terminal.gate.set()
        await until(lambda: not desk.trading._settling.calling(order.id))
        await desk.compare()
        assert (await desk.find(order)).state is S.UNKNOWN  # it settles from now on
        desk.seconds = 1_120.0
        await desk.compare()
        assert (await desk.find(order)).state is S.REJECTED


async def test_an_order_on_its_way_is_not_missed_between_its_intent_and_its_call(desk):
    desk.seconds = 1_000.0
    desk.terminal.gate.clear()
    sending = asyncio.create_task(desk.trading.submit(ticket()))
    await until(lambda: desk.terminal.placed)
    await desk.compare()
    assert desk.states() == [S.ACCEPTED, S.SENT]
    desk.terminal.gate.set()
    assert (await sending).order.state is S.WORKING


async def test_an_earlier_day_is_not_judged_by_the_list_of_today(desk):
    order = await lost(desk)
    desk.clock.time = NOW + timedelta(days=1)
    desk.seconds = 90_000.0
    await desk.compare()
    assert (await desk.find(order)).state is S.UNKNOWN


async def test_what_no_list_tells_of_after_its_day_is_unknown_and_why(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [listed(order, S.PARTIALLY_FILLED, fill(order, 1, 100)), foreign(order)]
    await desk.compare()
    desk.seconds, desk.terminal.listed = 1_000.0, []
    await desk.compare()
    await desk.compare()
    assert (await desk.find(order)).state is S.PARTIALLY_FILLED  # its day is not over
    desk.clock.time = NOW + timedelta(days=1)
    await desk.compare()
    assert (await desk.find(order)).state is S.PARTIALLY_FILLED  # a report may be on its way
    await desk.compare()
    keys = [OrderKey("sim-1", order.id), OrderKey("sim-1", "ext_byhand")]
    told = [await desk.trading.order(key) for key in keys]
    assert {(each.state, each.reject_code) for each in told} == {(S.UNKNOWN, "OUTCOME_UNTOLD")}
    assert [each.filled_quantity for each in told] == [100, 0]
    assert not told[0].reject_message_zh.isascii()
    assert (await desk.trading.submit(ticket())).replayed  # it is no refusal
    sought = len(desk.terminal.sought)
    written = len(desk.events())
    await desk.compare()
    await desk.compare()
    assert (len(desk.terminal.sought), len(desk.events())) == (sought, written)
    desk.say(report(order, S.EXPIRED, 100))
    await until(lambda: desk.states()[-1] is S.EXPIRED)
    found = await desk.find(order)
    assert (found.state, found.reject_code, found.filled_quantity) == (S.EXPIRED, None, 100)
    assert desk.alarms == []


async def test_an_order_of_an_earlier_day_that_is_listed_lives_on(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [listed(order, S.WORKING)]
    desk.clock.time, desk.seconds = NOW + timedelta(days=1), 1_000.0
    for _ in range(3):
        await desk.compare()
    assert (await desk.find(order)).state is S.WORKING


async def test_an_order_that_comes_back_goes_on_with_an_alarm(desk):
    order = await lost(desk)
    desk.seconds = 120.0
    await desk.compare()
    desk.terminal.listed = [listed(order, S.PARTIALLY_FILLED, fill(order, 1, 100))]
    desk.say(report(order, S.PARTIALLY_FILLED, 100, fill(order, 1, 100)))
    await until(lambda: desk.states()[-1] is S.PARTIALLY_FILLED)
    found = await desk.find(order)
    assert (found.state, found.filled_quantity) == (S.PARTIALLY_FILLED, 100)
    assert (found.reject_code, found.reject_message, found.reject_message_zh) == (None, None, None)
    assert desk.alarms == [("sim-1", HaltCause.REOPENED_ORDER)]
    assert [each.fill.id for each in desk.events() if each.fill] == ["f1"]
    assert (await desk.trading.submit(ticket())).replayed
    await desk.compare()
    assert len(desk.alarms) == 1


def missing(order):
    refusal = OrderRefused(Reason.NOT_AT_TERMINAL, "not there")
    return ExecutionReport(order.tag, "sim-1", S.REJECTED, 0, None, NOW, refusal=refusal)


LIFE = [
    (S.WORKING, 0), (S.PARTIALLY_FILLED, 100), (S.FILLED, 300), (S.CANCELED, 100), (S.EXPIRED, 0),
]  # fmt: skip


@given(st.lists(st.sampled_from([None, *LIFE]), min_size=1, max_size=6))
def test_silence_loses_against_any_sign_of_life_in_any_order(told):
    start = replace(_accepted(), tag="t", state=S.SENT)
    order = start
    for each in told:
        say = missing(start) if each is None else report(start, each[0], each[1])
        after = after_report(order, say)
        assert is_news(order, say) is (after is not None)
        order = after or order
    alive = [each for each in told if each is not None]
    assert (order.reject_code is not None) is (not alive)
    if alive:
        final = next((state for state, _ in alive if state.final), None)
        assert order.state is (final or max(alive, key=lambda each: each[1])[0])
    else:
        assert order.state is S.REJECTED


@given(st.permutations([None, *LIFE]))
def test_an_untold_outcome_loses_against_any_word_in_any_order(told):
    start = replace(_accepted(), tag="t", state=S.WORKING, broker_order_id="b")
    refusal = OrderRefused(Reason.OUTCOME_UNTOLD, "not listed")
    silence = ExecutionReport("t", "sim-1", S.UNKNOWN, 0, None, NOW, refusal=refusal)
    order = start
    for each in told:
        say = silence if each is None else report(start, each[0], each[1])
        after = after_report(order, say)
        assert is_news(order, say) is (after is not None)
        order = after or order
    assert (order.state.final, order.reject_code) == (True, None)


def test_an_order_that_the_terminal_has_told_of_is_not_in_doubt():
    for state in S:
        order = replace(_accepted(), state=state)
        doubted = (S.ACCEPTED, S.SENT, S.UNKNOWN, S.PENDING_CANCEL)
        assert unconfirmed(order) is (state in doubted)
        assert not unconfirmed(replace(order, broker_order_id="b"))
        assert not unconfirmed(replace(order, filled_quantity=100))


async def test_a_tag_that_is_listed_twice_raises_the_alarm_once_and_is_not_guessed_at(desk):
    order = (await desk.trading.submit(ticket())).order
    twin = replace(listed(order, S.FILLED, fill(order, 1, 300)), broker_order_id="twin")
    desk.terminal.listed = [listed(order, S.CANCELED), twin]
    for _ in range(2):
        await desk.compare()
    assert desk.alarms == [("sim-1", HaltCause.DUPLICATE_TAG)]
    assert (await desk.find(order)).state is S.WORKING


async def test_two_equal_remarks_of_somebody_else_are_no_alarm(desk):
    order = (await desk.trading.submit(ticket())).order
    rows = [foreign(order, tag="lunch", name=name) for name in ("h1", "h2")]
    desk.terminal.listed = [listed(order, S.WORKING), *rows]
    await desk.compare()
    assert desk.alarms == []
    assert {each.order.id for each in desk.events()} == {order.id, "ext_h1", "ext_h2"}


async def test_an_order_by_hand_is_shown_as_external_and_never_taken_for_ours(desk):
    order = await lost(desk)
    row = foreign(order, fill(order, 7, 300), state=S.FILLED)
    desk.terminal.listed = [row, foreign(order, name="other", tag="q1" + "a" * 20)]
    desk.seconds = 119.0
    await desk.compare()
    assert (await desk.find(order)).state is S.UNKNOWN
    theirs = await desk.trading.order(OrderKey("sim-1", "ext_byhand"))
    assert (theirs.origin, theirs.client_order_id) == (Origin.EXTERNAL, None)
    assert (theirs.state, theirs.filled_quantity, theirs.average_price) == (S.FILLED, 300, PRICE)
    assert (theirs.symbol, theirs.side, theirs.quantity) == (order.symbol, order.side, 300)
    fills = desk.journal.fills(FillQuery("sim-1")).fills
    assert [(each.id, each.order_id) for each in fills] == [("f7", "ext_byhand")]
    open_ids = {each.id for each in desk.journal.open_orders("sim-1")[0]}
    assert open_ids == {order.id, "ext_other"}
    desk.seconds = 120.0
    await desk.compare()
    assert (await desk.find(order)).reject_code == "NOT_AT_TERMINAL"


async def test_what_becomes_of_it_is_told_by_reports_and_lists_alike(desk):
    order = (await desk.trading.submit(ticket())).order
    row = foreign(order, price_type=PriceType.BEST_FIVE_CANCEL, side=Side.SELL, limit_price=None)
    desk.terminal.listed = [row]
    say = ExecutionReport(None, "sim-1", S.WORKING, 0, None, NOW, broker_order_id="byhand")
    desk.say(say)  # which says nothing of what it is: the list does
    await until(lambda: any(each.order.id == "ext_byhand" for each in desk.events()))
    theirs = await desk.trading.order(OrderKey("sim-1", "ext_byhand"))
    assert (theirs.price_type, theirs.side) == (PriceType.BEST_FIVE_CANCEL, Side.SELL)
    lists = desk.terminal.asked_lists
    part = replace(fill(order, 8, 100), order_id="")
    desk.say(
        replace(say, state=S.PARTIALLY_FILLED, filled_quantity=100, average_price=PRICE, fill=part)
    )
    await until(lambda: desk.states()[-1] is S.PARTIALLY_FILLED)
    assert desk.events()[-1].fill.order_id == "ext_byhand"
    assert desk.terminal.asked_lists == lists
    desk.say(replace(say, state=S.CANCELED, filled_quantity=100, average_price=PRICE))
    await until(lambda: desk.states()[-1] is S.CANCELED)
    assert (await desk.find(order)).state is S.WORKING


async def test_it_can_be_cancelled(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [foreign(order)]
    await desk.compare()
    asked = await desk.trading.cancel(OrderKey("sim-1", "ext_byhand"))
    assert asked.state is S.PENDING_CANCEL
    assert [each.broker_order_id for each in desk.terminal.withdrawn] == ["byhand"]


async def test_it_is_seen_though_nothing_of_ours_is_open_and_told_once(desk):
    model = replace((await lost(desk)), id="x")
    desk.terminal.listed = [foreign(model, fill(model, 1, 300), state=S.FILLED)]
    written, record = [], desk.journal.record
    desk.journal.record = lambda entries: written.append(entries) or record(entries)
    await desk.compare()
    first = len(written)
    assert any(each.order.id == "ext_byhand" for each in desk.events())
    await desk.compare()
    assert len(written) == first  # the same list again is no question to the file


async def test_ours_that_lost_its_remark_is_not_taken_for_a_stranger(desk):
    order = (await desk.trading.submit(ticket())).order
    desk.terminal.listed = [foreign(order, name=order.broker_order_id, state=S.CANCELED)]
    await desk.compare()
    assert {each.order.id for each in desk.events()} == {order.id}
    assert (await desk.find(order)).state is S.WORKING


async def test_a_restart_refuses_orders_until_it_knows_and_adopts_by_tag(tmp_path, monkeypatch):
    monkeypatch.setattr("quantgraph.services.errands._GRACE_S", 0.01)
    async with Desk(tmp_path) as first:
        first.terminal.gate.clear()
        sending = [
            asyncio.create_task(first.trading.submit(ticket(key))) for key in ("live", "gone")
        ]
        await until(lambda: len(first.terminal.placed) == 2)
    await asyncio.gather(*sending, return_exceptions=True)
    live, gone = first.terminal.placed
    second = Desk(tmp_path, terminal=first.terminal)
    second.ids.count = 9  # real ids are random
    second.terminal.gate.set()
    second.terminal.listed = [listed(live, S.PARTIALLY_FILLED, fill(live, 1, 100))]
    second.terminal.list_failure = Unavailable(Reason.SOURCE_UNAVAILABLE, "not yet")
    async with second:
        await until(lambda: second.naps.waiting)
        assert second.trading.state is TradingState.RECONCILING
        with pytest.raises(TradingDisabled) as caught:
            await second.trading.submit(ticket("new"))
        assert caught.value.reason is Reason.RECONCILING
        assert (await second.trading.submit(ticket("live"))).replayed
        assert (await second.trading.submit(ticket("gone"))).order.state is S.SENT
        # A cancel is taken: of what may not even be there nothing is claimed.
        await second.trading.cancel(OrderKey("sim-1", client_order_id="live"))
        assert [each.id for each in second.terminal.withdrawn] == [live.id]
        second.terminal.list_failure = None
        second.naps.end()
        await until(lambda: second.trading.state is TradingState.ACTIVE)
        assert (await second.find(live)).filled_quantity == 100
        assert (await second.find(gone)).state is S.UNKNOWN
        assert not (await second.trading.submit(ticket("new"))).replayed
        assert len(second.terminal.placed) == 3  # two before, one now
        second.seconds = 120.0
        await second.compare()
        assert (await second.find(gone)).reject_code == "NOT_AT_TERMINAL"


async def test_a_restart_without_open_orders_trades_at_once(tmp_path):
    async with Desk(tmp_path) as first:
        order = (await first.trading.submit(ticket())).order
        first.say(report(order, S.FILLED, 300, fill(order, 1, 300)))
        await until(lambda: S.FILLED in first.states())
    async with Desk(tmp_path) as second:
        assert second.trading.state is TradingState.ACTIVE


async def test_another_installation_takes_none_of_our_orders_for_its_own(tmp_path, desk):
    order = (await desk.trading.submit(ticket())).order
    theirs = foreign(order, tag=tag_of("another", "sim-1", "k1"), name="theirs")
    desk.terminal.listed = [listed(order, S.WORKING), theirs]
    await desk.compare()
    assert (await desk.trading.order(OrderKey("sim-1", "ext_theirs"))).origin is Origin.EXTERNAL
    assert desk.alarms == []


async def test_others_have_their_turns_while_a_long_list_is_compared(desk, monkeypatch):
    orders = [(await desk.trading.submit(ticket(f"k{number}"))).order for number in range(130)]
    desk.terminal.listed = [listed(each, S.WORKING) for each in orders]
    await desk.compare()
    turn, at, told = 0, [], comparing.told

    async def others():
        nonlocal turn
        while len(at) < len(orders):
            turn += 1
            await asyncio.sleep(0)

    def noted(*row):
        at.append(turn)
        if len(at) == 1:
            desk.others = asyncio.create_task(others())
        return told(*row)

    monkeypatch.setattr(comparing, "told", noted)
    events = desk.events()
    await desk.compare()
    await desk.others
    assert len(at) == len(orders)
    assert max(Counter(at).values()) <= 64
    assert desk.events() == events  # it was no news

"""What accounts may do, over a real journal: each limit, all at once, and across a restart."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.journal import Intent
from quantgraph.domain.limits import TradingLimits
from quantgraph.domain.orders import OrderKey, OrderState, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import FateUnknownError
from tests.services.trading import MAOTAI, PINGAN, Desk, Market, ticket
from tests.waiting import until

MARKET = {"price_type": PriceType.BEST_FIVE_CANCEL, "limit_price": None}


def limits(**changes):
    return TradingLimits(**{"actions_per_second": 100, "actions_per_day": 100, **changes})


async def refusal(call):
    with pytest.raises(GatewayError) as caught:
        await call
    return caught.value


# Per limit: what just passes, what just does not, and the two numbers that are told.
EDGES = [
    ({"order_quantity": 200}, {"quantity": 200}, {"quantity": 201},
     Reason.ORDER_QUANTITY_LIMIT, "201", "200"),
    ({"order_value": Decimal(1040)}, {"quantity": 100}, {"quantity": 101},
     Reason.ORDER_VALUE_LIMIT, "1050.40", "1040"),
    # A market order may reach the top of the band: a tenth above the close of 10.00.
    ({"order_value": Decimal(1100)}, {**MARKET}, {**MARKET, "quantity": 101},
     Reason.ORDER_VALUE_LIMIT, "1111.00", "1100"),
    ({"position_quantity": 400}, {"quantity": 100}, {"quantity": 101},
     Reason.POSITION_QUANTITY_LIMIT, "401", "400"),
    # 300 held at the last price of 10.50, and the order at its own.
    ({"position_value": Decimal(4190)}, {"quantity": 100}, {"quantity": 101},
     Reason.POSITION_VALUE_LIMIT, "4200.40", "4190"),
    ({"daily_value": Decimal(1040)}, {"quantity": 100}, {"quantity": 101},
     Reason.DAILY_VALUE_LIMIT, "1050.40", "1040"),
    ({"price_distance": Decimal("0.02")}, {"limit_price": Decimal("10.71")},
     {"limit_price": Decimal("10.72")}, Reason.PRICE_DISTANCE_LIMIT, "0.0210", "0.02"),
    ({"price_distance": Decimal("0.02")}, {"limit_price": Decimal("10.29")},
     {"limit_price": Decimal("10.28")}, Reason.PRICE_DISTANCE_LIMIT, "0.0210", "0.02"),
]  # fmt: skip


@pytest.mark.parametrize(("set_to", "passes", "fails", "reason", "asked", "allowed"), EDGES)
async def test_a_limit_lets_through_what_it_names_and_nothing_more(
    tmp_path, calendar, set_to, passes, fails, reason, asked, allowed
):
    async with Desk(tmp_path, calendar, limits(**set_to)) as desk:
        error = await refusal(desk.submit("k1", **fails))
        assert error.reason is reason
        assert (error.details["asked"], error.details["allowed"]) == (asked, allowed)
        assert allowed.rstrip("0") in error.message or "2" in error.message
        assert error.message_zh != reason.zh
        assert desk.terminal.placed == []
        # The refusal consumed no key.
        assert (await desk.submit("k1", **passes)).state is OrderState.WORKING


@pytest.mark.parametrize(
    "set_to",
    [
        {"symbols_allowed": frozenset({PINGAN})},
        {"symbols_blocked": frozenset({MAOTAI})},
        {"symbols_allowed": frozenset({PINGAN, MAOTAI}), "symbols_blocked": frozenset({MAOTAI})},
    ],
)
async def test_a_symbol_that_is_blocked_or_not_allowed_is_not_traded(tmp_path, calendar, set_to):
    async with Desk(tmp_path, calendar, limits(**set_to)) as desk:
        for side in Side:
            error = await refusal(desk.submit("k1", side=side))
            assert error.reason is Reason.SYMBOL_BLOCKED
        await desk.submit("k1", symbol=PINGAN)
        assert len(desk.terminal.placed) == 1


async def test_an_account_has_its_own_limits_where_they_are_set(tmp_path, calendar):
    own = {"two": limits(order_quantity=100)}
    async with Desk(tmp_path, calendar, limits(order_quantity=1_000), **own) as desk:
        await desk.submit("k1", quantity=500)
        error = await refusal(desk.submit("k1", quantity=500, account_id="two"))
        assert error.reason is Reason.ORDER_QUANTITY_LIMIT
        # What one account uses is not used by the other.
        assert (await desk.used("two")).open_value == 0


@pytest.mark.parametrize(
    ("set_to", "changes"),
    [
        ({"order_value": Decimal(10**6)}, MARKET),
        ({"price_distance": Decimal("0.5")}, {}),
        ({"position_value": Decimal(10**6)}, {}),
    ],
)
async def test_without_a_price_nothing_is_let_through(tmp_path, calendar, set_to, changes):
    async with Desk(tmp_path, calendar, limits(**set_to)) as desk:
        desk.market.last = desk.market.close = None
        assert (await refusal(desk.submit("k1", **changes))).reason is Reason.PRICE_UNKNOWN
        assert desk.terminal.placed == []


async def test_sells_do_not_count_against_a_position_but_against_the_day(tmp_path, calendar):
    set_to = limits(position_quantity=300, daily_value=Decimal(2_000))
    async with Desk(tmp_path, calendar, set_to) as desk:
        await desk.submit("k1", side=Side.SELL)
        error = await refusal(desk.submit("k2", side=Side.SELL))
        assert error.reason is Reason.DAILY_VALUE_LIMIT


async def test_open_orders_count_until_they_end_and_executions_until_the_day_does(
    tmp_path, calendar
):
    async with Desk(tmp_path, calendar, limits(daily_value=Decimal(2_080))) as desk:
        first = await desk.submit("k1")
        second = await desk.submit("k2")
        assert (await refusal(desk.submit("k3"))).reason is Reason.DAILY_VALUE_LIMIT
        await desk.told(first, OrderState.CANCELED)
        assert (await desk.used()).open_value == Decimal("1040.00")
        await desk.told(second, OrderState.FILLED, 100, "10.30")
        used = await desk.used()
        assert (used.traded_value, used.open_value) == (Decimal("1030.00"), 0)
        await desk.submit("k3")
        assert (await refusal(desk.submit("k4"))).reason is Reason.DAILY_VALUE_LIMIT
        desk.market.pass_ms(86_400_000)
        # What is still open counts on the next day as well.
        assert (await desk.used()).daily_value == Decimal("1040.00")


async def test_an_order_of_unknown_fate_counts_in_full(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(position_quantity=450)) as desk:
        desk.terminal.failure = FateUnknownError()
        assert (await desk.submit("k1")).state is OrderState.UNKNOWN
        desk.terminal.failure = None
        assert (await refusal(desk.submit("k2"))).reason is Reason.POSITION_QUANTITY_LIMIT
        await desk.submit("k3", quantity=50)


async def test_what_the_terminal_refuses_is_free_again(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(daily_value=Decimal(1_040))) as desk:
        desk.terminal.failure = OrderRefused(Reason.TERMINAL_REFUSED, "no")
        await refusal(desk.submit("k1"))
        desk.terminal.failure = None
        await desk.submit("k2")
        used = await desk.used()
        # It was submitted all the same, and exchanges count that.
        assert (used.open_value, used.actions_today) == (Decimal("1040.00"), 2)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 8).map(lambda lots: lots * 100), min_size=1, max_size=25),
    st.integers(3, 30).map(lambda lots: lots * 100),
    st.booleans(),
)
async def test_however_many_come_at_once_they_cannot_pass_a_limit_together(
    tmp_path_factory, calendar, quantities, most, silent
):
    # Silent: nothing is answered while they come, so that all are on their way together.
    folder = tmp_path_factory.mktemp("desk")
    set_to = limits(position_quantity=300 + most, daily_value=Decimal("10.40") * most)
    async with Desk(folder, calendar, set_to) as desk:
        if silent:
            desk.terminal.gate.clear()
        tasks = [
            asyncio.ensure_future(desk.submit(f"k{i}", quantity=each))
            for i, each in enumerate(quantities)
        ]
        for _ in range(200):
            await asyncio.sleep(0)
        desk.terminal.gate.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        passed = [q for q, each in zip(quantities, done, strict=True) if not is_error(each)]
        assert sum(order.quantity for _, order in desk.terminal.placed) == sum(passed) <= most
        # Nobody was refused who would have fitted beside those that passed.
        refused = [q for q, each in zip(quantities, done, strict=True) if is_error(each)]
        assert all(sum(passed) + each > most for each in refused)
        assert (await desk.used()).open_value == sum(passed) * Decimal("10.40")


def is_error(found):
    if isinstance(found, BaseException):
        assert isinstance(found, OrderRefused), found
        return True
    return False


async def test_many_submits_of_one_key_are_one_act_and_one_order(tmp_path, calendar):
    set_to = limits(actions_per_second=1, daily_value=Decimal(1_040))
    async with Desk(tmp_path, calendar, set_to) as desk:
        done = await asyncio.gather(*(desk.limited.submit(ticket("k1")) for _ in range(200)))
        assert len(desk.terminal.placed) == 1
        assert sum(each.replayed for each in done) == 199
        assert (await desk.used()).actions_today == 1


async def test_a_known_key_is_answered_though_every_limit_is_used_up(tmp_path, calendar):
    set_to = limits(actions_per_second=1, actions_per_day=1, daily_value=Decimal(1_040))
    async with Desk(tmp_path, calendar, set_to) as desk:
        first = await desk.limited.submit(ticket("k1"))
        again = await desk.limited.submit(ticket("k1"))
        assert (again.replayed, again.order.id) == (True, first.order.id)
        error = await refusal(desk.limited.submit(ticket("k1", quantity=200)))
        assert error.reason is Reason.IDEMPOTENCY_CONFLICT
    async with Desk(tmp_path, calendar, set_to, market=desk.market) as desk:
        assert (await desk.limited.submit(ticket("k1"))).replayed


async def test_a_caller_that_gives_up_frees_nothing_that_is_still_on_its_way(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(daily_value=Decimal(1_040))) as desk:
        await desk.used()
        task = asyncio.ensure_future(desk.submit("k1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        error = await refusal(desk.submit("k2"))
        assert error.reason is Reason.DAILY_VALUE_LIMIT


async def test_cancels_count_and_the_first_of_an_open_order_passes_the_days_limit(
    tmp_path, calendar
):
    async with Desk(tmp_path, calendar, limits(actions_per_day=3)) as desk:
        orders = [await desk.submit(f"k{i}") for i in range(2)]
        await desk.limited.cancel(OrderKey("one", orders[0].id))
        error = await refusal(desk.submit("k3"))
        assert error.reason is Reason.DAILY_COUNT_LIMIT
        assert (error.details["used"], error.details["allowed"]) == ("3", "3")
        assert error.retry_at.isoformat() == "2023-02-01T16:00:00+00:00"  # midnight in Shanghai
        await desk.limited.cancel(OrderKey("one", orders[1].id))
        assert (await desk.used()).actions_today == 4
        desk.market.pass_ms(86_400_000)
        await desk.submit("k3")


async def test_a_cancel_that_is_refused_before_it_is_asked_for_does_not_count(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=2)) as desk:
        order = await desk.submit("k1")
        await desk.told(order, OrderState.FILLED, 100)
        for key in (OrderKey("one", order.id), OrderKey("one", "none")):
            await refusal(desk.limited.cancel(key))
        assert (await desk.used()).actions_today == 1


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("submit", "submit", "submit", "cancel", "restart")), st.integers(0, 700)
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=15)
@given(ACTS, st.integers(1, 4), st.integers(3, 12))
async def test_no_second_and_no_day_sees_more_acts_than_allowed_whatever_restarts(
    tmp_path_factory, calendar, acts, per_second, per_day
):
    folder, market = tmp_path_factory.mktemp("desk"), Market()
    set_to = TradingLimits(per_second, per_day)
    desk = await Desk(folder, calendar, set_to, market).__aenter__()
    sent, submits, orders = [], 0, []
    try:
        for number, (act, pause) in enumerate(acts):
            market.pass_ms(pause)
            if act == "restart":
                before = await desk.used()
                await desk.__aexit__()
                desk = await Desk(folder, calendar, set_to, market).__aenter__()
                await until(lambda trading=desk.trading: trading.state is TradingState.ACTIVE)
                assert await desk.used() == before
                continue
            now, room = market.time, room_at(sent, market.time, per_second)
            if act == "cancel" and not orders:
                continue
            try:
                if act == "submit":
                    orders.append(await desk.submit(f"k{number}"))
                    submits += 1
                else:
                    await desk.limited.cancel(OrderKey("one", orders.pop().id))
            except GatewayError as error:
                # Refused only where there was no room, and from the told instant on there is.
                full = act == "submit" and len(sent) >= per_day
                assert error.reason is (Reason.DAILY_COUNT_LIMIT if full else Reason.RATE_LIMITED)
                assert full or not room
                assert full or room_at(sent, error.retry_at, per_second)
                continue
            assert room
            sent.append(now)
    finally:
        await desk.__aexit__()
    assert submits <= per_day


def room_at(sent, instant, most):
    return sum((instant - each).total_seconds() < 1 for each in sent) < most


async def test_a_slow_disk_does_not_let_more_through_within_a_second(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=2)) as desk:
        await desk.used()
        book = await desk.ledger.book("one")
        held = [book.hold(f"h{i}", (await ask(desk, f"h{i}"))) for i in range(2)]
        # They have been on their way to the disk for longer than a second.
        desk.market.pass_ms(1_500)
        assert (await refusal(desk.submit("k1"))).reason is Reason.RATE_LIMITED
        for each in held:
            book.release(each)
        await desk.submit("k1")


async def test_acts_that_a_slow_disk_held_back_count_from_when_they_are_sent(
    tmp_path, calendar, monkeypatch
):
    async with Desk(tmp_path, calendar, limits(actions_per_second=2)) as desk:
        record = desk.journal.record

        def slow(entries):
            if any(isinstance(each, Intent) for each in entries):
                desk.market.pass_ms(5_000)
            return record(entries)

        monkeypatch.setattr(desk.journal, "record", slow)
        await asyncio.gather(desk.submit("k1"), desk.submit("k2"))
        monkeypatch.undo()
        assert {time for time, _ in desk.terminal.placed} == {desk.market.time}
        assert (await refusal(desk.submit("k3"))).reason is Reason.RATE_LIMITED


async def ask(desk, key):
    return await desk.limited._parts.valuer.ask(ticket(key), TradingLimits())


async def test_market_orders_are_priced_again_after_a_restart(tmp_path, calendar):
    set_to = limits(daily_value=Decimal(2_200))
    async with Desk(tmp_path, calendar, set_to) as desk:
        await desk.submit("k1", **MARKET)
    async with Desk(tmp_path, calendar, set_to, market=desk.market) as desk:
        assert (await desk.used()).open_value == Decimal("1100.00")
        assert (await refusal(desk.submit("k2", **MARKET, quantity=101))).reason is (
            Reason.DAILY_VALUE_LIMIT
        )
    desk.market.last = desk.market.close = None
    async with Desk(tmp_path, calendar, set_to, market=desk.market) as desk:
        assert (await refusal(desk.submit("k2"))).reason is Reason.PRICE_UNKNOWN


async def test_a_world_that_starts_over_begins_with_nothing_used(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=1)) as desk:
        await desk.submit("k1")
        await desk.trading.start_over("e2")
        assert (await desk.used()).actions_today == 0
        await desk.submit("k1")


async def test_an_unknown_account_has_no_limits_to_use(tmp_path, calendar):
    async with Desk(tmp_path, calendar) as desk:
        error = await refusal(desk.submit("k1", account_id="nobody"))
        assert error.reason is Reason.UNKNOWN_ACCOUNT
        assert (await refusal(desk.limited.allowance("nobody"))).reason is Reason.UNKNOWN_ACCOUNT

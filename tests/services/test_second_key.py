"""Two people over a real journal and real limits: whatever happens, in whatever order."""

import asyncio
import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.limits import TradingLimits
from quantgraph.domain.orders import OrderKey, OrderState, PriceType
from quantgraph.domain.reasons import Reason
from tests.services import test_following as following
from tests.services.trading import Desk, Market
from tests.waiting import settled, until

S = OrderState
# An order of 100 shares at 10.40 passes; one of 101 waits.
ABOVE = Decimal(1040)
LARGE = 101
QUIET = {"return_exceptions": True}


def limits(**changes):
    plenty = {"actions_per_second": 1_000, "actions_per_day": 1_000}
    return TradingLimits(**{**plenty, "approval_above": ABOVE, **changes})


def act(key):
    act_as(Actor(key, Wire.GRPC))


async def code(work):
    with pytest.raises(GatewayError) as caught:
        await work
    return caught.value.reason


async def approve(desk, order, by="two"):
    act(by)
    return await desk.limited.approve(OrderKey("one", order.id))


async def large(desk, key="k1", **changes):
    act("one")
    order = await desk.submit(key, quantity=LARGE, **changes)
    assert order.state is S.PENDING_APPROVAL
    return order


async def test_only_more_than_the_amount_waits(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits()) as desk:
        assert (await desk.submit("k0")).state is S.WORKING
        await large(desk)
        # A market order counts at the top of the band, 11.00.
        wide = {"price_type": PriceType.BEST_FIVE_CANCEL, "limit_price": None}
        assert (await desk.submit("k2", quantity=95, **wide)).state is S.PENDING_APPROVAL
        assert [order.client_order_id for _, order in desk.terminal.placed] == ["k0"]


async def test_it_waits_no_longer_than_its_caller_wanted_it(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits()) as desk:
        soon = desk.market.now() + timedelta(minutes=2)
        assert (await large(desk, expires_at=soon)).approval_until == soon


async def test_what_waits_counts_once_before_and_after_its_approval(tmp_path, calendar):
    """Each limit is used up by the order itself; none is left for another."""
    full = LARGE * Decimal("10.40")
    room = {"daily_value": full, "position_quantity": 300 + LARGE}
    async with Desk(tmp_path, calendar, limits(**room)) as desk:
        order = await large(desk)
        assert (await desk.used()).open_value == full
        assert await code(desk.submit("k2")) is Reason.POSITION_QUANTITY_LIMIT
        assert (await approve(desk, order)).state is S.WORKING
        assert (await desk.used()).open_value == full


async def test_an_approval_is_judged_as_things_are_by_then(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(position_quantity=300 + LARGE)) as desk:
        order = await large(desk)
        desk.market.held = 301  # somebody bought by hand meanwhile
        assert await code(approve(desk, order)) is Reason.POSITION_QUANTITY_LIMIT
        desk.market.held = 300
        assert (await approve(desk, order)).state is S.WORKING


async def test_an_approval_is_an_act_of_the_second_in_which_it_is_sent(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=2, actions_per_day=5)) as desk:
        orders = [await large(desk, "k1"), await large(desk, "k2")]
        assert await code(approve(desk, orders[0])) is Reason.RATE_LIMITED
        desk.market.pass_ms(1_000)
        # One that is refused below counts nothing.
        assert await code(approve(desk, orders[0], by="one")) is Reason.APPROVER_IS_SUBMITTER
        for each in orders:
            await approve(desk, each)
        assert await code(desk.submit("k3")) is Reason.RATE_LIMITED
        assert (await desk.used()).actions_today == 4
        desk.market.pass_ms(1_000)
        await large(desk, "k4")
        assert await code(desk.submit("k5")) is Reason.DAILY_COUNT_LIMIT
    async with Desk(tmp_path, calendar, limits(), desk.market) as desk:
        assert (await desk.used()).actions_today == 5


async def test_a_withdrawal_is_no_act_of_the_account(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=1)) as desk:
        order = await large(desk)
        done = await desk.limited.cancel(OrderKey("one", order.id))
        assert done.state is S.CANCELED
        assert ((await desk.used()).actions_today, desk.terminal.withdrawn) == (1, [])
        assert (await desk.used()).open_value == 0


async def test_approvals_that_come_at_once_pass_no_limit_together(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits(actions_per_second=3)) as desk:
        orders = [await large(desk, f"k{n}") for n in range(3)]
        desk.market.pass_ms(1_000)
        orders += [await large(desk, "k3")]
        done = await asyncio.gather(*(approve(desk, each) for each in orders), **QUIET)
        assert [getattr(each, "reason", None) for each in done].count(Reason.RATE_LIMITED) == 2
        assert len(desk.terminal.placed) == 2


async def test_a_cancel_that_loses_against_an_approval_goes_to_the_terminal(tmp_path, calendar):
    """It was asked for while the order waited, and the approval was about to be recorded."""
    async with Desk(tmp_path, calendar, limits()) as desk:
        order = await large(desk)
        disk, reads = threading.Event(), []
        record, find = desk.journal.record, desk.journal.find
        desk.journal.record = lambda entries: disk.wait(10) and record(entries)
        desk.journal.find = lambda key: (find(key), reads.append(key))[0]
        approving = asyncio.create_task(approve(desk, order))
        await until(lambda: len(reads) == 3)
        canceling = asyncio.create_task(desk.limited.cancel(OrderKey("one", order.id)))
        await settled()  # it waits for the decision before it
        disk.set()
        approved, canceled = await asyncio.gather(approving, canceling)
        assert approved.approved_by == canceled.approved_by == "two"
        assert canceled.state is S.PENDING_CANCEL
        assert len(desk.terminal.placed) == len(desk.terminal.withdrawn) == 1


async def test_one_that_was_sent_is_not_told_as_too_late(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits()) as desk:
        order = await large(desk)
        await approve(desk, order)
        desk.market.pass_ms(600_000)
        assert await code(approve(desk, order)) is Reason.APPROVAL_NOT_POSSIBLE


async def test_what_waited_before_a_restart_waits_on_and_expires(tmp_path, calendar):
    async with Desk(tmp_path, calendar, limits()) as desk:
        orders = [await large(desk, "k1"), await large(desk, "k2")]
    desk.market.pass_ms(60_000)
    async with reopened(tmp_path, calendar, desk.market) as desk:
        await ready(desk)
        assert (await desk.trading.order(OrderKey("one", orders[0].id))) == orders[0]
        assert (await approve(desk, orders[0])).approved_by == "two"
    desk.market.pass_ms(240_000)
    async with reopened(tmp_path, calendar, desk.market) as desk:
        # Nobody asks for it: the gateway looks by itself.
        await until(lambda: expired(desk, orders[1]))
        assert desk.terminal.placed == []


def reopened(folder, calendar, market):
    return Desk(folder, calendar, limits(), market)


def expired(desk, order):
    return desk.journal.find(OrderKey("one", order.id)).state is S.EXPIRED


async def ready(desk):
    await until(lambda: desk.trading.state is TradingState.ACTIVE)


async def test_a_comparison_leaves_alone_what_was_not_sent(tmp_path):
    """The terminal does not have it, and that proves nothing."""
    async with following.Desk(tmp_path) as desk:
        held = following.ticket("k1", held=True)
        order = (await desk.trading.submit(held)).order
        desk.seconds = 1_000.0
        await desk.compare()
        assert (await desk.find(order)).state is S.PENDING_APPROVAL
        assert desk.terminal.sought == []


KEYS, PEOPLE = st.sampled_from(["k0", "k1", "k2"]), st.sampled_from(["one", "two", "three"])
DECISIONS = st.sampled_from(["approve", "reject", "cancel"])
STEPS = st.one_of(
    st.tuples(st.just("submit"), KEYS, PEOPLE),
    st.tuples(DECISIONS, KEYS, PEOPLE),
    st.tuples(DECISIONS, KEYS, PEOPLE),
    st.tuples(st.just("race"), KEYS, st.lists(st.tuples(DECISIONS, PEOPLE), max_size=5)),
    st.tuples(st.just("pass"), st.integers(1, 4)),
    st.tuples(st.just("restart")),
)


@dataclass
class Known:
    """What an order must be by now."""

    by: str
    until: datetime
    state: OrderState = S.PENDING_APPROVAL


class Machine:
    """The model beside the gateway: every step is done in both, and both agree."""

    def __init__(self, folder, calendar):
        self.folder, self.calendar, self.market = folder, calendar, Market()
        self.known, self.sent = {}, []

    async def run(self, steps):
        for number, part in enumerate(_between(steps, "restart")):
            async with reopened(self.folder, self.calendar, self.market) as self.desk:
                await ready(self.desk)
                assert number == 0 or self.desk.terminal.placed == []  # a restart sends nothing
                for name, *rest in part:
                    step = {"pass": self.wait, "submit": self.submit, "race": self.race}
                    await step.get(name, lambda *who, act=name: self.decide(act, *who))(*rest)
                    await self.check()
                self.sent += [order for _, order in self.desk.terminal.placed]

    async def submit(self, key, who):
        act(who)
        known = self.known.get(key)
        if known is not None and known.state is S.REJECTED:
            again = self.desk.submit(key, quantity=LARGE)
            assert await code(again) is Reason.APPROVAL_REFUSED
            return
        order = await self.desk.submit(key, quantity=LARGE)
        if known is None:
            until_ = self.market.now() + timedelta(minutes=5)
            self.known[key] = Known(who, until_)
            assert (order.submitted_by, order.approval_until) == (who, until_)

    async def decide(self, name, key, who):
        act(who)
        known = self.known.get(key)
        place = OrderKey("one", client_order_id=key)
        expected = self.expected(name, known, who)
        try:
            order = await getattr(self.desk.limited, name)(place)
        except GatewayError as error:
            assert error.reason is expected
            return
        assert order.state is expected
        known.state = order.state

    def expected(self, name, known, who):
        if known is None:
            return Reason.ORDER_NOT_FOUND
        if name == "approve" and who == known.by:
            return Reason.APPROVER_IS_SUBMITTER
        ends = {"approve": S.WORKING, "reject": S.REJECTED, "cancel": S.CANCELED}
        if known.state is S.PENDING_APPROVAL:
            return ends[name]
        if name != "cancel":
            return Reason.APPROVAL_NOT_POSSIBLE
        return Reason.ORDER_NOT_CANCELABLE if known.state.final else S.PENDING_CANCEL

    async def race(self, key, acts):
        """Whoever comes first decides; what the others are told must fit that."""
        known = self.known.get(key)
        if known is None:
            return
        place = OrderKey("one", client_order_id=key)

        async def one(name, who):
            act(who)
            return name, await getattr(self.desk.limited, name)(place)

        done = await asyncio.gather(*(one(*each) for each in acts), return_exceptions=True)
        assert all(isinstance(each, tuple | OrderRefused) for each in done), done
        won = [each[0] for each in done if isinstance(each, tuple) and each[0] != "cancel"]
        waited = known.state is S.PENDING_APPROVAL
        assert len(won) <= waited
        known.state = (await self.desk.trading.order(place)).state
        fair = [who for name, who in acts if name == "approve" and who != known.by]
        assert ("approve" not in won) or fair

    async def wait(self, minutes):
        self.market.time += timedelta(minutes=minutes)
        for key, known in self.known.items():
            if known.state is S.PENDING_APPROVAL and known.until <= self.market.now():
                act("four")
                late = self.desk.limited.approve(OrderKey("one", client_order_id=key))
                # Whoever finds one too late ends all that are.
                assert await code(late) in (Reason.ORDER_EXPIRED, Reason.APPROVAL_NOT_POSSIBLE)
                known.state = S.EXPIRED

    async def check(self):
        placed = [*self.sent, *(order for _, order in self.desk.terminal.placed)]
        keys = [order.client_order_id for order in placed]
        assert len(set(keys)) == len(keys)
        assert all(order.approved_by not in (None, order.submitted_by) for order in placed)
        for key, known in self.known.items():
            order = await self.desk.trading.order(OrderKey("one", client_order_id=key))
            assert order.state is known.state
            assert (key in keys) is (order.approved_by is not None)


def _between(steps, name):
    parts = [[]]
    for step in steps:
        if step[0] == name:
            parts.append([])
        else:
            parts[-1].append(step)
    return parts


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
async def test_nothing_is_sent_but_by_two_people_once_and_in_time(calendar, steps):
    with tempfile.TemporaryDirectory() as folder:
        await Machine(Path(folder), calendar).run(steps)

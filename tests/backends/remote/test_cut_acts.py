"""What people do through another gateway, cut off midway: done once, and its repeat tells so."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from quantgraph.domain.controls import TradingState
from quantgraph.domain.orders import OrderKey, OrderState
from tests.api.real import ACCOUNT
from tests.backends.remote.test_behalf import APPROVE, asked_by_two

CHANGED = "{ __typename ... on %s { changed } } }"
ARM = """mutation { armTrading(input: { secret: "%s" }) {
  ... on ArmTradingSuccess { changed } ... on Problem { code } } }"""
DISARM = "mutation { disarmTrading(input: {}) " + CHANGED % "DisarmTradingSuccess"
HALT = 'mutation { haltTrading(input: { reason: "x" }) ' + CHANGED % "HaltTradingSuccess"
RESUME = """mutation { resumeTrading(input: {}) {
  ... on ResumeTradingSuccess { changed } ... on Problem { code } } }"""
REJECT = """mutation($id: ID!) { rejectOrder(input: { accountId: "%s", id: $id }) { __typename
  ... on RejectOrderSuccess { order { state rejectCode } }
  ... on Problem { code } } }""".replace("%s", ACCOUNT)  # fmt: skip
UNKNOWN = ["OUTCOME_UNKNOWN"]


class Cutter:
    """A gateway over an agent in prod whose answers are lost, by an agent that goes and comes."""

    def __init__(self, beside, front, second):
        self.agent, self.secret = beside.agent, beside.secret
        self.far = beside.agent.assembly.gateway
        self._front, self._second = front, second

    async def ask(self, query, **variables):
        """Ask with the second key."""
        front = self._front
        data, codes = await front._asker.ask(front.assembly, query, variables, self._second)
        return codes or next(iter(data.values()))

    async def turn(self, query):
        """Ask with the first key, whose scope is admin; return whether that changed, or why not."""
        told = await self._front.ask(query)
        if isinstance(told, list):
            return told
        (done,) = told.values()
        return done["changed"] if "changed" in done else [done["code"]]

    async def submit(self, key):
        return (await self._front.submit(key))[0]

    @asynccontextmanager
    async def cutting(self, part, name, *, done):
        """Have the agent go amid an act, that it has `done` or not, and come back at once."""
        act, asked = getattr(part, name), asyncio.Event()

        async def slowly(*wanted):
            setattr(part, name, act)
            if done:
                await act(*wanted)
            asked.set()
            # Until the agent goes, which cancels it.
            await asyncio.get_running_loop().create_future()

        async def cut():
            await asked.wait()
            await self.agent.leave()
            await self.agent.come_back()

        setattr(part, name, slowly)
        cutting = asyncio.create_task(cut())
        async with asyncio.timeout(20):
            try:
                yield
                await cutting
            finally:
                cutting.cancel()


@pytest.fixture
async def cutter(terminal, tmp_path):
    async with (
        asyncio.timeout(60),
        asked_by_two(terminal, tmp_path, gateway=True) as (beside, front, second, _),
    ):
        yield Cutter(beside, front, second)


async def test_what_stops_trading_is_done_whatever_is_cut(cutter):
    controls, arm = cutter.far.controls, ARM % cutter.secret
    for name, query, back in (("disarm", DISARM, arm), ("halt", HALT, RESUME)):
        for done in (True, False):
            async with cutter.cutting(controls, name, done=done):
                # The second question finds it done: nothing was to be changed any more.
                assert await cutter.turn(query) == (not done)
            state = (await controls.status(None)).state
            assert state in {TradingState.DISARMED, TradingState.HALTED}
            assert await cutter.turn(back) is True
            assert (await controls.status(None)).state is TradingState.ACTIVE


async def test_what_lets_trading_go_on_is_asked_once_and_its_repeat_tells(cutter):
    controls, arm = cutter.far.controls, ARM % cutter.secret
    for name, stop, query in (("arm", DISARM, arm), ("resume", HALT, RESUME)):
        for done in (True, False):
            assert await cutter.turn(stop) is True
            async with cutter.cutting(controls, name, done=done):
                assert await cutter.turn(query) == UNKNOWN
            free = (await controls.status(None)).state is TradingState.ACTIVE
            assert free is done
            assert await cutter.turn(query) == (not done)
            assert (await controls.status(None)).state is TradingState.ACTIVE


async def test_an_approval_that_is_cut_off_sends_one_order(cutter, terminal):
    for count, done in enumerate((True, False), 1):
        made = await cutter.submit(f"k{count}")
        async with cutter.cutting(cutter.far.trading, "approve", done=done):
            told = await cutter.ask(APPROVE, id=made)
        if done:
            assert told["order"]["approvedBy"] != told["order"]["submittedBy"]
            assert (await cutter.ask(APPROVE, id=made))["code"] == "APPROVAL_NOT_POSSIBLE"
        else:
            assert told == UNKNOWN
            order = await cutter.far.trading.order(OrderKey(ACCOUNT, made))
            assert order.state is OrderState.PENDING_APPROVAL
            assert (await cutter.ask(APPROVE, id=made))["order"]["approvedBy"]
        assert len(await terminal.counter.orders_today(ACCOUNT)) == count


async def test_a_refusal_that_is_cut_off_ends_the_order_once(cutter, terminal):
    for done in (True, False):
        made = await cutter.submit(f"k{done}")
        async with cutter.cutting(cutter.far.trading, "reject", done=done):
            told = await cutter.ask(REJECT, id=made)
        if not done:
            assert told == UNKNOWN
            told = await cutter.ask(REJECT, id=made)
        assert told["order"] == {"state": "REJECTED", "rejectCode": "APPROVAL_REFUSED"}
        assert (await cutter.ask(REJECT, id=made))["code"] == "APPROVAL_NOT_POSSIBLE"
    assert await terminal.counter.orders_today(ACCOUNT) == []

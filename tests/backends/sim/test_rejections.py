"""What the simulated counter says when it refuses, and that codes survive its words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quantgraph.backends.sim.counter import CounterTerminal
from quantgraph.backends.sim.rejections import CATALOG, RejectionStyle, say
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderState,
    Origin,
    PriceType,
    Side,
)
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.domain.terminal import ExecutionReport, LinkChange, ListedOrder

NOW = datetime(2023, 2, 1, 2, 0, tzinfo=UTC)
CODED, PLAIN = RejectionStyle.CODED, RejectionStyle.PLAIN
BROKE = OrderRefused(Reason.INSUFFICIENT_CASH, "no money", needed="1005.01", cash="1000.00")
ORDER = Order(
    "o1", "sim-1", "k1", None, "600519.SH", Side.BUY, PriceType.LIMIT, Decimal(10), 100, 0,
    None, OrderState.SENT, Destination.SIMULATED, Origin.OURS, NOW, NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("style", "zh", "en"),
    [
        (
            CODED,
            "[COUNTER][260200][可用资金不足][fund_account=000000000000,needed=1005.01,cash=1000.00]",
            (
                "[COUNTER][260200][Insufficient available funds]"
                "[fund_account=000000000000,needed=1005.01,cash=1000.00]"
            ),
        ),
        (
            PLAIN,
            "[COUNTER] [资金可用余额]不足，尚需[5.01]",
            "[COUNTER] [available balance] insufficient, [5.01] more needed",
        ),
    ],
)
def test_a_refusal_is_worded_in_the_style_that_was_chosen(style, zh, en):
    said = say(BROKE, style)
    assert (said.message_zh, said.message) == (zh, en)
    assert (said.reason, said.details) == (BROKE.reason, BROKE.details)


@pytest.mark.parametrize("style", RejectionStyle)
@pytest.mark.parametrize("reason", CATALOG, ids=str)
def test_every_text_is_short_printable_and_bilingual(reason, style):
    said = say(OrderRefused(reason, "as the rule says"), style)
    assert said.reason is reason
    assert said.message.isascii()
    assert not said.message_zh.isascii()
    assert said.message.startswith("[COUNTER]")
    assert len(said.message) < 200


def test_every_number_stands_for_one_reason():
    numbers = [each.number for each in CATALOG.values()]
    assert len(set(numbers)) == len(numbers)


def test_what_only_the_gateway_says_keeps_its_words():
    own = {
        Reason.RULE_UNVERIFIED, Reason.NOT_SENT, Reason.NOT_AT_TERMINAL,
        Reason.ORDER_LIMIT, Reason.SYMBOL_BLOCKED,
        Reason.ORDER_QUANTITY_LIMIT, Reason.ORDER_VALUE_LIMIT, Reason.DAILY_VALUE_LIMIT,
        Reason.POSITION_QUANTITY_LIMIT, Reason.POSITION_VALUE_LIMIT, Reason.PRICE_DISTANCE_LIMIT,
        Reason.APPROVAL_REFUSED, Reason.APPROVAL_NOT_POSSIBLE, Reason.APPROVER_IS_SUBMITTER,
        Reason.OUTCOME_UNTOLD, Reason.WRITTEN_OFF, Reason.WRITE_OFF_NOT_POSSIBLE,
    }  # fmt: skip
    for reason in own:
        refusal = OrderRefused(reason, "as it was")
        assert say(refusal, CODED) is refusal
    rejected = {reason for reason in Reason if reason.kind is Kind.REJECTED}
    assert rejected - CATALOG.keys() <= own


class Exchange:
    """Refuses all, by every way there is."""

    async def place(self, order):
        del order
        raise BROKE

    async def withdraw(self, order):
        raise OrderRefused(Reason.CANCEL_CLOSED, "not now", order_id=order.id)

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        place = ("o1", "b1", account_id, "600519.SH", Side.BUY, 100, None)
        listed = ListedOrder(*place, OrderState.REJECTED, 0, None, NOW, refusal=BROKE)
        return [listed, ListedOrder(*place, OrderState.FILLED, 100, None, NOW)]

    async def reports(self):
        report = ("o1", "sim-1", OrderState.REJECTED, 0, None, NOW)
        yield LinkChange(True, NOW)
        yield ExecutionReport(*report, refusal=BROKE)
        yield ExecutionReport("o1", "sim-1", OrderState.WORKING, 0, None, NOW)


async def test_whatever_way_a_refusal_comes_it_is_in_the_counters_words():
    counter, text = CounterTerminal(Exchange(), PLAIN), say(BROKE, PLAIN).message_zh
    for call in (counter.place, counter.withdraw):
        with pytest.raises(OrderRefused) as caught:
            await call(ORDER)
        assert caught.value.message_zh.startswith("[COUNTER] ")
    first, second = await counter.orders_today("sim-1")
    assert first.refusal is not None
    assert (first.refusal.message_zh, second.refusal) == (text, None)
    events = [event async for event in counter.reports()]
    assert isinstance(events[0], LinkChange)
    assert events[1].refusal.message_zh == text
    assert events[2].refusal is None

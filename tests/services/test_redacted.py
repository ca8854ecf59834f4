"""Whatever way a counter's text comes in, no account number comes with it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, LinkChange, ListedOrder
from quantgraph.services.redacted import CleanTerminal
from tests.store.test_journal import order

CANARY = "88001234567"
NOW = datetime(2023, 2, 1, tzinfo=UTC)
REFUSAL = OrderRefused(
    Reason.TERMINAL_REFUSED, f"[fund_account={CANARY}]", zh=f"资金账号{CANARY}废单"
)


class Talker:
    """A terminal that names the account wherever it can."""

    async def place(self, order):
        raise REFUSAL

    withdraw = place

    async def orders_today(self, account_id):
        return [
            ListedOrder(
                "q1", "b1", account_id, "600519.SH", Side.BUY, 100, Decimal(1),
                OrderState.REJECTED, 0, None, NOW, refusal=REFUSAL,
            )
        ]  # fmt: skip

    async def find(self, account_id, tag):
        return await self.orders_today(account_id)

    async def reports(self):
        yield LinkChange(connected=True, time=NOW)
        yield ExecutionReport("q1", "sim-1", OrderState.REJECTED, 0, None, NOW, refusal=REFUSAL)


async def test_no_way_lets_the_number_through():
    terminal = CleanTerminal(Talker())
    heard = [*await terminal.orders_today("sim-1"), *await terminal.find("sim-1", "q1")]
    heard += [event async for event in terminal.reports()][1:]
    refusals = [each.refusal for each in heard]
    for act in (terminal.place, terminal.withdraw):
        with pytest.raises(OrderRefused) as caught:
            await act(order(1))
        refusals.append(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    assert len(refusals) == 5
    for refusal in refusals:
        assert refusal.reason is Reason.TERMINAL_REFUSED
        assert (refusal.message, refusal.message_zh) == ("[fund_account=***]", "资金账号***废单")

"""Queues of single orders and the rank of one, through the REAL xtdata.py."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.backends.xtquant.queues import SentPrice
from quantgraph.domain.depth import OrderQueue, QueueRequest, RankRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason

from .conftest import Pair

SYMBOL, AT = "000001.SZ", 1_675_216_200_123
ROW: dict[str, Any] = {
    "time": AT,
    "bidGear": [1, 2],
    "bidPrice": [11.36, 11.350000000000001],
    "bidVolume": [[91, 100, float("nan")], [38]],
    "askGear": [1],
    "askPrice": [11.37, 11.38],
    "askVolume": [[11, 15], None],
}


@pytest.mark.parametrize("told", [ROW, {SYMBOL: [ROW]}, [{}, ROW]], ids=["row", "code", "rows"])
async def test_queues_are_told_in_shares_first_come_first(pair: Pair, told: Any) -> None:
    pair.exchange.told["getl2thousandqueue"] = {"result": told}
    found = await pair.terminal.depth.order_queues(QueueRequest(SYMBOL, levels=2))
    assert found.time == AT
    assert found.bids == (OrderQueue(1, 11.36, (9_100, 10_000)), OrderQueue(2, 11.35, (3_800,)))
    assert found.asks == (OrderQueue(1, 11.37, (1_100, 1_500)), OrderQueue(None, 11.38, ()))
    asked = pair.exchange.asked["getl2thousandqueue"]
    assert (asked["stockcode"], asked["gear"], asked["price"]) == (SYMBOL, 2, None)


async def test_prices_are_asked_for_exactly(pair: Pair) -> None:
    pair.exchange.told["getl2thousandqueue"] = {"result": ROW}
    prices = (Decimal("11.37"), Decimal("11.35"))
    await pair.terminal.depth.order_queues(QueueRequest(SYMBOL, prices=prices))
    asked = pair.exchange.asked["getl2thousandqueue"]
    assert (asked["gear"], asked["price"]) == (0, [113_500, 113_700])


@given(st.integers(1, 100_000_000))
def test_every_price_comes_out_whole(thousandths: int) -> None:
    assert SentPrice(Decimal(thousandths) / 1_000) * 10_000 == thousandths * 10


async def test_no_queues_are_a_refusal_that_says_why(pair: Pair) -> None:
    for symbol, reason in ((SYMBOL, Reason.NOT_QUOTED), ("609999.SH", Reason.UNKNOWN_SYMBOL)):
        with pytest.raises(GatewayError) as told:
            await pair.terminal.depth.order_queues(QueueRequest(symbol, levels=1))
        assert told.value.reason is reason


@pytest.mark.parametrize(
    ("told", "rank"), [({"pricerank": 7}, 7), ({}, None), ({"pricerank": -1}, None)]
)
async def test_a_rank_is_asked_for_to_the_millisecond(
    pair: Pair, told: dict[str, Any], rank: int | None
) -> None:
    pair.exchange.told["getorderrank"] = told
    order = RankRequest(SYMBOL, Side.SELL, AT, Decimal("11.37"), 500, 200)
    assert (await pair.terminal.depth.order_rank(order)).price_rank == rank
    assert pair.exchange.asked["getorderrank"] == {
        "stockcode": SYMBOL,
        "time": AT,
        "type": "sell",
        "price": 11.37,
        "volume": 500,
        "leftvolume": 200,
    }


async def test_another_edition_has_neither(pair: Pair) -> None:
    pair.exchange.unrealized |= {"getl2thousandqueue", "getorderrank"}
    order = RankRequest(SYMBOL, Side.BUY, AT, Decimal(11), 500, 200)
    for asking in (
        pair.terminal.depth.order_queues(QueueRequest(SYMBOL, levels=1)),
        pair.terminal.depth.order_rank(order),
    ):
        with pytest.raises(GatewayError) as refused:
            await asking
        assert refused.value.reason is Reason.TERMINAL_LACKS
    rows = {each.operation: each.reason for each in capabilities(Told(pair.client.lacking))}
    assert "get_l2thousand_queue" in (rows["depth.orderQueues"] or "")
    assert "get_order_rank" in (rows["depth.orderRank"] or "")

"""Broker queues of Hong Kong through the real xtdata.py, whose list of brokers may be missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from quantgraph.backends.xtquant.hong_kong import TerminalHongKong
from quantgraph.domain.bars import Window
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import InvalidRequest, Unsupported
from quantgraph.domain.hong_kong import Broker, BrokerQueueRequest, queue_request
from quantgraph.domain.reasons import Reason
from tests.doubles.native import sdk

from .conftest import Pair

CODE = "00700.HK"
AT = 1_709_172_000_000
BROKERS = {"甲证券": [5341, 5342], "乙证券": [6998]}


def _row(time: int, *levels: list[int]) -> dict[str, Any]:
    sides = [{"brokers": each} for each in levels]
    return {"time": time, "bidbrokerqueues": sides, "askbrokerqueues": sides[:1]}


def _asked(last: int = 9, start: int | None = None, end: int | None = None) -> BrokerQueueRequest:
    return queue_request(CODE, Window(start, end, last))


@pytest.fixture
def market(pair: Pair) -> Iterator[TerminalHongKong]:
    rows = [_row(AT + 1_000 * second, [5341, 6998], [5342, 7]) for second in range(3)]
    pair.exchange.recordings["hkbrokerqueue", CODE] = rows
    pair.exchange.brokers = BROKERS
    # The SDK keeps the list for the life of the process.
    sdk("xtdata").__dict__["__hk_broke_info"].clear()
    yield TerminalHongKong(pair.client)
    sdk("xtdata").__dict__["__hk_broke_info"].clear()


async def test_queues_name_who_waits_at_each_level(market: TerminalHongKong) -> None:
    queues = await market.broker_queues(_asked())
    assert [each.time for each in queues] == [from_ms(AT + 1_000 * n) for n in range(3)]
    newest = queues[-1]
    assert newest.code == CODE
    assert [each.level for each in newest.bids] == [1, 2]
    assert newest.bids[0].brokers == (Broker(5341, "甲证券"), Broker(6998, "乙证券"))
    assert newest.bids[1].brokers == (Broker(5342, "甲证券"), Broker(7, None))
    assert len(newest.asks) == 1


async def test_the_newest_of_a_span_are_given(market: TerminalHongKong) -> None:
    async def times(request: BrokerQueueRequest) -> list[int]:
        found = await market.broker_queues(request)
        return [int(each.time.timestamp()) - AT // 1_000 for each in found if each.time]

    assert await times(_asked(last=2)) == [1, 2]
    assert await times(_asked(start=AT + 1, end=AT + 1_500)) == [1]
    assert await times(_asked(last=1, end=AT + 1_000)) == [1]
    assert await times(_asked(start=AT + 9_000)) == []


async def test_a_share_without_queues_has_none(market: TerminalHongKong) -> None:
    asked = queue_request("09988.HK", Window(last=1))
    assert await market.broker_queues(asked) == []


async def test_brokers_are_listed_by_number(market: TerminalHongKong) -> None:
    listed = [Broker(5341, "甲证券"), Broker(5342, "甲证券"), Broker(6998, "乙证券")]
    assert await market.brokers() == listed


async def test_without_the_list_queues_have_numbers_alone(
    market: TerminalHongKong, pair: Pair
) -> None:
    pair.exchange.brokers = None
    (queue,) = await market.broker_queues(_asked(last=1))
    assert queue.bids[0].brokers == (Broker(5341, None), Broker(6998, None))
    with pytest.raises(Unsupported, match="lacks that market") as caught:
        await market.brokers()
    assert caught.value.reason is Reason.TERMINAL_LACKS
    assert pair.client.lacking == frozenset()


@pytest.mark.parametrize("code", ["700.HK", "00700", "600519.SH", "00700.hk", ""])
def test_what_is_no_code_of_hong_kong_is_refused(code: str) -> None:
    with pytest.raises(InvalidRequest):
        queue_request(code, Window(last=1))


@pytest.mark.parametrize("last", [0, 201, None])
def test_how_many_are_asked_for_is_bounded(last: int | None) -> None:
    with pytest.raises(InvalidRequest):
        queue_request(CODE, Window(last=last))

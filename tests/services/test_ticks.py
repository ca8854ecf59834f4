"""A recording is given whole or refused, never cut."""

import pytest

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.ticks import TickKind, TickRequest
from quantgraph.services.coverage import CoverageJudge
from quantgraph.services.recorded import InnerMarket, Recorded
from quantgraph.services.ticks import LimitedTicks
from quantgraph.store.market import MarketStore
from tests.services.conftest import FixedClock, SmallMarket


@pytest.fixture
def recorded(imported, calendar, workers):
    store = MarketStore(imported / "mock")
    inner = SmallMarket()
    judge = CoverageJudge(calendar, FixedClock())
    yield Recorded(store, InnerMarket(inner, inner, inner, inner), workers, judge)
    store.close()


def asked(start=None, end=None, limit=1_000_000):
    return TickRequest("600519.SH", TickKind.TRADE, start, end, ("time",), limit)


async def test_exactly_the_limit_is_given_and_one_more_refused(recorded):
    whole = (await recorded.ticks(asked())).length
    assert (await LimitedTicks(recorded, whole).ticks(asked())).length == whole
    with pytest.raises(InvalidRequest) as caught:
        await LimitedTicks(recorded, whole - 1).ticks(asked())
    assert caught.value.reason.value == "ROW_LIMIT"
    assert caught.value.details["limit"] == str(whole - 1)


async def test_a_request_may_ask_for_less(recorded):
    with pytest.raises(InvalidRequest, match="more than 5 TRADE rows"):
        await LimitedTicks(recorded, 1_000_000).ticks(asked(limit=5))


async def test_a_span_the_wrong_way_round_is_refused(recorded):
    with pytest.raises(InvalidRequest, match="is after end"):
        await LimitedTicks(recorded, 10).ticks(asked(start=2, end=1))

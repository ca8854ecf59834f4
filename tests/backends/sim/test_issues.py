"""New issues: announced, subscribed, drawn, listed, quoted; nothing told before it is known."""

from datetime import timedelta

import numpy as np

from quantgraph.backends.sim.universe import LISTED
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import dates_of
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import InstrumentKind, classify
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.reasons import Reason

from .conftest import START, Stage


async def ipos_of(stage: Stage, **bounds: object) -> list[Ipo]:
    return list(await stage.market.catalog.ipos(IpoRequest(**bounds)))


async def test_issues_are_in_order_and_unlike_any_other_symbol(stage: Stage):
    stage.move_to(400, 0)
    found = await ipos_of(stage)
    days = [(each.subscription_date, each.symbol) for each in found]
    assert days == sorted(days)
    invented = [each for each in found if each.symbol not in LISTED]
    assert len(invented) > 35
    assert len({each.symbol for each in found}) == len(found)
    assert len({each.name for each in invented}) == len(invented)
    for each in found:
        assert classify(each.symbol)[1] is InstrumentKind.STOCK
        assert each.subscription_date < each.announce_date
        assert each.list_date is None or each.list_date > each.announce_date
        assert 0 < each.max_subscription <= each.online_quantity <= each.issue_quantity


async def test_nothing_is_told_before_it_is_known(stage: Stage):
    told: dict[str, Ipo] = {}
    for session in range(40):
        stage.move_to(session, 0)
        today = stage.clock.moment().day
        for each in await ipos_of(stage, start=START):
            assert each.subscription_date <= today + timedelta(days=7)
            assert (each.win_rate is None) is (today < each.announce_date)
            assert each.list_date is None or each.list_date <= today + timedelta(days=7)
            known = told.get(each.symbol)
            # what was told once stays as it was
            assert known is None or known.list_date in (None, each.list_date)
            told[each.symbol] = each
    assert len(told) >= 4


async def test_an_issue_is_an_instrument_and_is_quoted_from_its_first_day(stage: Stage):
    quoted = before = 0
    for session in range(30):
        stage.move_to(session, 60)
        today = stage.clock.moment().day
        for each in await ipos_of(stage, start=START):
            (found,) = await stage.market.instruments([each.symbol])
            assert found is not None
            assert (found.name, found.list_date) == (each.name, each.list_date)
            (quote,) = await stage.market.quotes([each.symbol])
            if each.list_date is not None and each.list_date <= today:
                assert not isinstance(quote, GatewayError)
                assert quote.last_price > each.issue_price
                quoted += 1
            else:
                assert quote.reason is Reason.NOT_QUOTED
                before += 1
    assert quoted > 5
    assert before > 5


async def test_the_first_session_hangs_on_the_issue_price(stage: Stage):
    stage.move_to(100, 0)
    today = stage.clock.moment().day
    found = [each for each in await ipos_of(stage) if (each.list_date or today) < today]
    symbols = tuple(each.symbol for each in found)
    series = await stage.market.bars(BarRequest(symbols, Period.DAY_1, Window(start=0)))
    assert len(found) > 15
    for issue, bars in zip(found, series, strict=True):
        assert not isinstance(bars, GatewayError)
        values = bars.columns.values
        assert dates_of(values["time"])[0] == np.datetime64(issue.list_date)
        assert values["previous_close"][0] == issue.issue_price
        # the tightest first day there was: a main board's, before registration
        assert 0.64 * issue.issue_price <= values["low"][0]
        assert values["high"][0] <= 1.44 * issue.issue_price
        assert values["previous_close"][1] == values["close"][0]


async def test_subscriptions_carry_the_codes_of_their_exchange(stage: Stage):
    stage.move_to(100, 0)
    codes = {each.symbol: each.subscription_code for each in await ipos_of(stage)}
    assert codes["601985.SH"] == "780985"
    assert codes["603501.SH"] == "732501"
    assert codes["688981.SH"] == "787981"
    assert codes["605600.SH"] == "707600"
    assert codes["300750.SZ"] == "300750"
    assert codes["835185.BJ"] == "835185"


async def test_a_span_is_cut_at_both_ends(stage: Stage):
    stage.move_to(100, 0)
    whole = await ipos_of(stage)
    first, last = whole[3].subscription_date, whole[-3].subscription_date
    part = await ipos_of(stage, start=first, end=last)
    assert part == [each for each in whole if first <= each.subscription_date <= last]
    assert await ipos_of(stage, start=last + timedelta(days=3_000)) == []


async def test_a_code_of_the_range_that_was_never_given_is_unknown(stage: Stage):
    found = await stage.market.instruments(["605601.SH", "302999.SZ", "605600.SZ", "689199.SH"])
    assert found == [None] * 4

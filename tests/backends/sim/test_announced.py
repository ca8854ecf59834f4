"""Announced events in the paths of their symbols: what was stays, what comes follows."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.announced import MOST, Announced, check_action, read_events
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import ChangeRefused, InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import price_band
from quantgraph.domain.simulation import CorporateAction

from .conftest import START, make_calendar
from .listings import Shelf

SYMBOL = "000001.SZ"
CALENDAR = make_calendar(date(2023, 12, 29))
DAY = date(2023, 3, 1)
CENTS = st.decimals(0, 40, places=3)
SHARES = st.decimals(0, 20, places=2)


def load(*actions):
    announced = Announced()
    for each in actions:
        announced.add(each)
    paths = Paths(World(1, CALENDAR, START, NoListings(), announced=announced))
    return paths.load([SYMBOL], START)[SYMBOL]


PLAIN = load()


@settings(max_examples=40)
@given(st.sampled_from(PLAIN.days[-180:]), CENTS, SHARES, SHARES)
def test_the_ex_day_begins_at_the_reference_price_and_nothing_before_it_changes(
    day, cash, bonus, conversion
):
    action = CorporateAction(SYMBOL, day.astype(date), cash, bonus, conversion)
    path, index = load(action), int(np.searchsorted(PLAIN.days, day))
    for name in ("open", "high", "low", "close", "volume", "amount"):
        before = getattr(path.bars, name)[:index], getattr(PLAIN.bars, name)[:index]
        assert np.array_equal(*before)
    assert np.array_equal(path.previous[:index], PLAIN.previous[:index])
    event = next(each for each in path.dividends if each.ex_date == action.ex_date)
    close = Decimal(int(PLAIN.bars.close[index - 1])) / 100
    new = Decimal(repr(event.bonus)) + Decimal(repr(event.conversion))
    exact = (close - Decimal(repr(event.cash))) / (1 + new)
    reference = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(int(path.previous[index])) / 100 == reference
    assert event.ratio == pytest.approx(float(close / reference))
    band = price_band(path.instrument, reference, action.ex_date, CALENDAR)
    assert band is not None
    assert band.low <= Decimal(int(path.bars.low[index])) / 100
    assert Decimal(int(path.bars.high[index])) / 100 <= band.high


def test_a_price_does_not_come_back_from_what_was_announced():
    split = load(CorporateAction(SYMBOL, DAY, cash=Decimal(20), conversion=Decimal(10)))
    index = int(np.searchsorted(PLAIN.days, np.datetime64(DAY)))
    wanted = int(split.previous[index]) / int(PLAIN.bars.close[index - 1])
    kept = split.bars.close[index:] / PLAIN.bars.close[index:]
    assert np.all(np.abs(kept / wanted - 1) < 0.06)


def test_what_the_path_pays_itself_on_that_day_is_one_event_with_it():
    own = next(each for each in PLAIN.dividends if each.ex_date > DAY)
    path = load(CorporateAction(SYMBOL, own.ex_date, cash=Decimal(3), bonus=Decimal(1)))
    [both] = [each for each in path.dividends if each.ex_date == own.ex_date]
    assert both.cash == pytest.approx(own.cash + 0.3)
    assert both.bonus == pytest.approx(own.bonus + 0.1)


def test_events_of_one_day_add_up_and_are_kept_as_text():
    book = Announced()
    one = CorporateAction(SYMBOL, DAY, Decimal("1.5"), Decimal(0), Decimal("0.25"))
    book.add(one)
    book.add(replace(one, ex_date=date(2023, 2, 27)))
    book.add(replace(one, bonus=Decimal(2)))
    both = CorporateAction(SYMBOL, DAY, Decimal("3.0"), Decimal(2), Decimal("0.50"))
    assert book.of(SYMBOL) == (replace(one, ex_date=date(2023, 2, 27)), both)
    assert read_events(json.loads(json.dumps(book.dump()))) == book.events


def test_so_many_ex_days_are_announced_and_no_more():
    book = Announced()
    days = [date(2000, 1, 1) + timedelta(days=count) for count in range(MOST + 1)]
    for day in days[:MOST]:
        book.add(CorporateAction(SYMBOL, day, Decimal(1)))
    with pytest.raises(ChangeRefused) as caught:
        book.add(CorporateAction(SYMBOL, days[MOST], Decimal(1)))
    assert caught.value.reason is Reason.ACTION_LIMIT
    book.add(CorporateAction(SYMBOL, days[0], Decimal(1)))  # no ex-day more


async def test_a_symbol_that_goes_on_from_imports_is_refused(make_stage):
    action, shelf = CorporateAction(SYMBOL, DAY, Decimal(1)), Shelf()
    row = {name: np.array([10.0]) for name in ("open", "high", "low", "close", "amount")}
    row |= {"time": np.array([day_start(date(2023, 1, 31))]), "volume": np.array([100])}
    shelf.bars[SYMBOL] = BarColumns(1, row)
    market = make_stage(shelf).market
    with pytest.raises(ChangeRefused) as caught:
        await market.announce(action)
    assert caught.value.reason is Reason.PRICES_RECORDED
    assert market.announced.of(SYMBOL) == ()


def test_a_day_that_is_lived_again_is_no_ex_day():
    lived = replace(PLAIN, minutes={DAY: PLAIN.bars})
    with pytest.raises(ChangeRefused) as caught:
        check_action(CorporateAction(SYMBOL, DAY, Decimal(1)), lived, START)
    assert caught.value.reason is Reason.PRICES_RECORDED
    check_action(CorporateAction(SYMBOL, date(2023, 3, 2), Decimal(1)), lived, START)


async def test_an_ex_day_that_has_come_meanwhile_is_refused(make_stage):
    stage = make_stage()
    stage.move_to(1, 0)
    with pytest.raises(InvalidRequest):
        await stage.market.announce(CorporateAction(SYMBOL, date(2023, 2, 2), Decimal(1)))


async def test_conversion_prices_follow_the_events_of_their_share_from_the_ex_day_on(make_stage):
    stage = make_stage()
    share, other = "600000.SH", "601166.SH"

    async def told():
        found = await stage.market.catalog.bonds(BondRequest(stock_symbols=(share, other)))
        return {each.stock_symbol: each.conversion_price for each in found}

    for number, grants in (2, {"cash": "4.1", "bonus": "3"}), (3, {"conversion": "20"}):
        given = {name: Decimal(each) for name, each in grants.items()}
        await stage.market.announce(CorporateAction(share, date(2023, 2, number), **given))
    assert await told() == {share: 13.57, other: 24.48}
    stage.move_to(1, 0)
    assert await told() == {share: 10.12, other: 24.48}  # (13.57 - 0.41) / 1.3 = 10.123
    stage.move_to(2, 0)
    assert await told() == {share: 3.37, other: 24.48}  # 10.12 / 3 = 3.373


async def test_a_follower_sees_the_ex_day_at_once(make_stage):
    stage = make_stage()
    quotes = stage.market.follow(SYMBOL)
    before = await anext(quotes)
    await stage.market.announce(CorporateAction(SYMBOL, date(2023, 2, 2), bonus=Decimal(10)))
    stage.move_to(1, 0)
    await stage.market.feed.beat()
    after = await anext(quotes)
    assert after.previous_close < 0.6 * before.previous_close
    await quotes.aclose()

"""Quotes at any instant: consistent with the day's minutes, inside the band, the same for all."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.backends.sim.depth import Ladder, Limits
from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import price_band
from quantgraph.domain.sources import Source

from .conftest import START, Stage
from .listings import Shelf

SYMBOLS = tuple(UNIVERSE)


async def quote_of(stage: Stage, symbol: str = "600519.SH") -> Quote:
    found = (await stage.market.quotes([symbol]))[0]
    assert isinstance(found, Quote)
    return found


@pytest.mark.parametrize("minutes", [1, 7, 119, 120, 121, 200, 239])
async def test_quotes_agree_with_the_minutes_that_are_over(stage: Stage, minutes: int) -> None:
    stage.move_to(0, minutes * 60 - 0.001)  # the last second before the minute is over
    quotes = await stage.market.quotes(SYMBOLS)
    stage.move_to(0, minutes * 60)
    request = BarRequest(SYMBOLS, Period.MIN_1, Window(start=day_start(START)))
    for quote, series in zip(quotes, await stage.market.bars(request), strict=True):
        bars = series.columns.values
        assert quote.last_price == bars["close"][-1]
        assert quote.open == bars["open"][0]
        assert quote.high == bars["high"].max()
        assert quote.low == bars["low"].min()
        assert quote.volume == bars["volume"].sum()
        assert quote.amount == bars["amount"].sum()
        assert quote.previous_close == bars["previous_close"][0]


@pytest.mark.parametrize("seconds", [-900, -601, -301])
async def test_nothing_has_traded_before_the_market_opens(stage: Stage, seconds: int) -> None:
    stage.move_to(1, seconds)
    now = stage.clock.moment()
    quote = await quote_of(stage)
    assert (quote.time, now.day) == (now.ms, START + timedelta(days=1))
    assert (quote.last_price, quote.open, quote.high, quote.low) == (None, None, None, None)
    assert (quote.volume, quote.amount, quote.suspended) == (0, 0.0, False)
    stage.move_to(0, 15_000)
    assert (await quote_of(stage)).last_price == quote.previous_close


@pytest.mark.parametrize("seconds", [-300, -1])
async def test_the_opening_auction_has_printed_before_trading_begins(
    stage: Stage, seconds: int
) -> None:
    stage.move_to(1, seconds)
    quote = await quote_of(stage)
    assert quote.last_price == quote.open == quote.high == quote.low
    assert quote.amount == pytest.approx(quote.open * quote.volume)
    assert quote.volume > 0
    stage.move_to(1, 0)
    first = await quote_of(stage)
    assert (first.volume, first.last_price) == (quote.volume, quote.last_price)


@pytest.mark.parametrize("seconds", [-899, -500, 14_220, 14_399])
async def test_an_auction_shows_one_price_and_the_shares_that_meet(
    stage: Stage, seconds: int
) -> None:
    stage.move_to(1, seconds)
    for quote in await stage.market.quotes(["600519.SH", "000001.SZ", "300750.SZ"]):
        (bid,), (ask,) = quote.bids, quote.asks
        assert bid.price == ask.price
        assert min(bid.quantity, ask.quantity) > 0
        assert not quote.suspended


async def test_indicative_prices_and_shares_come_to_what_the_opening_prints(stage: Stage) -> None:
    prices, matched = [], []
    for second in range(-900, -300, 30):
        stage.move_to(1, second)
        quote = await quote_of(stage)
        prices.append(quote.bids[0].price)
        matched.append(min(quote.bids[0].quantity, quote.asks[0].quantity))
    stage.move_to(1, -301)
    last = await quote_of(stage)
    stage.move_to(1, -300)
    printed = await quote_of(stage)
    assert len(set(prices[:10])) > 3
    assert set(prices[10:]) == {printed.open}
    assert matched == sorted(matched)
    assert min(last.bids[0].quantity, last.asks[0].quantity) == printed.volume


async def test_the_closing_auction_prints_the_close_at_three(stage: Stage) -> None:
    stage.move_to(0, 14_219)
    before = await quote_of(stage)
    stage.move_to(0, 14_399.999)
    late = await quote_of(stage)
    assert (late.volume, late.last_price) == (before.volume, before.last_price)
    stage.move_to(0, 14_400)
    after = await quote_of(stage)
    assert after.last_price == late.bids[0].price
    matched = min(late.bids[0].quantity, late.asks[0].quantity)
    assert after.volume - late.volume == matched
    assert not after.bids or not after.asks or after.bids[0].price < after.asks[0].price


@pytest.mark.parametrize("seconds", [14_401, 15_000, 16_199])
async def test_the_close_stands_until_the_day_is_over(stage: Stage, seconds: int) -> None:
    stage.move_to(0, 14_400)
    close = await quote_of(stage)
    stage.move_to(0, seconds)
    quote = await quote_of(stage)
    assert quote.time == stage.clock.moment().ms
    assert (quote.last_price, quote.volume) == (close.last_price, close.volume)


async def test_a_day_only_ever_grows(stage: Stage) -> None:
    before: Quote | None = None
    for second in range(0, 14_400, 61):
        stage.move_to(0, second)
        quote = await quote_of(stage, "300750.SZ")
        assert quote.low <= quote.last_price <= quote.high
        assert quote.low <= quote.open <= quote.high
        if before is not None:
            assert quote.time > before.time
            assert quote.volume >= before.volume
            assert quote.amount >= before.amount
            assert quote.high >= before.high
            assert quote.low <= before.low
        before = quote


async def test_the_first_quote_holds_the_opening_auction(stage: Stage) -> None:
    quote = await quote_of(stage)
    assert quote.volume > 0
    assert quote.open is not None


async def test_levels_are_ordered_whole_lots_inside_the_band(stage: Stage) -> None:
    for second in (0, 3_333, 14_219):
        stage.move_to(0, second)
        for quote in await stage.market.quotes(SYMBOLS):
            bids, asks = [b.price for b in quote.bids], [a.price for a in quote.asks]
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            assert not bids or not asks or bids[0] < asks[0]
            assert quote.last_price in (bids[0] if bids else None, asks[0] if asks else None)
            assert all(x.quantity > 0 and x.quantity % 100 == 0 for x in quote.bids + quote.asks)
            profile = UNIVERSE[quote.symbol]
            if profile.industry != "-":
                close = Decimal(repr(quote.previous_close))
                band = price_band(profile.instrument(), close, START, stage.calendar)
                assert all(band.contains(Decimal(repr(price))) for price in bids + asks)


async def test_a_quote_stands_until_the_next_step(make_stage) -> None:
    stage = make_stage(interval_ms=3_000)
    stage.move_to(0, 6.0)
    first = await quote_of(stage)
    stage.move_to(0, 8.999)
    assert await quote_of(stage) == first
    stage.move_to(0, 9.0)
    assert (await quote_of(stage)).time == first.time + 3_000


async def test_a_quote_that_stands_is_made_once(make_stage) -> None:
    stage = make_stage()
    first = await quote_of(stage)
    assert await quote_of(stage) is first
    stage.hand.seconds += 1
    assert await quote_of(stage) is not first


async def test_asking_for_others_changes_nothing(make_stage) -> None:
    alone, among = make_stage(), make_stage()
    for stage in (alone, among):
        stage.move_to(3, 5_000)
    await among.market.quotes(SYMBOLS)
    among.move_to(3, 5_001)
    await among.market.quotes(SYMBOLS)
    among.move_to(3, 5_000)
    assert await quote_of(alone, "601012.SH") == await quote_of(among, "601012.SH")


async def test_every_epoch_repeats_the_same_market(stage: Stage) -> None:
    stage.move_to(0, 5_000)
    first = await quote_of(stage)
    sessions = len(stage.calendar.between(START, stage.calendar.last)) - 1
    stage.move_to(sessions, 5_000)
    assert await quote_of(stage) == first


async def test_unknown_and_not_yet_listed_symbols_have_no_quote(make_stage) -> None:
    stage = make_stage()
    found = await stage.market.quotes(["600519.SH", "999999.SH"])
    assert isinstance(found[0], Quote)
    assert isinstance(found[1], GatewayError)
    assert found[1].reason is Reason.UNKNOWN_SYMBOL


async def test_what_is_in_memory_is_answered_without_a_worker(make_stage, workers) -> None:
    stage = make_stage()
    symbols = ["600519.SH", "000001.SZ"]
    before = await stage.market.quotes(symbols), await stage.market.instruments(symbols)
    workers.close()
    assert (await stage.market.quotes(symbols), await stage.market.instruments(symbols)) == before
    stage.move_to(1, 5_000)
    assert (await stage.market.quotes(symbols))[0].time > before[0][0].time
    with pytest.raises(RuntimeError):
        await stage.market.quotes(["000858.SZ"])


async def test_many_quotes_are_never_made_on_the_event_loop(make_stage, workers) -> None:
    stage = make_stage()
    symbols = sorted(UNIVERSE)[:17]
    await stage.market.quotes(symbols)
    workers.close()
    assert len(await stage.market.quotes(symbols[:16])) == 16
    with pytest.raises(RuntimeError):
        await stage.market.quotes(symbols)


async def test_an_import_is_followed_by_the_very_next_question(make_stage) -> None:
    shelf = Shelf()
    stage = make_stage(shelf)
    (before,) = await stage.market.instruments(["600519.SH"])
    assert isinstance((await stage.market.quotes(["600519.SH"]))[0], Quote)
    shelf.held["600519.SH"] = replace(before, name="新名", list_date=date(2023, 2, 2))
    shelf.imports += 1
    (refused,) = await stage.market.quotes(["600519.SH"])
    assert refused.reason is Reason.UNKNOWN_SYMBOL
    assert await stage.market.instruments(["600519.SH"]) == [None]
    stage.move_to(1, 0)
    assert (await stage.market.instruments(["600519.SH"]))[0].name == "新名"


async def test_quotes_say_that_they_are_simulated(stage: Stage) -> None:
    assert (await quote_of(stage)).source is Source.SIMULATED


@given(st.integers(2, 300_000), st.booleans(), st.integers(0, 2**63), st.integers(0, 86_399))
def test_the_last_trade_was_at_the_best_price_of_the_side_it_took(
    last, rising, key, second
) -> None:
    book = Ladder(key, last, 300, None).display(last, second, rising=rising)
    if rising:
        assert book.asks[0].price == last
    else:
        assert book.bids[0].price == last
    assert all(level.price > 0 for level in book.bids)


@given(st.integers(100, 300_000), st.integers(0, 2**63))
def test_a_price_at_its_limit_is_sealed(high, key) -> None:
    ladder = Ladder(key, high, 300, Limits(high * 8 // 10, high))
    up = ladder.display(high, 0, rising=True)
    assert up.asks == ()
    assert up.bids[0].price == high
    low = high * 8 // 10
    down = Ladder(key, low, 300, Limits(low, high)).display(low, 0, rising=True)
    assert down.bids == ()
    assert down.asks[0].price == low


@given(
    st.sampled_from([300, 2_345, 12_345, 184_576]),
    st.lists(st.tuples(st.integers(-40, 40), st.booleans(), st.integers(0, 900)), max_size=60),
)
def test_what_a_ladder_remembers_changes_no_answer(previous, asked) -> None:
    limits = Limits(previous * 9 // 10, previous * 11 // 10)
    ladder = Ladder(7, previous, 300, limits)
    for away, rising, second in asked:
        last = min(max(previous + away, limits.low), limits.high)
        fresh = Ladder(7, previous, 300, limits)
        assert ladder.display(last, second, rising=rising) == fresh.display(
            last, second, rising=rising
        )


async def test_a_symbol_past_its_last_day_is_silent(make_stage) -> None:
    profile = UNIVERSE["600519.SH"].instrument()
    shelf = Shelf({"600519.SH": profile})
    stage = make_stage(shelf)
    quoter, path = stage.market._quoter, stage.market._paths.load(["600519.SH"], START)
    end = stage.calendar.last + timedelta(days=1)
    moment = type(stage.clock.moment())("e", end, day_start(end))
    quote = quoter.quote(path, moment)["600519.SH"]
    assert quote.suspended
    assert quote.last_price is None
    assert (quote.bids, quote.asks, quote.volume) == ((), (), 0)

"""The generated day as orders: a venue without us is the screen, and with us only we differ."""

from datetime import date, timedelta
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.block import Block
from quantgraph.backends.sim.calling import indicate
from quantgraph.backends.sim.core.events import Enter, Trade
from quantgraph.backends.sim.daily import Path as GeneratedPath
from quantgraph.backends.sim.depth import LEVELS, Display
from quantgraph.backends.sim.directory import list_instruments
from quantgraph.backends.sim.flow.frames import Frame
from quantgraph.backends.sim.flow.generated import GeneratedFrames
from quantgraph.backends.sim.moments import Moment
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.domain.orders import Side
from quantgraph.native import COMPILED, core_name

from .venues import Floor, check_frame

# Main boards, ChiNext, STAR, an ETF; before and after the change of 2026-07-06.
SYMBOLS = ("600519.SH", "000001.SZ", "300750.SZ", "688981.SH", "510300.SH")
DAYS = (date(2023, 2, 1), date(2023, 2, 2), date(2024, 9, 30), date(2026, 7, 6), date(2027, 3, 1))
MINUTE = 60_000


def frames_of(quoter: Quoter, symbol: str, day: date) -> GeneratedFrames:
    found = quoter.frames(quoter._paths.load([symbol], day)[symbol], day)
    assert found is not None
    return found


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_venue_without_us_is_the_screen(quoter: Quoter, data: st.DataObject) -> None:
    day = data.draw(st.sampled_from(DAYS))
    symbol = data.draw(st.sampled_from(SYMBOLS))
    plan = frames_of(quoter, symbol, day)._plan
    at = data.draw(st.integers(plan.spans[0].start, plan.spans[-1].end))
    floor = Floor.open(quoter, symbol, day, at)
    standing = floor.frames.standing(at)
    assert floor.venue.depth(Side.BUY) == standing.bids
    assert floor.venue.depth(Side.SELL) == standing.asks
    for frame, _, events in floor.run(at + 2 * MINUTE):
        check_frame(floor, frame, events)


@pytest.mark.parametrize(
    ("symbol", "start", "minutes"),
    [
        ("600519.SH", (9, 14), 17),
        ("300750.SZ", (14, 56), 36),
        ("688981.SH", (14, 56), 36),
        ("510300.SH", (14, 56), 10),
        ("000001.SZ", (11, 29), 93),
    ],
)
def test_auctions_lunch_and_after_hours_are_the_screen(open_floor, symbol, start, minutes) -> None:
    day = date(2026, 7, 7)
    floor = open_floor(symbol, day)
    begin = floor.plan.begins - (9 * 60 + 30 - start[0] * 60 - start[1]) * MINUTE
    floor = open_floor(symbol, day, begin)
    printed = 0
    for frame, _, events in floor.run(begin + minutes * MINUTE):
        check_frame(floor, frame, events)
        printed += sum(deal.quantity for deal in frame.deals)
    assert printed > 0
    late = floor.plan.close < floor.at
    state = floor.frames.so_far(floor.at)
    assert (floor.venue.last, floor.venue.tally.open) == (state.last, state.open)
    assert late or floor.venue.tally.volume == state.volume


@pytest.mark.parametrize("symbol", ["000001.SZ", "510300.SH"])
def test_a_whole_day_prints_its_bar(open_floor, symbol) -> None:
    day = date(2023, 2, 1)
    floor = open_floor(symbol, day)
    deals = [d for f in floor.frames.between(0, floor.plan.close) for d in f.deals]
    path = floor.frames._tape.path.between(day, day)
    assert sum(deal.quantity for deal in deals) == path.bars.volume[0]
    assert deals[0].price == path.bars.open[0]
    assert deals[-1].price == path.bars.close[0]
    assert max(deal.price for deal in deals) == path.bars.high[0]
    assert min(deal.price for deal in deals) == path.bars.low[0]
    turnover = sum(deal.price * deal.quantity for deal in deals)
    assert turnover == pytest.approx(path.bars.amount[0] * path.scale, rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_frames_are_ordered_inside_the_band_and_never_crossed(quoter, data) -> None:
    symbol, day = data.draw(st.sampled_from(SYMBOLS)), data.draw(st.sampled_from(DAYS))
    frames = frames_of(quoter, symbol, day)
    plan, limits = frames._plan, frames._scene.limits
    at = data.draw(st.integers(plan.prints, plan.close - MINUTE))
    for frame in frames.between(at, at + MINUTE):
        bids, asks = [r.price for r in frame.bids], [r.price for r in frame.asks]
        assert bids == sorted(set(bids), reverse=True)
        assert asks == sorted(set(asks))
        if plan.prints <= frame.at < plan.ends:
            assert not bids or not asks or bids[0] < asks[0]
            assert max(len(bids), len(asks)) == LEVELS
        prices = [*bids, *asks, *(deal.price for deal in frame.deals)]
        assert limits is None or all(limits.low <= price <= limits.high for price in prices)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_frame_is_the_same_from_wherever_it_is_read(quoter, data) -> None:
    symbol, day = data.draw(st.sampled_from(SYMBOLS)), data.draw(st.sampled_from(DAYS))
    one, other = frames_of(quoter, symbol, day), frames_of(quoter, symbol, day)
    plan = one._plan
    at = data.draw(st.integers(plan.spans[0].start, plan.spans[-1].end))
    row = list(one.between(at, at + MINUTE))
    for frame, following in pairwise(row):
        assert frame.at < following.at
        assert other.standing(following.at - 1) == frame
    assert [f for f in row if f.at > at + 7_000] == list(other.between(at + 7_000, at + MINUTE))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=1, max_size=5))
def test_whatever_we_do_the_others_do_the_same(quoter, ours) -> None:
    day = date(2023, 2, 1)
    at = frames_of(quoter, "000001.SZ", day)._plan.begins + 7 * MINUTE
    alone = Floor.open(quoter, "000001.SZ", day, at)
    among = Floor.open(quoter, "000001.SZ", day, at)
    last = among.venue.last
    for number, (buys, away) in enumerate(ours, 1):
        side = Side.BUY if buys else Side.SELL
        among.venue.apply(Enter(number, side, 50_000, limit=last + away))
    told = [commands for _, commands, _ in alone.run(at + MINUTE)]
    assert told == [commands for _, commands, _ in among.run(at + MINUTE)]
    bid, ask = among.venue.best(Side.BUY), among.venue.best(Side.SELL)
    assert bid is None or ask is None or bid < ask


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_symbol_without_a_book_is_quoted_as_its_screen_shows(quoter: Quoter, data) -> None:
    symbol, day = data.draw(st.sampled_from(SYMBOLS)), data.draw(st.sampled_from(DAYS))
    frames = frames_of(quoter, symbol, day)
    plan = frames._plan
    at = data.draw(st.integers(plan.spans[0].start, plan.spans[-1].end))
    clock = Moment("e", day, at)
    quote = quoter.read([symbol], clock)[symbol]
    at = quoter.instant(clock).ms
    frame, tally, scale = frames.standing(at), frames.so_far(at), frames._tape.scale
    shown = indicate(Display(frame.bids, frame.asks))
    for levels, rungs in ((quote.bids, shown.bids), (quote.asks, shown.asks)):
        told = [(level.price, level.quantity) for level in levels]
        assert told == [(rung.price / scale, rung.quantity) for rung in rungs[:5]]
    assert quote.volume == tally.volume
    assert quote.last_price == (tally.last / scale if tally.volume else None)


def test_screens_change_every_three_seconds_and_tell_whole_minutes(quoter: Quoter) -> None:
    frames = frames_of(quoter, "688981.SH", date(2023, 2, 1))
    plan, minutes = frames._plan, frames._tape.minutes.parts
    for minute in (1, 47, 119, 120, 236):
        start = plan.begins + minute * MINUTE
        start += plan.resumes - plan.breaks if start >= plan.breaks else 0
        row = list(frames.between(start - 1, start + MINUTE - 1))
        assert [frame.at - start for frame in row] == list(range(2_000, 60_000, 3_000))
        deals = [deal for frame in row for deal in frame.deals]
        assert sum(deal.quantity for deal in deals) == minutes.volume[minute]
        assert deals[-1].price == minutes.close[minute]
        assert max(deal.price for deal in deals) == minutes.high[minute]
        assert min(deal.price for deal in deals) == minutes.low[minute]


def day_of_bar(quoter: Quoter, bar: tuple[int, int, int, int]) -> GeneratedFrames:
    """Frames of a day of 600519.SH with these prices; its close before was 10,000 ticks."""
    day = date(2023, 2, 1)
    instrument = quoter._paths.load(["600519.SH"], day)["600519.SH"].instrument
    prices = [np.array([price]) for price in bar]
    volume = np.array([20_000_000])
    amount = (prices[0] + prices[3]) * volume / 200.0
    days = np.array([day], dtype="datetime64[D]")
    path = GeneratedPath(
        instrument, days, Block(*prices, volume, amount), np.array([10_000]), 100, ()
    )
    found = quoter.frames(path, day)
    assert found is not None
    return found


def stays_sealed(frame: Frame) -> bool:
    """Nobody sells at the end, nor sold lower since the screen before."""
    return not frame.asks and all(deal.price == 11_000 for deal in frame.deals)


@pytest.mark.parametrize("bar", [(11_000,) * 4, (10_990, 11_000, 10_970, 11_000)])
def test_a_sealed_limit_fills_a_queue_only_as_its_deals_say(quoter: Quoter, bar) -> None:
    frames = day_of_bar(quoter, bar)
    begins = frames._plan.begins
    row = pairwise(frames.between(begins, frames._plan.ends))
    at = next(one.at for one, other in row if stays_sealed(one) and stays_sealed(other))
    floor = Floor.over(frames, "600519.SH", at)
    ahead = frames.standing(at).bids[0].quantity
    floor.venue.apply(Enter(1, Side.BUY, 10_000, limit=11_000))
    traded = filled = screens = 0
    for frame, _, events in floor.run(at + 30 * MINUTE):
        if not stays_sealed(frame):
            break
        screens += 1
        assert floor.venue.best(Side.SELL) is None
        traded += sum(deal.quantity for deal in frame.deals)
        filled += sum(e.quantity for e in events if isinstance(e, Trade) and e.buyer == 1)
        assert filled <= max(traded - ahead, 0)
        assert all(deal.taker is Side.SELL for deal in frame.deals)
    assert screens > 0


@pytest.mark.parametrize(
    "bar",
    [(11_000,) * 4, (9_000,) * 4, (10_700, 11_000, 10_400, 11_000), (9_500, 9_900, 9_000, 9_000)],
)
def test_auctions_at_a_limit_are_the_screen(quoter: Quoter, bar) -> None:
    frames = day_of_bar(quoter, bar)
    plan = frames._plan
    for at, until in (
        (plan.spans[0].start - 1, plan.begins + MINUTE),
        (plan.ends - MINUTE, plan.close),
    ):
        floor = Floor.over(frames, "600519.SH", at)
        printed = 0
        for frame, _, events in floor.run(until):
            check_frame(floor, frame, events)
            printed += sum(deal.quantity for deal in frame.deals if deal.taker is None)
        assert printed > 0


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("day", DAYS)
def test_from_twenty_past_nine_on_orders_only_come(quoter: Quoter, symbol, day) -> None:
    plan = frames_of(quoter, symbol, day)._plan
    fixed = plan.prints - 5 * MINUTE
    floor = Floor.open(quoter, symbol, day, fixed - MINUTE)
    for frame, commands, events in floor.run(fixed + MINUTE):
        check_frame(floor, frame, events)
        assert frame.at < fixed or all(isinstance(each, Enter) for each in commands)


def test_a_screen_takes_few_commands(quoter: Quoter) -> None:
    day = date(2023, 2, 1)
    at = frames_of(quoter, "000001.SZ", day)._plan.begins + 45 * MINUTE
    told = [len(c) for _, c, _ in Floor.open(quoter, "000001.SZ", day, at).run(at + 10 * MINUTE)]
    assert len(told) == 200
    assert sum(told) / len(told) < 12


def test_the_generated_market_moves_as_a_market_does(quoter: Quoter) -> None:
    """Spreads of a tick or some hundredths of a percent, small steps, some quiet seconds."""
    for symbol in SYMBOLS:
        frames = frames_of(quoter, symbol, date(2023, 2, 1))
        begin = frames._plan.begins + 20 * MINUTE
        rows: list[Frame] = list(frames.between(begin, begin + 15 * MINUTE))
        middles = np.array([(f.bids[0].price + f.asks[0].price) / 2 for f in rows])
        spreads = np.array([f.asks[0].price - f.bids[0].price for f in rows])
        assert np.median(spreads) <= max(1, middles.mean() / 1_500)
        steps = np.diff(middles) / middles[:-1]
        assert 0 < np.abs(steps).mean() < 1e-3
        assert np.abs(steps).max() < 1e-2
        shares = sum(deal.quantity for f in rows for deal in f.deals)
        assert 0 < shares < frames.so_far(frames._plan.close).volume / 4


def test_the_coarser_the_tick_the_longer_the_queue(quoter: Quoter) -> None:
    """What waits at the best price is, as on recorded days, what a bank trades in some dozen
    seconds of a usual day, and Moutai in one."""
    waits: dict[str, float] = {}
    for symbol in ("000001.SZ", "600519.SH"):
        frames = frames_of(quoter, symbol, date(2023, 2, 1))
        begin = frames._plan.begins + 20 * MINUTE
        sizes = [f.bids[0].quantity for f in frames.between(begin, begin + 15 * MINUTE)]
        usual = frames.so_far(frames._plan.close).volume / (4 * 3_600)
        waits[symbol] = float(np.median(sizes)) / usual
    assert waits["600519.SH"] < 5 < waits["000001.SZ"] < 120


@pytest.mark.skipif(core_name() == COMPILED, reason="compiled calls cannot be counted from outside")
def test_no_second_makes_the_minutes_of_all_symbols(quoter: Quoter, monkeypatch) -> None:
    """Thousands of order books would stand still for as long as that takes."""
    day = date(2023, 2, 1)
    begin = frames_of(quoter, "600519.SH", day)._plan.begins + 10 * MINUTE
    symbols = [each.symbol for each in list_instruments(day)][:40]
    rows = [each.between(begin, begin + 21 * MINUTE) for each in frames_of_all(quoter, symbols)]
    made, cut = list[int](), list[int]()
    frame, minutes = GeneratedFrames._frame, quoter._tapes.cut
    monkeypatch.setattr(GeneratedFrames, "_frame", lambda own, at: made.append(1) or frame(own, at))
    monkeypatch.setattr(quoter._tapes, "cut", lambda *told: cut.append(1) or minutes(*told))
    for screen in range(240):
        for row in rows:
            next(row)
        if screen >= 20:  # what the start itself sets off is over
            assert len(made) < 20 * len(rows) * 0.3
        made.clear()
        if screen % 20 == 19:
            assert screen == 19 or len(cut) < len(rows) * 0.4
            cut.clear()


def frames_of_all(quoter: Quoter, symbols: list[str]) -> list[GeneratedFrames]:
    paths, day = quoter._paths.load(symbols, date(2023, 2, 1)), date(2023, 2, 1)
    found = [quoter.frames(path, day) for path in paths.values()]
    return [each for each in found if each is not None]


def test_another_symbol_is_not_concerned(quoter: Quoter) -> None:
    day = date(2023, 2, 1) + timedelta(days=1)
    first = list(islice(frames_of(quoter, "600519.SH", day).between(0, 1 << 60), 300))
    for _ in islice(frames_of(quoter, "300750.SZ", day).between(0, 1 << 60), 300):
        pass
    assert list(islice(frames_of(quoter, "600519.SH", day).between(0, 1 << 60), 300)) == first

"""Scenarios: what each makes of a day, from its instant on, whatever the day was."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.core.events import Enter
from quantgraph.backends.sim.depth import Limits, Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.scripted import Stage, play
from quantgraph.backends.sim.flow.series import FrameSeries
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.domain.calendar import at
from quantgraph.domain.errors import InvalidRequest, NotFound
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.scenarios import SCENARIOS

from .plain import PlainBook

START = at(date(2023, 2, 1), time(10, 0))
MINUTE = 60_000
STAGE = Stage(START + MINUTE, 1_000, Limits(900, 1_100))
SIDES = {Side.BUY: 1, Side.SELL: -1}


def ladder(best, step):
    return tuple(Rung(best + step * n, 300 + 100 * n) for n in range(5))


def make_base(last=1_000, seconds=600):
    """A frame a second: the price goes up and down, takers of both sides, never crossed."""
    frames = []
    for second in range(seconds):
        bid = last + second % 7 - 3
        taker = Side.BUY if second % 2 else Side.SELL
        price = bid + 1 if taker is Side.BUY else bid
        deals = (Deal(price, 200, taker),) if second % 3 else ()
        shown = ladder(bid, -1), ladder(bid + 1, 1)
        frames.append(Frame(START + second * 1_000, deals, *shown))
    return FrameSeries(frames)


def run(name, stage=STAGE, base=None, **values):
    numbers = {key: Decimal(value) for key, value in values.items()}
    frames = play(name, numbers, base or make_base(), stage)
    return frames, list(frames.between(START - 1_000, START + 20 * MINUTE))


def after(found, stage=STAGE):
    return [frame for frame in found if frame.at >= stage.at]


def prices(frame):
    return [each.price for each in (*frame.deals, *frame.bids, *frame.asks)]


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_before_its_instant_a_scenario_changes_nothing(name):
    frames, found = run(name)
    base = make_base()
    earlier = [frame for frame in found if frame.at < STAGE.at]
    assert earlier == list(base.between(START - 1, STAGE.at - 1))
    assert frames.standing(STAGE.at - 1) == base.standing(STAGE.at - 1)


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_from_its_instant_on_it_is_uncrossed_within_the_band_and_not_the_base(name):
    found = after(run(name)[1])
    assert found != list(make_base().between(STAGE.at - 1, START + 20 * MINUTE))
    assert [f.at for f in found] == sorted({f.at for f in found})
    for frame in found:
        assert all(900 <= price <= 1_100 for price in prices(frame))
        assert not (frame.bids and frame.asks) or frame.bids[0].price < frame.asks[0].price
        assert all(rung.quantity > 0 for rung in (*frame.bids, *frame.asks))
        for side, sign in ((frame.bids, -1), (frame.asks, 1)):
            order = [sign * rung.price for rung in side]
            assert order == sorted(set(order))


@settings(max_examples=40)
@given(
    name=st.sampled_from([scenario.name for scenario in SCENARIOS]),
    late=st.integers(-500, 90_000),
    start=st.integers(START - 500, START + 11 * MINUTE),
    length=st.integers(0, 3 * MINUTE),
)
def test_a_scenario_is_the_same_from_wherever_it_is_read(name, late, start, length):
    stage = Stage(START + late, 1_000, Limits(900, 1_100))
    frames, found = run(name, stage)
    wanted = [frame for frame in found if start < frame.at <= start + length]
    assert list(frames.between(start, start + length)) == wanted
    earlier = [frame for frame in found if frame.at <= start]
    if earlier:
        assert frames.standing(start) == earlier[-1]


@pytest.mark.parametrize(
    ("name", "price", "side"),
    [("SEALED_LIMIT_UP", 1_100, Side.BUY), ("SEALED_LIMIT_DOWN", 900, Side.SELL)],
)
def test_a_sealed_limit_has_one_side_and_trades_with_nobody(name, price, side):
    for frame in after(run(name, queue=70_000)[1]):
        waiting, others = (frame.bids, frame.asks)[:: SIDES[side]]
        assert waiting[0] == Rung(price, 70_000)
        assert others == ()
        assert frame.deals == ()


def trade(frames, order, when):
    """Let one order of ours into a plain book that the frames feed; the trades it was in."""
    shadow, book, trades = Shadow(), PlainBook(), []
    for command in shadow.open(frames.standing(when)):
        book.apply(command)
    trades += book.apply(order)
    for frame in frames.between(when, START + 12 * MINUTE):
        for command in shadow.feed(frame):
            if not hasattr(command, "resumed"):
                trades += book.apply(command)
    return [each for each in trades if order.key in (each.buyer, each.seller)]


@pytest.mark.parametrize(
    ("name", "limit", "side"),
    [("SEALED_LIMIT_UP", 1_100, Side.BUY), ("SEALED_LIMIT_DOWN", 900, Side.SELL)],
)
def test_a_sealed_limit_fills_who_gives_in_at_once_and_never_who_queues(name, limit, side):
    frames, _ = run(name)
    waits = Enter(1, side, 100, limit=limit)
    assert trade(frames, waits, STAGE.at) == []
    other = Side.SELL if side is Side.BUY else Side.BUY
    done = trade(frames, Enter(1, other, 100, limit=limit), STAGE.at)
    assert [(each.price, each.quantity) for each in done] == [(limit, 100)]


def test_with_trades_a_short_queue_at_the_limit_moves_on():
    frames, _ = run("SEALED_LIMIT_UP", queue=400, traded=100)
    done = trade(frames, Enter(1, Side.BUY, 100, limit=1_100), STAGE.at)
    assert sum(each.quantity for each in done) == 100


def test_a_halt_shows_nothing_and_ends_with_the_day_as_it_would_have_been():
    found = after(run("HALT", minutes=2)[1])
    halted = [frame for frame in found if frame.at < STAGE.at + 2 * MINUTE]
    assert all(frame == Frame(frame.at, (), (), ()) for frame in halted)
    resumed = [frame for frame in found if frame.at >= STAGE.at + 2 * MINUTE]
    assert resumed == list(make_base().between(STAGE.at + 2 * MINUTE - 1, START + 20 * MINUTE))
    forever = after(run("HALT", minutes=0)[1])
    assert not any(frame.bids or frame.asks or frame.deals for frame in forever)


def test_a_halt_begins_and_ends_to_the_millisecond():
    stage = Stage(STAGE.at + 333, 1_000, STAGE.limits)
    instants = [frame.at for frame in run("HALT", stage, minutes=1)[1]]
    assert stage.at in instants
    assert stage.at + MINUTE in instants


def test_a_gap_moves_all_prices_and_no_further_than_the_limits():
    base = make_base()
    up = after(run("GAP_OPEN", percent=3)[1])[0]
    was = base.standing(up.at)
    assert [p - 30 for p in prices(up)] == prices(was)
    far = after(run("GAP_OPEN", percent=50)[1])
    assert all(frame.bids[0].price == 1_100 and not frame.asks for frame in far)
    assert sum(rung.quantity for rung in far[0].bids) == sum(r.quantity for r in was.bids)


def test_a_one_price_day_keeps_its_volume_at_one_price():
    found = after(run("ONE_PRICE_DAY")[1])
    deals = [deal for frame in found for deal in frame.deals]
    base = make_base().between(STAGE.at - 1, START + 20 * MINUTE)
    assert {deal.price for deal in deals} == {1_100}
    assert {deal.taker for deal in deals} == {Side.SELL}
    assert sum(d.quantity for d in deals) == sum(d.quantity for f in base for d in f.deals)
    assert {d.price for f in after(run("ONE_PRICE_DAY", percent="0.5")[1]) for d in f.deals} == {
        1_005
    }


def test_a_one_price_auction_prints_what_it_would_have_printed_elsewhere():
    collected = Frame(START, (), (Rung(1_000, 500),), (Rung(1_000, 400),))
    printed = Frame(START + 1_000, (Deal(1_000, 400, None),), (Rung(1_000, 100),), ())
    stage = Stage(START, 1_000, STAGE.limits)
    _, found = run("ONE_PRICE_DAY", stage, FrameSeries([collected, printed]), queue=5_000)
    assert found[0].asks == (Rung(1_100, 400),)
    assert found[0].bids[0] == Rung(1_100, 5_400)
    assert found[1].deals == (Deal(1_100, 400, None),)
    assert found[1].bids[0] == Rung(1_100, 5_000)


def test_a_thin_book_moves_under_a_large_order():
    frames, _ = run("THIN_BOOK", levels=3, gap=10, size=100, traded=0)
    done = trade(frames, Enter(1, Side.BUY, 300, limit=1_100), STAGE.at)
    asked = [rung.price for rung in frames.standing(STAGE.at).asks]
    assert asked[1] - asked[0] == 10
    assert [each.price for each in done] == asked


def test_a_flash_crash_falls_as_told_and_comes_back():
    frames, found = run("FLASH_CRASH", percent=8, fall=60, recovery=120)
    bottom = frames.standing(STAGE.at + 60_000)
    base = make_base()
    assert bottom.bids[0].price == base.standing(bottom.at).bids[0].price - 80
    assert min(price for frame in found for price in prices(frame)) >= 900
    healed = STAGE.at + 180_000
    assert list(frames.between(healed - 1, healed + MINUTE)) == list(
        base.between(healed - 1, healed + MINUTE)
    )
    falling = [d for f in found if STAGE.at <= f.at < STAGE.at + 60_000 for d in f.deals]
    assert {deal.taker for deal in falling} == {Side.SELL}


def test_a_crash_fills_who_waits_below():
    frames, _ = run("FLASH_CRASH")
    done = trade(frames, Enter(1, Side.BUY, 100, limit=950), STAGE.at)
    assert [(each.price, each.quantity) for each in done] == [(950, 100)]


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("HALT", {"minutes": "1.5"}, "minutes"),
        ("HALT", {"minutes": "-1"}, "minutes"),
        ("HALT", {"hours": "1"}, "hours"),
        ("GAP_OPEN", {"percent": "NaN"}, "percent"),
        ("FLASH_CRASH", {"percent": "100.1"}, "percent"),
        ("SEALED_LIMIT_UP", {"queue": "-5"}, "queue"),
    ],
)
def test_wrong_parameters_are_named(name, values, field):
    with pytest.raises(InvalidRequest) as refused:
        run(name, **values)
    assert refused.value.details["field"] == field


def test_an_unknown_scenario_and_a_seal_without_limits_are_refused():
    with pytest.raises(NotFound) as unknown:
        run("EARTHQUAKE")
    assert unknown.value.reason is Reason.UNKNOWN_SCENARIO
    with pytest.raises(InvalidRequest, match="no price limits"):
        run("SEALED_LIMIT_UP", Stage(START, 1_000, None))

"""A recorded day as frames: all of it, in order, never early, the same from wherever it is read."""

import itertools
from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.recording import read_recording
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.domain.calendar import at
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.ticks import TickKind

from . import recorded
from .recorded import DAY, PHASES

WHOLE = at(DAY, time(9, 0)), at(DAY, time(15, 40))


def moment(*clock):
    return at(DAY, time(*clock))


@pytest.fixture(scope="module")
def frames(replayed):
    return replayed


@pytest.fixture(scope="module")
def whole(frames):
    return list(frames.between(*WHOLE))


def test_all_of_the_days_volume_and_money_is_in_the_deals(whole):
    deals = [deal for frame in whole for deal in frame.deals]
    assert len(deals) == 27_135
    assert sum(deal.quantity for deal in deals) == recorded.VOLUME
    assert sum(deal.quantity * deal.price for deal in deals) == recorded.AMOUNT
    prices = [deal.price for deal in deals]
    told = prices[0], max(prices), min(prices), prices[-1]
    assert told == (recorded.OPEN, recorded.HIGH, recorded.LOW, recorded.CLOSE)


def test_each_display_stands_with_the_volume_that_it_was_recorded_with(recording, frames):
    shots = recording.shots
    times = shots.time
    inside = (times > moment(9, 30)) & (times < moment(14, 57))
    for row in np.flatnonzero(inside)[::7].tolist():
        # a display is stamped in whole seconds, so it stands within the next one
        found = next(
            f
            for f in frames.between(int(times[row]) - 1, int(times[row]) + 1_500)
            if frames.totals(f.at).volume == shots.volume[row]
            and f.bids == levels(shots.bids, row)
            and f.asks == levels(shots.asks, row)
        )
        totals = frames.totals(found.at)
        assert (totals.last, totals.high, totals.low) == (
            shots.last[row],
            shots.high[row],
            shots.low[row],
        )
        assert totals.amount == shots.amount[row]


def levels(ladder, row):
    pairs = zip(ladder.price[row].tolist(), ladder.quantity[row].tolist(), strict=True)
    return tuple(Rung(*pair) for pair in pairs if all(pair))


def test_instants_rise_and_nothing_is_shown_before_it_happened(recording, frames, whole):
    instants = [frame.at for frame in whole]
    assert instants == sorted(set(instants))
    trades = recording.trades
    for clock in (moment(9, 30, 1), moment(10, 11, 12), moment(13, 0), moment(14, 56, 59)):
        known = int(np.searchsorted(trades.time, clock, side="right"))
        assert frames.totals(clock).volume <= trades.quantity[:known].sum()


def test_no_display_is_crossed_while_anybody_can_trade(whole):
    spans = [span for span in PHASES if span.phase is Phase.CONTINUOUS]
    trading = [f for f in whole if any(s.start <= f.at < s.end for s in spans)]
    assert len(trading) > 20_000
    for frame in trading:
        if frame.bids and frame.asks:
            assert frame.bids[0].price < frame.asks[0].price
        for side, sign in ((frame.bids, -1), (frame.asks, 1)):
            prices = [sign * rung.price for rung in side]
            assert prices == sorted(set(prices))
            assert all(rung.quantity > 0 for rung in side)


def test_deals_outside_of_trading_hours_happened_at_the_end_of_a_stretch(whole):
    spans = [span for span in PHASES if span.phase is Phase.CONTINUOUS]
    odd = [f.at for f in whole if f.deals and not any(s.start <= f.at < s.end for s in spans)]
    assert odd == [moment(9, 25), moment(15, 0)]


@pytest.mark.parametrize(
    ("end", "printed"), [((9, 25), Rung(185_498, 32_800)), ((15, 0), Rung(184_497, 45_912))]
)
def test_an_auction_has_collected_what_it_prints_just_before_its_end(frames, end, printed):
    before, after = frames.standing(moment(*end) - 1), frames.standing(moment(*end))
    assert before.at == moment(*end) - 1
    assert clearing(before) == printed
    assert sum(deal.quantity for deal in after.deals) == printed.quantity
    assert {(deal.price, deal.taker) for deal in after.deals} == {(printed.price, None)}


def clearing(frame):
    """The price of the greatest volume, by trying all, and that volume; None where it is a tie."""

    def volume(price):
        bought = sum(rung.quantity for rung in frame.bids if rung.price >= price)
        sold = sum(rung.quantity for rung in frame.asks if rung.price <= price)
        return min(bought, sold)

    tried = {each.price + step for each in (*frame.bids, *frame.asks) for step in (-1, 0, 1)}
    most = max(map(volume, tried))
    best = [price for price in tried if volume(price) == most]
    return Rung(best[0], most) if len(best) == 1 else None


def test_where_no_cancels_are_taken_orders_only_come(frames):
    for start, end in ((moment(9, 20), moment(9, 25)), (moment(14, 57), moment(15, 0))):
        shown = list(frames.between(start - 1, end - 1))
        assert len(shown) > 40
        for older, newer in itertools.pairwise(shown):
            for was, now in ((older.bids, newer.bids), (older.asks, newer.asks)):
                waits = {rung.price: rung.quantity for rung in now}
                assert all(waits.get(rung.price, 0) >= rung.quantity for rung in was)


def test_an_auction_shows_what_was_recorded_as_its_screen(frames):
    bids, asks = frames.screen(moment(9, 24, 42))
    assert bids[0] == asks[0] == Rung(185_400, 19_700)
    assert frames.totals(moment(9, 24, 42)).volume == 0


class Held:
    """Frames under a short name: hypothesis prints what it is given."""

    def __init__(self, frames, whole):
        self.frames, self.whole = frames, whole


@pytest.fixture(scope="module")
def held(frames, whole):
    return Held(frames, whole)


@settings(max_examples=60)
@given(start=st.integers(*WHOLE), length=st.integers(0, 120_000))
def test_the_day_is_the_same_from_wherever_it_is_read(held, start, length):
    frames, whole = held.frames, held.whole
    length = min(length, WHOLE[1] - start)
    found = list(frames.between(start, start + length))
    assert found == [frame for frame in whole if start < frame.at <= start + length]
    earlier = [frame for frame in whole if frame.at <= start]
    assert frames.standing(start) == (earlier[-1] if earlier else frames.standing(start))
    assert earlier or not frames.standing(start).bids


@pytest.mark.parametrize("kind", [TickKind.SNAPSHOT, TickKind.LEVEL2_QUOTE])
def test_without_recorded_deals_they_come_from_what_grew(recorded_store, kind):
    frames = ReplayFrames(recorded.read_day(recorded_store, kind, deals=False), PHASES)
    deals = [deal for frame in frames.between(*WHOLE) for deal in frame.deals]
    money = sum(deal.price * deal.quantity for deal in deals)
    totals = frames.totals(WHOLE[1])
    assert totals.volume == sum(deal.quantity for deal in deals) == recorded.VOLUME
    assert (totals.last, totals.high, totals.low) == (recorded.CLOSE, recorded.HIGH, recorded.LOW)
    # hundredths of a yuan: what a display's money cannot be split into whole ticks for
    assert abs(money - recorded.AMOUNT) < recorded.AMOUNT // 10_000
    assert {deal.taker for deal in deals} == {Side.BUY, Side.SELL, None}


def test_an_empty_display_in_trading_hours_is_a_halt():
    row = {"bid_price_1": 10.0, "bid_quantity_1": 100, "ask_price_1": 10.1, "ask_quantity_1": 200}
    rows = [(0, row), (3_000, {}), (6_000, row)]
    shots = recorded.make_shots(TickKind.SNAPSHOT, rows, moment(10, 0))
    frames = ReplayFrames(read_recording(shots, None, 100), PHASES)
    seen = [(bool(f.bids), bool(f.asks), f.deals) for f in frames.between(*WHOLE)]
    assert seen == [(True, True, ()), (False, False, ()), (True, True, ())]
    clocks = ((9, 59), (10, 0), (10, 0, 3), (10, 0, 6))
    assert [frames.halted(moment(*clock)) for clock in clocks] == [False, False, True, False]


def test_a_halt_lasts_over_lunch_and_an_empty_auction_is_none():
    row = {"bid_price_1": 10.0, "bid_quantity_1": 100}
    rows = [(0, {}), (19 * 60_000, row), (119 * 60_000, {}), (240 * 60_000, row)]
    shots = recorded.make_shots(TickKind.SNAPSHOT, rows, moment(9, 20))
    frames = ReplayFrames(read_recording(shots, None, 100), PHASES)
    clocks = ((9, 20), (9, 31), (9, 39), (11, 19), (12, 0), (13, 0), (13, 20))
    assert [frames.halted(moment(*clock)) for clock in clocks] == [
        False, False, False, True, True, True, False,
    ]  # fmt: skip

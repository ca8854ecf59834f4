"""Minute bars out of deals: nothing is lost, quiet minutes are flat, the close is at 14:59."""

from datetime import date, time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.flow.minutes import minute_bars
from quantgraph.backends.sim.flow.recording import Trades
from quantgraph.domain.calendar import at

DAY = date(2023, 2, 1)


def trades(rows):
    columns = [np.array(each, np.int64) for each in zip(*rows, strict=True)]
    return Trades(*columns, np.zeros(len(rows), np.int64))


def moment(*clock):
    return at(DAY, time(*clock))


MOMENTS = st.one_of(
    st.just(moment(9, 25)),
    st.integers(moment(9, 30), moment(11, 30) - 1),
    st.integers(moment(13, 0), moment(15, 0)),
)
DEALS = st.lists(
    st.tuples(MOMENTS, st.integers(900, 1_100), st.integers(1, 500)), min_size=1, max_size=30
)


@settings(max_examples=150)
@given(DEALS.map(lambda rows: sorted(rows, key=lambda row: row[0])))
def test_the_bars_of_a_day_add_up_to_its_deals(rows):
    found = minute_bars(trades(rows), DAY, 1_000, 100)
    bars = found.bars
    assert bars.volume.sum() == sum(quantity for _, _, quantity in rows)
    assert round(bars.amount.sum() * 100) == sum(price * shares for _, price, shares in rows)
    assert (bars.high.max(), bars.low.min()) == (
        max(price for _, price, _ in rows),
        min(price for _, price, _ in rows),
    )
    assert (bars.open[0], bars.close[-1]) == (rows[0][1], rows[-1][1])
    assert found.times[-1] == moment(14, 59)
    assert found.previous.tolist() == [1_000, *bars.close[:-1].tolist()]
    quiet = bars.volume == 0
    assert (bars.open[quiet] == found.previous[quiet]).all()
    assert (bars.high[quiet] == bars.low[quiet]).all()


def test_auctions_are_in_the_first_and_the_last_minute():
    rows = [(moment(9, 25), 1_000, 10), (moment(11, 29, 59), 1_001, 20), (moment(15, 0), 1_002, 30)]
    found = minute_bars(trades(rows), DAY, 999, 100)
    busy = found.times[found.bars.volume > 0].tolist()
    assert busy == [moment(9, 30), moment(11, 29), moment(14, 59)]


def test_without_deals_there_are_no_bars():
    nothing = np.zeros(0, np.int64)
    assert len(minute_bars(Trades(*[nothing] * 4), DAY, 1, 100).times) == 0

"""How a series is cut: every row in one chunk, no day in two, the newest rows apart."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.bars import BarColumns, BarRequest, Period, Window
from quantgraph.domain.calendar import dates_of, starts_of
from quantgraph.domain.ticks import TickKind
from quantgraph.store.series import SeriesKey, chunks_of

SESSION = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000


def stamps(calendar, period, days):
    starts = starts_of(calendar.between(date(2016, 1, 4), date(2024, 6, 28))[:days])
    if period is Period.DAY_1:
        return starts
    return (starts[:, None] + SESSION[None, :]).ravel()


@given(
    period=st.sampled_from([Period.DAY_1, Period.MIN_1]),
    days=st.integers(1, 60),
    drop=st.integers(0, 230),
)
def test_chunks_hold_every_row_once_and_no_day_twice(calendar, period, days, drop):
    times = stamps(calendar, period, days * (30 if period is Period.DAY_1 else 1))
    times = times[: max(1, len(times) - drop)]
    key = SeriesKey.bars("600519.SH", period)
    cuts = [
        times[span][part] for _, span in chunks_of(key, times) for part in key.parts(times[span])
    ]
    assert np.concatenate(cuts).tolist() == times.tolist()
    held = [day for cut in cuts for day in np.unique(dates_of(cut)).tolist()]
    assert len(held) == len(set(held))


@pytest.mark.parametrize(("period", "most"), [(Period.DAY_1, 256), (Period.MIN_1, 2 * 240 + 239)])
def test_the_newest_rows_of_a_long_span_stand_apart(calendar, period, most):
    key = SeriesKey.bars("600519.SH", period)
    times = stamps(calendar, period, 1200 if period is Period.DAY_1 else 20)
    *_, (_, span) = chunks_of(key, times)
    head, newest = key.parts(times[span])
    assert 250 <= newest.stop - newest.start <= most < head.stop


def test_a_day_of_ticks_is_one_chunk():
    key = SeriesKey.ticks("600519.SH", TickKind.TRADE)
    assert len(key.parts(np.arange(30_000))) == 1


@pytest.mark.parametrize("period", [Period.DAY_1, Period.MIN_1])
def test_growing_day_by_day_gives_the_same_bytes_as_at_once(store, calendar, tmp_path, period):
    from quantgraph.store.market import MarketStore

    step = 240 if period is Period.MIN_1 else 90
    times = stamps(calendar, period, 1200 if period is Period.DAY_1 else 30)
    close = 10 + np.arange(len(times)) / 100
    values = {"time": times} | dict.fromkeys(("open", "high", "low", "close"), close)
    whole = BarColumns(len(times), values)
    at_once = MarketStore(tmp_path / "at once")
    with at_once.write(calendar) as writer:
        writer.put_bars("600519.SH", period, whole)
    for first in range(0, len(times), step):
        with store.write(calendar) as writer:
            writer.put_bars("600519.SH", period, whole.take(slice(first, first + step)))
    found = []
    for each in (store, at_once):
        request = BarRequest(("600519.SH",), period, Window(start=0), fields=("time", "close"))
        columns = each.read_bars(request)[0].columns
        assert columns.values["close"].tolist() == close.tolist()
        assert each.verify() == []
        holding = each.holdings()[0]
        found.append((holding.rows, holding.bytes))
    at_once.close()
    assert found[0] == found[1]

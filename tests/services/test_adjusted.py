from datetime import date

import numpy as np
import polars as pl
import pytest

from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.services.adjusted import AdjustedBars

A = Adjustment
WHOLE = Window(start=0)
HEADER = "symbol,date,open,high,low,close,volume,previous_close\n"
ROWS = (
    "600519.SH,2023-02-01,10,10,10,10,100,10\n"
    "600519.SH,2023-02-02,11,11,11,11,100,10\n"
    "600519.SH,2023-02-03,10,10,10,10,100,10.5\n"
)


def ask(adjustment, symbol="600519.SH", window=WHOLE, fields=("time", "close")):
    return BarRequest((symbol,), Period.DAY_1, window, adjustment, fields)


async def one(port, request):
    return (await port.bars(request))[0]


def oracle(shared, name):
    frame = pl.read_csv(shared / f"daily/tushare_{name}_000858.SZ.csv")
    return {field: frame[field].to_numpy() for field in ("open", "high", "low", "close")}


async def test_front_ratio_is_the_published_qfq_series(full, shared):
    series = await one(full.adjusted, ask(A.FRONT_RATIO, "000858.SZ", fields=tuple(BAR_FIELDS)))
    published = oracle(shared, "qfq")
    for name, values in published.items():
        worst = np.abs(series.columns.values[name] / values - 1).max()
        assert worst < 1e-4, (name, worst)
    assert series.anchor == day_start(date(2023, 8, 18))


async def test_back_ratio_is_the_published_hfq_series_up_to_one_constant(full, shared):
    series = await one(full.adjusted, ask(A.BACK_RATIO, "000858.SZ", fields=tuple(BAR_FIELDS)))
    published = oracle(shared, "hfq")
    constant = published["close"][0] / series.columns.values["close"][0]
    for name, values in published.items():
        worst = np.abs(series.columns.values[name] * constant / values - 1).max()
        assert worst < 1e-4, (name, worst)
    assert series.anchor == day_start(date(2015, 1, 5))


@pytest.mark.parametrize("symbol", ["600519.SH", "601012.SH", "000001.SZ"])
async def test_adjusted_returns_are_the_returns_against_the_reference_price(full, symbol):
    fields = ("time", "close", "previous_close")
    raw = (await one(full.recorded, ask(A.NONE, symbol, fields=fields))).columns.values
    for adjustment in (A.FRONT_RATIO, A.BACK_RATIO):
        close = (await one(full.adjusted, ask(adjustment, symbol))).columns.values["close"]
        expected = raw["close"][1:] / raw["previous_close"][1:]
        assert np.allclose(close[1:] / close[:-1], expected, rtol=1e-12)


async def test_the_newest_bar_is_never_touched_by_front_nor_the_oldest_by_back(full):
    raw = (await one(full.recorded, ask(A.NONE))).columns.values["close"]
    front = (await one(full.adjusted, ask(A.FRONT_RATIO))).columns.values["close"]
    back = (await one(full.adjusted, ask(A.BACK_RATIO))).columns.values["close"]
    assert front[-1] == raw[-1]
    assert back[0] == raw[0]


async def test_a_window_shows_the_same_prices_as_the_whole_series(full):
    whole = (await one(full.adjusted, ask(A.FRONT_RATIO, "601012.SH"))).columns.values
    for start in (date(2013, 1, 4), date(2018, 5, 29), date(2021, 6, 22)):
        window = Window(day_start(start), day_start(date(2022, 6, 30)))
        part = (await one(full.adjusted, ask(A.FRONT_RATIO, "601012.SH", window))).columns.values
        place = np.searchsorted(whole["time"], part["time"])
        assert part["close"].tolist() == whole["close"][place].tolist()


async def test_bare_ratios_answer_ratio_adjustments_only(full):
    for adjustment in (A.FRONT, A.BACK):
        error = await one(full.adjusted, ask(adjustment))
        assert isinstance(error, Unsupported)
        assert error.reason is Reason.ADJUSTMENT_UNAVAILABLE
    # nothing happened between 2024-06-20 and the newest bar
    recent = Window(start=day_start(date(2024, 6, 20)))
    assert (await one(full.adjusted, ask(A.FRONT, window=recent))).columns.length == 44


async def test_without_known_events_every_adjustment_is_unavailable(full):
    for adjustment in list(A)[1:]:
        error = await one(full.adjusted, ask(adjustment, "600000.SH"))
        assert error.reason is Reason.ADJUSTMENT_UNAVAILABLE
        assert "import dividends" in error.message
    assert (await one(full.adjusted, ask(A.NONE, "600000.SH"))).columns.length == 4753


async def test_an_index_needs_no_events(full):
    request = BarRequest(("000001.SH",), Period.MIN_1, Window(last=5), A.FRONT, ("close",))
    assert (await one(full.adjusted, request)).columns.length == 5


async def test_itemised_dividends_open_the_additive_adjustments(chain, load):
    load("bars", HEADER + ROWS)
    assert (await one(chain.adjusted, ask(A.FRONT))).reason is Reason.ADJUSTMENT_UNAVAILABLE
    load("dividends", "symbol,ex_date,cash\n600519.SH,2023-02-03,0.5\n")
    front = await one(chain.adjusted, ask(A.FRONT))
    assert front.columns.values["close"].tolist() == [9.5, 10.5, 10.0]
    back = await one(chain.adjusted, ask(A.BACK))
    assert back.columns.values["close"].tolist() == [10.0, 11.0, 10.5]


async def test_volume_is_never_adjusted_and_needs_no_events(chain, load):
    load("bars", HEADER + ROWS)
    series = await one(chain.adjusted, ask(A.FRONT, fields=("volume",)))
    assert series.columns.values["volume"].tolist() == [100, 100, 100]
    assert series.adjustment is A.FRONT


async def test_only_the_day_is_read_besides_and_only_if_there_are_events(full):
    await one(full.adjusted, ask(A.FRONT_RATIO, fields=("close",)))
    assert full.store.counter.columns == {"time", "close"}
    full.store.counter.reset()
    await one(full.adjusted, ask(A.NONE, fields=("close",)))
    assert full.store.counter.columns == {"close"}


async def test_the_answer_has_only_the_picked_columns(full):
    series = await one(full.adjusted, ask(A.FRONT_RATIO, fields=("close",)))
    assert list(series.columns.values) == ["close"]


async def test_one_symbol_without_events_costs_the_others_nothing(full):
    request = BarRequest(
        ("600000.SH", "600519.SH", "688999.SH"), Period.DAY_1, Window(last=5), A.FRONT_RATIO
    )
    first, second, third = await full.adjusted.bars(request)
    assert first.reason is Reason.ADJUSTMENT_UNAVAILABLE
    assert second.columns.length == 5
    assert third.reason is Reason.UNKNOWN_SYMBOL


async def test_simulated_series_are_adjusted_by_simulated_events(chain):
    series = await one(chain.adjusted, ask(A.FRONT, "300750.SZ", fields=("close",)))
    assert series.columns.values["close"].tolist() == [0.5, 0.5, *[1.0] * 8]


async def test_minutes_of_a_day_are_adjusted_alike(chain, load):
    load("bars", HEADER + ROWS)
    load(
        "bars",
        "symbol,time,open,high,low,close\n"
        "600519.SH,2023-02-02 14:59,11,11,11,11\n600519.SH,2023-02-03 09:30,10,10,10,10\n",
    )
    request = BarRequest(("600519.SH",), Period.MIN_1, WHOLE, A.FRONT_RATIO, ("close",))
    series = await one(chain.adjusted, request)
    assert series.columns.values["close"] == pytest.approx([10.5, 10.0])


async def test_events_before_the_oldest_and_after_the_newest_bar_change_nothing(chain, load):
    load("bars", HEADER + ROWS)
    load(
        "dividends",
        "symbol,ex_date,cash\n600519.SH,2023-02-01,3\n600519.SH,2023-02-03,0.5\n"
        "600519.SH,2023-02-06,2\n",
    )
    front = await one(chain.adjusted, ask(A.FRONT))
    assert front.columns.values["close"].tolist() == [9.5, 10.5, 10.0]
    back = await one(chain.adjusted, ask(A.BACK_RATIO))
    assert back.columns.values["close"].tolist() == [10.0, 11.0, 10.0 * (11 / 10.5)]


async def test_an_import_between_two_reads_never_mixes_old_prices_with_new_events(chain, load):
    """The bars were read with the dividend of one state of the store: no other state's applies."""
    load("bars", HEADER + ROWS)

    class Meddler:
        done = False

        async def bars(self, request):
            if not self.done:
                self.done = True
                load("bars", HEADER + ROWS.replace("10.5", "5.25"))
            return await chain.recorded.bars(request)

    meddled = AdjustedBars(Meddler(), chain.recorded, chain.workers)
    series = await one(meddled, ask(A.FRONT_RATIO))
    assert series.columns.values["close"].tolist() == [
        pytest.approx(10 * 5.25 / 11),
        pytest.approx(5.25),
        10,
    ]
    assert series.fingerprint == (await one(chain.adjusted, ask(A.FRONT_RATIO))).fingerprint

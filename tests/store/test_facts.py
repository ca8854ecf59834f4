"""What is known of the shared market files holds of what the store answers."""

from datetime import date, time

import numpy as np
import pytest

from quantgraph.domain.bars import BAR_FIELDS, BarRequest, Period, Window
from quantgraph.domain.calendar import at, dates_of, day_start
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.instruments import Market
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.ticks import TICK_FIELDS, TickKind, TickRequest

ALL = Window(start=0)
DAY = date(2023, 2, 1)


@pytest.fixture(scope="module")
def market(held):
    return held[0]


@pytest.fixture(scope="module")
def reports(held):
    return held[1]


def bars(market, symbol, period=Period.DAY_1, window=ALL):
    return market.read_bars(BarRequest((symbol,), period, window, fields=tuple(BAR_FIELDS)))[
        0
    ].columns


@pytest.mark.parametrize(
    ("symbol", "rows", "suspended"),
    [("000001.SZ", 3555, 70), ("600519.SH", 3555, 6), ("601012.SH", 3007, 41)],
)
def test_a_baostock_file_has_exactly_the_sessions_of_its_span(
    market, calendar, symbol, rows, suspended
):
    columns = bars(market, symbol)
    days = dates_of(columns.values["time"])
    assert columns.length == rows
    first, last = days[0].astype(object), days[-1].astype(object)
    assert days.tolist() == calendar.between(first, last).tolist()
    stopped = columns.values["suspended"]
    assert stopped.sum() == suspended
    assert (columns.values["volume"][stopped] == 0).all()


@pytest.mark.parametrize(
    "symbol", ["000001.SZ", "600519.SH", "601012.SH", "000858.SZ", "600000.SH"]
)
def test_volume_is_in_shares_and_amount_in_yuan(market, symbol):
    columns = bars(market, symbol)
    traded = columns.values["volume"] > 0
    mean = columns.values["amount"][traded] / columns.values["volume"][traded]
    low, high = columns.values["low"][traded], columns.values["high"][traded]
    # early amounts are rounded to whole yuan, wondertrader's are off on two rows
    inside = (mean >= low * (1 - 1e-6)) & (mean <= high * (1 + 1e-6))
    assert inside.all() if symbol != "600000.SH" else inside.mean() > 0.999
    assert (
        columns.values["high"] >= np.maximum(columns.values["open"], columns.values["close"])
    ).all()
    assert (
        columns.values["low"] <= np.minimum(columns.values["open"], columns.values["close"])
    ).all()


def test_lots_and_thousands_of_yuan_become_shares_and_yuan_exactly(market):
    first = bars(market, "000858.SZ").take(slice(0, 1)).values
    assert first["volume"][0] == 167_342_764
    assert first["amount"][0] == 3_804_923_282.4


EVENTS = [
    ("600519.SH", 17, "2015-07-17", 251.59, 224.74),
    ("600519.SH", 17, "2018-06-15", 786.13, 775.13),
    ("600519.SH", 17, "2022-12-27", 1742.06, 1720.15),
    ("600519.SH", 17, "2023-12-20", 1675.00, 1655.89),
    ("601012.SH", 14, "2015-05-05", 53.98, 17.95),
    ("601012.SH", 14, "2018-05-29", 35.25, 25.05),
    ("601012.SH", 14, "2019-04-17", 27.09, 21.91),
    ("601012.SH", 14, "2021-06-23", 109.70, 78.18),
    ("601012.SH", 14, "2022-06-06", 79.98, 56.94),
    ("000001.SZ", 13, "2013-06-20", 19.24, 11.92),
    ("000001.SZ", 13, "2014-06-12", 11.78, 9.68),
    ("000858.SZ", 9, "2015-06-19", 30.33, 29.73),
]


@pytest.mark.parametrize(("symbol", "count", "day", "close", "reference"), EVENTS)
def test_the_ex_right_days_are_told_by_the_reference_prices(
    market, symbol, count, day, close, reference
):
    events = market.dividends([symbol])[symbol]
    assert len(events) == count
    ratios = {event.ex_date.isoformat(): event.ratio for event in events}
    assert ratios[day] == close / reference
    assert not any(event.itemised for event in events)


def test_without_reference_prices_nobody_knows_the_events(market):
    assert market.dividends(["600000.SH"]) == {"600000.SH": None}


def test_minute_bars_are_stamped_at_their_start(market):
    columns = bars(market, "000001.SZ", Period.MIN_1)
    times = columns.values["time"]
    clocks = np.unique((times + 28_800_000) % 86_400_000 // 60_000)
    assert clocks.tolist() == [*range(570, 690), *range(780, 900)]
    assert times[0] == at(date(2018, 1, 2), time(9, 30))
    assert times[-1] == at(date(2018, 1, 30), time(14, 59))


def test_the_last_minute_of_a_day_closes_as_the_day_does(market):
    minutes, daily = bars(market, "000001.SZ", Period.MIN_1), bars(market, "000001.SZ")
    days = dates_of(minutes.values["time"])
    assert len(np.unique(days)) == 21
    for day in np.unique(days):
        within = days == day
        of_day = dates_of(daily.values["time"]) == day
        assert within.sum() == 240
        assert minutes.values["close"][within][-1] == daily.values["close"][of_day][0]
        short = 1 - minutes.values["volume"][within].sum() / daily.values["volume"][of_day][0]
        assert 0 <= short <= 0.01


def test_index_minutes_have_no_amount(market):
    columns = bars(market, "000001.SH", Period.MIN_1)
    assert columns.length == 8880
    assert columns.missing("amount").all()
    assert columns.missing("volume") is None


def test_27135_trades_are_one_day_exactly(market):
    request = TickRequest(
        "600519.SH", TickKind.TRADE, None, None, tuple(TICK_FIELDS[TickKind.TRADE]), 10**6
    )
    trades = market.read_ticks(request)
    assert trades.length == 27_135
    assert trades.values["quantity"].sum() == 3_397_389
    assert np.rint(trades.values["amount"] * 100).astype(np.int64).sum() == 624_467_892_461
    assert trades.values["time"][0] == at(DAY, time(9, 25, 0, 940_000))
    assert np.bincount(trades.values["side"] + 1).tolist() == [13_971, 563, 12_601]


def test_minutes_made_from_the_trades_add_up_to_the_imported_day(market):
    window = Window(day_start(DAY), day_start(DAY) + 86_399_999)
    minutes = bars(market, "600519.SH", Period.MIN_1, window).values
    day = bars(market, "600519.SH", Period.DAY_1, window).values
    assert minutes["open"][0] == day["open"][0] == 1854.98
    assert minutes["high"].max() == day["high"][0] == 1859
    assert minutes["low"].min() == day["low"][0] == 1811.4
    assert minutes["close"][-1] == day["close"][0] == 1844.97
    assert minutes["volume"].sum() == day["volume"][0] == 3_397_389
    cents = np.rint(minutes["amount"] * 100).astype(np.int64)
    assert (cents / 100 == minutes["amount"]).all()
    assert cents.sum() / 100 == day["amount"][0] == 6_244_678_924.61


def test_the_last_snapshot_is_the_day(market):
    request = TickRequest(
        "600519.SH", TickKind.SNAPSHOT, None, None, tuple(TICK_FIELDS[TickKind.SNAPSHOT]), 10**6
    )
    snapshots = market.read_ticks(request)
    last = {name: column[-1] for name, column in snapshots.values.items()}
    assert snapshots.length == 5109
    assert (last["open"], last["high"], last["low"], last["last_price"]) == (
        1854.98,
        1859,
        1811.4,
        1844.97,
    )
    assert (last["volume"], last["amount"], last["trade_count"]) == (
        3_397_389,
        6_244_678_924.61,
        27_135,
    )
    assert (last["bid_price_1"], last["bid_quantity_1"]) == (1844.97, 88)


def test_a_price_of_zero_in_a_snapshot_is_no_price(market):
    request = TickRequest(
        "600519.SH",
        TickKind.SNAPSHOT,
        None,
        None,
        ("last_price", "open", "ask_price_1", "ask_quantity_1", "previous_close"),
        1,
    )
    first = market.read_ticks(request)
    assert first.values["previous_close"][0] == 1845.76
    for name in ("last_price", "open", "ask_price_1", "ask_quantity_1"):
        assert not first.valid[name][0]


def test_ticks_read_only_the_asked_columns_and_rows(market):
    market.counter.reset()
    start = at(DAY, time(9, 30))
    found = market.read_ticks(TickRequest("600519.SH", TickKind.TRADE, start, None, ("price",), 10))
    assert found.length == 10
    assert market.counter.columns == {"time", "price"}
    assert found.values["price"][0] == 1854.98


def test_balance_sheets_balance(market):
    fields = {Statement.BALANCE: ("total_assets", "total_liabilities", "total_equity")}
    symbols = tuple(
        sorted(
            one.symbol
            for one in market.search(InstrumentSearch(markets=frozenset({Market.SH})), 10**5, None)
        )
    )
    found = market.financials(FinancialRequest(symbols, fields))
    rows = [report.values for one in found.values() for report in one[Statement.BALANCE]]
    assert len(rows) == 1391
    for row in rows:
        parts = row["total_liabilities"] + row["total_equity"]
        assert abs(parts / row["total_assets"] - 1) < 2e-12


def test_only_picked_financial_fields_are_read(market):
    market.counter.reset()
    fields = {Statement.INCOME: ("parent_net_profit",)}
    found = market.financials(FinancialRequest(("600519.SH",), fields))["600519.SH"]
    assert found[Statement.INCOME][0].values == {"parent_net_profit": 15_764_185_782.66}
    assert found[Statement.INCOME][0].announce_date == date(2018, 8, 2)
    assert market.counter.columns == {"parent_net_profit"}
    assert market.counter.total_bytes == 8


def test_what_eastmoney_writes_as_a_dash_is_absent(market):
    fields = {Statement.BALANCE: ("loans_and_advances", "total_assets")}
    found = market.financials(FinancialRequest(("600519.SH",), fields))["600519.SH"]
    assert found[Statement.BALANCE][0].values == {"total_assets": 129_914_832_498.21}


def test_index_weights_add_up_as_published(market):
    weights = market.weights("000300.SH")
    assert len(weights) == 300
    assert sum(weight.weight for weight in weights) == pytest.approx(100.003, abs=1e-9)
    assert weights[0].weight == max(weight.weight for weight in weights)
    assert weights[0].date == date(2026, 4, 30)
    assert set(market.sector("沪深300").symbols) == {weight.symbol for weight in weights}


def test_concepts_are_named_and_industries_are_known_by_id(market, reports):
    sectors = {sector.name: sector for sector in market.sectors()}
    assert sectors["国产软件"].category == "概念"
    assert len([s for s in sectors.values() if s.category == "概念"]) == 162
    assert sum(len(s.symbols) for s in sectors.values() if s.category == "概念") == 9059
    assert sectors["100000048"].category is None
    assert "002723.SZ" in sectors["100000048"].symbols
    assert "49 sectors have no name" in reports["eastmoney_kg_stock_industry.csv"].notes[0]


def test_b_shares_keep_their_exchange(market):
    members = {symbol for sector in market.sectors() for symbol in sector.symbols}
    assert {"900901.SH", "200011.SZ"} <= members


def test_instruments_carry_name_listing_day_and_risk_warning(market):
    found = market.instruments(["600519.SH", "000858.SZ", "600381.SH", "600145.SH"])
    assert found["600519.SH"].name == "贵州茅台"
    assert found["600519.SH"].list_date == date(2001, 8, 27)
    assert not found["600519.SH"].is_st
    assert market.search(InstrumentSearch("五粮液"), 5, None)[0].symbol == "000858.SZ"
    assert any(one.is_st for one in market.search(InstrumentSearch("ST"), 50, None))


def test_repeated_rows_of_the_cash_flow_file_are_told(reports):
    outcome = reports["eastmoney_cashflow_2018H1_SSE.csv.gz"]
    assert (outcome.rows, outcome.repeated) == (1391, 3)


def test_columns_of_uncertain_meaning_are_listed_not_mapped(reports):
    unused = reports["eastmoney_income_2018H1_SSE.csv.gz"].unused
    assert {"operateexp", "kcfjcxsyjlr", "tystz", "intnreve"} <= set(unused)
    # level 2 keeps them under their publisher's name, with his numbers
    assert reports["600519_20230201_snapshot.csv.gz"].unused == ()


def test_bars_take_few_bytes(market):
    sizes = {(one.kind, one.period): one.bytes / one.rows for one in market.holdings()}
    assert sizes["BAR", "DAY_1"] < 20
    assert sizes["BAR", "MIN_1"] < 12

"""Rows that would do harm later: dates nobody can place, numbers nobody can add, odd codes."""

from datetime import date

import pytest

from quantgraph.domain.instruments import InstrumentKind, classify
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports.codes import parse_index, parse_symbol

BARS = "symbol,date,open,high,low,close,volume,amount,previous_close\n"
TRADES = "symbol,time,price,quantity\n"
CSI = (
    "日期Date,指数代码 Index Code,指数名称 Index Name,成份券代码Constituent Code,"
    "成份券名称Constituent Name,交易所Exchange,权重(%)weight\n"
)
OUTSIDE = "is outside the trading calendar, which covers 1990-12-19 to 2026-12-31"


def bar(day="2023-02-01", price="10", volume="", amount="", previous=""):
    return f"600519.SH,{day},{price},{price},{price},{price},{volume},{amount},{previous}\n"


def reasons(report):
    return [row.reason for row in report.bad.listed]


@pytest.mark.parametrize("day", ["2050-12-30", "9999-12-31", "1970-01-02", "0001-01-01"])
def test_a_bar_outside_the_calendar_is_a_bad_row(load, store, day):
    report = load("bars", BARS + bar() + bar(day))
    assert reasons(report) == [f"date {day!r} {OUTSIDE}"]
    assert store.newest_daily() is None


@pytest.mark.parametrize(
    ("kind", "text", "cell"),
    [
        ("trades", TRADES + "600519.SH,2029-02-01 10:00:00,10,100\n", "time '2029-02-01 10:00:00'"),
        ("trades", TRADES + "600519.SH,000007200000,10,100\n", "time '000007200000'"),
        ("quotes", "symbol,time,last_price\n600519.SH,1969-01-02 10:00,1\n", "1969-01-02 10:00"),
        ("dividends", "symbol,ex_date,cash\n600519.SH,2050-06-30,1\n", "ex_date '2050-06-30'"),
        ("weights", "index_symbol,symbol,weight,date\n000300.SH,600519,1,1970-01-01\n", "date"),
    ],
)
def test_whatever_lies_outside_the_calendar_is_a_bad_row(load, kind, text, cell):
    (reason,) = reasons(load(kind, text))
    assert cell in reason
    assert OUTSIDE in reason


def test_a_file_of_clocks_names_the_day_that_is_wrong(load):
    text = (
        "SecurityID,TradTime,TradPrice,TradVolume,TradeMoney,TradeBSFlag,TradeIndex\n"
        "600519,09:30:01.250,10,100,1000,B,1\n"
    )
    report = load("trades", text, day=date(2050, 1, 4))
    assert reasons(report) == [f"the day of the file '2050-01-04' {OUTSIDE}"]


def test_a_dividend_may_lie_between_two_sessions(load):
    assert load("dividends", "symbol,ex_date,cash\n600519.SH,2023-02-04,1\n").failure is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (bar(price="1000000000"), "open '1000000000' is 1,000,000,000 or more"),
        (bar(price="1e308"), "open '1e308' is too large"),
        (bar(price="0.00001"), "open '0.00001' is below 0.0001"),
        (bar(volume="1e13"), "volume '1e13' is 10,000,000,000,000 or more"),
        (bar(volume="1e17"), "volume '1e17' is too large"),
        (bar(amount="1e18"), "amount '1e18' is too large"),
        (bar(previous="2e9"), "previous_close '2e9' is 1,000,000,000 or more"),
    ],
)
def test_a_number_that_no_market_has_is_a_bad_row(load, row, reason):
    assert reasons(load("bars", BARS + row)) == [reason]


def test_units_do_not_lift_a_number_over_its_bound(load):
    header = "trade_date,ts_code,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
    row = "20230201,600519.SH,10,10,10,10,10,0,0,0,1e16\n"
    report = load("bars", header + row, layout="tushare-daily")
    assert reasons(report) == ["amount '1e16' is 1,000,000,000,000,000,000 or more"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("600519.SH,2023-02-01 10:00,1e9,100\n", "price '1e9' is 1,000,000,000 or more"),
        ("600519.SH,2023-02-01 10:00,10,1e10\n", "quantity '1e10' is 10,000,000,000 or more"),
        ("600519.SH,2023-02-01 09:14:59.999,10,100\n", "it is no time from 09:15 to 15:30"),
        ("600519.SH,2023-02-01 15:31,10,100\n", "it is no time from 09:15 to 15:30"),
        ("600519.SH,2023-02-01 02:00Z,10,x\n", "quantity 'x' is not a number"),
    ],
)
def test_a_trade_that_no_exchange_made_is_a_bad_row(load, row, reason):
    assert reasons(load("trades", TRADES + row)) == [reason]


def test_trades_of_the_auction_and_after_the_close_are_taken(load):
    rows = [f"688001.SH,2023-02-01 {clock},10,100\n" for clock in ("09:25", "15:00", "15:30")]
    assert load("trades", TRADES + "".join(rows)).outcome.rows == 3


def test_prices_of_snapshots_are_bounded_and_zero_still_means_none(load):
    text = "symbol,time,last_price,bid_price_1\n600519.SH,2023-02-01 10:00,0,{}\n"
    assert reasons(load("quotes", text.format("1e9")))
    assert load("quotes", text.format("0")).failure is None


def test_a_dividend_that_no_company_pays_is_a_bad_row(load):
    text = "symbol,ex_date,cash,bonus\n600519.SH,2023-06-30,{},{}\n"
    assert reasons(load("dividends", text.format("1e9", 0)))
    assert reasons(load("dividends", text.format(0, "1e9")))


@pytest.mark.parametrize("first", ["x", "-1"])
def test_a_good_row_repeats_no_bad_one(load, store, first):
    report = load("bars", BARS + bar(price=first) + bar(), skip_bad_rows=True)
    assert [row.line for row in report.bad.listed] == [2]
    assert report.outcome.rows == 1
    assert store.newest_daily() == date(2023, 2, 1)


def test_a_good_record_repeats_no_bad_one(load, store):
    header = "symbol,name,is_st\n"
    report = load(
        "instruments", header + "600519.SH,茅台,x\n600519.SH,贵州茅台,\n", skip_bad_rows=True
    )
    assert [row.line for row in report.bad.listed] == [2]
    assert store.instruments(["600519.SH"])["600519.SH"].name == "贵州茅台"


def test_all_rows_may_be_bad(load):
    report = load("bars", BARS + bar(price="x"), skip_bad_rows=True)
    assert (report.outcome.rows, report.outcome.changed) == (0, False)


def csi(index="000300", code="600519", exchange="上海证券交易所"):
    return CSI + f"20230201,{index},沪深300,{code},贵州茅台,{exchange},5.5\n"


@pytest.mark.parametrize(
    "text",
    [
        csi(code="ABC"),
        csi(code="1234567"),
        csi(exchange="纽约证券交易所"),
        csi(exchange=""),
        csi(index="600519"),
        "index_symbol,symbol,weight,date\n600519.SH,600519.SH,1,2023-02-01\n",
    ],
)
def test_weights_of_odd_codes_are_bad_rows(load, text):
    assert "is not a" in reasons(load("weights", text))[0]


def test_the_exchange_column_of_weights_has_the_last_word(load, store):
    load("weights", csi(code="1", exchange="深圳证券交易所"))
    assert [one.symbol for one in store.weights("000300.SH")] == ["000001.SZ"]


@pytest.mark.parametrize(
    ("code", "symbol"),
    [
        ("000300", "000300.SH"),
        ("399001", "399001.SZ"),
        ("930955", "930955.SH"),
        ("950180", "950180.SH"),
        ("980017", "980017.SZ"),
        ("970064", "970064.SZ"),
        ("899050", "899050.BJ"),
        ("930955.sh", "930955.SH"),
        ("880001.SH", "880001.SH"),
        ("600519", None),
        ("600519.SH", None),
        ("H30533", None),
    ],
)
def test_an_index_is_known_by_its_range(code, symbol):
    assert parse_index(code) == symbol


def test_the_index_makers_codes_are_indexes():
    kinds = {classify(symbol)[1] for symbol in ("930955.SH", "980017.SZ", "899050.BJ")}
    assert kinds == {InstrumentKind.INDEX}


def test_full_width_digits_are_no_code():
    assert parse_symbol("６００５１９.SH") is None


@pytest.mark.parametrize("stamp", ["１６７５２１５０６００００", "2023-02-01 １０:00"])
def test_full_width_digits_are_no_instant(load, stamp):
    report = load("trades", TRADES + f"600519.SH,{stamp},10,100\n")
    assert "is not an instant" in reasons(report)[0]


def test_a_symbol_option_that_is_none_is_refused(load):
    failure = load("bars", BARS + bar(), symbol="nonsense").failure
    assert failure.reason is Reason.IMPORT_FAILED
    assert "--symbol 'nonsense' is not a symbol" in failure.message


def test_a_symbol_option_that_contradicts_the_file_is_refused(load):
    failure = load("bars", BARS + bar(), symbol="600000.SH").failure
    assert "--symbol says 600000.SH" in failure.message
    assert "600519.SH on line 2" in failure.message
    assert load("bars", BARS + bar(), symbol="600519.sh").failure is None


def test_a_download_without_openinterest_is_tushares_too(load, store):
    header = "trade_date,ts_code,open,high,low,close,pre_close,change,pct_chg,vol,amount\n"
    row = "20230201,600519.SH,10,10,10,10,10,0,0,10,10\n"
    assert load("bars", header + row).failure.reason is Reason.LAYOUT_AMBIGUOUS
    assert load("bars", header + row, layout="tushare-daily").failure is None


def test_a_layout_that_must_not_have_a_column_says_which(load):
    header = "trade_date,ts_code,open,high,low,close,pre_close,change,pct_chg,vol,amount,more\n"
    row = "20230201,600519.SH,10,10,10,10,10,0,0,10,10,1\n"
    failure = load("bars", header + row, layout="tushare-daily").failure
    assert failure.reason is Reason.LAYOUT_UNKNOWN
    assert "it has more." in failure.message

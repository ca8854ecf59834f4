"""`bars` through the wire, over the recorded market files."""

import csv
import gzip

import pytest

FIELDS = "rows { time open high low close volume amount }"


def bars(ask, symbol, arguments="", fields=FIELDS):
    return ask(f'{{ bars(symbol: "{symbol}" {arguments}) {{ {fields} }} }}')["bars"]


def refusal(ask, symbol, arguments):
    answer = ask(f'{{ bars(symbol: "{symbol}" {arguments}) {{ rows {{ close }} }} }}', fails=True)
    assert (answer.get("data") or {}).get("bars") is None
    [error] = answer["errors"]
    return error["extensions"]["code"], error["message"]


def daily(shared, name):
    with (shared / "daily" / name).open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("code", ["sh.600519", "sz.000001", "sh.601012"])
def test_imported_daily_bars_come_back_to_the_last_bit(ask, shared, code):
    market, number = code.split(".")
    expected = daily(shared, f"baostock_unadj_{number}.csv")
    found = bars(ask, f"{number}.{market.upper()}", 'start: "2010-01-01", end: "2024-12-31"')
    assert len(found["rows"]) == len(expected)
    for row, line in zip(found["rows"], expected, strict=True):
        assert row["time"] == f"{line['date']}T00:00:00+08:00"
        for field in ("open", "high", "low", "close", "amount"):
            assert row[field] == float(line[field])
        assert row["volume"] == int(line["volume"])


def test_a_series_says_its_source_and_what_is_held(ask):
    found = bars(
        ask,
        "600519.SH",
        'start: "2023-01-01", end: "2023-12-31"',
        "source rowCount coverage { heldFrom heldTo complete missing missingDates }",
    )
    assert found == {
        "source": "IMPORTED",
        "rowCount": 242,
        "coverage": {
            "heldFrom": "2010-01-04T00:00:00+08:00",
            "heldTo": "2024-08-20T00:00:00+08:00",
            "complete": True,
            "missing": 0,
            "missingDates": [],
        },
    }


def test_suspended_days_absent_from_a_file_show_as_missing(ask, shared):
    days = {row["trade_date"] for row in daily(shared, "tushare_unadj_000858.SZ.csv")}
    coverage = "coverage { complete missing missingDates }"
    found = bars(ask, "000858.SZ", 'start: "2015-01-05", end: "2023-08-18"', coverage)["coverage"]
    assert found["complete"] is False
    sessions = {
        row["date"] for row in daily(shared, "baostock_unadj_000001.csv")
        if "2015-01-05" <= row["date"] <= "2023-08-18"
    }  # fmt: skip
    assert found["missing"] == len(sessions - days)
    assert set(found["missingDates"]) <= sessions - days


def test_columns_and_rows_are_the_same_bars(ask):
    found = bars(
        ask,
        "000001.SZ",
        "last: 20",
        "rows { time close suspended } columns { time close suspended volume }",
    )
    columns = found["columns"]
    assert [row["time"] for row in found["rows"]] == columns["time"]
    assert [row["close"] for row in found["rows"]] == columns["close"]
    assert len(columns["volume"]) == 20
    assert columns["suspended"] == [False] * 20


def test_without_start_and_last_the_newest_250_come(ask):
    found = bars(ask, "600519.SH")
    assert len(found["rows"]) == 250
    assert found["rows"][-1]["time"] == "2024-08-20T00:00:00+08:00"


def test_both_ends_of_a_span_are_included_as_days_and_as_instants(ask):
    days = bars(ask, "600519.SH", 'start: "2023-02-01", end: "2023-02-03"')["rows"]
    assert [row["time"][:10] for row in days] == ["2023-02-01", "2023-02-02", "2023-02-03"]
    span = 'start: "2023-02-01T00:00:00+08:00", end: "2023-02-02T00:00:00+08:00"'
    assert [row["time"][:10] for row in bars(ask, "600519.SH", span)["rows"]] == [
        "2023-02-01",
        "2023-02-02",
    ]


def test_minute_bars_are_stamped_at_their_start(ask):
    span = 'period: MIN_1, start: "2018-01-02", end: "2018-01-02"'
    rows = bars(ask, "000001.SZ", span)["rows"]
    assert len(rows) == 240
    assert rows[0]["time"] == "2018-01-02T09:30:00+08:00"
    assert rows[120]["time"] == "2018-01-02T13:00:00+08:00"
    assert rows[-1]["time"] == "2018-01-02T14:59:00+08:00"
    assert (rows[0]["open"], rows[0]["close"], rows[0]["volume"]) == (13.35, 13.38, 2003635)


def test_minute_closes_are_the_daily_closes(ask):
    span = 'start: "2018-01-02", end: "2018-01-30"'
    minutes = bars(ask, "000001.SZ", f"period: MIN_1, {span}", "rows { time close volume }")["rows"]
    days = bars(ask, "000001.SZ", span, "rows { time close volume }")["rows"]
    assert len(minutes) == 21 * 240
    for number, day in enumerate(days):
        inside = minutes[number * 240 : (number + 1) * 240]
        assert inside[-1]["close"] == day["close"]
        assert 0.99 <= sum(row["volume"] for row in inside) / day["volume"] <= 1.0


def test_27135_trades_are_exactly_the_daily_bar(ask, shared):
    """No minute bars of 600519 are imported: they are made from the trades."""
    span = 'start: "2023-02-01", end: "2023-02-01"'
    [day] = bars(ask, "600519.SH", span)["rows"]
    assert (day["open"], day["high"], day["low"], day["close"]) == (1854.98, 1859, 1811.4, 1844.97)
    minutes = bars(ask, "600519.SH", f"period: MIN_1, {span}", f"source {FIELDS}")
    assert minutes["source"] == "IMPORTED"
    rows = minutes["rows"]
    assert rows[0]["open"] == day["open"]
    assert rows[-1]["close"] == day["close"]
    assert max(row["high"] for row in rows) == day["high"]
    assert min(row["low"] for row in rows) == day["low"]
    assert sum(row["volume"] for row in rows) == day["volume"] == 3_397_389
    assert round(sum(row["amount"] for row in rows), 2) == 6_244_678_924.61
    with gzip.open(shared / "l2/600519_20230201_trade.csv.gz", "rt") as file:
        assert len(list(csv.DictReader(file))) == 27_135


@pytest.mark.parametrize(
    ("period", "count", "last"),
    [
        ("MIN_5", 48, "14:55"),
        ("MIN_15", 16, "14:45"),
        ("MIN_30", 8, "14:30"),
        ("HOUR_1", 4, "14:00"),
    ],
)
def test_longer_minutes_are_made_from_single_ones(ask, period, count, last):
    span = 'start: "2018-01-03", end: "2018-01-03"'
    rows = bars(ask, "000001.SZ", f"period: {period}, {span}")["rows"]
    assert len(rows) == count
    assert rows[-1]["time"] == f"2018-01-03T{last}:00+08:00"
    minutes = bars(ask, "000001.SZ", f"period: MIN_1, {span}")["rows"]
    step = 240 // count
    for number, row in enumerate(rows):
        inside = minutes[number * step : (number + 1) * step]
        assert row["open"] == inside[0]["open"]
        assert row["high"] == max(each["high"] for each in inside)
        assert row["volume"] == sum(each["volume"] for each in inside)


@pytest.mark.parametrize(
    ("period", "first"),
    [
        ("WEEK_1", "2023-01-03"),
        ("MONTH_1", "2023-01-03"),
        ("QUARTER_1", "2023-01-03"),
        ("HALF_YEAR_1", "2023-01-03"),
        ("YEAR_1", "2023-01-03"),
    ],
)
def test_long_bars_are_stamped_at_their_first_trading_day(ask, period, first):
    span = 'start: "2023-01-01", end: "2023-12-31"'
    rows = bars(ask, "600519.SH", f"period: {period}, {span}")["rows"]
    days = bars(ask, "600519.SH", span)["rows"]
    assert rows[0]["time"][:10] == first
    assert sum(row["volume"] for row in rows) == sum(day["volume"] for day in days)
    assert rows[-1]["close"] == days[-1]["close"]
    assert max(row["high"] for row in rows) == max(day["high"] for day in days)


def test_front_ratio_equals_the_published_series(ask, shared):
    """000858: FRONT_RATIO anchored at the newest bar is its qfq series."""
    expected = daily(shared, "tushare_qfq_000858.SZ.csv")
    span = 'start: "2015-01-05", end: "2023-08-18", adjustment: FRONT_RATIO'
    found = bars(ask, "000858.SZ", span, f"anchor {FIELDS}")
    assert found["anchor"] == "2023-08-18T00:00:00+08:00"
    assert len(found["rows"]) == len(expected) == 2040
    for row, line in zip(found["rows"], expected, strict=True):
        for field in ("open", "high", "low", "close"):
            assert row[field] == pytest.approx(float(line[field]), rel=1e-4)


def test_back_ratio_equals_the_published_series_up_to_one_constant(ask, shared):
    expected = daily(shared, "tushare_hfq_000858.SZ.csv")
    span = 'start: "2015-01-05", end: "2023-08-18", adjustment: BACK_RATIO'
    rows = bars(ask, "000858.SZ", span)["rows"]
    ratios = [
        row[field] / float(line[field])
        for row, line in zip(rows, expected, strict=True)
        for field in ("open", "high", "low", "close")
    ]
    assert max(ratios) / min(ratios) - 1 < 1e-4


def test_additive_adjustment_needs_to_know_cash_from_shares(ask):
    code, message = refusal(ask, "000858.SZ", "last: 2000, adjustment: FRONT")
    assert code == "ADJUSTMENT_UNAVAILABLE"
    assert "dividends" in message


def test_a_series_without_events_cannot_be_adjusted(ask):
    """The minute file of the index has no events, and an index needs none."""
    rows = bars(ask, "000001.SH", "period: MIN_1, last: 5, adjustment: FRONT_RATIO")["rows"]
    assert len(rows) == 5


def test_what_is_not_imported_is_simulated_and_says_so(ask):
    found = bars(ask, "600036.SH", "last: 3", "source rows { close }")
    assert found["source"] == "SIMULATED"
    assert len(found["rows"]) == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('start: "2023-02-02", end: "2023-02-01"', "START_AFTER_END"),
        ('start: "2023-02-01", last: 5', "BAD_REQUEST"),
        ("last: 0", "BAD_REQUEST"),
        ("last: -5", "BAD_REQUEST"),
        ("last: 100001", "ROW_LIMIT"),
        ('start: "2023-02-01T09:30:00"', "GRAPHQL_VALIDATION_FAILED"),
        ("period: MIN_2", "GRAPHQL_VALIDATION_FAILED"),
        ('period: "MIN_1"', "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_wrong_span_is_refused_with_its_code(ask, arguments, code):
    assert refusal(ask, "600519.SH", arguments)[0] == code


def test_the_row_limit_names_itself_and_the_bulk_rpc(ask):
    message = refusal(ask, "600519.SH", "last: 100001")[1]
    assert "100000" in message
    assert "DownloadBars" in message


def test_the_row_limit_holds_for_the_whole_operation(ask):
    parts = [
        f'a{n}: bars(symbol: "000001.SH", period: MIN_1, last: 8880) {{ rowCount }}'
        for n in range(12)
    ]
    answer = ask("{ " + " ".join(parts) + " }", fails=True)
    assert {e["extensions"]["code"] for e in answer["errors"]} == {"ROW_LIMIT"}


def test_an_unknown_symbol_is_an_error_with_a_code(ask):
    assert refusal(ask, "999999.SH", "")[0] == "UNKNOWN_SYMBOL"


def test_only_the_picked_columns_are_read(recorded, ask):
    counter = recorded.assembly.store.counter
    counter.reset()
    query = """query($with: Boolean!) {
      bars(symbol: "601012.SH", start: "2012-01-01", end: "2024-12-31") {
        rows { ...F } columns { volume @skip(if: $with) low @include(if: $with) }
      }
    }
    fragment F on Bar { c: close __typename amount @include(if: $with) }"""
    ask(query, **{"with": False})
    assert counter.columns == {"close", "volume"}
    two = counter.total_bytes
    counter.reset()
    every = "time open high low close volume amount previousClose suspended"
    ask('{ bars(symbol: "601012.SH", start: "2012-01-01", end: "2024-12-31") '
        f"{{ rows {{ {every} }} }} }}")  # fmt: skip
    assert len(counter.columns) == 9
    assert 0 < two < counter.total_bytes / 2


def test_bounds_the_wrong_way_round_are_shown_in_the_exchanges_time(ask):
    query = '{ bars(symbol: "600519.SH", start: "2023-02-02", end: "2023-02-01") { rowCount } }'
    text = ask(query, fails=True)["errors"][0]["message"]
    assert "2023-02-02 00:00:00+08:00 is after end 2023-02-01 23:59:59.999000+08:00" in text

"""`financials` through the wire, over the recorded half-year of 2018."""

import csv
import gzip

import pytest


def table(shared, name):
    with gzip.open(shared / f"financial/eastmoney_{name}_2018H1_SSE.csv.gz", "rt", "utf-8") as file:
        return {row["scode"]: row for row in csv.DictReader(file)}


def test_every_balance_sheet_balances(ask, shared):
    codes = sorted(table(shared, "balance"))
    symbols = [f"{code}.SH" for code in codes if code.startswith("6")][:1000]
    query = """query($symbols: [Symbol!]!) { financials(symbols: $symbols) { symbol
      balance { reportDate totalAssets totalLiabilities totalEquity } } }"""
    found = ask(query, symbols=symbols)["financials"]
    assert [each["symbol"] for each in found] == symbols
    for company in found:
        [sheet] = company["balance"]
        assert sheet["reportDate"] == "2018-06-30"
        total = sheet["totalLiabilities"] + sheet["totalEquity"]
        assert sheet["totalAssets"] == pytest.approx(total, rel=2e-12)


def test_fields_are_picked_one_by_one_with_their_dates(ask, shared):
    line = table(shared, "income")["600519"]
    query = """{ financials(symbols: ["600519.SH"]) { income { reportDate announceDate source
      parentNetProfit basicEps } cashFlow { netOperatingCashFlow } instrument { name } } }"""
    [company] = ask(query)["financials"]
    [income] = company["income"]
    assert income == {
        "reportDate": "2018-06-30",
        "announceDate": line["noticedate"][:10],
        "source": "IMPORTED",
        "parentNetProfit": float(line["parentnetprofit"]),
        "basicEps": None,
    }
    assert company["cashFlow"][0]["netOperatingCashFlow"] == float(
        table(shared, "cashflow")["600519"]["netoperatecashflow"]
    )
    assert company["instrument"] == {"name": "贵州茅台"}


def test_only_the_picked_fields_are_read(recorded, ask):
    counter = recorded.assembly.store.counter
    counter.reset()
    ask('{ financials(symbols: ["600519.SH"]) { balance { totalAssets } } }')
    assert counter.columns == {"total_assets"}


def test_a_backtest_does_not_see_a_report_before_it_was_announced(ask, shared):
    announced = table(shared, "balance")["600519"]["noticedate"][:10]
    query = """query($at: DateTime!) { financials(symbols: ["600519.SH"], asOf: $at)
      { balance { totalAssets } } }"""
    [before] = ask(query, at=f"{announced}T15:00:00+08:00")["financials"]
    assert before["balance"] == []
    year = int(announced[:4]) + 1
    [after] = ask(query, at=f"{year}{announced[4:]}T00:00:00+08:00")["financials"]
    assert len(after["balance"]) == 1


def test_start_and_end_bound_the_date_that_is_asked_for(ask):
    def rows(arguments):
        [company] = ask(
            f'{{ financials(symbols: ["600519.SH"], {arguments}) {{ balance {{ reportDate }} }} }}'
        )["financials"]
        return len(company["balance"])

    assert rows('start: "2018-06-30", end: "2018-06-30"') == 1
    assert rows('start: "2018-07-01"') == 0
    assert rows('start: "2018-07-01", basis: ANNOUNCE_DATE') == 1
    assert rows('end: "2018-06-30", basis: ANNOUNCE_DATE') == 0


def test_unknown_symbols_are_null_and_known_ones_answer(ask):
    found = ask('{ financials(symbols: ["999999.SH", "600519.SH"]) { symbol } }')["financials"]
    assert found == [None, {"symbol": "600519.SH"}]


def test_a_reversed_span_is_refused(ask):
    answer = ask(
        '{ financials(symbols: ["600519.SH"], start: "2019-01-01", end: "2018-01-01") { symbol } }',
        fails=True,
    )
    assert answer["errors"][0]["extensions"]["code"] == "START_AFTER_END"


def test_without_imports_simulated_reports_say_so_and_balance(ask_mock):
    query = """{ financials(symbols: ["600519.SH"]) {
      balance { source announceDate totalAssets totalLiabilities totalEquity } } }"""
    [company] = ask_mock(query)["financials"]
    assert len(company["balance"]) > 8
    for sheet in company["balance"]:
        assert sheet["source"] == "SIMULATED"
        total = sheet["totalLiabilities"] + sheet["totalEquity"]
        assert sheet["totalAssets"] == pytest.approx(total, rel=1e-9)

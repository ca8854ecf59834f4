"""Statements: which report counts, and when it was known."""

from datetime import UTC, date, datetime

import pytest

from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest, ReportBasis

HEADER = "symbol,report_date,announce_date,total_assets,total_equity\n"
ROWS = (
    "600519.SH,2018-03-31,2018-04-28,100,60\n"
    "600519.SH,2018-06-30,2018-08-02,110,\n"
    "600519.SH,2018-06-30,2019-08-09,111,70\n"  # restated a year later
    "600519.SH,2018-12-31,,120,80\n"  # nobody knows when
)
FIELDS = {Statement.BALANCE: ("total_assets", "total_equity")}


@pytest.fixture
def ask(store, load):
    load("financials", HEADER + ROWS)

    def run(**request):
        found = store.financials(FinancialRequest(("600519.SH",), FIELDS, **request))
        return [
            (str(r.report_date), r.values["total_assets"])
            for r in found["600519.SH"][Statement.BALANCE]
        ]

    return run


def test_the_newest_announcement_of_a_report_counts(ask):
    assert ask() == [("2018-03-31", 100), ("2018-06-30", 111), ("2018-12-31", 120)]


def test_what_is_missing_is_absent(store, ask):
    first = store.financials(
        FinancialRequest(("600519.SH",), FIELDS, as_of=datetime(2018, 9, 1, tzinfo=UTC))
    )
    assert first["600519.SH"][Statement.BALANCE][1].values == {"total_assets": 110}


def test_bounds_are_by_report_date_or_by_announcement(ask):
    half = {"start": date(2018, 6, 30), "end": date(2018, 6, 30)}
    assert ask(**half) == [("2018-06-30", 111)]
    assert ask(basis=ReportBasis.ANNOUNCE_DATE, start=date(2018, 4, 28), end=date(2018, 8, 2)) == [
        ("2018-03-31", 100),
        ("2018-06-30", 110),
    ]
    assert ask(basis=ReportBasis.ANNOUNCE_DATE, end=date(2018, 4, 28)) == [("2018-03-31", 100)]


@pytest.mark.parametrize(
    ("instant", "known"),
    [
        (datetime(2018, 8, 2, 15, 59, tzinfo=UTC), ["2018-03-31"]),
        (datetime(2018, 8, 2, 16, 0, tzinfo=UTC), ["2018-03-31", "2018-06-30"]),
    ],
)
def test_a_report_is_known_from_the_end_of_its_announcement_day(ask, instant, known):
    assert [day for day, _ in ask(as_of=instant)] == known


def test_a_company_without_reports_is_not_answered_for(store, ask):
    ask()
    assert store.financials(FinancialRequest(("000001.SZ",), FIELDS)) == {}


def test_importing_again_changes_nothing_and_a_new_value_replaces(load, ask):
    ask()
    assert not load("financials", HEADER + ROWS).outcome.changed
    assert load("financials", HEADER + ROWS.replace(",100,", ",101,")).outcome.count.added == 1
    assert ask()[0] == ("2018-03-31", 101)


def test_top_holders_come_in_the_order_of_their_rank(store, load):
    text = "symbol,report_date,item,holder_name\n" + "".join(
        f"600519.SH,2018-06-30,{rank},holder {rank}\n" for rank in (3, 1, 2)
    )
    load("financials", text, layout="top-holders")
    request = FinancialRequest(("600519.SH",), {Statement.TOP_HOLDERS: ("holder_name",)})
    rows = store.financials(request)["600519.SH"][Statement.TOP_HOLDERS]
    assert [row.values["holder_name"] for row in rows] == ["holder 1", "holder 2", "holder 3"]

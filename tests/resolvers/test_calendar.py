"""`tradingCalendar` and `sessionPhases` through the wire."""

import pytest

DAYS = """query($market: Market!, $start: Date, $end: Date) {
  tradingCalendar(market: $market, start: $start, end: $end) {
    market start end coveredFrom coveredTo days closures { date name } basis } }"""
PHASES = """query($market: Market!, $kind: InstrumentKind!, $board: Board, $date: Date) {
  sessionPhases(market: $market, kind: $kind, board: $board, date: $date) {
    market kind board date isTradingDay phases { phase start end acts rule verified } } }"""


def code(answer):
    return answer["errors"][0]["extensions"]["code"]


def phases(ask_mock, **more):
    return ask_mock(PHASES, **{"market": "SH", "kind": "STOCK", **more})["sessionPhases"]


def test_a_span_has_its_trading_days_and_its_named_closures(ask_mock):
    found = ask_mock(DAYS, market="SH", start="2023-01-19", end="2023-01-31")["tradingCalendar"]
    assert found["days"] == ["2023-01-19", "2023-01-20", "2023-01-30", "2023-01-31"]
    assert found["closures"] == [
        {"date": f"2023-01-{day}", "name": "春节"} for day in range(23, 28)
    ]
    assert (found["market"], found["coveredTo"]) == ("SH", "2026-12-31")
    assert "exchange_calendars" in found["basis"]


def test_a_closure_that_no_source_names_has_no_name(ask_mock):
    found = ask_mock(DAYS, market="SH", start="1997-07-01", end="1997-07-01")["tradingCalendar"]
    assert found["days"] == []
    assert found["closures"] == [{"date": "1997-07-01", "name": None}]


@pytest.mark.parametrize(
    ("market", "first"), [("SH", "1990-12-19"), ("SZ", "1991-07-03"), ("BJ", "2021-11-15")]
)
def test_an_exchange_is_covered_from_its_opening_on(ask_mock, market, first):
    found = ask_mock(DAYS, market=market)["tradingCalendar"]
    assert found["start"] == found["coveredFrom"] == found["days"][0] == first
    assert found["end"] == found["coveredTo"]
    assert found["days"][-1] > "2026-12-25"


@pytest.mark.parametrize(
    ("market", "start", "end", "expected"),
    [
        ("SH", "2027-01-04", None, "START_AFTER_END"),
        ("SH", "2026-12-01", "2027-01-04", "CALENDAR_NOT_COVERED"),
        ("SH", "1990-12-18", "1991-01-04", "CALENDAR_NOT_COVERED"),
        ("SZ", "1991-07-02", "1991-08-01", "CALENDAR_NOT_COVERED"),
        ("BJ", "2021-11-12", "2021-11-15", "CALENDAR_NOT_COVERED"),
        ("SH", "2023-02-02", "2023-02-01", "START_AFTER_END"),
    ],
)
def test_days_outside_what_is_known_are_not_guessed(ask_mock, market, start, end, expected):
    answer = ask_mock(DAYS, market=market, start=start, end=end, fails=True)
    assert code(answer) == expected


def test_the_phases_of_a_day_are_instants_of_market_time(ask_mock):
    day = phases(ask_mock, date="2023-02-01")
    assert (day["board"], day["isTradingDay"]) == ("MAIN", True)
    shown = [(each["phase"], each["start"][11:16], each["end"][11:16]) for each in day["phases"]]
    assert shown == [
        ("OPEN_AUCTION", "09:15", "09:20"),
        ("OPEN_AUCTION_FIXED", "09:20", "09:25"),
        ("PRE_OPEN", "09:25", "09:30"),
        ("CONTINUOUS", "09:30", "11:30"),
        ("LUNCH", "11:30", "13:00"),
        ("CONTINUOUS", "13:00", "14:57"),
        ("CLOSE_AUCTION", "14:57", "15:00"),
    ]
    assert {each["start"][:10] + each["start"][-6:] for each in day["phases"]} == {
        "2023-02-01+08:00"
    }
    assert [each["acts"] for each in day["phases"]][:3] == [["SUBMIT", "CANCEL"], ["SUBMIT"], []]
    assert all(each["rule"] for each in day["phases"])


def test_rules_change_with_the_day_the_kind_and_the_board(ask_mock):
    def late(**more):
        return [each["phase"] for each in phases(ask_mock, **more)["phases"]][-1]

    assert late(board="STAR", date="2023-02-01") == "AFTER_HOURS"
    assert late(date="2026-07-03") == "CLOSE_AUCTION"
    assert late(date="2026-07-06") == "AFTER_HOURS"
    assert late(kind="FUND", date="2026-07-03") == "CONTINUOUS"
    assert late(market="BJ", date="2026-07-06") == "CLOSE_AUCTION"


def test_a_closed_day_has_no_phases(ask_mock):
    for day in ("2023-01-28", "2023-01-23"):
        assert phases(ask_mock, date=day)["phases"] == []
        assert phases(ask_mock, date=day)["isTradingDay"] is False


def test_without_a_day_it_is_today_by_the_gateways_clock(ask_mock):
    clock = ask_mock("{ serverInfo { clock { now } } }")["serverInfo"]["clock"]["now"]
    assert phases(ask_mock)["date"] == clock[:10]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"date": "2027-01-04"}, "CALENDAR_NOT_COVERED"),
        ({"date": "2020-01-06", "market": "BJ"}, "CALENDAR_NOT_COVERED"),
        ({"date": "2000-01-04"}, "RULE_UNKNOWN"),
        ({"date": "2023-02-01", "kind": "INDEX"}, "RULE_UNKNOWN"),
        ({"date": "2023-02-01", "board": "CHINEXT"}, "BAD_REQUEST"),
        ({"date": "2023-02-01", "kind": "FUND", "board": "MAIN"}, "BAD_REQUEST"),
    ],
)
def test_what_no_rule_tells_is_an_error_with_a_code(ask_mock, more, expected):
    variables = {"market": "SH", "kind": "STOCK", **more}
    assert code(ask_mock(PHASES, fails=True, **variables)) == expected


def test_an_instrument_knows_its_own_phases(ask_mock):
    query = """{ instrument(symbol: "688981.SH") {
      sessionPhases(date: "2023-02-01") { board phases { phase } } } }"""
    day = ask_mock(query)["instrument"]["sessionPhases"]
    assert day["board"] == "STAR"
    assert day["phases"][-1]["phase"] == "AFTER_HOURS"

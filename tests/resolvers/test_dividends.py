"""Ex-right events over HTTP: what is answered, and that adjusted bars are made by it."""

import math

import grpc
import pytest

from quantgraph.domain.dividends import DividendRequest
from quantgraph.v1.dividends_pb2_grpc import DividendServiceStub
from quantgraph.wire.dividends import history_from_proto, request_to_proto

FIELDS = "exDate ratio cumulativeRatio cash bonus conversion rights rightsPrice source"


def test_the_known_events_of_a_recorded_share_are_told(ask):
    query = f'{{ dividends(symbols: ["600519.SH"]) {{ symbol events {{ {FIELDS} }} }} }}'
    events = ask(query)["dividends"][0]["events"]
    told = {each["exDate"]: each for each in events}
    # previous close → ex-right reference price, as the recorded files say
    for day, before, after in (
        ("2015-07-17", 251.59, 224.74),
        ("2018-06-15", 786.13, 775.13),
        ("2022-12-27", 1742.06, 1720.15),
        ("2023-12-20", 1675.00, 1655.89),
    ):
        assert told[day]["ratio"] == pytest.approx(before / after, rel=1e-12)
    assert {each["source"] for each in events} == {"IMPORTED"}
    # a previous-close column cannot tell cash from shares
    assert {each["cash"] for each in events} == {None}
    product = math.prod(each["ratio"] for each in events)
    assert events[-1]["cumulativeRatio"] == pytest.approx(product, rel=1e-12)


def test_a_span_keeps_both_ends_and_the_factors_of_the_whole(ask):
    query = """query($start: Date, $end: Date) {
        dividends(symbols: ["600519.SH"], start: $start, end: $end) {
            events { exDate cumulativeRatio } } }"""
    whole = ask(query)["dividends"][0]["events"]
    part = ask(query, start="2018-06-15", end="2022-12-27")["dividends"][0]["events"]
    assert part[0]["exDate"] == "2018-06-15"
    assert part[-1]["exDate"] == "2022-12-27"
    assert [each for each in whole if each in part] == part


def test_adjusted_prices_are_made_by_the_events_that_are_told(ask_mock):
    query = """{ dividends(symbols: ["000001.SZ"]) { events { exDate ratio cash source } }
        raw: bars(symbol: "000001.SZ", last: 1500) { rows { time close } }
        back: bars(symbol: "000001.SZ", last: 1500, adjustment: BACK_RATIO) {
            rows { time close } coverage { heldFrom } } }"""
    found = ask_mock(query)
    events = found["dividends"][0]["events"]
    assert events
    assert {each["source"] for each in events} == {"SIMULATED"}
    assert all(each["cash"] > 0 for each in events)
    held = found["back"]["coverage"]["heldFrom"][:10]
    for raw, back in zip(found["raw"]["rows"], found["back"]["rows"], strict=True):
        day = raw["time"][:10]
        factor = math.prod(e["ratio"] for e in events if held < e["exDate"] <= day)
        assert back["close"] == pytest.approx(raw["close"] * factor, rel=1e-9)


def test_nothing_that_is_still_to_come_is_told(ask_mock):
    query = (
        '{ serverInfo { clock { now } } dividends(symbols: ["000001.SZ"]) { events { exDate } } }'
    )
    found = ask_mock(query)
    today = found["serverInfo"]["clock"]["now"][:10]
    assert all(each["exDate"] <= today for each in found["dividends"][0]["events"])


def test_nobody_knows_and_nothing_happened_are_two_answers(ask):
    query = """{ dividends(symbols: ["999999.SH", "000300.SH", "600036.SH"]) {
        symbol events { exDate } } }"""
    unknown, index, generated = ask(query)["dividends"]
    assert unknown is None
    assert index == {"symbol": "000300.SH", "events": []}
    assert generated["events"]


def test_both_wires_tell_the_same_events(ask, recorded):
    symbols = ("600519.SH", "000300.SH", "600036.SH", "000001.SH")
    asked = DividendRequest(symbols)
    with grpc.insecure_channel(recorded.addresses.grpc) as channel:
        answer = DividendServiceStub(channel).ListDividends(request_to_proto(asked))
    histories = [history_from_proto(each.history) for each in answer.results]
    query = f"query($s: [Symbol!]!) {{ dividends(symbols: $s) {{ symbol events {{ {FIELDS} }} }} }}"
    for history, told in zip(histories, ask(query, s=symbols)["dividends"], strict=True):
        expected = None
        if history.events is not None:
            expected = [shown(each) for each in history.events]
        assert told == {"symbol": history.symbol, "events": expected}


def shown(event):
    found = event.dividend
    return {
        "exDate": found.ex_date.isoformat(), "ratio": found.ratio,
        "cumulativeRatio": event.cumulative, "cash": found.cash, "bonus": found.bonus,
        "conversion": found.conversion, "rights": found.rights,
        "rightsPrice": found.rights_price, "source": found.source.value,
    }  # fmt: skip


def test_a_span_the_wrong_way_round_is_refused(ask):
    query = '{ dividends(symbols: [], start: "2023-02-02", end: "2023-02-01") { symbol } }'
    answer = ask(query, fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "START_AFTER_END"
